"""Log-mel: how loud a sound is in bands as the ear tells them apart, every hundredth of a second, on any device."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.field import Padded
from brainwright.data.pitch import hertz, mel

WINDOW, STEP = 0.025, 0.010  # seconds, as nearly all of speech recognition has them
FULL = 32768.0  # a 16-bit sample of 1
FLOOR = 1e-5  # power below which all is silence: noise of a few 16-bit steps
LOWEST = 20.0  # Hz
LEAST = 0.5  # nepers that a band is said to vary by, beside what it does: faint hiss is not blown up into speech
HIDDEN_BANDS = 0.2  # of all bands, at most, in each of two stretches


class LogMel(nn.Module):
    """Sound [B, T, 1], int16 or float in units of 1/32768 -> float [B, frames, bands] and its mask [B, frames].

    A frame is heard only from samples that are there, so that padding changes nothing; a sound shorter than one window
    is one frame.
    """

    window: Tensor
    filters: Tensor

    def __init__(self, rate: int, bands: int) -> None:
        super().__init__()
        self.bands, self.width, self.step = bands, round(WINDOW * rate), round(STEP * rate)
        self.size = 2 ** math.ceil(math.log2(self.width))
        self.register_buffer("window", torch.hann_window(self.width))
        self.register_buffer("filters", mel_filters(rate, self.size, bands).float())

    def frames(self, samples: Tensor) -> Tensor:
        """How many frames so many samples give."""
        return 1 + (samples - self.width).clamp(min=0) // self.step

    def forward(self, sound: Padded) -> tuple[Tensor, Tensor]:
        with torch.autocast(sound.values.device.type, enabled=False):  # half precision cannot tell soft from silent
            heard = sound.values[..., 0].to(self.window.dtype) / FULL
            edge = (self.size - self.width) // 2
            short = max(0, self.width - heard.shape[1])
            heard = F.pad(heard, (edge, self.size - self.width - edge + short))
            waves = torch.stft(heard, self.size, self.step, self.width, self.window, center=False, return_complex=True)
            power = waves.real.square() + waves.imag.square()  # [B, bins, frames]
            found = (power.transpose(1, 2) @ self.filters + FLOOR).log()
            count = self.frames(sound.lengths.to(found.device))
            mask = torch.arange(found.shape[1], device=found.device) < count[:, None]
            return found * mask[..., None], mask


def mel_filters(rate: int, size: int, bands: int) -> Tensor:
    """Triangles of height 1, evenly spaced in mel from 20 Hz to half the rate (Davis and Mermelstein 1980): float64
    [size / 2 + 1, bands]. Each begins at its left neighbour's top and ends at its right neighbour's.

    A triangle so narrow that it lies between two bins takes the nearest one, so that no band is deaf.
    """
    low, high = mel(torch.tensor([LOWEST, rate / 2], dtype=torch.float64))
    edges = hertz(low + (high - low) * torch.arange(bands + 2, dtype=torch.float64) / (bands + 1))
    bins = torch.arange(size // 2 + 1, dtype=torch.float64) * rate / size
    rise = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    triangles = torch.minimum(rise, fall).clamp(min=0)
    deaf = triangles.sum(0) == 0
    nearest = (bins[:, None] - edges[1:-1]).abs().argmin(0)
    triangles[nearest[deaf], deaf.nonzero()[:, 0]] = 1.0
    return triangles


def mean_and_spread(values: Tensor, mask: Tensor, over: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of real frames [B, T, bands], over time (1,) or over time and bands (1, 2); half a
    neper is added to what they deviate.
    """
    real = mask[..., None].to(values.dtype).expand_as(values)
    count = real.sum(over, keepdim=True).clamp(min=1)
    mean = (values * real).sum(over, keepdim=True) / count
    spread = (((values - mean) * real).square().sum(over, keepdim=True) / count + LEAST**2).sqrt()
    return mean, spread


def covered(values: Tensor, mask: Tensor, share: float) -> Tensor:
    """Two stretches of time, of at most `share` of each sound, and two of bands, of at most a fifth, made the mean, 0
    (SpecAugment, Park et al. 2019, whose stretches grow with the sound: Park et al. 2020).
    """
    batch, _, bands = values.shape
    draw = torch.rand(2, 2, 2, batch, 1, device=values.device)  # time or band, which of two, where and how long
    lengths = mask.sum(1, keepdim=True)
    time = torch.arange(values.shape[1], device=values.device)
    band = torch.arange(bands, device=values.device)
    for one in (0, 1):
        hidden = (
            stretch(time, lengths, share, draw[0, one])[..., None] | stretch(band, bands, 0.2, draw[1, one])[:, None]
        )
        values = values.masked_fill(hidden, 0.0)
    return values


def stretch(places: Tensor, length: Tensor | int, share: float, draw: Tensor) -> Tensor:
    """Which places [B, N] lie in a stretch anywhere within `length`, as long as chance says, at most `share` of it."""
    size = draw[0] * share * length
    start = draw[1] * (length - size)
    return (places >= start) & (places < start + size)
