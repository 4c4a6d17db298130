"""A picture, or several that follow one another: decoded once to one size, 8 bits a channel."""

import base64
import io
from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import __version__
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Unreadable, Values
from brainwright.data.pictures import is_grey, opened, sides
from brainwright.data.pieces import in_pieces
from brainwright.data.units import CELLS, Units

NATIVE = 64  # up to here a picture is kept as it is; above, reduced to one of LADDER (quality.md, R12)
LADDER = (96, 128, 160, 224)
SAMPLE = 200  # pictures looked at to learn size and channels
AT_ONCE = 16  # pictures that a thread takes at a time
GAP = 2  # a picture is first reduced by a whole factor to no less than so many times its last size (as Pillow advises)
EDGES = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))  # Sobel and Feldman 1968, across
GREY = 114  # where a letterboxed picture has nothing (as YOLO does since its fifth version)
T = TypeVar("T")


class Image(DenseField):
    """uint8 [B, frames * channels, height, width]; nets scale by `mean` and `spread` themselves, so they take raw
    pictures. A value of several frames is an array of so many pictures, the oldest first.
    """

    averages: ClassVar[bool] = True
    size: int = 0
    """Longest side to reduce to; 0 = as usual."""
    usual: int = 0
    """Longest side where none is asked for, as of the pictures that given weights saw; 0 = learned from the data."""
    least: int = 0
    """Longest side that smaller pictures are enlarged to."""
    letterbox: bool = False
    """Pictures keep their proportions: each is made to just fit, from the upper left, and the rest is filled grey."""
    frames: int = 1
    """Pictures in a value."""
    multiple: int = 1
    """Of which height and width are multiples, where pictures are letterboxed."""
    height: int = 0
    width: int = 0
    channels: int = 0
    mean: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    """Mean and standard deviation of each channel in training, on the 0-255 scale."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        some = (values if self.frames == 1 else values[:, -1])[:: max(1, len(values) // SAMPLE)][:SAMPLE]
        heights, widths, greys = zip(*readable(looked, some), strict=True)
        height, width = int(np.median(heights)), int(np.median(widths))
        longest = self.size or self.usual or fitting(max(height, width))
        ratio = max(min(1.0, longest / max(height, width)), self.least / max(height, width))
        shape = {
            "height": self.whole(height * ratio),
            "width": self.whole(width * ratio),
            "channels": self.channels or (1 if all(greys) else 3),
        }
        sized = self.model_copy(update=shape)
        if self.mean:  # known already, such as those of the pictures that given weights were learned from
            return sized
        mean, square = np.mean(readable(sized.moments, some), 0)
        spread = np.sqrt(np.maximum(square - mean**2, 1.0))  # a grey level at least: some are blank
        return sized.model_copy(update={"mean": tuple(mean.tolist()), "spread": tuple(spread.tolist())})

    def whole(self, side: float) -> int:
        """A side in whole pixels, enough for the picture."""
        return -(-max(1, round(side)) // self.multiple) * self.multiple if self.letterbox else max(1, round(side))

    def moments(self, value: Any) -> NDArray[np.float64]:
        """The mean of a picture's pixels and that of their squares, for each channel [2, C]."""
        pixels = self.alone(value).astype(np.float64)
        return np.stack([pixels.mean((1, 2)), np.square(pixels).mean((1, 2))])

    @property
    def recipe(self) -> str:
        how = "letterboxed" if self.letterbox else "bilinear"
        return f"{self.word()} {self.shape}, {how}, decoded by Pillow {__version__}"

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels of all frames, height, width."""
        return self.frames * self.channels, self.height, self.width

    def encode(self, value: Any) -> NDArray[Any]:
        return self.alone(value) if self.frames == 1 else np.concatenate([self.alone(one) for one in value])

    def alone(self, value: Any) -> NDArray[np.uint8]:
        """One picture [channels, height, width]."""
        picture = opened(value, GAP * max(self.height, self.width)).convert("L" if self.channels == 1 else "RGB")
        if picture.size != (self.width, self.height):
            picture = self.boxed(picture) if self.letterbox else resized(picture, (self.width, self.height))
        pixels = np.asarray(picture, np.uint8)
        return pixels[None] if self.channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))

    def boxed(self, picture: Pillow.Image) -> Pillow.Image:
        """Made to just fit into height and width, at their upper left."""
        ratio = min(self.height / picture.height, self.width / picture.width)
        canvas = Pillow.new(picture.mode, (self.width, self.height), GREY if self.channels == 1 else (GREY,) * 3)
        size = (max(1, round(picture.width * ratio)), max(1, round(picture.height * ratio)))
        canvas.paste(picture if size == picture.size else resized(picture, size))
        return canvas

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        if values.dtype == np.uint8 and self.frames == 1 and self.fits(values):
            planes = values[..., None] if values.ndim == 3 else values
            return Dense(np.ascontiguousarray(planes.transpose(0, 3, 1, 2)))
        return Dense(np.concatenate(list(in_pieces(self.stacked, values, AT_ONCE))))

    def stacked(self, values: NDArray[Any]) -> NDArray[np.uint8]:
        """Some pictures, encoded one by one [M, channels, height, width]."""
        return np.stack([self.encode(value) for value in values])

    def fits(self, values: NDArray[Any]) -> bool:
        """Whether an array of pictures [N, H, W] or [N, H, W, C] needs no change but its layout."""
        channels = values.shape[3] if values.ndim == 4 else 1
        return values.shape[1:3] == (self.height, self.width) and channels == self.channels

    def decode(self, encoded: Any) -> Any:
        """Rows of pixels: [H][W] grey or [H][W][3]; of several frames the last one."""
        pixels = np.asarray(encoded)[-self.channels :].round().clip(0, 255).astype(np.uint8)
        return (pixels[0] if self.channels == 1 else pixels.transpose(1, 2, 0)).tolist()

    def show(self, value: Any) -> str:
        return drawn(value) if self.frames == 1 else "".join(map(drawn, value))

    def units(self, given: Tensor, value: Any) -> Units:
        """Square cells of the picture: pixels up to 16 a side."""
        side = -(-max(self.height, self.width) // CELLS)
        down, across = np.arange(self.height) // side, np.arange(self.width) // side
        rows, columns = down[-1] + 1, across[-1] + 1
        names = [f"row {row + 1}, column {column + 1}" for row in range(rows) for column in range(columns)]
        return Units("cells", down[:, None] * columns + across, tuple(names))

    def striking(self, given: Tensor) -> Tensor:
        """Edges: the slope of the mean of the channels [B, H, W]."""
        grey = F.pad(given.float().mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
        across = torch.tensor(EDGES, device=given.device)
        slopes = F.conv2d(grey, torch.stack([across, across.T])[:, None])
        return slopes.square().sum(1).sqrt()


def drawn(value: Any) -> str:
    """A picture as HTML."""
    picture = opened(value)
    picture.thumbnail((160, 160))
    packed = io.BytesIO()
    picture.convert("RGB").save(packed, "PNG")
    coded = base64.b64encode(packed.getvalue()).decode()
    return f'<img alt="" width="{picture.width}" height="{picture.height}" src="data:image/png;base64,{coded}">'


def resized(picture: Pillow.Image, size: tuple[int, int]) -> Pillow.Image:
    """Width and height changed, in two steps where much smaller."""
    return picture.resize(size, Pillow.Resampling.BILINEAR, reducing_gap=GAP)


def looked(value: Any) -> tuple[int, int, bool]:
    """Height, width, and whether the picture is grey."""
    return *sides(value), is_grey(opened(value, LADDER[-1]))


def readable(work: Callable[[Any], T], values: NDArray[Any]) -> list[T]:
    """What `work` finds in each picture; damaged ones are passed over, for all are named when all are encoded.

    Raises:
        Unreadable: not one can be read.
    """

    def found(piece: NDArray[Any]) -> list[T | Unreadable]:
        return [tried(work, value) for value in piece]

    every = [one for piece in in_pieces(found, values, AT_ONCE) for one in piece]
    good = [one for one in every if not isinstance(one, Unreadable)]
    for one in every:
        if isinstance(one, Unreadable) and not good:
            raise one
    return good


def tried(work: Callable[[Any], T], value: Any) -> T | Unreadable:
    """What `work` finds, or why it cannot."""
    try:
        return work(value)
    except Unreadable as fault:
        return fault


def fitting(longest: int) -> int:
    """The size to keep pictures at, for the longest side of the middle picture."""
    return longest if longest <= NATIVE else max([LADDER[0], *(side for side in LADDER if side <= longest)])
