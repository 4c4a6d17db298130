"""Always the same lanes: the mean of each lane over the training pictures that hold the commonest number of them."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.curves import ABSENT, Laid
from brainwright.data.encoded import Dense, Ragged
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State

MOSTLY = 0.5  # part of these pictures in which a lane must cross a row to be said there


class MeanLanes(Floor):
    """The same curves in every picture, whatever it shows."""

    trivial: ClassVar[bool] = True
    extent: str
    """The slot that holds each picture's height and width."""

    def fit(self, train: Portion) -> State:
        lanes, sides, field = train.encoded[self.target], train.encoded[self.extent], train.fields.fitted[self.target]
        assert isinstance(lanes, Ragged) and isinstance(sides, Dense)
        laid, rows = Laid.of(field.collate(lanes)), torch.tensor(getattr(field, "anchors"))  # noqa: B009
        size = torch.from_numpy(np.ascontiguousarray(sides.values))
        columns = laid.at(rows * size[:, :1])
        count = int(laid.counts.bincount()[1:].argmax()) + 1
        mine = columns[laid.counts == count, :count] / size[laid.counts == count, 1, None, None]
        there = mine >= 0
        mean = (mine * there).sum(0) / there.sum(0).clamp(min=1)
        usual = there.float().mean(0) >= MOSTLY
        kept = torch.where(usual, mean, ABSENT)
        return {"rows": rows.float().numpy(), "lanes": kept[usual.sum(1) > 1].float().numpy()}

    def predict(self, state: State, asked: Portion) -> Prediction:
        sides = asked.encoded[self.extent]
        assert isinstance(sides, Dense)
        size = torch.from_numpy(np.ascontiguousarray(sides.values))[:, :, None, None]
        rows, lanes = (torch.from_numpy(np.ascontiguousarray(state[name])) for name in ("rows", "lanes"))
        laid = torch.where(lanes >= 0, lanes * size[:, 1], ABSENT)  # [N, L, A]
        return Prediction({self.target: list(torch.cat([(rows * size[:, 0]), laid], 1))})
