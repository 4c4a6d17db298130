"""Begin with weights that were learned elsewhere: hold them still at first, then tune them with rates of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field as Option
from torch import nn

from brainwright.catalogue import find
from brainwright.data.examples import Portion
from brainwright.data.slots import Batch, Fields, Slot, primed
from brainwright.errors import Fault
from brainwright.models.adapters import FRESH, adapted
from brainwright.models.backbone import Backbone
from brainwright.models.pretrained import POOL, origin, part_of, parts_of, put_in
from brainwright.tasks.task import Decision, Loss, Net, Turn
from brainwright.techniques.technique import Technique

QUARTERS = 4  # of the net, from its end: each has its rate and its time of thawing
SEEN, FEWEST, EPOCHS = 12_000, 4, 12  # examples seen in all, and the fewest and most rounds
FEW = 2_000  # texts: below, small batches, so that there are steps enough


class Transfer(Technique):
    """For every task with a backbone. Without it a net starts from chance; `--weights` alone brings it in.

    While a layer is held still no gradient is computed for it, and batch norm keeps what it learned elsewhere
    (Howard and Ruder 2018, gradual unfreezing and rates that fall from layer to layer).
    """

    frozen: float = Option(0.15, ge=0, le=1)
    """Share of the steps in which the given weights are held still, while the new head learns to read them."""
    gradual: float = Option(0.0, ge=0, le=1)
    """Share of the steps, after that, over which quarter after quarter thaws, the last first; 0 = all at once."""
    tuned: float = Option(0.1, gt=0, le=1)
    """Rate of the last quarter of the given weights, as a share of the head's."""
    falloff: float = Option(0.7, gt=0, le=1)
    """Each earlier quarter's rate, as a share of the next one's."""
    lora: int = Option(0, ge=0)
    """Rank of adapters beside linear layers, which learn while all given weights stay as they are; 0 = none."""
    weights: str = ""
    """Where the weights come from: the run's own --weights."""
    family: str = ""
    """The backbone's word."""
    form: Mapping[str, Any] = {}
    """The backbone's options."""

    # ---- what the weights ask for ----------------------------------------------------------------

    @property
    def backbone_part(self) -> Backbone:
        """The backbone as the weights need it."""
        if not self.weights:
            raise Fault("transfer has no weights to begin with", "name them: --weights FILE|package:NAME|run:FOLDER")
        found = find("models/backbones", self.family, Backbone)
        told = {name: one for name, one in origin(self.weights).options.items() if name in found.model_fields}
        return found(**{**self.form, **told})

    def fitting(self) -> tuple[Slot[Any], ...]:
        part = self.backbone_part
        known = {**part.wants(), **origin(self.weights).fields}
        return tuple(primed(slot, known.get(slot.field.word(), {})) for slot in super().fitting())

    def decide(self, train: Portion) -> Sequence[Decision]:
        part, why = self.backbone_part, f"as in {self.weights}"
        shape = tuple(
            Decision(name, value, why, self.family)
            for name, value in part.model_dump().items()
            if value != self.form.get(name) or name in origin(self.weights).options
        )
        return *shape, *self.cutting(why), *self.pace(train), *super().decide(train)

    def cutting(self, why: str) -> tuple[Decision, ...]:
        """How texts are cut, and by how many numbers a token is told."""
        source = origin(self.weights)
        known = [source.fields[one] for one in self.reads if "tokens" in source.fields.get(one, {})]
        width = source.options.get("embedding", self.backbone_part.width)
        return tuple(
            decision
            for one in known
            for decision in (Decision("tokens", one["tokens"], why), Decision("embedding", width, why))
        )

    def pace(self, train: Portion) -> tuple[Decision, ...]:
        """How long and how to tune; texts that are gone on with, scans, and heads that say where in a picture something
        lies are learned as from chance.
        """
        found = any(slot.side == "target" and slot.field.placed for slot in self.slots())
        if {"writing", "volume"} & self.reads or (found and "text" not in self.reads):
            return ()
        return learning_texts(len(train)) if "text" in self.reads else learning(len(train))

    @property
    def reads(self) -> set[str]:
        """The words of the fields that the net reads."""
        return {slot.field.word() for slot in self.slots() if slot.side == "input"}

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        """The net.

        Raises:
            Fault: texts were to be cut otherwise than the weights know them, or there is nothing to adapt.
        """
        for slot in self.slots():
            asked, known = (getattr(one, "tokens", "") for one in (slot.field, fields.fitted.get(slot.name)))
            if slot.side == "input" and known and asked != known:
                raise Fault(f"the given weights know texts as {known}, not as {asked}", "leave out --tokens")
        net = super().build(fields, backbone)
        if self.lora and not sum(adapted(one, self.lora) for one in backbones(net)):
            raise Fault(f"{backbone.word()} has no linear layers to adapt", "leave lora out")
        return net

    def before_training(self, net: nn.Module) -> Mapping[str, Any]:
        source = origin(self.weights)
        given, own = source.tensors(), parts_of(net.state_dict())
        part = self.backbone_part
        fitting, left = put_in(net, parts_of(given) if source.ours else part.adopted(given, own))
        told = {"weights": self.weights, "file": source.file.name, "sha256": source.digest(), "licence": source.licence}
        return {**super().before_training(net), **told, "numbers": fitting, "fresh": left}

    # ---- how they learn --------------------------------------------------------------------------

    def lr_scale(self, parameter: str, place: float, progress: float) -> float:
        scale = super().lr_scale(parameter, place, progress)
        part = part_of(parameter)
        if not part or part.startswith(POOL) or part.rpartition(".")[2] in FRESH:
            return scale
        quarter = min(QUARTERS - 1, int((1 - place) * QUARTERS))  # 0 = the last
        still = self.lora or progress < self.frozen + self.gradual * quarter / (QUARTERS - 1)
        return 0.0 if still else scale * self.tuned * self.falloff**quarter

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        if net.training:
            for one in backbones(net):
                one.train(turn.progress >= self.frozen)
        return super().loss(net, batch, turn)


def backbones(net: nn.Module) -> list[nn.Module]:
    """Those inside a net, however deep."""
    return [module for name, module in net.named_modules() if name.rpartition(".")[2] == "backbone"]


def learning(count: int) -> tuple[Decision, ...]:
    """How long and how to tune a net that can see already, from the number of pictures."""
    epochs = max(FEWEST, min(EPOCHS, round(SEEN / count)))
    slow = "given weights are tuned, not learned anew"
    return (
        Decision("epochs", epochs, f"{count:,} examples: given weights need few rounds"),
        Decision("batch_size", 32, slow),
        Decision("optimizer", "adamw", slow),
        Decision("lr", 3e-3, "of the head; given weights move at a tenth of it and less"),
        Decision("warmup", 0.1, slow),
        Decision("evaluations", 8, "enough to see where learning stands"),
        Decision("augment", 2.0, "few pictures: turning and relighting them adds some"),
    )


def learning_texts(count: int) -> tuple[Decision, ...]:
    """The same, from the number of texts."""
    slow = "given weights are tuned, not learned anew"
    epochs = 3 if count >= 20_000 else max(FEWEST, min(EPOCHS, round(SEEN / count)))
    return (
        Decision("epochs", epochs, f"{count:,} texts: given weights need few rounds"),
        Decision("batch_size", 32 if count >= FEW else 16, slow),
        Decision("lr", 1e-3, "of the head; given weights move at a tenth of it and less"),
        Decision("weight_decay", 0.01, slow),
        Decision("warmup", 0.1, slow),
        Decision("evaluations", 8, "enough to see where learning stands"),
        Decision("dropout", 0.1, "as in pretraining"),
        Decision("smoothing", 0.0, slow),
        Decision("unknown", 0.0, "the given weights know rare words by their pieces"),
        Decision("hidden", 0.1, "as in pretraining"),
        Decision("wide", False, "the given weights read more than pairs of words"),
    )
