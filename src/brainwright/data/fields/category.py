"""One of a known list of classes."""

from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.catalogue import nearest
from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.values import natural
from brainwright.errors import Fault


class Category(DenseField):
    """The classes are those seen in training, sorted; encoded as int64 scalars."""

    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    """How often each class occurs in training."""

    def fit(self, values: Values) -> Self:
        names, counts = np.unique(np.asarray(values, dtype=str), return_counts=True)
        order = sorted(range(len(names)), key=lambda index: natural(str(names[index])))
        return self.model_copy(
            update={
                "classes": tuple(str(names[index]) for index in order),
                "counts": tuple(int(counts[index]) for index in order),
            }
        )

    def encode(self, value: Any) -> NDArray[Any]:
        if str(value) not in self.classes:
            raise Fault(
                f"class {str(value)!r} was not seen in training", nearest(str(value), dict.fromkeys(self.classes))
            )
        return np.asarray(self.classes.index(str(value)), np.int64)

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        codes = pd.Categorical(values.astype(str), categories=list(self.classes)).codes.astype(np.int64)
        if (codes < 0).any():
            self.encode(values[int(np.flatnonzero(codes < 0)[0])])  # raises, naming the class
        return Dense(codes)

    def decode(self, encoded: Any) -> str:
        return self.classes[int(encoded)]

    def blank(self, given: Tensor, others: Tensor) -> Tensor:
        """The most frequent class."""
        return torch.full_like(given, int(np.argmax(self.counts)))
