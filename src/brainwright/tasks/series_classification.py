"""Signal -> Category: say which of the known classes a whole series of measurements belongs to."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.batching import generator_of
from brainwright.data.bucketing import Bucketed
from brainwright.data.encoded import Uneven
from brainwright.data.examples import Examples, Portion
from brainwright.data.field import Padded
from brainwright.data.fields.category import Category
from brainwright.data.fields.signal import Signal
from brainwright.data.inputs import inputs, likely_target
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.accuracy import Accuracy
from brainwright.metrics.balanced_accuracy import BalancedAccuracy
from brainwright.metrics.log_loss import LogLoss
from brainwright.metrics.metric import Metric
from brainwright.models.answers import Weighing
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.signal import SignalStem
from brainwright.tasks.task import Claim, Decision, Loss, Sampler, Task, Turn
from brainwright.tasks.task import Net as AnyNet

FEWEST = 8  # number columns that can be the steps of a series
NOISE, GAIN = 0.05, 0.1  # in deviations, and as a share, at full strength
READS = ("rnn", "lstm", "gru")


class SeriesClassification(Task):
    """One class per series, by cross-entropy; of one or several variables, of any length."""

    backbone: ClassVar[str] = "cnn"
    signal = input(Signal())
    label = target(Category())

    smoothing: float = Option(0.0, ge=0, lt=1)
    """Share of certainty taken from the true class and spread over all (Szegedy et al. 2016)."""
    class_weights: Literal["none", "balanced"] = "none"
    """How much a class counts in learning: every series alike, or every class alike however rare."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        """Columns of series are claimed; number columns, a step each, only count as a series if asked for."""
        series, classes = table.kinds(Kind.SERIES), table.kinds(Kind.CATEGORY)
        label = target or likely_target(table) or (classes[0] if len(classes) == 1 else "")
        if label not in table.columns or table[label].kind != Kind.CATEGORY:
            return None
        if len(series) == 1:
            why = f"{series[0]!r} holds series of measurements, {label!r} their classes"
            return Claim({"signal": series[0], "label": label}, 0.95, why)
        steps = tuple(name for name in inputs(table, label)[0] if table[name].kind == Kind.NUMBER)
        if series or len(steps) < FEWEST:
            return None
        why = f"{len(steps)} number columns, taken as the steps of one series, {label!r} its class"
        return Claim({"signal": steps, "label": label}, 0.0, why)

    def examples(self, table: Table, claim: Claim) -> Examples:
        """A series a row; number columns side by side become one."""
        found = super().examples(table, claim)
        steps = found.values["signal"]
        if not isinstance(steps, dict):
            return found
        values = np.stack([np.asarray(column.values, np.float64) for column in steps.values()], 1)
        return Examples({**found.values, "signal": values}, found.shares, found.rows, found.notes, found.digests)

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        counts, balanced = fields[self.label].counts, self.class_weights == "balanced"
        return Weighing(Net(SignalStem(fields[self.signal]), backbone, len(counts)), counts, balanced)

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        return Loss.of(net(batch[self.signal]).losses(batch[self.label], self.smoothing))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        scores = net(batch[self.signal]).logits.softmax(-1).mean(1)
        return Prediction.of(self.label, scores.argmax(-1), scores)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        odds: Tensor = net(batch[self.signal]).odds(batch[self.label])
        return odds

    def metrics(self) -> tuple[Metric, ...]:
        return Accuracy(slot="label"), LogLoss(slot="label"), BalancedAccuracy(slot="label")

    def augment(self, batch: Batch, strength: float, generator: torch.Generator) -> Batch:
        """Each variable scaled by up to a tenth, and a little noise, in deviations of the batch."""
        if not strength:
            return batch
        given = batch[self.signal]
        values, real = given.values, given.mask[..., None]
        gain = 1 + GAIN * strength * (2 * torch.rand(len(given), 1, values.shape[2], generator=generator) - 1)
        seed = int(torch.randint(2**31, (1,), generator=generator))
        noise = torch.randn(values.shape, generator=generator_of(seed)).to(values.device)
        spread = values.flatten(0, 1).std(0)
        changed = (values * gain.to(values.device) + NOISE * strength * spread * noise) * real
        return batch | {"signal": Padded(changed, given.lengths)}

    def sampler(self, train: Portion, size: int, seed: int) -> Sampler:
        """Series of like length together: little of a batch is padding."""
        signals = train.encoded["signal"]
        assert isinstance(signals, Uneven)
        return Bucketed(signals.lengths, size, seed)

    def decide(self, train: Portion) -> Sequence[Decision]:
        return (
            Decision("augment", 1.0, "a sensor's gain and noise say nothing of the class"),
            *(Decision("bidirectional", True, "a step is told by those after it too", word) for word in READS),
            *(Decision("depth", 1, "one layer, so that a thousand steps stay quick", word) for word in READS),
            *(
                Decision("pool", "attention", "some stretches say more than others", word)
                for word in (*READS, "transformer")
            ),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        classes = len(fields[self.label].classes)
        return floor("majority", target="label", classes=classes), floor(
            "linear-signal", target="label", signal="signal", classes=classes
        )

    @classmethod
    def example(cls) -> Table:
        """A quick or a slow wave in one of two variables, of any length and beginning."""
        draw = np.random.default_rng(0)
        quick = np.arange(150) % 2 == 0
        values = np.empty(150, object)
        for row, fast in enumerate(quick):
            length = int(draw.integers(24, 40))
            wave = np.sin(np.arange(length) * (1.6 if fast else 0.5) + draw.uniform(0, 6))
            values[row] = np.column_stack([wave, np.ones(length)]) * (3, 10) + draw.normal(0, 0.5, (length, 2))
        labels = np.where(quick, "quick", "slow").astype(object)
        return Table.of({"series": Column(values, Kind.SERIES), "label": Column(labels, Kind.CATEGORY)}, "example")
