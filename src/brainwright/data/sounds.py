"""Sounds: read strictly from a path or the bytes of a file; a damaged, empty or silent one is named with the reason."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
from numpy.typing import NDArray
from torch.nn.functional import conv1d, pad

from brainwright.data.field import Unreadable

Samples = NDArray[np.float32]
STREAMED = (0, 0xFFFFFFFF)  # lengths in the head of a RIFF file that was written without knowing its end
PAGE, LAST = b"OggS", 4  # an Ogg page, and the flag of the last one
TAIL = 2**17  # bytes: more than two Ogg pages
LONGEST_REASON = 80
ZEROS = 24  # crossings of the sinc on either side: a step of 4 % of the rate between what stays and what goes
CUTOFF = 0.96  # of half the lower rate


@dataclass(frozen=True)
class Head:
    """What a file says of itself before it is decoded."""

    rate: int
    """Samples a second."""
    channels: int
    frames: int
    """Samples of each channel."""


def head(value: Any) -> Head:
    """The head of a sound file.

    Raises:
        Unreadable: it is no sound.
    """
    with reading(value) as file:
        return Head(file.samplerate, file.channels, file.frames)


def heard(value: Any) -> tuple[Samples, int]:
    """The mean of all channels [T], float from -1 to 1, and the rate; every sample of the file is decoded.

    A file of floats that goes beyond 1 is brought back to 1 as a whole.

    Raises:
        Unreadable: no sound, a damaged or truncated one, one without samples, or one that is silent throughout.
    """
    with reading(value) as file:
        rate, said = file.samplerate, file.frames
        found = file.read(dtype="float32", always_2d=True)
        if len(found) < said or cut_short(value):
            raise unreadable(value, f"truncated: {len(found):,} of {max(said, len(found) + 1):,} samples or more")
    if not len(found):
        raise unreadable(value, "it holds no samples")
    mono: Samples = found.mean(1)
    if not np.isfinite(mono).all():
        raise unreadable(value, "some samples are no numbers")
    loudest = float(np.abs(mono).max())
    if not loudest:
        raise unreadable(value, "silent throughout")
    return mono / max(1.0, loudest), rate


def at_rate(samples: Samples, rate: int, wanted: int) -> Samples:
    """The same sound at another rate: each new sample is a sum of old ones, weighed by a sinc under a Hann window, cut
    off below half the lower rate (Smith 1984, bandlimited interpolation), so that nothing is folded.
    """
    if rate == wanted:
        return samples
    common = math.gcd(rate, wanted)
    old, new = rate // common, wanted // common  # so many old samples last as long as so many new ones
    edge = CUTOFF * min(old, new)
    reach = math.ceil(ZEROS * old / edge)
    apart = torch.arange(-reach, reach + old) / old - torch.arange(new)[:, None] / new  # [new, 2 reach + old]
    place = (apart.double() * edge).clamp(-ZEROS, ZEROS)
    weights = torch.sinc(place) * (place * math.pi / ZEROS / 2).cos().square() * edge / old
    given = pad(torch.from_numpy(samples)[None, None], (reach, reach + old))
    found = conv1d(given, weights.float()[:, None], stride=old)[0].T.flatten()
    return found[: -(-len(samples) * new // old)].numpy()


def cut_short(value: str | bytes) -> bool:
    """Whether a file ends before its own head or its last page says; libsndfile passes over that in silence."""
    size = len(value) if isinstance(value, bytes) else Path(value).stat().st_size
    start, end = ends(value, size)
    if start[:4] == b"RIFF" and start[8:12] == b"WAVE":
        said = int.from_bytes(start[4:8], "little")
        return said not in STREAMED and said + 8 > size + 1  # an odd last byte is often not written
    if start[:4] == PAGE:
        place = end.rfind(PAGE)
        return place < 0 or not end[place + 5] & LAST
    return False


def ends(value: str | bytes, size: int) -> tuple[bytes, bytes]:
    """The first 12 bytes and the last ones."""
    if isinstance(value, bytes):
        return value[:12], value[-TAIL:]
    with open(value, "rb") as file:
        start = file.read(12)
        file.seek(max(0, size - TAIL))
        return start, file.read()


@contextmanager
def reading(value: Any) -> Iterator[soundfile.SoundFile]:
    """An open sound file; whatever goes wrong with it inside becomes one line."""
    try:
        with soundfile.SoundFile(io.BytesIO(value) if isinstance(value, bytes) else value) as file:
            yield file
            return
    except (soundfile.SoundFileError, OSError, ValueError, TypeError) as error:
        reason = str(error)
        if isinstance(value, str) and not Path(value).is_file():
            reason = "there is no such file"
        elif isinstance(value, str | bytes) and not (len(value) if isinstance(value, bytes) else file_size(value)):
            reason = "the file is empty"
        else:
            reason = " ".join(reason.rpartition(": ")[2].split())[:LONGEST_REASON].rstrip(".")
    raise unreadable(value, reason)


def file_size(path: str) -> int:
    """In bytes."""
    return Path(path).stat().st_size


def unreadable(value: Any, reason: str) -> Unreadable:
    """The fault of one sound."""
    name = value if isinstance(value, str) else "a sound in the table"
    return Unreadable(f"{name} cannot be read as a sound ({reason})", "replace it or take it out", reason)


def wav(samples: NDArray[Any], rate: int) -> bytes:
    """Samples [T] from -1 to 1 as a WAV file of 16 bits."""
    packed = io.BytesIO()
    soundfile.write(packed, samples, rate, format="WAV", subtype="PCM_16")
    return packed.getvalue()


def fault(value: Any) -> str:
    """Why a sound cannot be decoded whole, or ""."""
    try:
        heard(value)
    except Unreadable as found:
        return found.reason
    return ""
