"""The last season, repeated: the same hour of yesterday, the same month of last year."""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Windows
from brainwright.data.examples import Portion
from brainwright.data.fields.series import Series
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

CANDIDATES = 3  # peaks of the autocorrelation that are tried where the dates suggest no season
TRIED = 500  # training windows that a season is chosen on


class SeasonalNaive(Floor):
    """Repeats the season that forecasts best in training, among those that the dates or the autocorrelation suggest."""

    trivial: ClassVar[bool] = True
    past: str
    """The input slot with the history; its first variables are those of the target."""
    seasons: tuple[int, ...] = ()
    """Steps of the seasons that the dates suggest."""

    def fit(self, train: Portion) -> State:
        past, future = train.encoded[self.past], train.fields.fitted[self.target]
        assert isinstance(past, Windows)
        assert isinstance(future, Series)
        fitting = [season for season in self.seasons if season <= past.length]
        seasons = fitting or peaks(past.covered()[:, : len(future.names)], past.length)
        some = train.take(np.linspace(0, len(train) - 1, min(TRIED, len(train))).astype(np.int64))
        truth = some.encoded[self.target]
        assert isinstance(truth, Windows)
        errors = []
        for season in seasons:
            state = {"season": np.array([season]), "horizon": np.array([future.length])}
            said = self.predict(state, some).values[self.target].numpy()
            errors.append(np.nanmean((said - truth.values) ** 2))
        return {"season": np.array([seasons[int(np.argmin(errors))]]), "horizon": np.array([future.length])}

    def predict(self, state: State, asked: Portion) -> Prediction:
        past, future = asked.encoded[self.past], asked.fields.fitted[self.target]
        assert isinstance(past, Windows)
        assert isinstance(future, Series)
        season, horizon = int(state["season"][0]), int(state["horizon"][0])
        end = past.starts + past.offset + past.length
        rows = end[:, None] - season + np.arange(horizon) % season
        return Prediction({self.target: torch.from_numpy(future.standardised(past.series[rows, : len(future.names)]))})


def peaks(rows: NDArray[np.float32], longest: int) -> list[int]:
    """Lags up to `longest` at which the steps of [T, V] resemble themselves most; [1] where nothing recurs."""
    steps = np.diff(rows.astype(np.float64), axis=0)
    steps = (steps - steps.mean(0)) / np.where(steps.std(0) > 0, steps.std(0), 1.0)
    power = np.abs(np.fft.rfft(steps, 2 * len(steps), axis=0)) ** 2
    likeness = np.fft.irfft(power, axis=0).mean(1)[: longest + 2]
    middle = likeness[1:-1]
    peaked = np.flatnonzero((middle > likeness[:-2]) & (middle >= likeness[2:]) & (middle > 0)) + 1
    best = peaked[np.argsort(-likeness[peaked])][:CANDIDATES]
    return [int(lag) for lag in best if 2 <= lag <= longest] or [1]
