"""Nineteen corruptions of pictures (Hendrycks and Dietterich 2019), on whole batches of any size and any channels.

Strengths are those of CIFAR-10-C; lengths, there in pixels of a side of 32, are shares of the side here. Three differ
from the originals, which need other things than the picture: frost draws its crystals (theirs are photographs), glass
exchanges pixels all at once instead of in rows, fog sums octaves of smooth noise instead of splitting squares.
"""

import io
import math
from collections.abc import Callable, Mapping
from typing import TypeAlias

import numpy as np
import torch
from PIL import Image as Pillow
from torch import Tensor
from torch.nn import functional as F

Corruption: TypeAlias = Callable[[Tensor, int, torch.Generator], Tensor]
"""(pictures float [N, C, H, W] in 0..1, strength 0..4, chance) -> pictures, clipped afterwards."""
SIDE = 32  # pixels of the pictures that the strengths were made for
GREY = (0.299, 0.587, 0.114)  # of red, green and blue in luminance (ITU-R BT.601)


def corrupted(pictures: Tensor, kind: str, strength: int, generator: torch.Generator) -> Tensor:
    """uint8 [N, C, H, W] -> uint8 of the same shape; `strength` is 0 to 4."""
    changed = KINDS[kind](pictures.float() / 255, strength, generator)
    return (changed.clamp(0, 1) * 255).round().to(torch.uint8)


# ---- noise ---------------------------------------------------------------------------------------


def normal(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """A standard normal number for every number."""
    return torch.randn(pictures.shape, generator=generator)


def gaussian_noise(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Of a sensor in poor light."""
    return pictures + normal(pictures, generator) * (0.04, 0.06, 0.08, 0.09, 0.10)[strength]


def shot_noise(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Of few photons."""
    photons = (500.0, 250.0, 100.0, 75.0, 50.0)[strength]
    return torch.poisson(pictures * photons, generator) / photons


def impulse_noise(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Pixels that are lost, to black or to white."""
    share = (0.01, 0.02, 0.03, 0.05, 0.07)[strength]
    drawn = torch.rand(pictures.shape, generator=generator)
    return pictures.masked_fill(drawn < share / 2, 0.0).masked_fill(drawn > 1 - share / 2, 1.0)


def speckle_noise(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Noise that grows with brightness."""
    return pictures + pictures * normal(pictures, generator) * (0.06, 0.1, 0.12, 0.16, 0.2)[strength]


# ---- blur ----------------------------------------------------------------------------------------


def pixels(pictures: Tensor, length: float) -> float:
    """A length given for a side of 32, for these pictures."""
    return length * max(pictures.shape[-2:]) / SIDE


def filtered(pictures: Tensor, kernel: Tensor) -> Tensor:
    """Each channel under one odd-sided kernel [h, w]; edges repeat."""
    channels, (high, wide) = pictures.shape[1], kernel.shape
    padded = F.pad(pictures, (wide // 2, wide // 2, high // 2, high // 2), mode="replicate")
    return F.conv2d(padded, kernel.expand(channels, 1, high, wide), groups=channels)


def bell(deviation: float) -> Tensor:
    """A normal kernel [1, w] that sums to one."""
    reach = max(1, math.ceil(3 * deviation))
    row = torch.exp(-((torch.arange(-reach, reach + 1) / deviation) ** 2) / 2)
    return (row / row.sum())[None]


def smooth(pictures: Tensor, deviation: float) -> Tensor:
    """Normal blur of so many pixels."""
    row = bell(deviation)
    return filtered(filtered(pictures, row), row.T)


def gaussian_blur(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Out of focus, softly."""
    return smooth(pictures, pixels(pictures, (0.4, 0.6, 0.7, 0.8, 1.0)[strength]))


def defocus_blur(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Out of focus: every point becomes a disk."""
    radius, soft = ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1.0, 0.2), (1.5, 0.1))[strength]
    radius = pixels(pictures, radius)
    reach = max(1, math.ceil(radius))
    line = torch.arange(-reach, reach + 1).float()
    disk = (radius + 0.5 - torch.hypot(line[:, None], line[None])).clamp(0, 1)
    return smooth(filtered(pictures, disk / disk.sum()), pixels(pictures, soft))


def glass_blur(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Through frosted glass: neighbouring pixels change places."""
    deviation, far, rounds = ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 2), (0.4, 1, 3), (0.4, 2, 3))[strength]
    deviation, far = pixels(pictures, deviation), round(pixels(pictures, far)) or 1
    for _ in range(rounds):
        pictures = moved(smooth(pictures, deviation), far, generator)
    return smooth(pictures, deviation)


def moved(pictures: Tensor, far: int, generator: torch.Generator) -> Tensor:
    """Every pixel from a place at most `far` away, its own draw in each picture."""
    count, channels, high, wide = pictures.shape
    shifts = torch.randint(-far, far + 1, (2, count, high, wide), generator=generator)
    rows = (torch.arange(high)[:, None] + shifts[0]).clamp(0, high - 1)
    columns = (torch.arange(wide) + shifts[1]).clamp(0, wide - 1)
    places = (rows * wide + columns).flatten(1)[:, None].expand(count, channels, -1)
    return pictures.flatten(2).gather(2, places).view_as(pictures)


def motion_blur(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """A shaken camera: one direction a batch."""
    reach, deviation = ((6, 1.0), (6, 1.5), (6, 2.0), (8, 2.0), (9, 2.5))[strength]
    angle = (torch.rand((), generator=generator).item() - 0.5) * math.pi / 2
    return streaked(pictures, pixels(pictures, reach), pixels(pictures, deviation), angle)


def streaked(pictures: Tensor, reach: float, deviation: float, angle: float) -> Tensor:
    """Blur along a line, strongest at its start."""
    size = max(1, math.ceil(reach / 2))
    steps = torch.linspace(0, 1, 8 * size) * reach / 2
    weights = torch.exp(-((steps / deviation) ** 2) / 2)
    kernel = torch.zeros(2 * size + 1, 2 * size + 1)
    rows, columns = size + steps * math.sin(angle), size + steps * math.cos(angle)
    kernel.index_put_((rows.round().long(), columns.round().long()), weights, accumulate=True)
    return filtered(pictures, kernel / kernel.sum())


def zoom_blur(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Moving towards the scene while the shutter is open."""
    most = (1.06, 1.11, 1.16, 1.21, 1.26)[strength]
    views = [pictures] + [zoomed(pictures, scale) for scale in torch.linspace(1.01, most, 6).tolist()]
    return torch.stack(views).mean(0)


def zoomed(pictures: Tensor, scale: float) -> Tensor:
    """The middle, enlarged to the whole picture."""
    matrix = torch.eye(2, 3).div(scale).expand(len(pictures), 2, 3)
    grid = F.affine_grid(matrix, list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)


# ---- weather -------------------------------------------------------------------------------------


def clouds(pictures: Tensor, decay: float, generator: torch.Generator) -> Tensor:
    """Smooth noise in 0..1, [N, 1, H, W]: octaves, each finer one divided by `decay`."""
    count, _, high, wide = pictures.shape
    total = torch.zeros(count, 1, high, wide)
    for octave in range(1, math.ceil(math.log2(max(high, wide, 4))) + 1):
        side = min(2**octave, max(high, wide))
        coarse = torch.rand(count, 1, side, side, generator=generator)
        total += F.interpolate(coarse, (high, wide), mode="bicubic") / decay**octave
    low, top = total.amin((2, 3), keepdim=True), total.amax((2, 3), keepdim=True)
    return (total - low) / (top - low).clamp(min=1e-6)


def fog(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Bright, in swathes."""
    thick, decay = ((0.2, 3.0), (0.5, 3.0), (0.75, 2.5), (1.0, 2.0), (1.5, 1.75))[strength]
    brightest = pictures.amax((1, 2, 3), keepdim=True)
    return (pictures + thick * clouds(pictures, decay, generator)) * brightest / (brightest + thick).clamp(min=1e-6)


def frost(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Ice crystals on the lens: ridges of noise, bright on a dimmed picture."""
    seen, ice = ((1.0, 0.2), (1.0, 0.3), (0.9, 0.4), (0.85, 0.4), (0.75, 0.45))[strength]
    ridges = (1 - (clouds(pictures, 1.5, generator) * 2 - 1).abs()) ** 3
    return seen * pictures + ice * ridges


def snow(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Flakes that fall aslant before a paled scene."""
    level, grain, bar, fall, kept = (
        (0.1, 0.2, 0.6, 8, 0.95),
        (0.1, 0.2, 0.5, 10, 0.9),
        (0.15, 0.3, 0.55, 10, 0.9),
        (0.25, 0.3, 0.6, 12, 0.85),
        (0.3, 0.3, 0.65, 14, 0.8),
    )[strength]
    flakes = level + grain * torch.randn(len(pictures), 1, *pictures.shape[2:], generator=generator)
    flakes = torch.where(flakes < bar - 0.25, 0.0, flakes)
    angle = -math.pi / 4 - torch.rand((), generator=generator).item() * math.pi / 2
    flakes = streaked(flakes, pixels(pictures, fall / 2), pixels(pictures, fall / 4), angle)
    pale = torch.maximum(pictures, luminance(pictures) * 1.5 + 0.5)
    return kept * pictures + (1 - kept) * pale + flakes + flakes.flip((2, 3))


def spatter(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Drops of water, or mud, on the lens."""
    mean, soft, bar, mud = (
        (0.62, 0.7, 0.7, False),
        (0.65, 0.8, 0.68, False),
        (0.65, 1.0, 0.67, False),
        (0.65, 0.8, 0.66, True),
        (0.67, 0.8, 0.65, True),
    )[strength]
    drawn = mean + 0.1 * torch.randn(len(pictures), 1, *pictures.shape[2:], generator=generator)
    wet = ((smooth(drawn, pixels(pictures, soft)) - bar) / 0.03).clamp(0, 1)
    return pictures * (1 - wet) + wet * (0.25 if mud else 0.85)


# ---- light and colour ----------------------------------------------------------------------------


def luminance(pictures: Tensor) -> Tensor:
    """[N, 1, H, W]."""
    if pictures.shape[1] == 3:
        return (pictures * torch.tensor(GREY)[:, None, None]).sum(1, keepdim=True)
    return pictures.mean(1, keepdim=True)


def brightness(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """More light: the largest channel grows by so much, the others in proportion (value of HSV)."""
    value = pictures.amax(1, keepdim=True)
    more = (value + (0.05, 0.1, 0.15, 0.2, 0.3)[strength]).clamp(max=1)
    return torch.where(value > 0, pictures * more / value.clamp(min=1e-6), more)


def contrast(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Less of it: towards each channel's mean."""
    mean = pictures.mean((2, 3), keepdim=True)
    return (pictures - mean) * (0.75, 0.5, 0.4, 0.3, 0.15)[strength] + mean


def saturate(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Colours paler or louder (saturation of HSV); grey pictures have none and stay as they are."""
    if pictures.shape[1] != 3:
        return pictures
    times, more = ((0.3, 0.0), (0.1, 0.0), (1.5, 0.0), (2.0, 0.1), (2.5, 0.2))[strength]
    value = pictures.amax(1, keepdim=True)
    depth = (value - pictures.amin(1, keepdim=True)) / value.clamp(min=1e-6)
    wanted = (depth * times + more * (depth > 0)).clamp(0, 1)
    return value - (value - pictures) * wanted / depth.clamp(min=1e-6)


# ---- digital -------------------------------------------------------------------------------------


def jpeg_compression(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Saved too small. Each picture goes through the codec itself; channels other than 1 and 3 one by one."""
    quality = (80, 65, 58, 50, 40)[strength]
    whole = (pictures.clamp(0, 1) * 255).round().byte()
    if whole.shape[1] not in (1, 3):
        return jpeg_compression(pictures.flatten(0, 1)[:, None], strength, generator).view_as(pictures)
    return torch.stack([compressed(one, quality) for one in whole]).float() / 255


def compressed(picture: Tensor, quality: int) -> Tensor:
    """uint8 [C, H, W] as it comes back from a JPEG file."""
    packed = io.BytesIO()
    given = picture.permute(1, 2, 0).numpy()
    Pillow.fromarray(given[:, :, 0] if given.shape[2] == 1 else given).save(packed, "JPEG", quality=quality)
    back = np.array(Pillow.open(packed))
    return torch.from_numpy(back[:, :, None] if back.ndim == 2 else back).permute(2, 0, 1)


def pixelate(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Enlarged from fewer pixels."""
    share = (0.95, 0.9, 0.85, 0.75, 0.65)[strength]
    high, wide = pictures.shape[2:]
    small = F.interpolate(pictures, (max(1, round(high * share)), max(1, round(wide * share))), mode="area")
    return F.interpolate(small, (high, wide), mode="nearest")


def elastic_transform(pictures: Tensor, strength: int, generator: torch.Generator) -> Tensor:
    """Stretched and pressed in places (Simard et al. 2003)."""
    far, soft = ((0.4, 2.56), (0.6, 2.56), (0.8, 2.56), (1.0, 2.24), (1.3, 1.92))[strength]
    count, _, high, wide = pictures.shape
    drawn = smooth(torch.rand(count, 2, high, wide, generator=generator) * 2 - 1, pixels(pictures, soft))
    drawn = drawn / drawn.square().mean((1, 2, 3), keepdim=True).sqrt().clamp(min=1e-6)
    shift = drawn * pixels(pictures, far) * 2 / torch.tensor([wide, high])[:, None, None]
    grid = F.affine_grid(torch.eye(2, 3).expand(count, 2, 3), list(pictures.shape), align_corners=False)
    return F.grid_sample(pictures, grid + shift.permute(0, 2, 3, 1), padding_mode="reflection", align_corners=False)


KINDS: Mapping[str, Corruption] = {
    one.__name__.replace("_", " "): one
    for one in (
        *(gaussian_noise, shot_noise, impulse_noise, speckle_noise),
        *(gaussian_blur, defocus_blur, glass_blur, motion_blur, zoom_blur),
        *(snow, frost, fog, spatter),
        *(brightness, contrast, saturate),
        *(jpeg_compression, pixelate, elastic_transform),
    )
}
