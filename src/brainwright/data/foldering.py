"""Foldering: files of one kind in folders: one for each class, below train, val and test or not; or all in one."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from brainwright.data import tables
from brainwright.data.columns import ENDS, WORDS
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

NO_CLASSES = {"images", "image", "img", "imgs", "jpegimages", "pictures", "photos", "masks", "labels", "annotations"}
NO_CLASSES |= {"audio", "wav", "wavs", "sound", "sounds", "recordings", "clips"}


@dataclass(frozen=True)
class Found:
    """Files below one root with their labels ("" = none), and what lay beside them."""

    paths: Sequence[str]  # absolute
    labels: Sequence[str]
    share: Share
    others: Sequence[str]  # files of other kinds
    empty: Sequence[str]  # folders without such a file


def is_wanted(name: str, kind: Kind) -> bool:
    """Whether a file is of a kind, by its suffix; hidden files are of none."""
    return name.lower().endswith(ENDS[kind]) and not name.startswith(".")


def files_below(folder: Path | str) -> Iterator[str]:
    """Every visible file below a folder, sorted, as paths."""
    for place, below, names in os.walk(folder):
        below[:] = sorted(name for name in below if not name.startswith((".", "__MACOSX")))
        yield from (f"{place}{os.sep}{name}" for name in sorted(names, key=natural) if not name.startswith("."))


def natural(name: str) -> tuple[int, str]:
    """Sort 2.png before 10.png."""
    stem = name.partition(".")[0]
    return (int(stem) if stem.isdecimal() else -1, name)


def wanted_below(folder: Path, kind: Kind) -> Iterator[str]:
    """Every file of a kind below a folder."""
    return (file for file in files_below(folder) if is_wanted(file.rpartition(os.sep)[2], kind))


def knows(path: Path, kind: Kind) -> bool:
    """A folder of such files or of folders of them, unless tables named by share lie there to describe them."""
    if not path.is_dir() or tables.named(path):
        return False
    if any(is_wanted(entry.name, kind) for entry in tables.visible(path)):
        return True
    folders = [entry for entry in tables.visible(path) if entry.is_dir() and next(wanted_below(entry, kind), None)]
    described = len(tables.table_files(path)) == 1 or any(
        f.stem.lower() == "metadata" for f in tables.table_files(path)
    )
    plain = all(entry.name.lower() in NO_CLASSES for entry in folders)
    return bool(folders) and not (described and (plain or len(folders) == 1))


def root_of(path: Path, kind: Kind) -> Path:
    """The folder that holds the shares or the classes, absolute."""
    root = path.absolute()
    while (below := lone_folder(root, kind)) is not None:
        root = below
    return root


def shares_below(root: Path) -> list[tuple[Path, Share]]:
    """The folders called train, val and test in their order; [] where none is for training."""
    given = [(entry, tables.share_of(entry.name)) for entry in tables.visible(root) if entry.is_dir()]
    given = [(entry, share) for entry, share in given if entry.name.lower() in tables.SHARE_WORDS]
    return sorted(given, key=lambda one: one[1]) if any(share == Share.TRAIN for _, share in given) else []


def read(path: Path, kind: Kind) -> Table:
    """Paths of the files, absolute; a file deep inside a class folder belongs to that class.

    Raises:
        Fault: there is no such file.
    """
    root = root_of(path, kind)
    given = shares_below(root)
    if given:
        found = [gathered(entry, share, kind) for entry, share in given]
        beside = [entry for entry in tables.visible(root) if entry not in dict(given)]
    else:
        found, beside = [gathered(root, Share.OPEN, kind)], []
    table = assembled(path, [part for part in found if part.paths], kind)
    return replace(table, notes=[*notes(found, kind), *left(beside)])


def lone_folder(root: Path, kind: Kind) -> Path | None:
    """The only folder of a folder without such files, if it holds folders: unpacked archives nest so."""
    entries = tables.visible(root)
    folders = [entry for entry in entries if entry.is_dir()]
    if len(folders) != 1 or any(is_wanted(entry.name, kind) for entry in entries):
        return None
    deeper = any(entry.is_dir() for entry in tables.visible(folders[0]))
    return folders[0] if deeper or folders[0].name.lower() in NO_CLASSES else None


def gathered(root: Path, share: Share, kind: Kind) -> Found:
    """All such files of one root; those in a folder are labelled by it, those in none have no label."""
    paths, labels, others, empty = [], [], [], []
    for entry in sorted(tables.visible(root), key=lambda entry: natural(entry.name)):
        inside = list(files_below(entry)) if entry.is_dir() else [str(entry)]
        kept = [file for file in inside if is_wanted(file.rpartition(os.sep)[2], kind)]
        if entry.is_dir() and not kept:
            empty.append(entry.name)
        others += [os.path.relpath(file, root) for file in inside if not is_wanted(file.rpartition(os.sep)[2], kind)]
        paths += kept
        labels += [entry.name if entry.is_dir() else ""] * len(kept)
    return Found(paths, labels, share, others, empty)


def assembled(path: Path, found: Sequence[Found], kind: Kind) -> Table:
    """The files of every share as one table.

    Raises:
        Fault: none at all.
    """
    paths = [file for part in found for file in part.paths]
    if not paths:
        raise Fault(f"{path} holds no {WORDS[kind]}", f"{WORDS[kind]} end in {', '.join(ENDS[kind])}")
    names = np.array(paths, object)
    table = {kind.value: Column(names, kind, f"{WORDS[kind]}: files of the folder")}
    labels = [label or None for part in found for label in part.labels]
    if any(label.lower() not in NO_CLASSES for label in labels if label):
        why = f"labels: the name of each {WORDS[kind][:-1]}'s folder"
        table["label"] = Column(np.array(labels, object), Kind.CATEGORY, why)
    shares = np.repeat(np.array([part.share for part in found], np.uint8), [len(part.paths) for part in found])
    files = [os.path.relpath(file, path.absolute()) for file in paths]
    whole = np.zeros(len(paths), np.int64)
    return Table(table, shares, str(path), files, np.arange(len(paths), dtype=np.int32), whole)


def notes(found: Sequence[Found], kind: Kind) -> list[str]:
    """What was passed over, in one line for each reason."""
    others = [name for part in found for name in part.others]
    lines = []
    if others:
        ends = ", ".join(
            f"{count} {end or 'without suffix'}" for end, count in Counter(map(suffix, others)).most_common(4)
        )
        some = ", ".join(others[:3])
        lines.append(f"{len(others)} files that are no {WORDS[kind]} were passed over ({ends}): {some}")
    empty = [name for part in found for name in part.empty]
    if empty:
        lines.append(f"{len(empty)} folders without a {WORDS[kind][:-1]} are no classes: {', '.join(empty[:5])}")
    bare = [part for part in found if any(part.labels) and not all(part.labels)]
    if bare:
        count = sum(not label for part in bare for label in part.labels)
        lines.append(f"{count} {WORDS[kind]} lie in no class folder and have no label")
    return lines


def suffix(name: str) -> str:
    """The end of a file name, in small letters."""
    return Path(name).suffix.lower()


def left(beside: Sequence[Path]) -> list[str]:
    """One note on what lies beside train and test."""
    beside = [entry for entry in beside if not entry.stem.lower().startswith(tuple(tables.PAPERWORK))]
    return [f"not read, for it lies beside train: {', '.join(entry.name for entry in beside[:5])}"] if beside else []
