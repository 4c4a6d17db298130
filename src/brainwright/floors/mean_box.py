"""Always one box: the mean box of the commonest class."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import Dense, Ragged
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class MeanBox(Floor):
    """The same place in every picture, whatever it shows."""

    trivial: ClassVar[bool] = True
    extent: str
    """The slot that holds each picture's height and width."""

    def fit(self, train: Portion) -> State:
        things, sides = train.encoded[self.target], train.encoded[self.extent]
        assert isinstance(things, Ragged) and isinstance(sides, Dense)
        counts = np.bincount(things.values[:, 0].astype(np.int64))
        mine = things.values[:, 0] == counts.argmax()
        size = np.repeat(sides.values[:, ::-1], things.lengths, 0)  # width, height of each thing's picture
        mean = (things.values[mine, 1:5] / np.tile(size[mine], 2)).mean(0)
        share = np.minimum(1.0, mine.sum() / len(things))
        return {"box": np.array([counts.argmax(), *mean, share], np.float32)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        sides = asked.encoded[self.extent]
        assert isinstance(sides, Dense)
        box = torch.from_numpy(np.ascontiguousarray(state["box"]))
        size = torch.from_numpy(np.ascontiguousarray(sides.values[:, ::-1])).repeat(1, 2)  # [N, 4]
        laid = torch.cat([box[:1].expand(len(asked), 1), box[1:5] * size, box[5:].expand(len(asked), 1)], 1)
        return Prediction({self.target: [one[None] for one in laid]})
