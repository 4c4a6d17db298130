"""Pitch: frequencies as the ear hears them, and a sound as the sum of its bands of pitch."""

import torch
from torch import Tensor

SOFT = 0.25  # of a band, on either side of an edge, where one band fades into the next


def mel(hertz: Tensor) -> Tensor:
    """Pitch as it is heard: 2595 log10(1 + f / 700) (O'Shaughnessy 1987), so that 1,000 Hz are 1,000 mel."""
    return 2595 * torch.log10(1 + hertz / 700)


def hertz(mels: Tensor) -> Tensor:
    """The inverse of `mel`."""
    return 700 * (10 ** (mels / 2595) - 1)


def edges(rate: int, bands: int) -> Tensor:
    """Where bands of equal width in mel begin and end, from 0 Hz to half the rate: float64 [bands + 1]."""
    top = mel(torch.tensor(rate / 2, dtype=torch.float64))
    return hertz(top * torch.arange(bands + 1, dtype=torch.float64) / bands)


def parted(sound: Tensor, rate: int, bands: int) -> Tensor:
    """Sounds, float [B, T], as bands of equal width in mel: float [B, T, bands], whose sum is the sound.

    Each band is a filter over the whole sound that delays nothing; its gain falls into the next band's as a cosine
    squared, so that both add up to 1.
    """
    length = sound.shape[1]
    bins = torch.arange(length // 2 + 1, device=sound.device) * (rate / max(1, length))
    place = mel(bins) * (bands / mel(torch.tensor(rate / 2, device=sound.device)))  # 0 to `bands`
    edge = torch.arange(1, bands, device=sound.device)
    beyond = ((place[:, None] - edge) / (2 * SOFT) + 0.5).clamp(0, 1)
    beyond = torch.sin(beyond * (torch.pi / 2)).square()  # [bins, bands - 1]: the share that lies above each edge
    ends = beyond.new_ones(len(beyond), 1)
    gains = torch.cat([ends, beyond], 1) - torch.cat([beyond, 0 * ends], 1)
    waves = torch.fft.rfft(sound, dim=1)[..., None] * gains
    found: Tensor = torch.fft.irfft(waves, length, dim=1)
    return found
