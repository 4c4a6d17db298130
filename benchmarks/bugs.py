"""Plants 100 training bugs and 50 healthy set-ups before preflight: python benchmarks/bugs.py [SEED] > lines.jsonl

SEED 0 is for tuning, 1 (the default) for the record: data, nets and orders are drawn anew from it. Each bug names, in
`BUGS`, the words that the likely cause must hold. One JSON line a case, and at last one of all.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from brainwright.catalogue import find
from brainwright.config import Config
from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.slots import Batch
from brainwright.data.table import Column, Kind, Table
from brainwright.models.backbones.cnn import Norm
from brainwright.runs.sharing import encoded
from brainwright.tasks.task import Loss, Task
from brainwright.techniques.technique import Technique
from brainwright.training import seats
from brainwright.training.job import Job
from brainwright.training.loop import Loop
from brainwright.training.preflight import Preflight, preflight
from brainwright.training.subject import Subject

LIMIT = 60.0  # seconds a case at most
SPARE = {"device": "cpu", "precision": "float32", "threads": 1, "steps": 600, "batch_size": 16}
SMALL = {
    "tabular-classification": {"width": 32, "members": 1, "lr": 1e-3},
    "tabular-regression": {"width": 32, "members": 1, "lr": 1e-3},
    "image-classification": {"width": 8, "lr": 2e-3},
    "text-classification": {"width": 16, "embedding": 16, "wide": False, "lr": 3e-3},
    "forecasting": {"width": 16, "horizon": 8, "lookback": 24, "lr": 2e-3, "dropout": 0.1},
    "image-generation": {"painter_width": 8},
}


@dataclass(frozen=True)
class Setup:
    """A run about to begin."""

    task: Task
    config: Config
    shares: dict[str, Portion]
    seed: int


# ---- data ----------------------------------------------------------------------------------------


def rows(draw: np.random.Generator, count: int, classes: bool) -> Table:
    """Rows whose answer hangs on three of five columns."""
    a, b, c, noise = (draw.normal(size=count) for _ in range(4))
    kind = draw.choice(["red", "green", "blue"], count).astype(object)
    value = 2 * a + b + (kind == "red") * 2 - a * (kind == "blue") + 0.3 * draw.normal(size=count)
    answer = Column(np.digitize(value, [-0.7, 1.3]).astype(str).astype(object), Kind.CATEGORY)
    columns = {"a": a, "b": b, "c": c, "noise": noise}
    found = {name: Column(values, Kind.NUMBER) for name, values in columns.items()}
    found["kind"] = Column(kind, Kind.CATEGORY)
    return Table.of({**found, "target": answer if classes else Column(value * 40 + 100, Kind.NUMBER)}, "rows")


def shapes(draw: np.random.Generator, count: int) -> Table:
    """Bars that lie, stand or cross on noise, 12 x 12."""
    truth = draw.integers(0, 3, count)
    images = draw.integers(0, 60, (count, 12, 12)).astype(np.uint8)
    for image, kind, place in zip(images, truth, draw.integers(3, 8, (count, 2)), strict=True):
        if kind != 1:
            image[place[0] : place[0] + 2] += 150
        if kind != 0:
            image[:, place[1] : place[1] + 2] = np.maximum(image[:, place[1] : place[1] + 2], 180)
    label = np.array(["lying", "standing", "crossed"], object)[truth]
    return Table.of({"image": Column(images, Kind.IMAGE), "label": Column(label, Kind.CATEGORY)}, "shapes")


def reviews(draw: np.random.Generator, count: int) -> Table:
    """Texts of 3 to 14 words, one of which tells the mood."""
    words = {"good": ["lovely", "great", "fun", "bright"], "bad": ["dull", "waste", "boring", "poor"]}
    fill = ["film", "day", "book", "the", "a", "it", "was", "and", "of", "we", "saw", "old", "new"]
    mood = draw.choice(["good", "bad"], count).astype(object)
    told = [
        " ".join(draw.permutation([*draw.choice(fill, draw.integers(2, 13)), str(draw.choice(words[one]))]))
        for one in mood
    ]
    return Table.of({"text": Column(np.array(told, object), Kind.TEXT), "mood": Column(mood, Kind.CATEGORY)}, "reviews")


def loads(draw: np.random.Generator, count: int) -> Table:
    """Two daily curves with noise."""
    hours = np.arange(count)
    day = np.sin(hours / 24 * 2 * np.pi)
    dates = np.datetime64("2024-01-01T00", "s") + hours * np.timedelta64(3600, "s")
    numbers = {
        "load": 40 + 10 * day + draw.normal(size=count),
        "heat": 15 - 5 * np.roll(day, 3) + draw.normal(size=count),
    }
    found = {name: Column(values, Kind.NUMBER) for name, values in numbers.items()}
    return Table.of({"date": Column(dates, Kind.DATE), **found}, "loads")


def table(word: str, seed: int) -> tuple[Table, str]:
    """Data for a task, and its target."""
    draw = np.random.default_rng(seed)
    if word.startswith("tabular"):
        return rows(draw, 600, word.endswith("classification")), "target"
    if word.startswith("image"):
        found = shapes(draw, 240)
        return (found, "label") if word.endswith("classification") else (found.without("label"), "")
    return (reviews(draw, 300), "mood") if word.startswith("text") else (loads(draw, 500), "")


def setup(word: str, seed: int, **options: Any) -> Setup:
    """A healthy run of a task."""
    kind = find("tasks", word, Task)
    found, aim = table(word, seed)
    parts = np.arange(len(found)) * 5 // len(found)
    found = type(found)(found.columns, np.where(parts < 3, 0, parts - 2).astype(np.uint8), found.source)
    claim = kind.claim(found, aim)
    assert claim is not None
    small = dict(SMALL[word])
    if options.get("backbone", kind.backbone) != "mlp":
        small.pop("members", None)
    config = Config.of({"task": word, **SPARE, **small, "seed": seed, **options})
    shares, _ = encoded(config.task(), config.task().examples(found, claim))
    config, _ = config.decided([one for one in config.task().decide(shares["train"]) if one.option == "clip"])
    return Setup(config.task(), config, shares, seed)


def looked(one: Setup) -> Preflight:
    """The real preflight of a set-up."""
    torch.manual_seed(one.seed)
    how = one.config.training
    net = one.task.build(one.shares["train"].fields, one.config.backbone)
    job = Job(one.task, one.shares["train"], one.shares["validation"], how, Path("/nowhere"))
    return preflight(Subject(job, net, one.config.backbone, time.monotonic() + LIMIT))


# ---- ways to break it ----------------------------------------------------------------------------

Plant = Callable[[Setup], Setup]


def wrong(**methods: Callable[..., Any]) -> Plant:
    """The task says otherwise: methods by name, each of (inner task, the usual arguments)."""

    def plant(one: Setup) -> Setup:
        def method(said: Callable[..., Any]) -> Callable[..., Any]:
            return lambda self, *given: said(self.inner, *given)

        kind = type("Wrong", (Technique,), {name: method(said) for name, said in methods.items()})
        kind.__module__ = __name__
        return replace(one, task=kind(inner=one.task))

    return plant


def lossy(change: Callable[[Loss, Batch], Loss]) -> Plant:
    """The loss comes out otherwise."""
    return wrong(loss=lambda task, net, batch, turn: change(task.loss(net, batch, turn), batch))


def misread(change: Callable[[Any], Any]) -> Plant:
    """The loss is of other answers (first target slot) than the truth."""

    def loss(task: Task, net: Any, batch: Batch, turn: Any) -> Loss:
        slot = next(slot for slot in task.slots() if slot.side == "target")
        return task.loss(net, batch | {slot.name: change(batch[slot])}, turn)

    return wrong(loss=loss)


class Around(nn.Module):
    """A net within a mistake; the mistake gets the net and its inputs."""

    def __init__(self, net: nn.Module, mistake: Callable[..., Any]) -> None:
        super().__init__()
        self.net, self.mistake = net, mistake
        self.unsaved = torch.rand(()) * 4 + 0.5

    def forward(self, *given: Any) -> Any:
        return self.mistake(self, *given)


def built(change: Callable[[nn.Module], nn.Module | None]) -> Plant:
    """The net is built otherwise."""

    def build(task: Task, *given: Any) -> nn.Module:
        net = task.build(*given)
        return change(net) or net

    return wrong(build=build)


def around(mistake: Callable[..., Any]) -> Plant:
    """Something stands around the net."""
    return built(lambda net: Around(net, mistake))


def answered(change: Callable[[Around, Tensor], Tensor]) -> Plant:
    """The net's numbers are changed before they are used."""

    def mistake(self: Around, *given: Any) -> Any:
        said = self.net(*given)
        if isinstance(said, Tensor):
            return change(self, said)
        return said._replace(**{said._fields[0]: change(self, said[0])})

    return around(mistake)


def averaged(loss: Loss, batch: Batch) -> Loss:
    """Every example bears the mean of the batch."""
    return Loss(loss.each.mean().expand(len(loss.each)), loss.units)


def emptied(values: Any, draw: np.random.Generator) -> Any:
    """Every ninth number is missing."""
    return np.where(np.arange(len(values)) % 9, values, np.nan).astype(values.dtype)


def twice(task: Task, net: Any, batch: Batch, turn: Any) -> Loss:
    """A softmax before a loss that makes its own."""

    def softened(*given: Any) -> Any:
        said = net(*given)
        return said._replace(logits=said.logits.softmax(-1))

    softened.training = net.training  # type: ignore[attr-defined]
    return task.loss(softened, batch, turn)


def frozen(part: str) -> Plant:
    """Weights whose name holds a word do not learn."""

    def freeze(net: nn.Module) -> None:
        for name, weight in net.named_parameters():
            weight.requires_grad_(part not in name)

    return built(freeze)


@torch.no_grad()
def filled(net: nn.Module, value: float) -> None:
    """Every matrix the same number."""
    for weight in net.parameters():
        if weight.ndim > 1:
            weight.fill_(value)


@torch.no_grad()
def killed(net: nn.Module) -> None:
    """Biases so low that no rectifier lets anything through."""
    for name, weight in net.named_parameters():
        if "backbone" in name and name.endswith("bias"):
            weight.fill_(-100.0)


@torch.no_grad()
def louder(net: nn.Module) -> None:
    """A last layer a thousand times too large."""
    for name, weight in net.named_parameters():
        if "head" in name and weight.ndim > 1:
            weight.copy_(torch.randn_like(weight) * 100)


def unscaled(net: nn.Module) -> None:
    """Numbers ten thousand times too large reach the first layer."""
    first = next(one for one in net.modules() if isinstance(one, nn.Linear | nn.Conv2d))
    first.register_forward_pre_hook(lambda _, given: (given[0] * 1e4,))


def detached(net: nn.Module) -> None:
    """What the backbone sees is cut from what it came from."""
    part = next(one for name, one in net.named_modules() if name.endswith("head"))

    def cut(_: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        one = given[0]
        return (replace(one, values=one.values.detach()) if hasattr(one, "values") else one.detach(),)

    part.register_forward_pre_hook(cut)


def unlearned(norm: Any, given: Any, said: Any) -> None:
    """A batch norm's averages as they began."""
    norm.mean, norm.variance = torch.zeros_like(norm.mean), torch.ones_like(norm.variance)


def forgetful(net: nn.Module) -> None:
    """Batch norms whose averages stay as they began."""
    for one in net.modules():
        if isinstance(one, Norm):
            one.register_forward_hook(unlearned)


def asleep(net: nn.Module) -> nn.Module:
    """A net that never leaves evaluation mode."""
    net.eval()
    net.train = lambda mode=True: net  # type: ignore[method-assign,assignment]
    return net


def short(net: nn.Module) -> nn.Module:
    """A net that has places for eight words only."""
    places = nn.Parameter(torch.zeros(8, 1))

    def mistake(self: Around, given: Any) -> Any:
        held = places[torch.arange(given.values.shape[1])].sum()
        said = self.net(given)
        return said._replace(logits=said.logits + held)

    return Around(net, mistake)


def data(name: str, change: Callable[[Any, np.random.Generator], Any], shares: str = "train validation test") -> Plant:
    """One slot's encoded values are other ones; `name` "target" or "input" is the first of that side."""

    def plant(one: Setup) -> Setup:
        slot = next(slot for slot in one.task.slots() if slot.side == name).name
        changed = dict(one.shares)
        for share in shares.split():
            portion, draw = one.shares[share], np.random.default_rng(one.seed + len(share))
            before = portion.encoded[slot]
            encoded_ = dict(portion.encoded)
            if isinstance(before, Dense):
                encoded_[slot] = Dense(change(before.values.copy(), draw))
            else:
                encoded_[slot] = replace(before, series=change(before.series.copy(), draw))  # type: ignore[call-arg]
            changed[share] = replace(portion, encoded=encoded_)
        return replace(one, shares=changed)

    return plant


def swapped(part: float) -> Callable[[Any, np.random.Generator], Any]:
    """A share of the answers changes places."""

    def change(values: Any, draw: np.random.Generator) -> Any:
        some = draw.permutation(len(values))[: int(part * len(values))]
        values[some] = values[draw.permutation(some)]
        return values

    return change


def shifted(values: Any, draw: np.random.Generator) -> Any:
    """A stretch of answers stands one row too low."""
    a, b = len(values) // 2, len(values) * 3 // 4
    values[a:b] = np.roll(values[a:b], 1)
    return values


def told(one: Setup) -> Setup:
    """The answer is one of the numbers of the input."""
    names = {slot.side: slot.name for slot in one.task.slots()}
    changed = {}
    for share, portion in one.shares.items():
        values, truth = portion.encoded[names["input"]].values.copy(), portion.encoded[names["target"]].values
        if values.dtype == np.uint8:
            values[:, 0, 0, 0] = truth * 80
        else:
            values[:, 0] = truth
        changed[share] = replace(portion, encoded={**portion.encoded, names["input"]: Dense(values)})
    return replace(one, shares=changed)


def copied(one: Setup) -> Setup:
    """The validation share is a copy of training examples."""
    train = one.shares["train"]
    return replace(one, shares={**one.shares, "validation": train.take(np.arange(len(train) // 3))})


def option(**values: Any) -> Plant:
    """Other options; numbers are factors."""

    def plant(one: Setup) -> Setup:
        how = one.config.training
        fresh = how.model_copy(update={k: getattr(how, k) * v if k == "lr" else v for k, v in values.items()})
        return replace(one, config=replace(one.config, parts={**one.config.parts, "training": fresh}))

    return plant


def sampling(pick: Callable[[Portion, int], Callable[[int], Any]]) -> Plant:
    """Batches are drawn otherwise."""
    return wrong(sampler=lambda task, train, size, seed: pick(train, size))


def one_class(train: Portion, size: int) -> Callable[[int], Any]:
    """Batches of one class each."""
    truth = np.asarray(train.encoded["label"].values)
    order = np.argsort(truth, kind="stable")
    return lambda step: order[(step * size) % (len(order) - size) :][:size]


def left_out(train: Portion, size: int) -> Callable[[int], Any]:
    """Two classes of three never come."""
    places = np.flatnonzero(np.asarray(train.encoded["label"].values) == 0)
    return lambda step: (
        np.arange(step * size, (step + 1) * size) % len(places) * 0
        + places[np.arange(step * size, (step + 1) * size) % len(places)]
    )


def augmenting(change: Callable[[Tensor], Tensor]) -> Plant:
    """Pictures are changed so."""

    def augment(task: Task, batch: Batch, *given: Any) -> Batch:
        return batch | {"image": change(batch.values["image"])}

    inner = wrong(augment=augment)
    return lambda one: inner(option(augment=1.0)(one))


@contextmanager
def broken(where: Any, name: str, change: Callable[[Any], Any]) -> Iterator[None]:
    """While it lasts a function of the loop is another one."""
    before = getattr(where, name)
    setattr(where, name, change(before))
    try:
        yield
    finally:
        setattr(where, name, before)


def kept_gradient(step: Any) -> Any:
    """Gradients stay after a step and add up."""

    def wrongly(self: Any, *given: Any) -> Any:
        self.flat.gather()
        before = self.flat.gradients.clone()
        length = step(self, *given)
        self.flat.gradients.copy_(before)
        return length

    return wrongly


def without_head(grouped: Any) -> Any:
    """The optimizer is not told of the head."""
    return lambda weights, *given: grouped({k: v for k, v in weights.items() if "head" not in k}, *given)


LOOP = {"kept": (seats.Seat, "step", kept_gradient), "headless": (seats, "grouped", without_head)}

# ---- the bugs --------------------------------------------------------------------------------------

C, R, P, T, F = (
    "tabular-classification", "tabular-regression", "image-classification", "text-classification", "forecasting",
)  # fmt: skip


@dataclass(frozen=True)
class Bug:
    """A mistake, the tasks that it is planted in, and what its cause must be called (a regular expression)."""

    name: str
    plant: Plant
    tasks: tuple[str, ...]
    cause: str
    loop: str = ""
    options: tuple[tuple[str, Any], ...] = ()


def same(one: Setup) -> Setup:
    """Nothing is planted in the task."""
    return one


BUGS = (
    Bug("loss with the wrong sign", lossy(lambda one, _: Loss(-one.each, one.units)), (C, R, T, F), "sign"),
    Bug("softmax twice", wrong(loss=twice), (C, P, T), "softmax over"),
    Bug("loss averaged over the batch", lossy(averaged), (C, R, F), "reduction|leak across"),
    Bug("units count the batch", lossy(lambda x, b: Loss(x.each, x.units * len(b))), (R, F, T), "reduction|units"),
    Bug("loss 64 times too large", lossy(lambda one, _: Loss(one.each * 64, one.units)), (C, R), "units|reduction"),
    Bug("classes shifted by one in the loss", misread(lambda y: (y + 1) % (int(y.max()) + 1)), (C, P, T), "wrong loss"),
    Bug("the negated answer is learned", misread(lambda y: -y), (R, F), "wrong loss"),
    Bug("a loss cut off from the net", lossy(lambda loss, _: Loss(loss.each.detach(), loss.units)), (C, F), "cut off"),
    Bug("frozen net", frozen(""), (C, R), "frozen"),
    Bug("frozen head", frozen("head"), (C, P), "frozen"),
    Bug("frozen backbone", frozen("backbone"), (R, F), "frozen"),
    Bug("detached branch", built(detached), (C, P, T), "cut off"),
    Bug("dead activations", built(killed), (C, R), "dead", options=(("activation", "relu"),)),
    Bug("start of zeros", built(lambda net: filled(net, 0.0)), (C, R), "zero|alike"),
    Bug("start of equal weights", built(lambda net: filled(net, 0.01)), (C, R), "alike"),
    Bug("inputs are not used", answered(lambda _, said: said[:1].expand_as(said)), (C, R, T, F), "depend|leak across"),
    Bug("leak across the batch", answered(lambda _, said: said - said.mean(0)), (C, R, P, F), "leak across"),
    Bug("dropout stays on", answered(lambda _, said: nn.functional.dropout(said, 0.3)), (C, R, T), "dropout"),
    Bug("training in evaluation mode", built(asleep), (C, P), "train\\(\\)", options=(("dropout", 0.3),)),
    Bug("batch norm that does not follow", built(forgetful), (P, P), "batch norm"),
    Bug("numbers that are not saved", answered(lambda self, said: said * self.unsaved), (C, R), "not saved"),
    Bug("last layer too large", built(louder), (C, R), "too large"),
    Bug("inputs not normalised", built(unscaled), (C, R, F), "normalised"),
    Bug("constant inputs", data("input", lambda x, _: np.zeros_like(x)), (C, R, P, F), "constant"),
    Bug("rate 1000 times too high", option(lr=1000.0), (C, R, P, T, F), "rate too high"),
    Bug("rate 10,000 times too low", option(lr=1e-4), (C, R, P, T, F), "rate too low"),
    Bug("weight decay of 200", option(weight_decay=200.0), (C, R, P), "weight decay"),
    Bug("rate stuck at zero", wrong(lr_scale=lambda task, name, place, at: float(at < 0.03)), (C, F), "schedule"),
    Bug("gradients shortened to nothing", option(lr=30.0, clip=1e-9, optimizer="sgd"), (C, R), "shortened"),
    Bug("gradients not zeroed", same, (C, R, F), "zeroed", "kept"),
    Bug("optimizer without the head", same, (C, R), "no optimizer", "headless"),
    Bug("labels shuffled", data("target", swapped(1.0)), (C, R, P, T), "belong"),
    Bug("training labels swapped, 60 %", data("target", swapped(0.6), "train"), (C, R), "wrong answers"),
    Bug("labels swapped everywhere, 30 %", data("target", swapped(0.3)), (C, R), "wrong answers"),
    Bug("a stretch of labels one row too low", data("target", shifted, "train"), (C, R), "these rows|wrong answers"),
    Bug("the answer among the inputs", told, (C, R, P), "leak of the target"),
    Bug("NaN answers", data("target", emptied), (R, R), "NaN"),
    Bug("NaN inputs", data("input", lambda x, _: np.where(np.arange(len(x))[:, None] % 50, x, np.nan)), (F,), "NaN"),
    Bug("validation labels shuffled", data("target", swapped(1.0), "validation"), (C, R, T), "validation share"),
    Bug("validation is training", copied, (C, R), "learned from"),
    Bug("texts truncated", same, (T,), "truncated", options=(("longest", 2),)),
    Bug("longest text breaks the net", built(short), (T,), "take the longest"),
    Bug("the same batch for ever", sampling(lambda train, size: lambda step: np.arange(size)), (C, R), "over and over"),
    Bug("one class a batch", sampling(one_class), (C, P), "one class"),
    Bug("classes left out", sampling(left_out), (C,), "leaves classes out|over and over|one class"),
    Bug("pictures blackened", augmenting(torch.zeros_like), (P,), "augmentation"),
    Bug("pictures made noise", augmenting(lambda x: torch.randint_like(x, 0, 255)), (P,), "augmentation"),
    Bug("pictures exchanged", augmenting(lambda x: x.roll(1, 0)), (P,), "augmentation"),
)  # fmt: skip


def tried(bug: Bug, word: str, seed: int) -> Preflight:
    """Preflight with the bug in place."""
    one = bug.plant(setup(word, seed, **dict(bug.options)))
    if not bug.loop:
        return looked(one)
    with broken(*LOOP[bug.loop]):
        return looked(one)


def healthy(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Set-ups with nothing wrong: tasks, families, optimizers, sizes, rates."""
    draw = np.random.default_rng(seed)
    words = [C, R, P, T, F, C, R, P, T, F, "image-generation"]
    families = {C: ["mlp", "transformer"], R: ["mlp", "transformer"], P: ["cnn", "mlp"]}
    families |= {T: ["gru", "lstm", "cnn", "mlp"], F: ["mlp", "gru"]}
    for index in range(count):
        word = words[index % len(words)]
        options: dict[str, Any] = {"width": int(draw.choice([16, 32])), "batch_size": int(draw.choice([8, 16, 32]))}
        if word in families:
            options["backbone"] = str(draw.choice(families[word]))
            options |= {"depth": int(draw.integers(1, 3)), "dropout": float(draw.choice([0.0, 0.1, 0.3]))}
        else:
            options = {"painter_width": 8}
        if draw.random() < 0.3:
            options |= {"optimizer": "sgd", "lr": 0.03} if word != "image-generation" else {}
        elif draw.random() < 0.3:
            options["lr"] = float(draw.choice([3e-4, 1e-3, 3e-3]))
        if word == P and draw.random() < 0.6:
            options["augment"] = float(draw.choice([1.0, 2.0]))
        yield word, options


def judged(seed: int) -> Iterator[dict[str, Any]]:
    """A line a bug: whether anything was said, whether a line names the cause, whether the first one does."""
    for bug in BUGS:
        for index, word in enumerate(bug.tasks):
            found = tried(bug, word, 1000 * seed + index).found("failed", "doubtful")
            hits = [bool(re.search(bug.cause, one.cause)) for one in found]
            line = {
                "bug": bug.name,
                "task": word,
                "caught": bool(hits),
                "named": any(hits),
                "first": hits[:1] == [True],
            }
            yield line if any(hits) else {**line, "wanted": bug.cause, "said": [one.line() for one in found]}


def cleared(seed: int) -> Iterator[dict[str, Any]]:
    """A line a set-up that should be healthy: whether anything but "passed" was said of one that does come to good."""
    for index, (word, options) in enumerate(healthy(50, 7 + 1000 * seed)):
        one = setup(word, 1000 * seed + 500 + index, **options)
        found = looked(one).found("failed", "doubtful", "left out")
        line = {"healthy": word, "alarm": bool(found) and learns(one), "options": options}
        yield {**line, "said": [one.line() for one in found]}


def learns(one: Setup) -> bool:
    """Whether the whole run ends below the loss that it began with, on the validation share."""
    torch.manual_seed(one.seed)
    net = one.task.build(one.shares["train"].fields, one.config.backbone)
    how = one.config.training.model_copy(update={"checkpoint": 0.0})
    loop = Loop(Job(one.task, one.shares["train"], one.shares["validation"], how, Path("/nowhere")), net)
    before = loop.look()["loss"]
    loop.best, loop.best_value = {}, float("nan")
    for _ in loop.run():
        pass
    return bool(min(line["metrics"]["loss"] for line in loop.log.lines if line["metrics"]) < before - abs(before) / 50)


def main(seed: int) -> None:
    """Run them all and print a line each, and the shares of all."""
    started, lines = time.monotonic(), list[dict[str, Any]]()
    for line in chain(judged(seed), cleared(seed)):
        lines.append(line)
        print(json.dumps(line), flush=True)
    bugs, sound = ([line for line in lines if kind in line] for kind in ("bug", "healthy"))
    whole = {word: sum(line[word] for line in bugs) / len(bugs) for word in ("caught", "named", "first")}
    whole |= {
        "bugs": len(bugs),
        "set-ups": len(sound),
        "warned": sum(bool(line["said"]) for line in sound),
        "alarms": sum(line["alarm"] for line in sound) / len(sound),
    }
    print(json.dumps({**whole, "seed": seed, "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
