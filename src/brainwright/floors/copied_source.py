"""The source itself, untranslated: what names, numbers and shared words alone are worth."""

from typing import ClassVar

import numpy as np
import torch

from brainwright.data.examples import Portion
from brainwright.data.fields.writing import Writing
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State
from brainwright.models.quoting import spoken


class CopiedSource(Floor):
    """Says what it was given."""

    trivial: ClassVar[bool] = True
    source: str
    """The input slot that holds the text."""

    def fit(self, train: Portion) -> State:
        return {}

    def predict(self, state: State, asked: Portion) -> Prediction:
        field, texts = asked.fields.fitted[self.target], asked.examples.values[self.source]
        assert isinstance(field, Writing)
        assert isinstance(texts, np.ndarray)
        tokens = [torch.from_numpy(field.encode(text)).long() for text in texts]
        return Prediction({self.target: tokens, "said": spoken(field, tokens)})
