"""Meaning-preserving changes to whole batches of sounds, on their device: [B, T, 1] with lengths, int16 or float."""

import torch
from torch import Tensor

from brainwright.data.field import Padded


def sped(sound: Padded, most: float, generator: torch.Generator) -> Padded:
    """Each sound up to a share `most` slower or quicker, and so lower or higher, between samples by a straight line
    (Ko et al. 2015, speed perturbation).
    """
    batch, length = sound.values.shape[:2]
    factor = (1 + most * (2 * torch.rand(batch, 1, generator=generator) - 1)).to(sound.values.device)
    lengths = (sound.lengths[:, None] / factor).floor().long().clamp(min=1)
    longest = int(length / (1 - most)) + 1
    place = torch.arange(longest, device=factor.device) * factor
    left = place.floor().long().clamp(max=length - 1)
    right = (left + 1).clamp(max=length - 1)
    values = sound.values[..., 0].float()
    near, far = values.gather(1, left), values.gather(1, right)
    mixed = torch.lerp(near, far, place - left) * (torch.arange(longest, device=factor.device) < lengths)
    return Padded(mixed[..., None], lengths[:, 0])


def moved(sound: Padded, most: float, generator: torch.Generator) -> Padded:
    """Each sound begins up to a share `most` of its length sooner or later; what it leaves is silence."""
    batch, length = sound.values.shape[:2]
    shift = ((2 * torch.rand(batch, generator=generator) - 1) * most).to(sound.lengths.device) * sound.lengths
    place = torch.arange(length, device=shift.device) - shift.long()[:, None]
    there = (place >= 0) & (place < sound.lengths[:, None])
    real = torch.arange(length, device=shift.device) < sound.lengths[:, None]
    values = sound.values[..., 0].gather(1, place.clamp(0, length - 1)) * (there & real)
    return Padded(values[..., None], sound.lengths)


def louder(sound: Padded, most: float, generator: torch.Generator) -> Padded:
    """Each sound up to `most` decibels louder or softer; nothing is clipped, for batches may hold any float."""
    gain = 10 ** (most * (2 * torch.rand(len(sound), 1, 1, generator=generator) - 1) / 20)
    return Padded(sound.values.float() * gain.to(sound.values.device), sound.lengths)


def noisy(sound: Padded, least: float, most: float, generator: torch.Generator) -> Padded:
    """White noise under half of the sounds, from `least` to `most` decibels below each sound's own power."""
    batch = len(sound)
    below = least + (most - least) * torch.rand(batch, 1, 1, generator=generator)
    heard = torch.rand(batch, 1, 1, generator=generator) < 0.5
    share = (10 ** (-below / 20) * heard).to(sound.values.device)
    values = sound.values.float()
    seed = int(torch.randint(2**31, (1,), generator=generator))
    draw = torch.Generator(values.device).manual_seed(seed)
    noise = torch.randn(values.shape, generator=draw, device=values.device)
    return Padded((values + share * power(sound) * noise) * sound.mask[..., None], sound.lengths)


def power(sound: Padded) -> Tensor:
    """The root of each sound's mean square: [B, 1, 1]."""
    squares = sound.values.float().square().sum((1, 2))
    return (squares / sound.lengths.clamp(min=1)).sqrt()[:, None, None]
