"""A sound: decoded once to one rate, one channel, 16 bits a sample, of any length."""

import base64
import io
from itertools import pairwise, product
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from torch import Tensor

from brainwright.data.encoded import Encoded, Ragged, Uneven
from brainwright.data.field import Field, Padded, Unreadable, Values
from brainwright.data.pieces import in_pieces
from brainwright.data.pitch import edges, parted
from brainwright.data.sounds import at_rate, head, heard, wav
from brainwright.data.units import CELLS, Units

FULL = 32768  # the largest 16-bit sample, and one
HIGHEST = 16_000  # Hz: what a rate above adds is beyond nearly all of speech
SAMPLE = 500  # heads of files looked at to learn the rate
AT_ONCE = 4  # sounds that a thread takes at a time
WIDE, HIGH = 160, 64  # of a picture in a report
BANDS = 8  # of pitch, that are hidden and shown one by one
PLAYED = 2.0  # seconds of a sound that a report lets people hear
FRAME = 256  # samples that each column of a picture is made of
QUIETEST = -80.0  # decibels below the loudest place: black in a picture


class Sound(Field[Padded]):
    """int16 [B, T, 1] with lengths, 32768 = 1; nets make log-mels of it themselves, so they take raw sound."""

    rate: int = 0
    """Samples a second; 0 = learned: the most frequent in training, at most 16,000."""
    longest: float = 0.0
    """Seconds of a sound that are heard, from its beginning; 0 = all."""
    middle: int = 0
    """Samples of the middle training sound."""
    resampled: int = 0
    """Of the training sounds looked at, how many have another rate."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        some = values[:: max(1, len(values) // SAMPLE)][:SAMPLE]
        heads = [found for value in some if (found := peeked(value)) is not None]
        if not heads:
            heard(some[0])  # raises, naming it
        rates, counts = np.unique([rate for rate, _ in heads], return_counts=True)
        rate = self.rate or min(HIGHEST, int(rates[counts.argmax()]))
        seconds = [min(time, self.longest or time) for _, time in heads]
        told = {"rate": rate, "middle": round(float(np.median(seconds)) * rate)}
        return self.model_copy(update=told | {"resampled": int(counts[rates != rate].sum())})

    @property
    def recipe(self) -> str:
        return f"{self.word()} {self.rate} Hz, mean of channels, at most {self.longest} s, sinc of 24"

    def encode(self, value: Any) -> NDArray[Any]:
        samples, rate = (np.asarray(value, np.float32), self.rate) if isinstance(value, np.ndarray) else heard(value)
        samples = at_rate(samples, rate, self.rate)
        if self.longest:
            samples = samples[: round(self.longest * self.rate)]
        whole = np.rint(samples * FULL).clip(-FULL, FULL - 1)
        return whole.astype(np.int16)[:, None]

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        pieces = [one for piece in in_pieces(self.several, values, AT_ONCE) for one in piece]
        return Ragged.of(pieces) if pieces else Ragged(np.zeros((0, 1), np.int16), np.zeros(1, np.int64))

    def several(self, values: NDArray[Any]) -> list[NDArray[np.int16]]:
        """Some sounds, encoded one by one."""
        return [self.encode(value) for value in values]

    def decode(self, encoded: Any) -> Any:
        """Samples from -1 to 1: [T][1]."""
        return (np.asarray(encoded, np.float64) / FULL).round(5).tolist()

    def collate(self, encoded: Encoded) -> Padded:
        assert isinstance(encoded, Uneven)
        lengths = encoded.lengths
        real = np.arange(lengths.max()) < lengths[:, None]
        values = np.zeros((*real.shape, 1), np.int16)
        values[real] = encoded.values
        return Padded(torch.from_numpy(values), torch.from_numpy(lengths))

    def show(self, value: Any) -> str:
        """A small spectrogram, its seconds, and where the sound is short a player."""
        samples = self.encode(value)[:, 0]
        seconds = len(samples) / self.rate
        shown = f'<img alt="spectrogram" width="{WIDE}" height="{HIGH}" src="{picture(samples, self.rate)}">'
        shown += f"<br>{seconds:.2f} s"
        if seconds <= PLAYED:
            coded = base64.b64encode(wav(samples / FULL, self.rate)).decode()
            shown += f'<br><audio controls preload="none" src="data:audio/wav;base64,{coded}"></audio>'
        return shown

    # ---- what explanations ask ---------------------------------------------------------------------

    def units(self, given: Padded, value: Any) -> Units:
        """Equal stretches of time, each in bands of pitch: [T, BANDS], drawn over the spectrogram."""
        length = int(given.lengths[0])
        count = min(CELLS, length)
        stretch = np.arange(length) * count // length
        begins = np.searchsorted(stretch, np.arange(count + 1)) / self.rate
        pitches = edges(self.rate, BANDS).tolist()
        names = tuple(
            f"{first:.2f} to {last:.2f} s, {low:,.0f} to {high:,.0f} Hz"
            for (first, last), (low, high) in product(pairwise(begins), pairwise(pitches))
        )
        across, down = np.arange(WIDE) * count // WIDE, np.arange(HIGH)[::-1] * BANDS // HIGH
        drawn = across * BANDS + down[:, None]
        owner = stretch[:, None] * BANDS + np.arange(BANDS)
        return Units("cells", owner, names, drawn, spectrogram(given.values[0, :length, 0].cpu().numpy(), self.rate))

    def blank(self, given: Padded, others: Padded) -> Padded:
        """Silence."""
        return Padded(torch.zeros_like(given.values), given.lengths)

    def striking(self, given: Padded) -> Tensor:
        """How loud each band is at each sample: [B, T, BANDS]."""
        return parted(given.values[..., 0].float(), self.rate, BANDS).abs()

    def mix(self, given: Padded, instead: Padded, shown: Tensor) -> Padded:
        """Bands of another sound, from its beginning and round again where it is shorter: float [B, T, 1]."""
        place = torch.arange(given.values.shape[1], device=shown.device) % instead.lengths[:, None]
        other = instead.values[..., 0].gather(1, place).float()
        bands = parted(given.values[..., 0].float() - other, self.rate, BANDS)
        return Padded((other + (shown * bands).sum(-1))[..., None], given.lengths)


def peeked(value: Any) -> tuple[int, float] | None:
    """The rate and the seconds that a file's head says; None where it cannot be read, as decoding will tell."""
    try:
        found = head(value)
    except Unreadable:
        return None
    return found.rate, found.frames / found.rate


def picture(samples: NDArray[np.int16], rate: int) -> str:
    """A spectrogram as a data address."""
    packed = io.BytesIO()
    Pillow.fromarray(spectrogram(samples, rate)).save(packed, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode()}"


def spectrogram(samples: NDArray[np.int16], rate: int) -> NDArray[np.uint8]:
    """Time from left to right, pitch upwards as it is heard, loud is bright: [HIGH, WIDE]."""
    size = min(FRAME, len(samples))
    step = max(1, min(size // 2, (len(samples) - size) // (WIDE - 1)))
    frames = np.lib.stride_tricks.sliding_window_view(samples / FULL, size)[::step] * np.hanning(size)
    decibels = 20 * np.log10(np.abs(np.fft.rfft(frames)).T + 1e-6)
    places = edges(rate, HIGH).numpy() * size / rate  # of each row's edges among the bins
    rows = decibels[((places[:-1] + places[1:]) / 2).round().astype(int)]
    shades = 255 * (1 - (rows - decibels.max()) / QUIETEST).clip(0, 1)
    drawn = Pillow.fromarray(shades[::-1].astype(np.uint8)).resize((WIDE, HIGH), Pillow.Resampling.BOX)
    return np.asarray(drawn)
