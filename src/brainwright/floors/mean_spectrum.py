"""Logistic regression on the mean and the spread of each band: what a sound says without its order."""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression

from brainwright.data.encoded import Dense
from brainwright.data.examples import Portion
from brainwright.data.fields.sound import Sound
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State, chosen
from brainwright.models.log_mel import LogMel, mean_and_spread

BANDS = 40
AT_ONCE = 64  # sounds whose spectra are held at a time
ROUNDS = 500


class MeanSpectrum(Floor):
    """Per recording the mean and the deviation of 40 log-mel bands over time, its level taken off, and its length."""

    most: ClassVar[int] = 20_000
    sound: str
    """The input slot that holds sounds."""
    classes: int
    """How many classes there are."""

    def fit(self, train: Portion) -> State:
        rows = np.sort(np.random.default_rng(0).permutation(len(train))[: self.most])
        train = train.take(rows)
        told, truth = spectra(train, self.sound), train.encoded[self.target]
        assert isinstance(truth, Dense)
        mean, spread = told.mean(0), told.std(0) + 1e-6
        line = LogisticRegression(max_iter=ROUNDS).fit((told - mean) / spread, truth.values)
        weights, bias = np.zeros((self.classes, told.shape[1])), np.full(self.classes, -1e3)
        if len(line.classes_) == 2:  # one line between them: half for each
            weights[line.classes_], bias[line.classes_] = np.r_[-line.coef_, line.coef_] / 2, 0.0
            bias[line.classes_] = np.r_[-line.intercept_, line.intercept_] / 2
        else:
            weights[line.classes_], bias[line.classes_] = line.coef_, line.intercept_
        return {"mean": mean, "spread": spread, "weights": weights, "bias": bias}

    def predict(self, state: State, asked: Portion) -> Prediction:
        told = (spectra(asked, self.sound) - state["mean"]) / state["spread"]
        return chosen(self.target, softmax(told @ state["weights"].T + state["bias"], 1))


@torch.no_grad()
def spectra(portion: Portion, slot: str) -> NDArray[np.float64]:
    """What each recording of a portion is told by [N, 81]."""
    field = portion.fields.fitted[slot]
    assert isinstance(field, Sound)
    ear, found = LogMel(field.rate, BANDS), []
    for start in range(0, len(portion), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(portion)))
        sound = field.collate(portion.encoded[slot].take(rows))
        values, mask = ear(sound)
        level, _ = mean_and_spread(values, mask, (1, 2))
        mean, spread = mean_and_spread(values - level, mask, (1,))
        length = sound.lengths[:, None].to(values).log()
        found.append(torch.cat([mean[:, 0], spread[:, 0], length], 1).double().numpy())
    return np.concatenate(found)
