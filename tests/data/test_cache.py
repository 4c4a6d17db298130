"""The cache: decoded once, by content; whole or not at all; bounded; the same numbers from memory and from disk."""

import errno
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from brainwright.data import cache as module
from brainwright.data import entries
from brainwright.data.cache import Cache, usual_folder
from brainwright.data.duplicates import digests
from brainwright.data.encoded import Dense, Ragged, Stored, StoredRagged, singles
from brainwright.data.encoding import Damaged
from brainwright.data.entries import FACTS, VALUES
from brainwright.data.fields.image import Image
from brainwright.data.fields.text import Text
from brainwright.errors import Fault

COUNT = 40
ROOM = 10**9


@pytest.fixture
def pictures(tmp_path: Path) -> np.ndarray:
    """Paths of forty pictures in colour, 48 pixels a side."""
    draw = np.random.default_rng(0)
    paths = np.empty(COUNT, object)
    for index in range(COUNT):
        paths[index] = str(tmp_path / f"{index}.png")
        Pillow.fromarray(draw.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(paths[index])
    return paths


@pytest.fixture
def everything_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even small data are kept."""
    monkeypatch.setattr(module, "SMALL", 0)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What was decoded, as it is."""
    seen: list[object] = []
    whole = Pillow.open
    monkeypatch.setattr(Pillow, "open", lambda value, *rest: seen.append(value) or whole(value, *rest))
    return seen


def kept(folder: Path, room: int = ROOM) -> Cache:
    return Cache(folder, room, lambda _: None)


def asked(cache: Cache, values: np.ndarray) -> tuple[Image, Dense | Stored]:
    field = cache.fitted(Image(), values, digests(values))
    return field, cache.encoded(field, values, digests(values))


@pytest.mark.usefixtures("everything_counts")
def test_the_second_time_nothing_is_decoded(pictures: np.ndarray, opened: list[object], tmp_path: Path) -> None:
    first, once = asked(kept(tmp_path / "c"), pictures)
    decoded = len(opened)
    second, again = asked(kept(tmp_path / "c"), pictures)
    assert decoded >= COUNT
    assert len(opened) == decoded
    assert first == second
    np.testing.assert_array_equal(once.values, again.values)
    np.testing.assert_array_equal(again.values, Image(**first.model_dump()).encode_all(pictures).values)


@pytest.mark.usefixtures("everything_counts")
def test_a_changed_byte_is_noticed_at_the_same_size_and_time(pictures: np.ndarray, tmp_path: Path) -> None:
    for path in pictures:  # a form without compression: a pixel can be changed in place
        Pillow.open(path).save(path, "BMP")
    _, before = asked(kept(tmp_path / "c"), pictures)
    file = Path(pictures[7])
    times, whole = file.stat(), bytearray(file.read_bytes())
    whole[-1] ^= 255
    file.write_bytes(whole)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert file.stat().st_mtime_ns == times.st_mtime_ns
    _, after = asked(kept(tmp_path / "c"), pictures)
    different = (before.values != after.values).reshape(COUNT, -1).any(1)
    assert np.flatnonzero(different).tolist() == [7]


@pytest.mark.usefixtures("everything_counts")
def test_another_encoding_is_another_entry(pictures: np.ndarray, tmp_path: Path) -> None:
    cache, keys = kept(tmp_path / "c"), digests(pictures)
    large, small = (Image(height=side, width=side, channels=3) for side in (48, 24))
    assert cache.encoded(large, pictures, keys).shape == (3, 48, 48)
    assert cache.encoded(small, pictures, keys).shape == (3, 24, 24)
    assert cache.encoded(large, pictures, keys).shape == (3, 48, 48)
    other = large.model_copy(update={"mean": (1.0, 2.0, 3.0)})  # says nothing about the pixels
    cache.encoded(other, pictures, keys)
    assert len(cache.entries()) == 2


@pytest.mark.usefixtures("everything_counts")
@pytest.mark.parametrize("harm", ["cut", "no facts", "half facts", "no values"])
def test_a_torn_entry_is_made_anew(pictures: np.ndarray, tmp_path: Path, harm: str) -> None:
    _, before = asked(kept(tmp_path / "c"), pictures)
    (entry,) = [path for path in (tmp_path / "c").iterdir() if (path / VALUES).is_file()]
    if harm == "cut":
        os.truncate(entry / VALUES, 1000)
    elif harm == "half facts":
        os.truncate(entry / FACTS, 10)
    else:
        (entry / (FACTS if harm == "no facts" else VALUES)).unlink()
    _, after = asked(kept(tmp_path / "c"), pictures)
    np.testing.assert_array_equal(before.values, after.values)
    assert (entry / VALUES).stat().st_size == before.values.nbytes


@pytest.mark.usefixtures("everything_counts")
@pytest.mark.parametrize("call", ["fsync", "rename", "mkdtemp"])
def test_a_failing_disk_is_one_line_and_leaves_nothing(
    pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    owner = {"fsync": module.os, "rename": Path, "mkdtemp": module.tempfile}[call]
    field = Image(height=48, width=48, channels=3)
    with monkeypatch.context() as patch:
        patch.setattr(owner, call, full)
        with pytest.raises(Fault, match="No space left on device"):
            kept(tmp_path / "c").encoded(field, pictures, digests(pictures))
    assert not kept(tmp_path / "c").entries()
    found = kept(tmp_path / "c").encoded(field, pictures, digests(pictures))
    np.testing.assert_array_equal(found.values, field.encode_all(pictures).values)


@pytest.mark.usefixtures("everything_counts")
def test_two_at_once_decode_once_and_agree(pictures: np.ndarray, opened: list[object], tmp_path: Path) -> None:
    if not module.LOCKS:
        pytest.skip("this system has no locks: both decode")
    field, found = Image(height=48, width=48, channels=3), []
    keys = digests(pictures)
    work = [
        threading.Thread(target=lambda: found.append(kept(tmp_path / "c").encoded(field, pictures, keys).values))
        for _ in range(4)
    ]
    for one in work:
        one.start()
    for one in work:
        one.join()
    assert len(found) == 4
    assert all(np.array_equal(one, found[0]) for one in found)
    assert len(opened) == COUNT
    assert len(kept(tmp_path / "c").entries()) == 1


@pytest.mark.usefixtures("everything_counts")
def test_rows_on_disk_are_those_in_memory(
    pictures: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    field, whole = asked(kept(tmp_path / "c"), pictures)
    monkeypatch.setattr(entries, "HELD", 0)
    _, stored = asked(kept(tmp_path / "c"), pictures)
    assert isinstance(whole, Dense)
    assert isinstance(stored, Stored)
    assert (len(stored), stored.shape) == (COUNT, whole.shape)
    for rows in (np.array([5, 2, 2, 39]), np.arange(COUNT) % 3 == 0, np.zeros(0, np.int64)):
        np.testing.assert_array_equal(stored.take(rows).values, whole.values[rows])
    some = np.array([30, 31, 4])
    assert field.collate(stored.take(some)).equal(field.collate(whole.take(some)))
    os.truncate(stored.shelf.path, 10)
    with pytest.raises(OSError, match="ends before"):
        assert len(stored.values)


@pytest.mark.usefixtures("everything_counts")
def test_values_of_any_length_are_kept_with_their_offsets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = np.array([f"{'word ' * (i % 7)}number {i}" for i in range(600)], object)
    field = Text().fit(texts)
    keys = np.random.default_rng(0).integers(0, 2**60, (600, 2)).astype(np.uint64)
    plain = field.encode_all(texts)
    for held in (2**30, 0):
        monkeypatch.setattr(entries, "HELD", held)
        for _ in range(2):
            found = kept(tmp_path / "c").encoded(field, texts, keys)
            assert isinstance(found, StoredRagged if held == 0 else Ragged)
            np.testing.assert_array_equal(found.offsets, plain.offsets)
            np.testing.assert_array_equal(found.values, plain.values)
    rows = np.array([599, 0, 13])
    assert field.collate(found.take(rows)).values.equal(field.collate(plain.take(rows)).values)


@pytest.mark.usefixtures("everything_counts")
def test_what_was_used_longest_ago_goes_first_and_nothing_else_does(pictures: np.ndarray, tmp_path: Path) -> None:
    cache, keys = kept(tmp_path / "c"), digests(pictures)
    (tmp_path / "c" / "photos").mkdir(parents=True)
    (tmp_path / "c" / "photos" / "mine.txt").write_text("not the cache's")
    names = []
    for age, side in enumerate((40, 44, 48)):
        cache.encoded(Image(height=side, width=side, channels=3), pictures, keys)
        fresh = {entry.path for entry in cache.entries()} - set(names)
        names += fresh
        os.utime(names[-1], (1e9 + age, 1e9 + age))
        os.utime(names[-1] / VALUES, (1e9 + age, 1e9 + age))
        os.utime(names[-1] / FACTS, (1e9 + age, 1e9 + age))
    cache.encoded(Image(height=40, width=40, channels=3), pictures, keys)  # used again: now the youngest
    sizes = {entry.path: entry.size for entry in cache.entries()}
    assert [entry.path for entry in cache.entries()] == [names[1], names[2], names[0]]
    assert cache.clear(sizes[names[0]] + sizes[names[2]]) == sizes[names[1]]
    narrow = kept(tmp_path / "c", sizes[names[0]])
    narrow.encoded(Image(height=30, width=30, channels=3), pictures, keys)
    assert names[2] not in {entry.path for entry in narrow.entries()}
    cache.clear(0)
    assert not cache.entries()
    assert (tmp_path / "c" / "photos" / "mine.txt").read_text() == "not the cache's"


def test_small_data_stay_in_memory(pictures: np.ndarray, tmp_path: Path) -> None:
    field = Image(height=48, width=48, channels=3)
    assert isinstance(kept(tmp_path / "c").encoded(field, pictures, digests(pictures)), Dense)
    assert not kept(tmp_path / "c").entries()


def test_without_room_nothing_is_written(pictures: np.ndarray, tmp_path: Path) -> None:
    _, found = asked(kept(tmp_path / "c", 0), pictures)
    assert isinstance(found, Dense)
    assert not (tmp_path / "c").exists()


def test_a_folder_that_cannot_be_written_is_said_and_done_without(pictures: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told: list[str] = []
    cache = Cache.of(str(tmp_path / "file" / "c"), 1.0, told.append)
    _, found = asked(cache, pictures)
    assert len(found) == COUNT
    assert len(told) == 1
    assert "cannot be written" in told[0]


@pytest.mark.usefixtures("everything_counts")
def test_every_damaged_picture_is_named_and_nothing_is_kept(pictures: np.ndarray, tmp_path: Path) -> None:
    Path(pictures[3]).write_bytes(Path(pictures[3]).read_bytes()[:300])
    Path(pictures[17]).write_bytes(b"no picture")
    Path(pictures[30]).unlink()
    with pytest.raises(Damaged) as told:
        asked(kept(tmp_path / "c"), pictures)
    assert list(told.value.faults) == [3, 17, 30]
    assert told.value.faults[30] == "there is no such file"
    assert all(not entry.path.is_dir() for entry in kept(tmp_path / "c").entries())


def test_the_users_own_folder_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert usual_folder() == tmp_path / "brainwright"


def test_singles_are_the_values_one_by_one():
    pieces = [np.arange(3), np.arange(0), np.arange(5)]
    for one, own in zip(singles(Ragged.of(pieces)), pieces, strict=True):
        assert one.tolist() == own.tolist()
    assert list(singles(Ragged.of([]))) == []
    assert [one.tolist() for one in singles(Dense(np.eye(2)))] == np.eye(2).tolist()
