"""Image -> Identity: say who a picture shows, or that nobody known is shown, and whether two show the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.augmenting import erased, relit, shifted, warped
from brainwright.data.batching import in_order
from brainwright.data.encoded import Dense
from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.identity import NOBODY, Identity
from brainwright.data.fields.image import Image
from brainwright.data.mixing import Mixed
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.data.verifying import boundary
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.equal_error_rate import EqualErrorRate
from brainwright.metrics.metric import Metric
from brainwright.metrics.open_set import OpenSet
from brainwright.metrics.rank_1 import Rank1
from brainwright.metrics.true_accept_rate import TrueAcceptRate
from brainwright.models.backbone import Backbone
from brainwright.models.heads.margin import Kind as MarginKind
from brainwright.models.heads.margin import Margin, Seen
from brainwright.models.net import Headed
from brainwright.models.stems.image import ImageStem
from brainwright.tasks.task import Claim, Decision, Loss, Sampler, Task, Turn
from brainwright.tasks.task import Net as AnyNet

PEOPLE, PICTURES = 20, 20  # so many identities at least, with so many pictures in the middle at most, look like faces
MANY = 1000  # identities: from here angles and a large scale tell them apart (ArcFace); below, cosines (CosFace)
EPOCHS, COUNT = 60, 200  # so many epochs for so many pictures, and fewer for more
TURN, STRETCH, LIGHT, HOLE = 10.0, 0.1, 0.2, 0.375  # degrees, and shares, at full strength
WARMTH = 0.1  # of the contrast between pictures (Khosla et al. 2020)


class FaceRecognition(Task):
    """Directions of pictures, nearer to their own identity's than to others' by a margin."""

    backbones: ClassVar[tuple[str, ...]] = (*Task.backbones, "efficientnet", "timm")
    backbone: ClassVar[str] = "cnn"
    image = input(Image())
    identity = target(Identity())

    directions: int = Option(128, ge=2)
    """Numbers that a picture is told by."""
    margin_kind: Literal["cosine", "angle"] = "cosine"
    """What the margin is taken from: the cosine (CosFace) or the angle (ArcFace)."""
    margin: float = Option(0.2, ge=0, lt=1)
    """By how much the right identity must be nearer than any other."""
    scale: float = Option(16.0, gt=0)
    """What cosines are multiplied by before they become probabilities."""
    contrast: float = Option(0.0, ge=0)
    """Weight of the contrast between the pictures of a batch (supervised contrastive); 0 = none."""
    each: int = Option(4, ge=1)
    """Pictures of each identity in a batch."""
    mirror: bool = True
    """A face and its mirror image are one: learning sees both, and answers are the mean of both."""
    metric: Literal["rank-1", "equal-error-rate", "open-set"] = "rank-1"
    """What selects the best net, and comes first in tables."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images = table.kinds(Kind.IMAGE)
        label = target or next(iter(table.kinds(Kind.CATEGORY)), "")
        if len(images) != 1 or label not in table.columns or table[label].kind != Kind.CATEGORY:
            return None
        counts = np.unique(table[label].values.astype(str), return_counts=True)[1]
        looks = len(counts) >= PEOPLE and float(np.median(counts)) <= PICTURES
        why = f"{label!r} names {len(counts):,} identities, {np.median(counts):.0f} pictures each in the middle"
        return Claim({"image": images[0], "identity": label}, 0.85 if looks else 0.0, why)

    def examples(self, table: Table, claim: Claim) -> Examples:
        """With a note on who has only one picture: it is known, but nothing is learned of how it differs."""
        found = super().examples(table, claim)
        names = found.values.get("identity")
        if not isinstance(names, np.ndarray):
            return found
        alone = [name for name, count in Counter(names.astype(str).tolist()).items() if count == 1]
        if not alone:
            return found
        note = f"{len(alone)} identities have one picture: {', '.join(sorted(alone)[:5])}"
        return replace(found, notes=(*found.notes, f"{note}; bring a second, so that it can be judged"))

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        count = len(fields[self.identity].classes)
        return Headed(ImageStem(fields[self.image]), backbone, lambda shape: Margin(shape, self.directions, count))

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        seen, truth = net(batch[self.image]), batch[self.identity]
        kind: MarginKind = self.margin_kind
        each = seen.losses(truth, kind, self.margin, self.scale)
        if not self.contrast:
            return Loss.of(each)
        apart = seen.contrast(truth, WARMTH)
        return Loss.of(each + self.contrast * apart, contrast=apart)

    def seen(self, net: AnyNet, pictures: Tensor) -> Seen:
        """What the net says to pictures, averaged with their mirror images where those mean the same."""
        said: Seen = net(pictures)
        if not self.mirror:
            return said
        both = said.directions + net(pictures.flip(3)).directions
        return said._replace(directions=nn.functional.normalize(both))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        seen = self.seen(net, batch[self.image])
        best, nearest = seen.likeness().max(1)
        said = torch.where(best >= seen.threshold, nearest, NOBODY)
        return Prediction({"identity": said, "nearest": nearest, "likeness": best, "direction": seen.directions})

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """How much nearer the picture is to the identity than to the nearest other, in scaled cosines; for nobody how
        far it is from all.
        """
        likeness = self.seen(net, batch[self.image]).likeness() * self.scale
        truth = batch[self.identity]
        own = nn.functional.one_hot(truth.clamp(min=0), likeness.shape[1]).bool() & (truth >= 0)[:, None]
        others = likeness.masked_fill(own, -torch.inf).logsumexp(1)
        return torch.where(truth >= 0, likeness.masked_fill(~own, 0).sum(1) - others, -likeness.amax(1))

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Moved by at most an eighth and mirrored; above 1 also turned, stretched and relit; above 2 partly hidden."""
        if not strength:
            return batch
        pixels = batch[self.image]
        more, most = min(1.0, max(0.0, strength - 1)), min(1.0, max(0.0, strength - 2))
        pixels = shifted(pixels, round(min(1.0, strength) * min(pixels.shape[2:]) / 8), self.mirror, generator)
        if more:
            pixels = relit(warped(pixels, TURN * more, STRETCH * more, generator), LIGHT * more, generator)
        if most:
            pixels = erased(pixels, HOLE * most, pixels.float().mean((0, 2, 3)), generator)
        return batch | {"image": pixels}

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Identities x pictures: every batch holds several pictures of whom it holds."""
        return Mixed(codes(train), size, self.each, seed)

    def after_training(self, net: nn.Module, train: Portion) -> None:
        """Keep the gallery."""
        head = net.get_submodule("head")
        assert isinstance(head, Margin)
        directions, truth = self.directed(net, train)
        sums = torch.zeros_like(head.gallery).index_add_(0, truth.to(directions.device), directions)
        head.gallery.copy_(nn.functional.normalize(sums))
        head.filled.fill_(1.0)

    def tune(self, net: nn.Module, validation: Portion) -> None:
        """Set the threshold between one identity and another on pictures that the net has not learned from."""
        head = net.get_submodule("head")
        assert isinstance(head, Margin)
        aside, whose = self.directed(net, validation)
        likeness = aside @ head.gallery.T
        level = boundary(torch.cat([whose[:, None].double(), aside.double().cpu()], 1).numpy())
        known = whose >= 0
        if known.any():  # then as many who are known are refused as strangers are taken for their nearest
            level = between(likeness.cpu(), whose)
        head.threshold.fill_(level if level == level else -1.0)

    @torch.no_grad()
    def directed(self, net: nn.Module, portion: Portion) -> tuple[Tensor, Tensor]:
        """Directions [N, D] of a portion's pictures, and whose they are [N]."""
        net.eval()
        device = next(net.parameters()).device
        directions, truth = [], []
        for batch in in_order(self.slots(), portion, 256):
            directions.append(self.seen(net, batch[self.image].to(device)).directions)
            truth.append(batch[self.identity])
        return torch.cat(directions), torch.cat(truth)

    def metrics(self) -> tuple[Metric, ...]:
        kinds = (Rank1, EqualErrorRate, TrueAcceptRate, OpenSet)
        return tuple(sorted((kind(slot="identity") for kind in kinds), key=lambda one: one.word() != self.metric))

    def decide(self, train: Portion) -> Sequence[Decision]:
        people, count = len(train.fields[self.identity].classes), len(train)
        few = people < MANY
        epochs = max(10, min(EPOCHS, round(EPOCHS * (COUNT / count) ** 0.5)))
        why = f"{people:,} identities are {'few' if few else 'many'}"
        settled = (
            ("optimizer", "muon", "needs fewer steps than SGD and AdamW on nets of convolutions"),
            ("lr", 0.015, "Muon's steps have one size whatever the layer"),
            ("weight_decay", 0.1, "keeps filters about as long as they started under Muon"),
            ("clip", 0.0, "Muon's steps have one size whatever the gradient"),
            ("schedule", "linear", "ends at zero, so that the last weights are settled"),
            ("warmup", 0.2, "filters and batch norm find each other before the rate peaks"),
            ("ema", 0.0, "the falling rate averages already"),
        )
        return (
            Decision("margin_kind", "cosine" if few else "angle", why),
            Decision("margin", 0.2 if few else 0.5, why),
            Decision("scale", 16.0 if few else 64.0, why),
            Decision("epochs", epochs, f"{count:,} pictures: the more there are, the less often each is needed"),
            Decision("batch_size", 32 if count < 5000 else 128, f"{count:,} pictures"),
            Decision("evaluations", 8, "enough to see where learning stands"),
            Decision("augment", 2.0, "few pictures of each: turning and relighting them adds some"),
            *(Decision(option, value, reason, "cnn") for option, value, reason in settled),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.identity].classes)
        return (
            floor("majority", target="identity", classes=classes),
            floor("linear-pixels", target="identity", image="image", classes=classes),
            floor("nearest-neighbour", target="identity", image="image", classes=classes),
        )

    @classmethod
    def example(cls) -> Table:
        """Six made faces: where eyes and mouth are, in twelve pictures each."""
        draw = np.random.default_rng(0)
        who = np.arange(72) % 6
        images = draw.integers(0, 90, (72, 12, 12)).astype(np.uint8)
        for index, one in enumerate(who):
            row, column = 2 + one // 3, 1 + one % 3
            images[index, row, [column, 11 - column]] += 150
            images[index, 8 + one % 2, 4 : 8 - one // 4] += 150
        names = np.array([f"person {one}" for one in who], object)
        return Table.of({"image": Column(images, Kind.IMAGE), "identity": Column(names, Kind.CATEGORY)}, "example")


def codes(train: Portion) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Whose picture each example is."""
    truth = train.encoded["identity"]
    assert isinstance(truth, Dense)
    return np.asarray(truth.values, np.int64)


def between(likeness: Tensor, truth: Tensor) -> float:
    """The level at which as many known pictures are refused by their own identity as pass for the nearest other.

    Likeness [N, K] to the gallery, truth [N]; strangers' nearest counts as another's.
    """
    own = nn.functional.one_hot(truth.clamp(min=0), likeness.shape[1]).bool() & (truth >= 0)[:, None]
    mine = likeness[own]
    others = likeness.masked_fill(own, -torch.inf).amax(1)
    levels = torch.cat([mine, others]).sort().values
    wrong = [((mine < level).double().mean() - (others >= level).double().mean()).abs() for level in levels]
    best = int(torch.stack(wrong).argmin())
    return float(levels[max(0, best - 1) : best + 1].mean())
