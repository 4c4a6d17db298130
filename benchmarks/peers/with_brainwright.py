"""brainwright: the same nets through the task contract, driven by its one loop; PRECISION names its arithmetic.

The table, series and language cases have no task with a net that is layer for layer the peers', so a task part of our
own stands here; pictures go through image classification with its net replaced. The transformer is our own backbone
(rotary places, queries and keys of unit scale: a little more work than the peers' block). Neither masks the future.
"""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from cases import CASES, RATE, Clock, arrays, asked
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.catalogue import find
from brainwright.data.batching import batch_of, generator_of
from brainwright.data.encoded import Dense
from brainwright.data.examples import Examples, Portion
from brainwright.data.field import DenseField
from brainwright.data.fields.category import Category
from brainwright.data.fields.image import Image
from brainwright.data.opening import open_table
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import Share, Table
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.metric import Metric
from brainwright.models.answers import Weighing
from brainwright.models.backbone import Backbone, Stage
from brainwright.models.features import Features, Shape
from brainwright.models.heads.readout import Readout
from brainwright.models.stems.image import ImageStem
from brainwright.tasks.image_classification import ImageClassification
from brainwright.tasks.task import Claim, Loss, Task, Turn
from brainwright.training.devices import place
from brainwright.training.job import Job
from brainwright.training.loop import Loop
from brainwright.training.options import Training
from brainwright.training.pace import quickest_arithmetic

BACKBONES = {
    "mlp": ("mlp", {"width": 128, "depth": 2, "activation": "relu"}),
    "lstm": ("lstm", {"width": 64, "depth": 1, "pool": "last"}),
    "lm": ("transformer", {"width": 128, "depth": 4, "heads": 4}),
}
GIVEN = {"mlp": Shape("vector", 50), "lstm": Shape("sequence", 8, (100,)), "lm": Shape("sequence", 128, (128,))}
ANSWERS = {"mlp": 5, "lstm": 4, "lm": 256}


class Given(DenseField):
    """Arrays as they are."""

    def encode(self, value: Any) -> np.ndarray:
        return np.asarray(value)

    def encode_all(self, values: Any) -> Dense:
        return Dense(values)

    def decode(self, encoded: Any) -> Any:
        return np.asarray(encoded).tolist()


class Whole(nn.Module):
    """Words to vectors where there are words; backbone; read-out."""

    def __init__(self, case: str) -> None:
        super().__init__()
        self.words = nn.Embedding(256, 128) if case == "lm" else nn.Identity()
        word, options = BACKBONES[case]
        self.backbone: Stage = find("models/backbones", word, Backbone)(**options).build(GIVEN[case])
        self.head = nn.Linear(128, 256) if case == "lm" else Readout(self.backbone.shape, ANSWERS[case])

    def forward(self, given: Tensor) -> Tensor:
        found = self.backbone(Features(self.words(given)))
        return self.head(found.values if isinstance(self.head, nn.Linear) else found)


class Plain(Task):
    """An array to a class, or to a class a step."""

    given = input(Given())
    answer = target(Given())
    case: str

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        return None

    @classmethod
    def example(cls) -> Table:
        raise NotImplementedError

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        return Whole(self.case)

    def loss(self, net: Any, batch: Batch, turn: Turn) -> Loss:
        logits, truth = net(batch[self.given]), batch[self.answer]
        if truth.ndim == 1:
            return Loss.of(F.cross_entropy(logits, truth, reduction="none"))
        each = F.cross_entropy(logits.flatten(0, 1), truth.flatten(), reduction="none").view(truth.shape)
        return Loss.of(each.sum(1), torch.full((len(truth),), float(truth.shape[1])))

    def predict(self, net: Any, batch: Batch) -> Prediction:
        scores = net(batch[self.given]).softmax(-1)
        return Prediction.of(self.answer, scores.argmax(-1), scores)

    def metrics(self) -> tuple[Metric, ...]:
        return (Accuracy(slot="answer"),)


class Pictures(ImageClassification):
    """Image classification with the peers' four convolutions."""

    side: int = 32
    label = target(Category())
    image = input(Image())

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        layers: list[nn.Module] = []
        for before, width, stride in ((3, 16, 1), (16, 32, 2), (32, 64, 2), (64, 64, 1)):
            conv = nn.Conv2d(before, width, 3, stride, 1, bias=False)
            layers += [conv, nn.BatchNorm2d(width), nn.ReLU()]
        return Weighing(Convolved(fields[self.image], layers), fields[self.label].counts, False)


class Convolved(nn.Module):
    """Raw pixels, normalised; layers; mean over places; read-out."""

    def __init__(self, image: Image, layers: list[nn.Module]) -> None:
        super().__init__()
        self.stem = ImageStem(image)
        self.layers = nn.Sequential(*layers).to(memory_format=torch.channels_last)
        self.head = Readout(Shape("grid", 64), 10)

    def forward(self, pixels: Tensor) -> Tensor:
        values = self.stem(pixels).values.contiguous(memory_format=torch.channels_last)
        return self.head(Features(self.layers(values)))


def portions(home: Path, case: str) -> tuple[Task, Portion, Portion]:
    """The task, all examples to learn from, and an eighth of them to look at."""
    if not case.startswith("cnn"):
        given, answer = arrays(home, case)
        count = len(given)
        values = {"given": given, "answer": answer}
        examples = Examples(values, np.full(count, Share.TRAIN, np.uint8), np.arange(count))
        task: Task = Plain(case=case)
        fields = Fields.fit(task.slots(), values)
    else:
        task = Pictures(mirror=True)
        table = open_table(str(home / case), "")
        claim = task.claim(table, "")
        assert claim is not None
        examples = task.examples(table, claim)
        image = Image(size=32 if case == "cnn32" else 64).fit(examples.values["image"])
        label = Category().fit(examples.values["label"])
        fields = Fields({"image": image, "label": label})
    whole = Portion.of(task.slots(), fields, examples)
    return task, whole, whole.take(np.arange(0, len(whole), 8))


def job(home: Path, case: str, **more: Any) -> tuple[Job, nn.Module]:
    """What the loop needs, with the options that make its arithmetic the peers': AdamW 1e-3, constant, no clipping."""
    told = CASES[case]
    task, train, validation = portions(home, case)
    options = {
        "lr": RATE,
        "batch_size": told.batch,
        "epochs": told.epochs,
        "schedule": "constant",
        "warmup": 0.0,
        "clip": 0.0,
        "threads": 1,
        "augment": {"cnn32": 1.0, "cnn256": 0.5}.get(case, 0.0),
        "precision": os.environ.get("PRECISION", "auto"),
        "checkpoint": 0.0,
        "evaluations": 1,
    }
    how = Training(**{**options, **more})
    torch.manual_seed(0)
    return Job(task, train, validation, how, home), task.build(
        train.fields, find("models/backbones", "mlp", Backbone)()
    )


def main() -> None:
    """Every case asked for."""
    home, cases = asked()
    for case in cases:
        clock = Clock()
        what, net = job(home, case)
        if what.how.precision == "auto":  # as `brainwright train` does
            batch = batch_of(what.task.slots(), what.train, np.arange(CASES[case].batch), generator_of(0))
            precision, _ = quickest_arithmetic(what.task, net, batch, place(what.how))
            what = replace(what, how=what.how.model_copy(update={"precision": precision}))
        loop = Loop(what, net)
        clock.mark()
        for _ in range(CASES[case].epochs):
            for _ in range(loop.plan.per_epoch):
                loop.advance()
            clock.mark()
        print(clock.line(case, ("brainwright", "torch")), flush=True)


if __name__ == "__main__":
    main()
