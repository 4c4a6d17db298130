"""Who somebody is: one of the identities of training, or somebody unseen, whom a number of their own tells apart."""

from hashlib import blake2b
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.values import natural

NOBODY = -1  # the answer "unknown"
STRANGERS = 2**31  # numbers below -1 that strangers' names are hashed to


class Identity(DenseField):
    """Int64 scalars: 0 and more are identities of training, -1 is nobody known, less is somebody unseen in training."""

    strangers: ClassVar[bool] = True
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    """How often each occurs in training."""

    def fit(self, values: Values) -> Self:
        names, counts = np.unique(np.asarray(values, dtype=str), return_counts=True)
        order = sorted(range(len(names)), key=lambda index: natural(str(names[index])))
        told = {
            "classes": tuple(str(names[index]) for index in order),
            "counts": tuple(int(counts[index]) for index in order),
        }
        return self.model_copy(update=told)

    def encode(self, value: Any) -> NDArray[Any]:
        name = str(value)
        known = self.classes.index(name) if name in self.classes else stranger(name)
        return np.asarray(known, np.int64)

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        places = {name: place for place, name in enumerate(self.classes)}
        names, where = np.unique(values.astype(str), return_inverse=True)
        codes = [places[name] if name in places else stranger(name) for name in names.tolist()]
        return Dense(np.array(codes, np.int64)[where])

    def decode(self, encoded: Any) -> str:
        number = int(encoded)
        return self.classes[number] if number >= 0 else "unknown"

    def blank(self, given: Tensor, others: Tensor) -> Tensor:
        """Nobody known."""
        return torch.full_like(given, NOBODY)


def stranger(name: str) -> int:
    """A number below -1 that is always the same for a name."""
    return NOBODY - 1 - int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little") % STRANGERS
