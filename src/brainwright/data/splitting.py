"""Splitting: every row is given to training, validation or test, as the data says or else by time, group or class."""

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field

from brainwright.catalogue import nearest
from brainwright.data import duplicates
from brainwright.data.columns import missing
from brainwright.data.persons import persons
from brainwright.data.table import WHOLE, Column, Kind, Share, Table
from brainwright.data.tables import SHARE_WORDS
from brainwright.errors import Fault
from brainwright.parts import Part

SPLIT_NAMES = ("split", "subset", "partition", "fold", "set")
GOLDEN = 0.6180339887498949  # its multiples fill [0, 1) evenly, so what is rounded in one class evens out in the next
LETTERS = 50_000  # of a text that goes on: more would buy no better choices, and what comes last is like the test
COMMON = 0.1  # part of the rows from which what is alike is a form, such as one question to every text, and no copy
CLASS_SIZE = 4  # rows a class needs on average for its proportions to be kept
ALL = (Share.TRAIN, Share.VALIDATION, Share.TEST)
Codes = NDArray[np.int64]
Shares = NDArray[np.uint8]


class Splitting(Part):
    """How rows are shared out. What the data says itself (train and test as folders or files) always holds."""

    split: str = ""
    """Column that says train, validation or test for each row."""
    group: str = ""
    """Column whose equal values stay together: a patient, a speaker, a customer."""
    time: str = ""
    """Date or number column to split by: the past trains, what follows validates and tests."""
    validation_share: float = Field(0.15, gt=0, lt=0.5)
    """Part of the rows that choices are made on."""
    validation_rows: int = Field(5_000, ge=1)
    """At most this many rows for validation: more would buy no better choices."""
    test_share: float = Field(0.15, gt=0, lt=0.5)
    """Part of the rows that the result is judged on, where the data brings no test rows of its own."""

    def keeping_apart(self, table: Table, target: str) -> "Splitting":
        """The same where the user or the data say how to split; else recordings, pictures and scans of persons are
        split by whole persons, told by a column such as "speaker": a net would know a voice or a face again.
        """
        if self.group or self.time or recognised(table) or (table.shares != Share.OPEN).any():
            return self
        if not any(map(table.kinds, WHOLE)):
            return self
        names = [name for name in table.columns if name != target]
        return self.model_copy(update={"group": next((name for name in names if persons(table, name)), "")})

    def divide(self, table: Table, target: str, seed: int) -> tuple[Table, tuple[str, ...]]:
        """The table with every share decided, and the reasons, one line each: a pure function of table and seed.

        A column that says the shares is no input and leaves the table; so do test rows whose target is unknown.

        Raises:
            Fault: an unknown column, a word that is no share, too few rows or groups, a time split without a past.
        """
        table, lines = self.given(table)
        table, unanswered = answered(table, target)
        table, how = self.share_out(table, target, seed)
        return table, (*lines, *unanswered, *how)

    def share_out(self, table: Table, target: str, seed: int) -> tuple[Table, list[str]]:
        """The same for a table that has told all it says of shares itself.

        Raises:
            Fault: as for `divide`.
        """
        shares = np.where(table.shares == Share.OPEN, Share.TRAIN, table.shares).astype(np.uint8)
        rows = np.flatnonzero(shares == Share.TRAIN)
        lacking = [share for share in (Share.VALIDATION, Share.TEST) if not (shares == share).any()]
        how = ["validation and test are given by the data"]
        if lacking:
            shares[rows], how = self.cut(table.take(rows), target, self.sizes(len(rows), lacking), seed)
        told = ", ".join(f"{(shares == share).sum():,} {share.name.lower()}" for share in ALL)
        return replace(table, shares=shares), [*how, f"rows: {told}"]

    def given(self, table: Table) -> tuple[Table, list[str]]:
        """The shares that a column says, told by name or recognised."""
        name = self.split or recognised(table)
        if not name:
            return table, []
        words = pd.Series(known(table, name).values, dtype=object).astype(str).str.strip().str.lower()
        shares = words.map(SHARE_WORDS)
        if shares.isna().any():
            row = int(np.flatnonzero(shares.isna())[0])
            what = f"{table.where(row)}: {name} says {words[row]!r}, which is no share"
            raise Fault(what, "write train, validation or test")
        kept = replace(table.without(name), shares=shares.to_numpy().astype(np.uint8))
        return kept, [f"column {name!r} says which rows train, validate and test; it is no input"]

    def sizes(self, count: int, lacking: list[Share]) -> dict[Share, int]:
        """How many of the rows each lacking share gets.

        Raises:
            Fault: there are fewer rows than shares.
        """
        if count <= len(lacking):
            raise Fault(f"{count} rows cannot be split into {len(lacking) + 1} shares", "bring more data")
        wanted = {Share.TEST: count * self.test_share}
        wanted[Share.VALIDATION] = min(count * self.validation_share, self.validation_rows)
        return {share: max(1, round(wanted[share])) for share in lacking}

    def cut(self, table: Table, target: str, wanted: dict[Share, int], seed: int) -> tuple[Shares, list[str]]:
        """The share of every row that was open, and how it was decided."""
        if self.time and self.group:
            raise Fault("rows cannot be split both by time and by group", "choose one of --time and --group")
        date = self.time or ("" if self.group else ordering(table))
        cut = " and ".join(share.name.lower() for share in sorted(wanted))
        if table.ordered and not (date or self.group):
            if Share.VALIDATION in wanted:
                wanted = {**wanted, Share.VALIDATION: min(wanted[Share.VALIDATION], telling_rows(table))}
            return in_order(len(table), wanted), [f"{cut} cut from the end: each row goes on where the last one ended"]
        if date:
            why = "as asked" if self.time else "its dates order the rows"
            return by_time(known(table, date), date, wanted), [f"{cut} cut by time, {date!r} ({why}): the past trains"]
        bound, lines = self.bound(table, target)
        strata, how = classes(table, target)
        how = f"by whole groups of {self.group!r}" if self.group else how
        if bound.max() + 1 <= len(wanted):
            what = (
                f"{bound.max() + 1} groups of rows that belong together cannot be split into {len(wanted) + 1} shares"
            )
            raise Fault(what, "bring more groups or split by another column")
        return draw(bound, strata, wanted, np.random.default_rng(seed)), [f"{cut} cut {how} (seed {seed})", *lines]

    def bound(self, table: Table, target: str) -> tuple[Codes, list[str]]:
        """Rows that must not be parted have equal codes [N]: copies of each other or nearly, and one group's."""
        keys, repeats = duplicates.telling(duplicates.row_keys(table.without(self.group), target))
        same = np.asarray(pd.factorize(keys)[0], np.int64)
        copies = len(keys) - int(same.max()) - 1
        lines = [f"{copies:,} rows are copies of others: copies stay in one share"] if copies else []
        if repeats:
            lines = [f"{repeats:,} rows repeat others, as few different values must: they are not taken for copies"]
        near = {name: column.alike for name, column in table.columns.items() if len(column.alike)}
        for name, codes in near.items():
            joined = merged(np.asarray(pd.factorize(codes)[0], np.int64), same)
            if len(near) > 1 and np.bincount(joined).max() > COMMON * len(joined):
                lines += [f"{name!r} is alike in too many rows to tell copies"]
            else:
                same = joined
        lookalikes = len(same) - copies - int(same.max()) - 1 if near and not repeats else 0
        lines += [f"{lookalikes:,} rows nearly copy others: such rows stay in one share"] * bool(lookalikes)
        return merged(codes_of(known(table, self.group)), same) if self.group else same, lines


def known(table: Table, name: str) -> Column:
    """A column by name.

    Raises:
        Fault: there is none, with the nearest name.
    """
    if name not in table.columns:
        raise Fault(f"no column is called {name!r}", nearest(name, table.columns))
    return table[name]


def recognised(table: Table) -> str:
    """A column such as "split" whose every value says a share, if the data does not already say the shares; or ""."""
    if (table.shares != Share.OPEN).any():
        return ""
    for name, column in table.columns.items():
        if name.lower() in SPLIT_NAMES and column.kind == Kind.CATEGORY and not missing(column).any():
            shares = {SHARE_WORDS.get(str(word).lower()) for word in pd.unique(column.values)}
            if Share.TRAIN in shares and shares <= set(ALL):
                return name
    return ""


def answered(table: Table, target: str) -> tuple[Table, list[str]]:
    """The table without given test rows, if none of them has its target: nothing can be judged on them."""
    test = table.shares == Share.TEST
    if target not in table.columns or not test.any():
        return table, []
    unknown = missing(table[target])
    if not unknown[test].all() or unknown.all():
        return table, []
    line = f"{test.sum():,} test rows have no {target!r} and were left out; predict on them afterwards"
    return table.take(~test), [line]


def ordering(table: Table) -> str:
    """The first date column that never steps back (or never forward) from row to row; or ""."""
    for name in table.kinds(Kind.DATE):
        dates = table[name].values
        steps = np.diff(dates).astype(np.int64)
        if not missing(table[name]).any() and ((steps >= 0).all() or (steps <= 0).all()) and len(np.unique(dates)) > 2:
            return name
    return ""


def by_time(column: Column, name: str, wanted: dict[Share, int]) -> Shares:
    """Training first, then validation, then test; rows of one moment stay together, rows without a time train.

    Raises:
        Fault: the column has no order, or too few moments to part.
    """
    if column.kind not in (Kind.DATE, Kind.NUMBER):
        raise Fault(
            f"column {name!r} was read as {column.kind} and has no order", f"--columns {name}=date, or another column"
        )
    there = ~missing(column)
    moments = np.sort(column.values[there])
    shares = np.full(len(column), Share.TRAIN, np.uint8)
    end = len(moments)
    for share in sorted(wanted, reverse=True):
        end = max(end - wanted[share], 0)
        border = moments[end] if len(moments) else None
        if border is None or border == moments[0]:
            raise Fault(f"column {name!r} has too few different times to part past from future", "split another way")
        shares[there & (shares == Share.TRAIN) & (column.values >= border)] = share
        end = int(np.searchsorted(moments, border))
    return shares


def telling_rows(table: Table) -> int:
    """Rows of a text that goes on from row to row which hold enough letters to choose by."""
    texts = [table[name].values for name in table.kinds(Kind.TEXT)]
    mean = sum(float(np.mean([len(str(text)) for text in some])) for some in texts)
    return max(1, round(LETTERS / max(mean, 1.0)))


def in_order(count: int, wanted: dict[Share, int]) -> Shares:
    """Training first, then validation, then test."""
    shares = np.full(count, Share.TRAIN, np.uint8)
    end = count
    for share in sorted(wanted, reverse=True):
        shares[end - wanted[share] : end] = share
        end -= wanted[share]
    return shares


def classes(table: Table, target: str) -> tuple[Codes, str]:
    """A code for every row's class [N] where proportions can be kept, else zeros; and the words for it."""
    at_random = np.zeros(len(table), np.int64), "at random"
    if target not in table.columns or table[target].kind not in (Kind.CATEGORY, Kind.NUMBER):
        return at_random
    codes = codes_of(table[target], apart=False)
    if codes.max() + 1 > len(table) / CLASS_SIZE or (table[target].kind == Kind.NUMBER and codes.max() >= 20):
        return at_random
    return codes, f"at random, each class of {target!r} in proportion"


def codes_of(column: Column, apart: bool = True) -> Codes:
    """Equal values have equal codes from 0 [N]; missing ones a code each (`apart`) or one together."""
    codes, _ = pd.factorize(column.values)
    codes = codes.astype(np.int64)
    gaps = codes < 0
    codes[gaps] = codes.max() + 1 + (np.arange(gaps.sum()) if apart else 0)
    return codes


def merged(one: Codes, other: Codes) -> Codes:
    """The finest codes under which rows equal in either are equal [N]: the least row number spreads until it rests."""
    label = np.arange(len(one))
    while True:
        before = label
        for codes in (one, other):
            least = np.full(codes.max() + 1, len(one))
            np.minimum.at(least, codes, label)
            label = least[codes]
        if (label == before).all():
            return np.asarray(pd.factorize(label)[0], np.int64)


def draw(bound: Codes, strata: Codes, wanted: dict[Share, int], generator: np.random.Generator) -> Shares:
    """Shares at random [N]: rows of one code in `bound` together, each stratum in proportion and some of it training.

    Within a stratum the things are shuffled and laid on [0, 1) by their number of rows; over all strata, those laid
    lowest test, the next validate, the rest trains. Each stratum is shifted so that rounding favours no share. Things
    too large for what is wanted, and the last of each stratum, train while others are left.
    """
    size = np.bincount(bound)
    first = np.full(len(size), len(bound))
    np.minimum.at(first, bound, np.arange(len(bound)))
    order = np.lexsort((generator.random(len(size)), strata[first]))
    size, stratum = size[order], strata[first][order]
    total = np.maximum(np.bincount(stratum, size), 1)
    start = np.r_[0.0, np.cumsum(np.bincount(stratum, size))[:-1]]
    shift = (generator.random() + GOLDEN * np.arange(len(total))) % 1
    place = (np.cumsum(size) - size - start[stratum] + shift[stratum] * size) / total[stratum]
    place += np.r_[stratum[1:] != stratum[:-1], True]
    place += size > 2 * min(wanted.values())
    rank = np.argsort(place, kind="stable")
    middle = np.cumsum(size[rank]) - size[rank] / 2
    shares, begin, reach = np.full(len(size), Share.TRAIN, np.uint8), 0, 0
    for share in sorted(wanted, reverse=True):
        reach += wanted[share]
        end = max(begin + 1, int(np.searchsorted(middle, reach)))
        shares[order[rank[begin:end]]] = share
        begin = end
    return shares[bound]
