"""Units: what of a value is hidden and shown together when an answer is explained; values that are partly others."""

from dataclasses import dataclass, field
from typing import Generic, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

Form: TypeAlias = Literal["whole", "cells", "words", "columns", "steps"]
E = TypeVar("E")
CELLS = 16  # a side of a picture, and stretches of a series, at most: more cannot be told apart, nor hidden one by one


@dataclass(frozen=True)
class Units:
    """The units of one value, and how they are told: as a whole, cells of a picture, words, columns, or steps."""

    form: Form
    owner: NDArray[np.int64]
    """The unit of each place of the encoded value; axes in front (channels) share it."""
    names: tuple[str, ...]
    """What people call each unit."""
    drawn: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    """The unit of each place of what people see, below 0 where there is none; empty where `owner` says it."""
    picture: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    """What people see [H, W], where that is not what the field decodes to."""

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Between(Generic[E]):
    """A batch of values on the way to others of the same shape: a stem blends what it makes of both.

    For values that cannot be averaged themselves, such as words and classes.
    """

    values: E
    instead: E
    shown: Tensor
    """[B, places] from 0, `instead`, to 1, `values`."""

    def __len__(self) -> int:
        return len(self.shown)

    def blend(self, made: Tensor, other: Tensor, shown: Tensor) -> Tensor:
        """What a stem made of both [B, places, ...], each place as far as it is shown [B, places]."""
        wide = shown.view(*shown.shape, *[1] * (made.ndim - shown.ndim))
        return other + wide * (made - other)
