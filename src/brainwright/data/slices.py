"""Slices: a picture, or three slices through a volume, as a small drawing, with what covers each place in colour."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

SHOWN = 150  # pixels of a slice's longest side; twice as many for a picture
# Colours that all eyes tell apart (Wong 2011); the first label is what is nothing.
WORDS = "000000 e69f00 56b4e9 009e73 f0e442 d55e00 cc79a7 0072b2"
COLOURS = np.array([list(bytes.fromhex(word)) for word in WORDS.split()])
GAP = 4  # pixels between slices
PLAIN = 20_000  # pixels: a smaller drawing is kept exactly
STRENGTH = 0.55  # of the colour over the grey


def slices_shown(values: NDArray[Any], labels: NDArray[Any] | None = None) -> str:
    """Values [C, D, H, W] as HTML; `labels` [D, H, W] are laid over them, and say where the slices go."""
    low, high = np.percentile(values, [1, 99])
    grey = ((values - low) / max(1e-6, high - low)).clip(0, 1).transpose(1, 2, 3, 0) * 255
    grey = np.repeat(grey, 3, 3) if grey.shape[3] == 1 else grey[..., :3]
    labels = np.zeros(values.shape[1:], np.uint8) if labels is None else labels
    covered = (labels > 0)[..., None]
    known = COLOURS[1:][(labels.astype(np.int64) - 1) % (len(COLOURS) - 1)]
    drawn = np.where(covered, grey * (1 - STRENGTH) + known * STRENGTH, grey).astype(np.uint8)
    if len(drawn) == 1:
        return tag([drawn[0]], 2 * SHOWN)
    there = np.argwhere(labels > 0)
    middle = there.mean(0).round().astype(int) if len(there) else np.array(labels.shape) // 2
    cuts = [drawn[middle[0]], drawn[:, middle[1]], drawn[:, :, middle[2]]]
    return tag([cut.transpose(1, 0, 2)[::-1] for cut in cuts], SHOWN)  # the last axis upwards, as scans are looked at


def tag(cuts: list[NDArray[np.uint8]], longest: int) -> str:
    """Slices side by side as one picture, kept no larger than they are and shown with sides of `longest`."""
    most = max(max(cut.shape[:2]) for cut in cuts)
    kept = min(1.0, longest / most)
    sized = [shrunk(Pillow.fromarray(np.ascontiguousarray(cut)), kept) for cut in cuts]
    gap = max(1, round(GAP * most * kept / longest))
    sheet = Pillow.new("RGB", (sum(one.width for one in sized) + gap * (len(sized) - 1), max(p.height for p in sized)))
    left = 0
    for one in sized:
        sheet.paste(one, (left, 0))
        left += one.width + gap
    form, packed = "PNG" if sheet.width * sheet.height < PLAIN else "JPEG", io.BytesIO()
    sheet.save(packed, form, quality=85)
    coded = base64.b64encode(packed.getvalue()).decode()
    wide = longest / (most * kept)
    size = f'width="{sheet.width * wide:.0f}" height="{sheet.height * wide:.0f}"'
    return f'<img alt="" {size} src="data:image/{form.lower()};base64,{coded}">'


def shrunk(picture: Pillow.Image, ratio: float) -> Pillow.Image:
    """A picture whose sides are so much smaller."""
    return picture.resize((max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio))))
