"""The most frequent text of the training share: what a model says that hears nothing."""

from collections import Counter
from typing import ClassVar

import numpy as np
import torch

from brainwright.data.encoded import singles
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class CommonestText(Floor):
    """The same for every example; of equally frequent texts the first in order of its ids."""

    trivial: ClassVar[bool] = True

    def fit(self, train: Portion) -> State:
        texts = Counter(tuple(one.tolist()) for one in singles(train.encoded[self.target]))
        most = max(texts.values())
        return {"text": np.array(min(text for text, count in texts.items() if count == most), np.int64)}

    def predict(self, state: State, asked: Portion) -> Prediction:
        said = torch.from_numpy(np.asarray(state["text"]))
        return Prediction({self.target: [said] * len(asked)})
