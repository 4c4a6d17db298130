"""Listening: a long sound, or one that still comes in, cut at pauses into pieces that are heard one by one."""

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from brainwright.data.sounds import Samples
from brainwright.errors import Fault

SHORTEST, LONGEST = 4.0, 12.0  # seconds of a piece: no pause is sought before, none is waited for after
PAUSE = 0.2  # seconds over which it is quietest where a piece is cut
STILL = 0.1  # of the piece's loudness: quieter is a pause, however early
READ = 0.5  # seconds read at a time
FULL = 32768.0


def stretches(blocks: Iterator[Samples], rate: int) -> Iterator[tuple[float, Samples]]:
    """Pieces of a sound that comes in blocks, each with the second at which it begins; none is longer than 12 s.

    A piece ends within a pause, as soon as one is heard after four seconds, at the latest at the quietest
    place of twelve.
    """
    waiting, begun = np.zeros(0, np.float32), 0
    for block in blocks:
        waiting = np.concatenate([waiting, block])
        while (end := pause(waiting, rate)) > 0:
            yield begun / rate, waiting[:end]
            waiting, begun = waiting[end:], begun + end
    if len(waiting):
        yield begun / rate, waiting


def pause(samples: Samples, rate: int) -> int:
    """Where to cut; 0 = not yet."""
    first, most = round(SHORTEST * rate), round(LONGEST * rate)
    if len(samples) < first + round(PAUSE * rate):
        return 0
    size = max(1, round(PAUSE * rate))
    squares = np.concatenate([[0.0], np.square(samples[:most], dtype=np.float64).cumsum()])
    power = (squares[size:] - squares[:-size])[first:] / size  # of the stretch from each place on
    quietest = int(power.argmin())
    if len(samples) >= most or power[quietest] < STILL**2 * squares[-1] / (len(squares) - 1):
        return first + quietest + size // 2
    return 0


def cut(samples: Samples, rate: int) -> Iterator[Samples]:
    """A sound that is there as a whole, in blocks."""
    size = round(READ * rate)
    yield from (samples[start : start + size] for start in range(0, len(samples), size))


def incoming(stream: BinaryIO, rate: int) -> tuple[int, Iterator[Samples]]:
    """The rate of a stream, and its samples as they come: WAV of 16 bits, or bare 16-bit samples of one channel at
    `rate`, lowest byte first.

    Raises:
        Fault: WAV of another form.
    """
    start = stream.read(12)
    if start[:4] != b"RIFF" or start[8:] != b"WAVE":
        return rate, blocks(stream, start, rate, 1)
    channels = 1
    while (name := stream.read(4)) and name != b"data":
        size = int.from_bytes(stream.read(4), "little")
        chunk = stream.read(size + size % 2)
        if name == b"fmt ":
            form, channels, rate, bits = (int(np.frombuffer(chunk[a:b].ljust(4, b"\0"), "<u4")[0]) for a, b in FORM)
            if form not in (1, 0xFFFE) or bits != 16:
                raise Fault("the stream is WAV, but not of 16-bit samples", "convert it: sox IN -b 16 OUT.wav")
    stream.read(4)  # the length, which a stream does not know
    return rate, blocks(stream, b"", rate, channels)


FORM = ((0, 2), (2, 4), (4, 8), (14, 16))  # bytes of a WAV head: format, channels, rate, bits


def blocks(stream: BinaryIO, start: bytes, rate: int, channels: int) -> Iterator[Samples]:
    """Half seconds of 16-bit samples, the mean of the channels; an incomplete last sample is no sample."""
    frame = 2 * channels
    while block := start + stream.read(round(READ * rate) * frame - len(start)):
        start = b""
        whole: NDArray[np.int16] = np.frombuffer(block[: len(block) // frame * frame], "<i2")
        yield (whole.reshape(-1, channels).mean(1) / FULL).astype(np.float32)
