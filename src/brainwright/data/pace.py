"""Pace: how far apart the rows of a time series are, found from their dates; cycles, and the dates that come next."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Unit: TypeAlias = Literal["second", "business day", "month", "irregular", "row"]

HOUR, DAY, WEEK, YEAR = 3600, 86_400, 604_800, 31_556_952  # seconds; the year is the Gregorian mean of 365.2425 days
NAMES = {1: "second", 60: "minute", HOUR: "hour", DAY: "day", WEEK: "week"}
STEADY = 0.99  # share of steps that must be whole multiples of the usual one


@dataclass(frozen=True)
class Pace:
    """A step of `count` units; irregular: steps vary around `count` seconds; row: there are no dates."""

    unit: Unit
    count: int

    def __str__(self) -> str:
        """Such as "1 hour", "15 minutes", "3 months"."""
        number, name = self.count, str(self.unit)
        if self.unit in ("second", "irregular"):
            number, name = next((number // size, NAMES[size]) for size in sorted(NAMES)[::-1] if number % size == 0)
        words = f"{number} {name}{'s' if number != 1 else ''}"
        return f"about {words}" if self.unit == "irregular" else words

    @property
    def seasons(self) -> tuple[int, ...]:
        """Natural cycles in steps, shortest first: day, week, year (of seconds and minutes also the hour)."""
        if self.unit == "business day":
            return (5,) if self.count == 1 else ()
        if self.unit == "month":
            return (12 // self.count,) if self.count in (1, 2, 3, 4, 6) else ()
        if self.unit != "second":
            return ()
        sizes = (HOUR, DAY, WEEK) if self.count <= 60 else (DAY, WEEK)
        whole = [size // self.count for size in sizes if size % self.count == 0]
        year = [round(YEAR / self.count)] if self.count >= HOUR else []
        return tuple(sorted({cycle for cycle in whole + year if cycle >= 2}))

    def places(self, times: NDArray[Any]) -> NDArray[np.int64]:
        """Times [N], datetime64[s], as whole numbers of steps since 1970 or, where there is no grid, as their order."""
        if self.unit == "month":
            months = times.astype("datetime64[M]").astype(np.int64)
            return months // self.count
        if self.unit == "business day":
            days = np.busday_count(np.datetime64(0, "D"), times.astype("datetime64[D]"))
            return np.asarray(days, np.int64) // self.count
        seconds = times.astype(np.int64)
        return np.asarray((seconds - seconds.min() + self.count // 2) // self.count, np.int64)

    def after(self, last: NDArray[Any], steps: int) -> NDArray[Any]:
        """The next times [N, steps] after each of [N]; whole numbers where there are no dates."""
        ahead = np.arange(1, steps + 1) * self.count
        if self.unit == "row":
            return last[:, None] + ahead
        if self.unit == "business day":
            return np.busday_offset(last.astype("datetime64[D]")[:, None], ahead, "forward").astype("datetime64[s]")
        if self.unit != "month":
            return np.asarray(last[:, None] + ahead.astype("timedelta64[s]"))
        months = last.astype("datetime64[M]")
        length = ((months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64)
        days = (last.astype("datetime64[D]") - months).astype(np.int64)
        days = np.where(days == length - 1, 30, days)  # the last day of a month stays the last
        later = months[:, None] + ahead
        ends = (later + 1).astype("datetime64[D]") - 1
        return np.asarray(np.minimum(later.astype("datetime64[D]") + days[:, None], ends), "datetime64[s]")


def pace_of(times: NDArray[Any]) -> Pace:
    """The pace of times [N] in order, datetime64[s]; several series one after another (a step back begins a new one).

    Fewer than two times of one series are taken for daily.
    """
    steps = np.diff(np.asarray(times.astype(np.int64), np.int64))
    steps = steps[steps > 0]
    if not len(steps):
        return Pace("second", DAY)
    sizes, counts = np.unique(steps, return_counts=True)
    usual = int(sizes[counts.argmax()])
    middle = int(np.median(steps))
    if middle >= 28 * DAY and is_monthly(times):
        months = np.diff(times.astype("datetime64[M]").astype(np.int64))
        return Pace("month", int(np.gcd.reduce(months[months > 0])))
    if usual == DAY and counts[sizes == 3 * DAY].sum() > 0 and bool(np.is_busday(times.astype("datetime64[D]")).all()):
        return Pace("business day", 1)
    if np.mean(np.mod(steps, usual) == 0) >= STEADY:
        return Pace("second", usual)
    return Pace("irregular", middle)


def is_monthly(times: NDArray[Any]) -> bool:
    """Whether every time stands on the same day of its month, or every one on the last."""
    days = times.astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    of_month = (days - months.astype("datetime64[D]")).astype(np.int64)
    last = (days + 1).astype("datetime64[M]") != months
    return bool((of_month == of_month[0]).all() or last.all())
