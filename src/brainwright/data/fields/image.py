"""A picture: decoded once to one size, 8 bits a channel."""

import base64
import io
from concurrent.futures import ThreadPoolExecutor
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.errors import Fault

NATIVE = 64  # up to here a picture is kept as it is; above, reduced to one of LADDER (quality.md, R12)
LADDER = (96, 128, 160, 224)
SAMPLE = 200  # pictures looked at to learn size and channels
DECODERS = 2  # threads; Pillow releases the lock while it decodes


class Image(DenseField):
    """uint8 [B, channels, height, width]; nets scale by `mean` and `spread` themselves, so they take raw pictures."""

    averages: ClassVar[bool] = True
    size: int = 0
    """Longest side to reduce to; 0 = learned from the data."""
    height: int = 0
    width: int = 0
    channels: int = 0
    mean: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    """Mean and standard deviation of each channel in training, on the 0-255 scale."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        some = values[:: max(1, len(values) // SAMPLE)][:SAMPLE]
        pictures = [opened(value) for value in some]
        grey = all(is_grey(picture) for picture in pictures)
        height, width = (int(np.median(side)) for side in zip(*[(p.height, p.width) for p in pictures], strict=True))
        longest = self.size or fitting(max(height, width))
        ratio = min(1.0, longest / max(height, width))
        shape = {
            "height": max(1, round(height * ratio)),
            "width": max(1, round(width * ratio)),
            "channels": 1 if grey else 3,
        }
        sized = self.model_copy(update=shape)
        pixels = np.stack([sized.encode(value) for value in some]).astype(np.float64)
        spread = np.maximum(pixels.std((0, 2, 3)), 1.0)  # a grey level at least: blank pictures must not divide by 0
        return sized.model_copy(
            update={"mean": tuple(pixels.mean((0, 2, 3)).tolist()), "spread": tuple(spread.tolist())}
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return self.channels, self.height, self.width

    def encode(self, value: Any) -> NDArray[Any]:
        picture = opened(value).convert("L" if self.channels == 1 else "RGB")
        if picture.size != (self.width, self.height):
            picture = picture.resize((self.width, self.height), Pillow.Resampling.BILINEAR, reducing_gap=2.0)
        pixels = np.asarray(picture, np.uint8)
        return pixels[None] if self.channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        if values.dtype == np.uint8 and self.fits(values):
            planes = values[..., None] if values.ndim == 3 else values
            return Dense(np.ascontiguousarray(planes.transpose(0, 3, 1, 2)))
        encoded = np.empty((len(values), *self.shape), np.uint8)
        with ThreadPoolExecutor(DECODERS) as pool:
            for index, pixels in enumerate(pool.map(self.encode, values)):
                encoded[index] = pixels
        return Dense(encoded)

    def fits(self, values: NDArray[Any]) -> bool:
        """Whether an array of pictures [N, H, W] or [N, H, W, C] needs no change but its layout."""
        channels = values.shape[3] if values.ndim == 4 else 1
        return values.shape[1:3] == (self.height, self.width) and channels == self.channels

    def decode(self, encoded: Any) -> Any:
        """Rows of pixels: [H][W] grey or [H][W][3]."""
        pixels = np.asarray(encoded).round().clip(0, 255).astype(np.uint8)
        return (pixels[0] if self.channels == 1 else pixels.transpose(1, 2, 0)).tolist()

    def show(self, value: Any) -> str:
        picture = opened(value)
        picture.thumbnail((160, 160))
        packed = io.BytesIO()
        picture.convert("RGB").save(packed, "PNG")
        coded = base64.b64encode(packed.getvalue()).decode()
        return f'<img alt="" width="{picture.width}" height="{picture.height}" src="data:image/png;base64,{coded}">'


def opened(value: Any) -> Pillow.Image:
    """A picture from a path, the bytes of a file, an array [H, W], [H, W, 1] or [H, W, 3], or rows of pixels.

    Raises:
        Fault: it is no picture, or a damaged one.
    """
    if not isinstance(value, str | bytes):
        pixels = np.asarray(value, np.uint8)
        return Pillow.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels)
    name = value if isinstance(value, str) else "a picture in the table"
    try:
        with Pillow.open(io.BytesIO(value) if isinstance(value, bytes) else value) as file:
            file.load()
            return upright(file)
    except (OSError, SyntaxError, ValueError, Pillow.DecompressionBombError) as error:
        raise Fault(f"{name} cannot be read as a picture ({error})", "replace it or take it out") from None


def upright(picture: Pillow.Image) -> Pillow.Image:
    """Turned as the camera was held; 16-bit scans are stretched from their own range to 8 bits, as viewers do."""
    if picture.mode in ("I;16", "I", "F"):
        depth = np.asarray(picture, np.float64)
        picture = Pillow.fromarray(((depth - depth.min()) / max(1.0, float(np.ptp(depth))) * 255).astype(np.uint8))
    return ImageOps.exif_transpose(picture)


def is_grey(picture: Pillow.Image) -> bool:
    """Whether colour says nothing: one channel, or three equal ones (saved as colour by habit)."""
    if picture.mode in ("L", "1", "LA", "I;16"):
        return True
    red, green, blue = np.asarray(picture.convert("RGB"), np.int16).transpose(2, 0, 1)
    return bool(np.abs(red - green).max() <= 2 and np.abs(green - blue).max() <= 2)


def fitting(longest: int) -> int:
    """The size to keep pictures at, for the longest side of the middle picture."""
    return longest if longest <= NATIVE else max([LADDER[0], *(side for side in LADDER if side <= longest)])
