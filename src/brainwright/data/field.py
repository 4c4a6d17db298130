"""Field: one type of data; how to learn what must be learned, turn values into arrays, and turn arrays back."""

import html
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Dense, Encoded, Stored, Windows
from brainwright.data.table import Column
from brainwright.data.units import Units
from brainwright.errors import Fault
from brainwright.parts import Part

Values: TypeAlias = NDArray[Any] | Mapping[str, Column] | Windows
"""One column's values [N, ...], several whole columns, or windows of a long array."""
Batched_co = TypeVar("Batched_co", covariant=True)


class Unreadable(Fault):
    """A value that cannot be what its field is for; `reason` says why without naming it."""

    def __init__(self, what: str, fix: str, reason: str) -> None:
        super().__init__(what, fix)
        self.reason = reason


@dataclass(frozen=True)
class Padded:
    """A batch of values of any length: [B, T, ...], zero beyond each length."""

    values: Tensor
    lengths: Tensor  # [B] int64

    @property
    def mask(self) -> Tensor:
        """[B, T] bool, True where there is a value."""
        return torch.arange(self.values.shape[1], device=self.values.device) < self.lengths[:, None]

    def to(self, device: torch.device) -> "Padded":
        """The same on another device."""
        return Padded(self.values.to(device, non_blocking=True), self.lengths.to(device, non_blocking=True))

    def __len__(self) -> int:
        return len(self.values)


class Field(Part, ABC, Generic[Batched_co]):
    """One type of data, such as an image or a category. Its fields are what it learned: plain JSON.

    An unfitted field is a question; `fit` hands back a fitted copy and sees TRAINING values only.
    """

    drawn: ClassVar[bool] = False
    """True: the user brings no such column; `draw` makes values anew for every batch."""
    averages: ClassVar[bool] = False
    """True: a batch is one tensor of quantities, so that the weighted mean of two values is a value too."""

    placed: ClassVar[bool] = False
    """True: a value says where in an input something is, so whoever moves that input moves it too."""
    strangers: ClassVar[bool] = False
    """True: values may be asked about that training has not seen."""

    @property
    def recipe(self) -> str:
        """All that `encode` depends on but the value: what was encoded by one recipe is never encoded by it again."""
        return f"{self.word()} {self.model_dump_json()}"

    def fit(self, values: Values) -> Self:
        """Learn what must be learned (classes, mean, vocabulary) from training values."""
        return self

    @abstractmethod
    def encode(self, value: Any) -> NDArray[Any]:
        """One value as an array, always the same for the same value; this is what the cache holds.

        Raises:
            Fault: the value cannot be what this field is for; names it and the mending. Unreadable, where the value
                is a file that the data check should name among all others that are damaged.
        """

    def encode_all(self, values: Values) -> Encoded:
        """Many values at once; a field overrides this where a vectorised way is faster."""
        assert isinstance(values, np.ndarray)
        return Dense(np.stack([self.encode(value) for value in values]))

    @abstractmethod
    def decode(self, encoded: Any) -> Any:
        """One encoded value (array or tensor) in the user's terms, as JSON can hold it: the inverse of encode."""

    @abstractmethod
    def collate(self, encoded: Encoded) -> Batched_co:
        """Join encoded values into a batch: stacked, padded with lengths, or a list."""

    def draw(self, size: int, generator: torch.Generator) -> Batched_co:
        """A batch of `size` values drawn anew; only for fields that are drawn."""
        raise NotImplementedError(f"{self.word()} is read from the user's data, not drawn")

    def show(self, value: Any) -> str:
        """One value of the user's as a short piece of HTML for the report."""
        return html.escape(str(value))

    def show_in(self, value: Any, whole: Any) -> str:
        """The same drawn in the user's input that it lies in, for a field that is `placed`."""
        return self.show(value)

    def decode_in(self, encoded: Any, whole: Any) -> Any:
        """The same as `decode`, told with the user's input that it lies in, for a field that is `placed`."""
        return self.decode(encoded)

    # ---- what explanations ask: a field whose value is more than one thing says so ---------------

    def units(self, given: Any, value: Any) -> Units:
        """What of one value is hidden and shown together; `given` is a batch of it alone, `value` the user's own.

        None for what is no cause, such as dates that are known in advance.
        """
        return Units("whole", np.zeros((), np.int64), ("",))

    def blank(self, given: Any, others: Any) -> Any:
        """A batch of the same shapes that tells as little as can be, such as unknown words; the mean of `others`, a
        batch from the training share, where the field `averages`.
        """
        return others.float().mean(0, keepdim=True).expand(given.shape) if self.averages else given

    def striking(self, given: Any) -> Tensor:
        """How much each place catches the eye, whatever a net thinks of it: float [B, places]."""
        return torch.ones(len(given))

    def mix(self, given: Any, instead: Any, shown: Tensor) -> Any:
        """Each place of `given` that is shown, [B, places], and the others from `instead`.

        `shown` is bool, or 0 to 1 where gradients are wanted: then fields that `averages` hand back weighted means.
        """
        wide = shown.view(len(shown), *[1] * (given.ndim - shown.ndim), *shown.shape[1:])
        if self.averages and wide.is_floating_point():
            return instead + wide * (given.to(wide) - instead)
        return torch.where(wide > 0.5, given, instead)


class DenseField(Field[Tensor], ABC):
    """A field whose encoded values all have one shape: a batch is a stack [B, ...]."""

    def collate(self, encoded: Encoded) -> Tensor:
        assert isinstance(encoded, Dense | Stored)
        return torch.from_numpy(np.ascontiguousarray(encoded.values))
