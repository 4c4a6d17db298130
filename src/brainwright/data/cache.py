"""Cache: what was once decoded, kept on disk by the content it came from and by how it was encoded.

An entry is a folder: values.bin and, of values of any length, offsets.bin, beside facts.json, which says what they are.
It appears whole or not at all, and never changes; what was used longest ago goes first when room is needed.
"""

import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Dense, Encoded, Ragged
from brainwright.data.encoding import encoded_pieces, joined
from brainwright.data.entries import FACTS, Entry, fill, kept, measured, removed, synced, write
from brainwright.data.field import Field
from brainwright.data.pieces import Progress, Tell, silent
from brainwright.errors import Fault

try:
    import fcntl
except ModuleNotFoundError:  # Windows: two processes that decode the same data both do the work, and one entry stays
    LOCKS = False
else:
    LOCKS = True

FORMAT = 1  # of entries and of what fields make of values: raised whenever either changes
SMALL = 2**20  # bytes: what is smaller is decoded anew each time
STALE = 3600.0  # seconds after which an unfinished entry has been left behind by a process that died
PART = ".part"
OURS = re.compile(r"[0-9a-f]{32}(\.json)?|brainwright-.*\.part")  # nothing else in the folder is ever touched
GB = 10**9
F = TypeVar("F", bound=Field[Any])


def usual_folder() -> Path:
    """Where this system keeps what can be made again: XDG_CACHE_HOME wins."""
    home = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    if home:
        return Path(home) / "brainwright"
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "brainwright"


@dataclass(frozen=True)
class Cache:
    """Encoded values by content; `room` is the most bytes that it may hold, 0 = nothing is kept."""

    folder: Path
    room: int
    tell: Tell

    @classmethod
    def of(cls, folder: str, room: float, tell: Tell) -> "Cache":
        """From the user's words: a folder ("" = the usual one) and room in GB; no room where it cannot be written."""
        home = Path(folder).expanduser() if folder else usual_folder()
        try:
            if room:
                home.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=home).close()
        except OSError as error:
            tell(f"cache     {home} cannot be written ({error.strerror}): decoded data stay in memory")
            room = 0
        return cls(home, round(room * GB), tell)

    # ---- what a training asks for ----------------------------------------------------------------

    def fitted(self, field: F, values: NDArray[Any], digests: NDArray[np.uint64]) -> F:
        """The field fitted to values of these digests [N, 2]; looked up where that was done before."""
        if not self.room:
            return field.fit(values)
        path = self.folder / f"{key('fitted', f'{field.model_dump_json()} {field.recipe}', digests)}.json"
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
            os.utime(path)
            return type(field)(**known)
        except (OSError, ValueError):
            found = field.fit(values)
        with self.part() as part:
            write(part / FACTS, [found.model_dump_json().encode()])
            (part / FACTS).replace(path)
        return found

    def encoded(self, field: Field[Any], values: NDArray[Any], digests: NDArray[np.uint64]) -> Encoded:
        """The values [N] of these digests [N, 2], encoded; decoded only where that was not done before.

        Raises:
            Damaged: some cannot be read.
            Fault: the disk is full, or fails.
        """
        path = self.folder / key("encoded", field.recipe, digests)
        progress = Progress(self.tell, "data      decoded", len(values))
        if not self.room:
            return joined(list(encoded_pieces(field, values, progress)))
        with self.alone(path):
            return kept(path) or self.made(path, encoded_pieces(field, values, progress), len(values))

    def made(self, path: Path, pieces: Iterator[Dense | Ragged], count: int) -> Encoded:
        """A new entry from its pieces; only memory where it is small."""
        first = next(pieces)
        size = first.values.nbytes * count // len(first)
        if size < SMALL:
            return joined([first, *pieces])
        self.clear(self.room - size)
        free = shutil.disk_usage(self.folder).free
        if size > free:
            what = f"the decoded data need {size / GB:.1f} GB, and the cache {self.folder} has {free / GB:.1f} GB free"
            raise Fault(what, "name a folder with more room: --cache FOLDER")
        with self.part() as part:
            fill(part, chain([first], pieces))
            if not path.exists():  # without locks another process may have been as quick
                part.rename(path)
                synced(self.folder)
        found = kept(path)
        if found is None:
            raise Fault(f"the cache {self.folder} lost what was written to it", "see whether its disk is sound")
        return found

    # ---- room ------------------------------------------------------------------------------------

    def entries(self) -> list[Entry]:
        """All that is kept, what was used longest ago first."""
        names = list(self.folder.iterdir()) if self.folder.is_dir() else []
        found = [entry for path in names if OURS.fullmatch(path.name) and (entry := measured(path)) is not None]
        return sorted(found, key=lambda entry: entry.used)

    def clear(self, room: int) -> int:
        """Drop what was used longest ago until the rest fits into `room` bytes; how many bytes went."""
        entries, gone = self.entries(), 0
        total = sum(entry.size for entry in entries)
        for entry in entries:
            alive = entry.path.suffix == PART and time.time() - entry.used < STALE
            if total - gone > max(0, room) and not alive:
                removed(entry.path)
                gone += entry.size
        return gone

    @contextmanager
    def writing(self) -> Iterator[None]:
        """What goes wrong with the disk becomes one line.

        Raises:
            Fault: writing fails.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise Fault(
                f"the cache {self.folder} cannot be written ({error.strerror})",
                "free some disk space, name another folder with --cache, or keep nothing with --cache-room 0",
            ) from None

    @contextmanager
    def part(self) -> Iterator[Path]:
        """A folder to write in, gone afterwards unless it was renamed."""
        with self.writing():
            part = Path(tempfile.mkdtemp(PART, "brainwright-", self.folder))
            try:
                yield part
            finally:
                removed(part)

    @contextmanager
    def alone(self, path: Path) -> Iterator[None]:
        """While another process makes the same entry, wait: then it is there."""
        with self.writing():
            if not LOCKS:
                yield
                return
            (self.folder / "locks").mkdir(exist_ok=True)
            with (self.folder / "locks" / path.name[:2]).open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self.tell("cache     waiting for another process that decodes data")
                    fcntl.flock(file, fcntl.LOCK_EX)
                except OSError:  # a file system without locks: as on Windows
                    pass
                yield


MEMORY = Cache(Path(), 0, silent)  # nothing is kept


def key(kind: str, recipe: str, digests: NDArray[np.uint64]) -> str:
    """The name of an entry: 128 bits over what it is, how it was made, and every content in order."""
    digest = blake2b(f"{FORMAT} {kind} {recipe}\n".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(digests).tobytes())
    return digest.hexdigest()
