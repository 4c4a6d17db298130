"""Slot: a named, typed place for data in a task. Batch and Prediction are looked up by slot, never by a bare name."""

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np
import torch
from torch import Tensor

from brainwright.data.field import Field, Padded, Values

Side: TypeAlias = Literal["input", "target", "beside"]
F = TypeVar("F", bound=Field[Any])
F_co = TypeVar("F_co", bound=Field[Any], covariant=True)
E = TypeVar("E")
NONE: Mapping[str, Field[Any]] = {}


class Slot(Generic[F_co]):
    """What a task reads or writes: `image = input(Image())` in its class body."""

    def __init__(self, field: F_co, side: Side, kin: str = "") -> None:
        self._field, self.side, self.name = field, side, ""
        self.kin = kin
        """Slots of one kin are fitted on the values of all of them, such as two languages with one vocabulary."""

    @property
    def field(self) -> F_co:
        """The field, unfitted."""
        return self._field

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name


def input(field: F, kin: str = "") -> Slot[F]:  # the contract's own word (design, section 4)
    """A slot that the net reads."""
    return Slot(field, "input", kin)


def target(field: F, kin: str = "") -> Slot[F]:
    """A slot that holds the truth while learning and the prediction afterwards."""
    return Slot(field, "target", kin)


def beside(field: F, kin: str = "") -> Slot[F]:
    """A slot that the net neither reads nor answers, such as the group an example belongs to; it may be absent."""
    return Slot(field, "beside", kin)


def primed(slot: Slot[F], known: Mapping[str, Any]) -> Slot[F]:
    """The same slot, whose field knows some things before it is fitted; of `known` it takes what it has room for."""
    told = {name: value for name, value in known.items() if name in type(slot.field).model_fields}
    made = copy(slot)
    made._field = type(slot.field)(**{**slot.field.model_dump(), **told})
    return made


@dataclass(frozen=True)
class Fields:
    """The fitted fields of a task's slots."""

    fitted: Mapping[str, Field[Any]]

    @classmethod
    def fit(
        cls,
        slots: Sequence[Slot[Any]],
        values: Mapping[str, Values],
        known: Mapping[str, Field[Any]] = NONE,
    ) -> "Fields":
        """Fit each slot's field to its TRAINING values; drawn fields have none, and known ones are fitted already.

        A target that the data do not tell has no field.
        """
        asked = [slot for slot in slots if slot.name in values.keys() - known]
        fresh = {slot.name: slot.field.fit(together(slot, asked, values)) for slot in asked}
        plain = {slot.name: slot.field for slot in slots if slot.side != "target" or slot.field.drawn}
        return cls(plain | fresh | {**known})

    def __getitem__(self, slot: Slot[F]) -> F:
        fitted = self.fitted[slot.name]
        assert isinstance(fitted, type(slot.field))
        return fitted


def together(slot: Slot[Any], slots: Sequence[Slot[Any]], values: Mapping[str, Values]) -> Values:
    """The values that a slot's field is fitted on: its own, and those of its kin."""
    kin = [values[one.name] for one in slots if slot.kin and one.kin == slot.kin]
    arrays = [one for one in kin if isinstance(one, np.ndarray)]
    return np.concatenate(arrays) if len(arrays) > 1 else values[slot.name]


@dataclass(frozen=True)
class Batch:
    """Some examples as tensors, one entry a slot; `rows` [B] int64 says which examples they are."""

    values: Mapping[str, Any]
    rows: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.int64))

    def __getitem__(self, slot: "Slot[Field[E]]") -> E:
        found: E = self.values[slot.name]
        return found

    def __or__(self, other: Mapping[str, Any]) -> "Batch":
        return Batch({**self.values, **other}, self.rows)

    def __len__(self) -> int:
        return len(next(iter(self.values.values())))

    def pieces(self, size: int) -> "Iterator[Batch]":
        """The same in turn, at most `size` examples at a time; 0 = all at once."""
        if not size or size >= len(self):
            yield self
            return
        for start in range(0, len(self), size):
            yield self.some(slice(start, start + size))

    def some(self, which: slice | Tensor) -> "Batch":
        """Some of the examples, by a slice or by places [M] on the processor."""
        return Batch({name: piece(value, which) for name, value in self.values.items()}, self.rows[which])

    def to(self, device: torch.device) -> "Batch":
        """The same on another device; ragged entries move one by one."""

        def move(value: Any) -> Any:
            if isinstance(value, Tensor):
                return value.to(device, non_blocking=True)
            return value.to(device) if isinstance(value, Padded) else [move(one) for one in value]

        return Batch({name: move(value) for name, value in self.values.items()}, self.rows)


def piece(values: Any, some: slice | Tensor) -> Any:
    """Some of a batch's values, whatever their form, by a slice (tensors are then views) or by places [M]."""
    if isinstance(values, Padded):
        return Padded(piece(values.values, some), piece(values.lengths, some))
    if isinstance(some, slice):
        return values[some]
    return values[some.to(values.device)] if isinstance(values, Tensor) else [values[place] for place in some.tolist()]


@dataclass(frozen=True)
class Prediction:
    """Answers to a batch: one entry a target slot, encoded as that slot's batches are, and in the user's units; where
    lengths differ a list, one tensor [length, ...] each.

    `scores` [B, K] are probabilities of a category target's classes, where the task has one; else None.
    """

    values: Mapping[str, Any]
    scores: Tensor | None = None

    @classmethod
    def of(cls, slot: "Slot[Field[E]]", encoded: E, scores: Tensor | None = None) -> "Prediction":
        """The answer for one target slot."""
        return cls({slot.name: encoded}, scores)

    def __getitem__(self, slot: "Slot[Field[E]]") -> E:
        found: E = self.values[slot.name]
        return found
