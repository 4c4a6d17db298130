"""Examples: what a task learns from, one entry a slot; Portion: one share of them, encoded and ready for batches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Encoded, Windows
from brainwright.data.field import Values
from brainwright.data.slots import Fields, Slot
from brainwright.data.table import Share

NONE: Mapping[str, Encoded] = {}


def take(values: Values, rows: NDArray[Any]) -> Values:
    """Some of a slot's values, by index or mask."""
    if isinstance(values, Mapping):
        return {name: column.take(rows) for name, column in values.items()}
    return values.take(rows) if isinstance(values, Windows) else values[rows]


@dataclass(frozen=True)
class Examples:
    """Values of every slot that has a column, [N] each; the share and the table row each example came from."""

    values: Mapping[str, Values]
    shares: NDArray[np.uint8]  # [N] of Share
    rows: NDArray[np.int64]  # [N] row of the table
    notes: tuple[str, ...] = ()  # what was guessed, filled or left out while examples were cut, one line each
    digests: Mapping[str, NDArray[np.uint64]] = field(default_factory=dict)
    """[N, 2] of what each value is made from, for slots whose values are files or bytes: the cache knows them by it."""

    def __len__(self) -> int:
        return len(self.shares)

    def take(self, rows: NDArray[Any]) -> "Examples":
        """Some examples, by index or mask."""
        values = {name: take(value, rows) for name, value in self.values.items()}
        digests = {name: one[rows] for name, one in self.digests.items()}
        return Examples(values, self.shares[rows], self.rows[rows], self.notes, digests)

    def share(self, share: Share) -> "Examples":
        """The examples of one share."""
        return self.take(np.flatnonzero(self.shares == share))


@dataclass(frozen=True)
class Portion:
    """Encoded examples of one share, with the fields that encoded them and the values the user gave."""

    fields: Fields
    examples: Examples
    encoded: Mapping[str, Encoded]

    @classmethod
    def of(
        cls,
        slots: Sequence[Slot[Any]],
        fields: Fields,
        examples: Examples,
        known: Mapping[str, Encoded] = NONE,
    ) -> "Portion":
        """Encode every slot that has values (at prediction the targets have none) and is not encoded already."""
        present = [slot for slot in slots if slot.name in examples.values]
        fresh = [slot for slot in present if slot.name not in known]
        encoded = {slot.name: fields[slot].encode_all(examples.values[slot.name]) for slot in fresh}
        return cls(fields, examples, {**encoded, **known})

    def __len__(self) -> int:
        return len(self.examples)

    def whole(self, row: int) -> Any:
        """The input of an example that a placed answer lies in: the first that the user gave, None of a table, of
        series and of noise.
        """
        values = next(iter(self.examples.values.values()), None)
        return None if values is None or isinstance(values, Mapping | Windows) else values[row]

    def take(self, rows: NDArray[Any]) -> "Portion":
        """Some examples, by index or mask."""
        encoded = {name: value.take(rows) for name, value in self.encoded.items()}
        return replace(self, examples=self.examples.take(rows), encoded=encoded)
