"""The first sentence of every passage, whatever was asked; or no answer, where most training questions have none."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.examples import Portion
from brainwright.data.fields.span import NONE, Span
from brainwright.data.sentences import sentences
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State


class FirstSentence(Floor):
    """Looks at no question."""

    trivial: ClassVar[bool] = True
    passage: str
    """The input slot that holds the passages."""

    def fit(self, train: Portion) -> State:
        field = train.fields.fitted[self.target]
        assert isinstance(field, Span)
        return {"silent": np.array([2 * field.unanswered > len(train)])}

    def predict(self, state: State, asked: Portion) -> Prediction:
        texts = asked.examples.values[self.passage]
        assert isinstance(texts, np.ndarray)
        if state["silent"][0]:
            return Prediction({self.target: torch.tensor([NONE] * len(texts), dtype=torch.float64)})
        first = [(*sentences(str(text))[0], 1.0, 0.0) for text in texts]
        return Prediction({self.target: torch.tensor(first, dtype=torch.float64)})
