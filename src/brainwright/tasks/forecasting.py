"""Series -> Series: forecast the next steps of one or many series of numbers from their past and the calendar."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.catalogue import nearest
from brainwright.data.encoded import Windows
from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.moments import Moments
from brainwright.data.fields.series import Series
from brainwright.data.layouts import Layout, layout_of
from brainwright.data.pace import pace_of
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.data.timeline import Timeline, codes, timeline
from brainwright.data.windowing import Lengths, in_time, latest, lengths, places
from brainwright.errors import Fault
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.mae_scaled import MaeScaled
from brainwright.metrics.metric import Metric
from brainwright.metrics.mse_scaled import MseScaled
from brainwright.models.backbone import Backbone
from brainwright.models.forecaster import Forecaster
from brainwright.models.stems.moments import MomentsStem
from brainwright.models.stems.series import SeriesStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet

LINES = 512  # windows times variables in a batch
FEWEST_STEPS = 250  # in which a small data set settles
LOOKS = 8  # at the validation share


class Forecasting(Task):
    """All windows of every series with stride 1, by squared error in training deviations.

    Values of the future are encoded in training deviations, so that errors compare between variables and with the
    literature; `decode` gives the user's units back.
    """

    backbone: ClassVar[str] = "mlp"
    past = input(Series())
    moments = input(Moments())
    future = target(Series(standard=True))

    horizon: int = Option(0, ge=0)
    """Steps to forecast; 0 = one cycle of the data (a day of hours, a year of months)."""
    lookback: int = Option(0, ge=0)
    """Steps of the past to read; 0 = as many cycles as the data allow, at most 336 steps."""
    covariates: str = "all"
    """Other number columns to read beside those that are forecast: all, none, or names with commas between."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        found = layout_of(table, target)
        if found is None:
            return None
        layout, aims = found
        columns: dict[str, str | tuple[str, ...]] = {"past": layout.numbers, "future": aims, "series": layout.series}
        if not layout.date:
            return Claim(columns, 0.0, f"{len(aims)} number columns, the rows taken in order of time")
        times = table[layout.date].values
        times = times[np.lexsort([times, codes(table, layout.series)])]
        pace = pace_of(times[~np.isnat(times)])
        apart = f", one series for each {' and '.join(layout.series)}" if layout.series else ""
        why = f"{layout.date!r} orders {len(aims)} number columns by {pace}{apart}"
        unread = [name for name in table.kinds(Kind.CATEGORY) if name not in layout.series]
        strength = 0.5 if pace.unit == "irregular" else 0.85 if unread else 0.95
        without = f"; without {', '.join(unread)}" if unread else ""
        return Claim({**columns, "moments": layout.date}, strength, why + without)

    def examples(self, table: Table, claim: Claim) -> Examples:
        line = timeline(table, self.layout(table, claim))
        shares, said = in_time(line, table.shares[line.rows])
        size = lengths(line, shares, self.lookback, self.horizon)
        starts, own, more = places(line, shares, size)
        cut = self.windows(line, starts, size, claim)
        return Examples(cut, own, line.rows[starts + size.past], (*line.notes, *said, *more))

    def questions(self, table: Table, claim: Claim, fields: Fields) -> Examples:
        """One question a series: what comes after its last row."""
        size = Lengths(fields[self.past].length, fields[self.future].length)
        layout = replace(self.layout(table, claim), known=(fields[self.moments].pace,))
        line = timeline(table, layout).extended(size.future)
        starts, more = latest(line, size)
        cut = self.windows(line, starts, size, claim)
        del cut["future"]
        rows = line.rows[starts + size.past - 1]
        return Examples(cut, table.shares[rows], rows, (*line.notes, *more))

    def layout(self, table: Table, claim: Claim) -> Layout:
        """The columns that the claim and the option `covariates` name.

        Raises:
            Fault: a column is missing.
        """
        numbers, aims, series = (tuple(claim.columns[slot]) for slot in ("past", "future", "series"))
        beside = [name for name in numbers if name not in aims]
        if self.covariates != "all":
            asked = [name.strip() for name in self.covariates.split(",") if self.covariates not in ("", "none")]
            for name in asked:
                if name not in beside:
                    raise Fault(f"no covariate is called {name!r}", nearest(name, dict.fromkeys(beside)))
            beside = asked
        date = claim.columns.get("moments", "")
        assert isinstance(date, str)
        for name in (*aims, *beside, *series, *([date] if date else [])):
            if name not in table.columns:
                raise Fault(
                    f"{table.source} has no column {name!r}", "a forecast needs the same columns as the training"
                )
        return Layout((*aims, *beside), date, series)

    def windows(self, line: Timeline, starts: NDArray[np.int64], size: Lengths, claim: Claim) -> dict[str, Windows]:
        """Past, dates to come and future of windows [N]."""
        aims = tuple(claim.columns["future"])
        names = (*aims, *line.names[len(aims) :])
        truth = np.where(line.known, line.values, np.nan)[:, : len(aims)]
        return {
            "past": Windows(line.values, starts, size.past, 0, size.span, names),
            "moments": Windows(line.times, starts, size.future, size.past, size.span),
            "future": Windows(truth, starts, size.future, size.past, size.span, aims),
        }

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        past, future = fields[self.past], fields[self.future]
        stem, calendar = SeriesStem(past, future), MomentsStem(fields[self.moments])
        return Forecaster(stem, calendar, backbone, (past.length, future.length))

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        said, truth = net(batch[self.past], batch[self.moments]), batch[self.future]
        known = truth.isfinite()
        members = said if said.ndim == 4 else said[:, None]  # [B, members, H, V]
        error = torch.where(known[:, None], members - truth[:, None], 0.0) ** 2
        return Loss.of(error.mean(1).flatten(1).sum(1), known.flatten(1).sum(1))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        said = net(batch[self.past], batch[self.moments])
        return Prediction.of(self.future, said.mean(1) if said.ndim == 4 else said)

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """How high the forecast is on average, in training deviations."""
        said: Tensor = net(batch[self.past], batch[self.moments])
        return said.flatten(1).mean(1)

    def metrics(self) -> tuple[Metric, ...]:
        return (MseScaled(slot="future"), MaeScaled(slot="future"))

    def decide(self, train: Portion) -> Sequence[Decision]:
        pace, past, future = train.fields[self.moments].pace, train.fields[self.past], train.fields[self.future]
        cycle = next(iter(pace.seasons), 0)
        natural = f"rows are {pace} apart" + (f", a cycle has {cycle}" if cycle else "")
        batch = 2 ** int(np.log2(np.clip(min(LINES / len(future.names), len(train) / 20), 4, LINES)))
        epochs = max(2, -(-FEWEST_STEPS * batch // len(train)))
        return (
            Decision("horizon", future.length, natural),
            Decision("lookback", past.length, f"{natural}; as far back as the data allow, at most 336 steps"),
            Decision("batch_size", batch, f"about {LINES} lines of {len(future.names)} variables, 20 batches at least"),
            Decision("epochs", epochs, f"{len(train):,} windows overlap, so they are soon known by heart"),
            Decision("evaluations", LOOKS, "a look each quarter of an epoch catches the best weights"),
            Decision("patience", LOOKS // 2, "what overfits does not come back"),
            Decision("lr", 2e-3, "measured on hourly data"),
            Decision("weight_decay", 0.3, "the past has more steps than it has independent ones"),
            Decision(
                "dropout", 0.7, "windows overlap, few are independent; the straight part of the net is never hidden"
            ),
            Decision("width", 64, "lines are simple, and there are many of them"),
        )

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        seasons = fields[self.moments].pace.seasons
        return (
            floor("naive", target="future", past="past"),
            floor("seasonal-naive", target="future", past="past", seasons=seasons),
            floor("linear-forecast", target="future", past="past", moments="moments"),
        )

    @classmethod
    def example(cls) -> Table:
        draw = np.random.default_rng(0)
        hours = np.arange(400)
        dates = np.datetime64("2024-01-01T00", "s") + hours * np.timedelta64(3600, "s")
        day = np.sin(hours / 24 * 2 * np.pi)
        columns = {
            "date": Column(dates, Kind.DATE),
            "load": Column(40 + 10 * day + draw.normal(size=400), Kind.NUMBER),
            "heat": Column(15 - 5 * np.roll(day, 3) + draw.normal(size=400), Kind.NUMBER),
        }
        return Table.of(columns, "example")
