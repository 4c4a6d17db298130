"""A scan or picture whose every place is to be named: laid on one canvas, brought to one scale of brightness."""

from itertools import product
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.pieces import in_pieces
from brainwright.data.scans import ROOM, Canvas, canvas_for, is_volume, on_canvas, scan_of
from brainwright.data.slices import slices_shown
from brainwright.data.units import Units

SAMPLE = 60  # scans whose brightness is looked at
DARK = -200.0  # Hounsfield units: the darkest hundredth of a computed tomogram is air, far below any other scan
AT_ONCE = 4  # scans a thread takes at a time
BLOCKS = 4  # each way, that a volume is cut into to be explained; twice as many for a picture
SHOWN = (0.01, 0.99)  # share of the brightnesses of a drawn scan that are told apart
KEPT = (0.005, 0.995)  # share of the brightnesses of a computed tomogram that are told apart (Isensee et al. 2021)


class Volume(DenseField):
    """Float16 [B, C, D, H, W]; a picture has D = 1. Each scan is brought to mean 0 and deviation 1 by itself, but for
    computed tomograms, whose numbers mean the same in all.
    """

    averages: ClassVar[bool] = True
    room: int = ROOM
    """Places of the canvas of volumes, at most."""
    sides: tuple[int, ...] = ()
    """Of the canvas."""
    spacing: tuple[float, ...] = ()
    """Millimetres between places of the canvas."""
    coarser: float = 1.0
    """How many times further apart these are than the voxels of the middle scan."""
    channels: int = 0
    absolute: bool = False
    """Numbers mean the same in every scan (Hounsfield units)."""
    low: float = 0.0
    high: float = 0.0
    mean: float = 0.0
    spread: float = 1.0
    """Of absolute numbers, in training."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        canvas = canvas_for(values, self.room)
        some = [scan_of(value).values for value in values[:: max(1, len(values) // SAMPLE)][:SAMPLE]]
        seen = np.concatenate([one.ravel()[:: max(1, one.size // 20_000)] for one in some])
        low, high = np.quantile(seen, KEPT)
        kept = seen.clip(low, high)
        learned = {
            "sides": canvas.sides,
            "spacing": canvas.spacing,
            "coarser": canvas.coarser,
            "channels": max(len(one) for one in some),
            "absolute": bool(np.quantile(seen, 0.01) < DARK) and is_volume(values[0]),
            "low": float(low),
            "high": float(high),
            "mean": float(kept.mean()),
            "spread": float(kept.std()) or 1.0,
        }
        return self.model_copy(update=learned)

    @property
    def canvas(self) -> Canvas:
        """What scans are laid on."""
        return Canvas((self.sides[0], self.sides[1], self.sides[2]), self.spacing)

    def encode(self, value: Any) -> NDArray[np.float16]:
        laid = on_canvas(scan_of(value), self.canvas)
        if len(laid) != self.channels:
            laid = laid.mean(0, keepdim=True).expand(self.channels, *laid.shape[1:])
        if self.absolute:
            laid = (laid.clamp(self.low, self.high) - self.mean) / self.spread
        else:
            laid = (laid - laid.mean()) / laid.std().clamp(min=1e-6)
        room = [side - own for side, own in zip(self.sides, laid.shape[1:], strict=True)]
        padded: NDArray[np.float16] = F.pad(laid, (0, room[2], 0, room[1], 0, room[0])).half().numpy()
        return padded

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        return Dense(np.concatenate(list(in_pieces(self.stacked, values, AT_ONCE))))

    def stacked(self, values: NDArray[Any]) -> NDArray[np.float16]:
        """Some scans [M, C, D, H, W]."""
        return np.stack([self.encode(value) for value in values])

    def decode(self, encoded: Any) -> Any:
        """A picture [height][width], 0 to 255, or the middle slices of a volume's layers: all that a page can hold."""
        sheet = self.sheet(np.asarray(encoded, np.float32).mean(0), 0.0)
        low, high = np.quantile(sheet, SHOWN)
        return ((sheet - low) / max(1e-6, high - low) * 255).clip(0, 255).astype(np.uint8).tolist()

    def sheet(self, places: NDArray[Any], nothing: float) -> NDArray[Any]:
        """What lies at the places [D, H, W] of a picture, or of one slice of each layer of blocks of a volume, two side
        by side, the lowest first; each slice with left at the left, front above.
        """
        if self.sides[0] == 1:
            flat: NDArray[Any] = places[0]
            return flat
        layers = min(BLOCKS, self.sides[2])
        middles = [self.sides[2] * (2 * layer + 1) // (2 * layers) for layer in range(layers)]
        slices = [np.pad(places[:, ::-1, one].T, 1, constant_values=nothing) for one in middles]
        slices += [np.full_like(slices[0], nothing)] * (-layers % 2)
        found: NDArray[Any] = np.concatenate([np.concatenate(slices[at : at + 2], 1) for at in range(0, layers, 2)])
        return found

    def show(self, value: Any) -> str:
        return slices_shown(scan_of(value).values)

    def units(self, given: Tensor, value: Any) -> Units:
        """Blocks: four each way, or eight each way of a picture; told as the slices of `decode` show them."""
        blocks = [1, 2 * BLOCKS, 2 * BLOCKS] if self.sides[0] == 1 else [BLOCKS] * 3
        blocks = [min(count, side) for count, side in zip(blocks, self.sides, strict=True)]
        places = [np.arange(side) * count // side for side, count in zip(self.sides, blocks, strict=True)]
        owner = (places[0][:, None, None] * blocks[1] + places[1][:, None]) * blocks[2] + places[2]
        every = product(*map(range, blocks))
        if self.sides[0] == 1:
            names = [f"row {down + 1}, column {across + 1}" for _, down, across in every]
        else:
            names = [
                f"slice {layer + 1} from below, row {blocks[1] - back}, column {left + 1}"
                for left, back, layer in every
            ]  # rows are counted from the front
        return Units("cells", owner, tuple(names), self.sheet(owner, -1))

    def striking(self, given: Tensor) -> Tensor:
        """How far each place is from the scan's mean [B, D, H, W]."""
        return given.float().abs().mean(1)

    def blank(self, given: Tensor, others: Tensor) -> Tensor:
        return others.float().mean(0, keepdim=True).expand(given.shape).to(torch.float32)
