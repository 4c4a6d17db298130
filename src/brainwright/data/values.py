"""Values: written cells read as numbers, dates or missing, a whole column at a time; it knows no column and no file."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

MISSING = ("", "?", "NA", "N/A", "n/a", "nan", "NaN", "null", "NULL", "<NA>", "NaT")
MISSING_FIGURES = (
    *MISSING,
    "None",
    "none",
    "na",
    "-",
    "--",
    ".",
    "#N/A",
    "missing",
)  # no class or sentence is at stake
BOOLEANS = ("true", "false", "yes", "no", "t", "f", "y", "n")
GLANCE = 200  # cells looked at before a whole column is parsed

NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?[iI]nf(inity)?"
THOUSANDS = r"[+-]?\d{1,3}(,\d{3})*(\.\d+)?"
DECIMAL_COMMA = r"[+-]?(\d+,?\d*|,\d+|\d{1,3}(\.\d{3})+(,\d+)?)"
CODE = r"0\d+"  # leading zeros carry meaning: a postcode, not a quantity

ISO = "year-month-day"
DATE_STYLES = {  # the first that fits every cell wins; 01/02/2024 alone cannot tell day from month
    "month/day/year": ("%m/%d/%Y", "%m/%d/%y"),
    "day/month/year": ("%d/%m/%Y", "%d/%m/%y"),
    "day.month.year": ("%d.%m.%Y", "%d.%m.%y"),
    "day-month-year": ("%d-%m-%Y", "%d-%b-%Y", "%d-%b-%y"),
    "year/month/day": ("%Y/%m/%d", "%Y.%m.%d"),
    "day month year": ("%d %b %Y", "%d %B %Y"),
    "month day, year": ("%b %d, %Y", "%B %d, %Y"),
}
CLOCKS = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p")
ISO_DATE = r"\d{4}-\d{1,2}(-\d{1,2})?([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}:?\d{2})?)?"
ANY_DATE = (
    rf"{ISO_DATE}|\d{{1,4}}[-/.](\d{{1,2}}|[A-Za-z]{{3}})[-/.]\d{{2,4}}( \d.*)?|\d{{1,2}} [A-Za-z]+ \d{{4}}( \d.*)?"
    r"|[A-Za-z]+ \d{1,2}, \d{4}( \d.*)?"
)


def natural(name: str) -> tuple[float, str]:
    """Numbers in the order of numbers, before words in the order of words."""
    try:
        return float(name), name
    except ValueError:
        return float("inf"), name


def trimmed(raw: pa.Array) -> pa.Array:
    """Cells as strings without outer blanks."""
    return pc.utf8_trim_whitespace(raw.cast(pa.large_string()))


def blanked(strings: pa.Array, markers: tuple[str, ...]) -> tuple[pa.Array, str]:
    """Cells that say "missing" become null; also how they said it, such as "missing 5 (written '?')"."""
    mask = pc.is_in(strings, value_set=pa.array(markers, pa.large_string()))
    blank = pc.if_else(mask, pa.scalar(None, pa.large_string()), strings)
    if not blank.null_count:
        return blank, ""
    words = [f"{word!r}" for word in pc.unique(strings.filter(mask)).to_pylist() if word]
    return blank, f"{blank.null_count:,} missing" + (f" (written {', '.join(sorted(words))})" if words else "")


def fits(strings: pa.Array, pattern: str) -> pa.Array:
    """Whether each cell is wholly such a pattern; null stays null."""
    return pc.match_substring_regex(strings, rf"^(?:{pattern})$")


def all_fit(strings: pa.Array, pattern: str) -> bool:
    """Whether every cell that is not missing is so, and there is one; a glance saves the long look."""
    strings = strings.drop_null()
    glance = pc.min(fits(strings.slice(0, GLANCE), pattern)).as_py()
    return bool(glance and pc.min(fits(strings, pattern)).as_py())


def number_style(strings: pa.Array) -> str:
    """How numbers are written: "plain", "thousands", "decimal comma", "code", or "" where some cell is none."""
    if all_fit(strings, NUMBER):
        return "code" if pc.max(fits(strings, CODE)).as_py() else "plain"
    styles = {"thousands": rf"{THOUSANDS}|{NUMBER}", "decimal comma": DECIMAL_COMMA}
    return next((style for style, pattern in styles.items() if all_fit(strings, pattern)), "")


def numbers(strings: pa.Array, style: str) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Cells as float64 [N] (NaN where missing or no number), and which cells are no number [N]."""
    if style == "thousands":
        strings = pc.replace_substring(strings, ",", "")
    elif style == "decimal comma":
        strings = pc.replace_substring(pc.replace_substring(strings, ".", ""), ",", ".")
    good = fits(strings, NUMBER)
    floats = pc.if_else(good, strings, pa.scalar(None, pa.large_string())).cast(pa.float64())
    return floats.to_numpy(zero_copy_only=False).astype(np.float64), mask_of(pc.invert(good))


def looks_dated(strings: pa.Array) -> bool:
    """Whether the first cells look like dates, which is cheap to ask of any column."""
    return bool(pc.min(fits(strings.drop_null().slice(0, GLANCE), ANY_DATE)).as_py())


def dates(strings: pa.Array) -> tuple[NDArray[np.datetime64], NDArray[np.bool_], str]:
    """Cells as datetime64[s] in UTC [N] (NaT where missing or no date), which are no date [N], and the style read."""
    series = pd.Series(strings.to_pandas(), dtype=object)
    if all_fit(strings, ISO_DATE):
        parsed = pd.to_datetime(series, format="ISO8601", errors="coerce", utc=True)
        return seconds(parsed), (parsed.isna() & series.notna()).to_numpy(), ISO
    first = next(iter(series.dropna()), "")
    tried = []
    for style, patterns in DATE_STYLES.items():
        for pattern in (day + clock for day in patterns for clock in CLOCKS):
            if pd.notna(pd.to_datetime(first, format=pattern, errors="coerce")):
                parsed = pd.to_datetime(series, format=pattern, errors="coerce", utc=True)
                tried.append((int(parsed.notna().sum()), style, parsed))
    if not tried:
        return np.full(len(series), "NaT", "datetime64[s]"), series.notna().to_numpy(), ""
    best = max(count for count, _, _ in tried)
    whole = [(style, parsed) for count, style, parsed in tried if count == best]
    style = whole[0][0] + (f" (it could also be {whole[1][0]})" if len(whole) > 1 else "")
    return seconds(whole[0][1]), (whole[0][1].isna() & series.notna()).to_numpy(), style


def seconds(parsed: "pd.Series[Any]") -> NDArray[np.datetime64]:
    """Dates in UTC as datetime64[s] [N], without a zone."""
    return np.asarray(parsed.dt.tz_localize(None).to_numpy(), "datetime64[s]")


def objects(strings: pa.Array) -> NDArray[np.object_]:
    """Cells as str, None where missing [N]; equal cells share one str, so few different ones cost little memory."""
    coded = strings.dictionary_encode()
    words: NDArray[np.object_] = np.array([*coded.dictionary.to_pylist(), None], object)
    return words[np.asarray(coded.indices.fill_null(len(words) - 1), np.int64)]


def plain(value: float) -> str:
    """A number as a person would write it: 7, not 7.0."""
    return f"{value:.6g}" if abs(value) < 1e6 or value != round(value) else f"{value:.0f}"


def mask_of(flags: pa.Array) -> NDArray[np.bool_]:
    """Flags as a mask [N]; null counts as no."""
    return np.asarray(flags.fill_null(False).to_numpy(zero_copy_only=False), bool)


def written(values: NDArray[Any]) -> pa.Array:
    """Numbers or dates as cells again, whole numbers without a point, null where missing [N]."""
    if values.dtype.kind == "M":
        return pa.array(values).cast(pa.large_string())
    strings = pa.array(values, from_pandas=True).cast(pa.large_string())
    return pc.replace_substring_regex(strings, r"\.0$", "")


def word_of(name: str) -> list[str]:
    """A name in small words: "imageID" and "image_id" give ["image", "id"]."""
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
