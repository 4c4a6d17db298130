"""Columns: raw cells told apart as files, numbers, categories, dates or text, each with one line that says why."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from brainwright.data import values as cells
from brainwright.data.placing import looked
from brainwright.data.scans import NIFTI, is_scans, named_folders
from brainwright.data.table import WHOLE, Column, Kind

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pbm", ".dcm")
SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".au", ".sph")
ENDS = {Kind.IMAGE: IMAGE_SUFFIXES, Kind.SOUND: SOUND_SUFFIXES, Kind.VOLUME: NIFTI}
FILE_NAMES = {kind: rf"(?is).+\.({'|'.join(suffix[1:] for suffix in ends)})" for kind, ends in ENDS.items()}
WORDS = {Kind.IMAGE: "pictures", Kind.SOUND: "sounds", Kind.VOLUME: "scans"}
MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"GIF8", b"II*\0", b"MM\0*", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6")
SOUND_MAGIC = (b"fLaC", b"OggS", b"ID3", b"\xff\xfb", b"\xff\xf3", b"FORM", b".snd", b"NIST")
IDENTIFIERS = {"id", "ids", "key", "index", "idx", "uuid", "guid", "nr", "rowid", "unnamed"}
FEW = 20  # a whole-number column with so few different values may well hold classes
ASKED = "as you asked"


def typed(frame: pa.Table, folder: Path) -> tuple[dict[str, Column], list[str]]:
    """Every column of an arrow table, read; and one note for each that no kind can hold."""
    columns, notes = {}, []
    for name in frame.column_names:
        raw = flat(frame[name])
        if holdable(raw):
            columns[name] = understood(name, raw, folder)
            if columns[name].kind == Kind.VOLUME:
                notes += looked([(Path(path), None) for path in columns[name].values if path])
        else:
            notes.append(f"column {name!r} holds {raw.type} and was left out: only single values and files are read")
    return columns, notes


def flat(raw: pa.ChunkedArray) -> pa.Array:
    """One piece, wide enough for any length."""
    if pa.types.is_string(raw.type) or pa.types.is_string_view(raw.type):
        raw = raw.cast(pa.large_string())
    elif pa.types.is_binary(raw.type):
        raw = raw.cast(pa.large_binary())
    joined = raw.combine_chunks()
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def holdable(raw: pa.Array) -> bool:
    """Whether some Kind can hold these cells: single values, the bytes of files, or a struct of bytes and path."""
    if pa.types.is_struct(raw.type):
        fields = {field.name for field in raw.type}
        return bool(fields) and fields <= {"bytes", "path"} and ("bytes" not in fields or holdable(raw.field("bytes")))
    if is_binary(raw.type):
        present = raw.drop_null()
        return not len(present) or bool(held(bytes(present[0].as_py())))
    return not any(holds(raw.type) for holds in (pa.types.is_nested, pa.types.is_time, pa.types.is_interval))


def is_binary(kind: pa.DataType) -> bool:
    """Whether cells are bytes."""
    return any(holds(kind) for holds in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary))


def held(blob: bytes) -> Kind | None:
    """What the first bytes say that a file holds: a picture, a sound, or nothing that is known."""
    if blob.startswith(MAGIC) or (blob[:4] == b"RIFF" and blob[8:12] == b"WEBP"):
        return Kind.IMAGE
    return Kind.SOUND if blob.startswith(SOUND_MAGIC) or (blob[:4] == b"RIFF" and blob[8:12] == b"WAVE") else None


def understood(name: str, raw: pa.Array, folder: Path) -> Column:
    """A raw column as pictures, sounds, numbers, categories, dates or text; files are sought below `folder`."""
    kind = raw.type
    if raw.null_count == len(raw):
        column = Column(np.full(len(raw), None, object), Kind.CATEGORY, "empty: every cell is missing")
    elif pa.types.is_struct(kind):
        column = enclosed(raw, folder)
    elif is_binary(kind):
        column = encoded(raw)
    elif pa.types.is_dictionary(kind) and not pa.types.is_floating(kind.value_type):
        column = Column(cells.objects(raw.cast(pa.large_string())), Kind.CATEGORY, "categories, as the file declares")
    elif pa.types.is_boolean(kind):
        column = Column(cells.objects(raw.cast(pa.large_string())), Kind.CATEGORY, "true or false")
    elif pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        column = Column(raw.cast(pa.timestamp("s"), safe=False).to_numpy(zero_copy_only=False), Kind.DATE, "dates")
    elif pa.types.is_large_string(kind) or pa.types.is_string(kind):
        column = from_strings(name, cells.trimmed(raw), folder)
    else:
        raw = raw.cast(pa.int64()) if pa.types.is_duration(kind) else raw
        column = from_numbers(name, raw.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False))
    return mark_identifier(name, column)


def from_numbers(name: str, floats: NDArray[np.float64], how: str = "") -> Column:
    """A number column [N]; infinite cells become missing, and the reason says so."""
    infinite = np.isinf(floats)
    floats = np.where(infinite, np.nan, floats)
    present = floats[~np.isnan(floats)]
    if not len(present):
        return Column(np.full(len(floats), None, object), Kind.CATEGORY, "empty: every cell is missing")
    whole = bool((present == np.floor(present)).all())
    span = f"{'whole ' * whole}numbers from {cells.plain(present.min())} to {cells.plain(present.max())}"
    different = len(pd.unique(present[:10_000])) if whole else len(present)
    if whole and different <= FEW and len(pd.unique(present)) <= FEW:
        span += f", {len(pd.unique(present))} different: read as amounts (classes? write {name}=category)"
    if infinite.any():
        how += f"{', ' * bool(how)}{int(infinite.sum()):,} infinite cells count as missing"
    elif not how and len(present) < len(floats):
        how = f"{len(floats) - len(present):,} missing"
    return Column(floats, Kind.NUMBER, f"{span}; {how}" if how else span)


def from_strings(name: str, strings: pa.Array, folder: Path) -> Column:
    """Trimmed strings [N] as the first kind that every cell fits: picture, sound, number, date, else words."""
    figures, gaps = cells.blanked(strings, cells.MISSING_FIGURES)
    if figures.null_count == len(figures):
        return Column(np.full(len(figures), None, object), Kind.CATEGORY, "empty: every cell is missing")
    style = cells.number_style(figures)
    if style and style != "code":
        how = "; ".join(filter(None, (f"{style} style" if style != "plain" else "", gaps)))
        return from_numbers(name, cells.numbers(figures, style)[0], how)
    if cells.looks_dated(figures):
        dates, wrong, how = cells.dates(figures)
        if not wrong.any():
            return Column(dates, Kind.DATE, "; ".join(filter(None, (f"dates, {how}", gaps))))
    words, gaps = cells.blanked(strings, cells.MISSING)
    for kind, pattern in FILE_NAMES.items():
        if cells.all_fit(words, pattern) and (found := file_paths(words, folder, kind)) is not None:
            return found
    some = words.drop_null().slice(0, FEW).to_pylist()  # most columns of words are told apart by the first of them
    if named_folders(some, folder) and (slices := named_folders(words.to_pylist(), folder)):
        return Column(np.array(slices, object), Kind.VOLUME, f"scans: folders of slices in {folder.name or folder}")
    column = from_words(words)
    if style == "code":
        column = replace(
            column, reason=f"codes: digits that begin with 0 are no amounts (amounts? write {name}=number)"
        )
    elif name and not column.reason.startswith("text"):
        column = replace(column, reason=column.reason + stray_words(figures, name))
    return replace(column, reason="; ".join(filter(None, (column.reason, gaps))))


def from_words(words: pa.Array) -> Column:
    """Strings [N] that are neither file, number nor date: categories where short or repeated, else text."""
    present = words.drop_null()
    different = pc.count_distinct(present).as_py()
    fresh = different / len(present)  # 1 = no two alike
    length = pc.mean(pc.utf8_length(present)).as_py()
    spaces = pc.mean(pc.count_substring(present, " ")).as_py()
    prose = (spaces >= 2 and fresh > 0.2) or (spaces >= 0.8 and fresh > 0.5) or (spaces > 0 and length > 40)
    unspaced = length > 20 and fresh > 0.5 and not ascii_only(present)
    if different > 1 and fresh > 0.05 and (prose or unspaced):
        why = f"text: {spaces + 1:.0f} words on average, {different:,} different"
        return Column(cells.objects(words), Kind.TEXT, why)
    answers = all(word.lower() in cells.BOOLEANS for word in present.unique().slice(0, 3).to_pylist())
    what = "true or false" if answers and different <= 2 else f"categories: {different:,} different in {len(present):,}"
    return Column(cells.objects(words), Kind.CATEGORY, what)


def ascii_only(strings: pa.Array) -> bool:
    """Whether every string is ASCII: some scripts write sentences without spaces."""
    return bool(pc.min(pc.string_is_ascii(strings)).as_py())


def stray_words(figures: pa.Array, name: str) -> str:
    """A hint where a few words keep a column of numbers from being one."""
    stray = figures.filter(pc.invert(cells.fits(figures, cells.NUMBER)))
    if not 0 < len(stray) <= 0.05 * len(figures):
        return ""
    return f", though all but {len(stray):,} are numbers: {stray[0].as_py()!r} is not (mend those, then {name}=number)"


def file_paths(words: pa.Array, folder: Path, kind: Kind) -> Column | None:
    """Names of files as absolute paths, sought in `folder` and right below it; None where the first is not there."""
    first = words.drop_null()[0].as_py()
    below = sorted(entry for entry in folder.iterdir() if entry.is_dir()) if folder.is_dir() else []
    home = next((place for place in (folder, *below) if (place / first).is_file()), None)
    if home is None:
        return None
    names = words.to_numpy(zero_copy_only=False).astype(object)
    here = words.is_valid().to_numpy(zero_copy_only=False)
    paths = np.full(len(names), None, object)
    paths[here] = names[here] if Path(first).is_absolute() else f"{home.absolute()}{os.sep}" + names[here]
    return Column(paths, kind, f"{WORDS[kind]}: file names found in {home.name or home}")


def enclosed(raw: pa.Array, folder: Path) -> Column:
    """The Hugging Face form of a picture or a sound: its bytes, or where there are none its path."""
    fields = [field.name for field in raw.type]
    if "bytes" in fields and raw.field("bytes").null_count < len(raw):
        return encoded(raw.field("bytes"))
    return from_strings("", cells.trimmed(raw.field("path")), folder)


def encoded(raw: pa.Array) -> Column:
    """Files as bytes, None where missing [N]."""
    blobs = raw.to_numpy(zero_copy_only=False).astype(object)
    first = next((blob for blob in blobs if blob is not None), b"")
    kind = held(bytes(first)) or Kind.IMAGE  # what is neither will be told by the data check
    return Column(blobs, kind, f"{WORDS[kind]}: encoded files inside the table")


def from_array(name: str, array: NDArray[Any]) -> dict[str, Column]:
    """An array in memory as columns: pictures [N, H, W(, C)], scans [N, D, H, W], one column [N], or x0, x1, ... for
    [N, K].
    """
    if is_scans(array):
        return {name: Column(array, Kind.VOLUME, f"scans {' x '.join(map(str, array.shape[1:]))}, {array.dtype}")}
    if array.ndim >= 3 and array.dtype == np.uint8:
        return {name: Column(array, Kind.IMAGE, f"pictures {array.shape[1]} x {array.shape[2]}, uint8")}
    if array.ndim == 2 and array.shape[1] > 1:
        kind = f"column of the array {name!r}"
        return {
            f"{name}{i}": from_numbers(f"{name}{i}", array[:, i].astype(np.float64), kind)
            for i in range(array.shape[1])
        }
    return {name: understood(name, array_of(array.reshape(len(array))), Path())}


def array_of(values: Any) -> pa.Array:
    """Any list, array or pandas series as arrow; cells of mixed or strange types become strings."""
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        array = None
    if array is None or isinstance(array.type, pa.BaseExtensionType):
        return pa.array(
            [None if value is None or value != value else str(value) for value in values], pa.large_string()
        )
    return flat(pa.chunked_array([array]))


def missing(column: Column) -> NDArray[np.bool_]:
    """Which cells are missing [N]."""
    return np.asarray(pd.isna(column.values)) if column.values.ndim == 1 else np.zeros(len(column), bool)


def is_identifier(name: str, column: Column) -> bool:
    """Whether a column only numbers or names the rows, so that a net could learn nothing from it but to remember."""
    if column.reason.startswith(ASKED) or column.kind not in (Kind.NUMBER, Kind.CATEGORY) or len(column) < 10:
        return False
    named = bool(IDENTIFIERS & {word.lower() for word in cells.word_of(name)}) or not name
    if column.kind == Kind.CATEGORY:
        return pd.Series(column.values[: 10 * FEW]).is_unique and pd.Series(column.values).is_unique
    values = column.values
    whole = bool((values == np.floor(values)).all())  # False where some cell is missing
    counts_up = values[0] in (0, 1) and bool((np.diff(values) == 1).all())
    return counts_up or (named and whole and len(pd.unique(values)) > len(values) / 2)


def mark_identifier(name: str, column: Column) -> Column:
    """Say in the reason that a column will not be used unless asked."""
    if not is_identifier(name, column):
        return column
    return replace(
        column, reason=f"{column.reason}; looks like an identifier: not used unless you write {name}={column.kind}"
    )


def corrected(column: Column, kind: Kind) -> tuple[Column, NDArray[np.bool_]]:
    """The same cells read as another kind, and which of them do not fit it [N]."""
    none = np.zeros(len(column), bool)
    if column.kind == kind:
        return replace(column, reason=f"{ASKED}: {kind}"), none
    if {column.kind, kind} & {*WHOLE}:
        return column, ~none
    strings = (
        pa.array(column.values, pa.large_string()) if column.values.dtype == object else cells.written(column.values)
    )
    result, wrong = cells.objects(strings) if kind in (Kind.CATEGORY, Kind.TEXT) else column.values, none
    if kind == Kind.NUMBER:
        figures, _ = cells.blanked(strings, cells.MISSING_FIGURES)
        result, wrong = cells.numbers(figures, cells.number_style(figures))
        result = np.where(np.isinf(result), np.nan, result)
    elif kind == Kind.DATE:
        result, wrong, _ = cells.dates(cells.blanked(strings, cells.MISSING_FIGURES)[0])
    return Column(result, kind, f"{ASKED}: {kind}"), wrong
