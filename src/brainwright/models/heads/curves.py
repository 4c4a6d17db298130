"""Curves: at each of some rows of a picture and for each of some lanes, in which cell of the row it lies, if any."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.backbone import Stage
from brainwright.models.features import Features

GRIDS = 3  # of the backbone's that are read, the coarsest
GROUPS = 8  # channels are normed in so many groups: pictures are few in a batch (Wu, He 2018)
START = 4.0  # logits, at most, by which a fresh net expects each lane in its own strip of the picture, left to right
RARE = -2.0  # log-odds at which a fresh net takes a lane to be there


@dataclass(frozen=True)
class Seen:
    """What a net says of lanes that may be there, from left to right."""

    where: Tensor
    """[B, S, A, K]: logits of the cell in which lane S crosses row A."""
    there: Tensor
    """[B, S, A]: log-odds that it crosses the row in the picture."""
    rows: Tensor
    """[A]: the rows, as parts of the picture's height."""


class Curves(nn.Module):
    """Cells chosen row by row with a view of the whole picture (Qin et al. 2020, Ultra Fast Lane Detection).

    Where theirs is one dense layer upon the coarsest grid, here all grids meet at the rows and cells themselves, and
    what is elsewhere in a row and above or below it is mixed in by two dense layers a block: few pictures suffice.
    """

    places: Tensor

    def __init__(self, stage: Stage, rows: tuple[float, ...], sizes: tuple[int, int, int, int]) -> None:
        """`rows`: parts of the height; `sizes`: lanes, cells of a row, channels, blocks."""
        super().__init__()
        lanes, cells, width, depth = sizes
        widths = stage.scales[-GRIDS:] or (stage.shape.width,)
        self.cells = cells
        self.register_buffer("places", torch.tensor(rows, dtype=torch.float32))
        self.sideways = nn.ModuleList(nn.Conv2d(given, width, 1) for given in widths)
        self.blocks = nn.Sequential(*(Block(width, len(rows), cells) for _ in range(depth)))
        self.norm = norm(width)
        self.where = nn.Conv2d(width, lanes, 1)
        self.felt = nn.Linear(width, width)
        self.along = nn.Linear(len(rows), len(rows))
        self.there = nn.Linear(width, 1)
        strip = (torch.arange(cells) + 0.5) / cells - (torch.arange(lanes)[:, None] + 0.5) / lanes
        far = (strip * lanes).square()
        self.start = nn.Parameter(-START * (far / (1 + far))[:, None])  # [S, 1, K]
        nn.init.zeros_(self.along.weight)
        nn.init.constant_(self.there.bias, RARE)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, given: Features) -> Seen:
        """Grids [B, C, h, w] of any sizes, or one vector [B, C]."""
        grids = given.scales[-GRIDS:] or (given.values if given.values.ndim == 4 else given.values[:, :, None, None],)
        rows = self.places.to(grids[0].dtype)
        columns = ((torch.arange(self.cells, device=rows.device) + 0.5) / self.cells).to(rows)
        values = sum(
            read(side(grid), rows, columns) for side, grid in zip(self.sideways, grids, strict=True)
        )  # [B, C, A, K]
        values = F.silu(self.norm(self.blocks(values)))
        where = self.where(values) + self.start
        felt = torch.einsum("bsak,bcak->bsac", where.softmax(-1), values)  # what is where each lane is said to be
        felt = F.silu(self.felt(felt))
        felt = felt + self.along(felt.transpose(2, 3)).transpose(2, 3)
        return Seen(where, self.there(felt)[..., 0], self.places)


class Block(nn.Module):
    """What is near, then what is anywhere in the row and in the column; starts near the identity."""

    def __init__(self, width: int, rows: int, cells: int) -> None:
        super().__init__()
        self.near = nn.Sequential(norm(width), nn.SiLU(), nn.Conv2d(width, width, 3, padding=1, bias=False))
        self.norm = norm(width)
        self.across, self.down = nn.Linear(cells, cells), nn.Linear(rows, rows)
        self.blend = nn.Conv2d(width, width, 1)

    def forward(self, values: Tensor) -> Tensor:
        values = values + self.near(values)
        given = self.norm(values)
        far: Tensor = self.blend(F.silu(self.across(given) + self.down(given.transpose(2, 3)).transpose(2, 3)))
        return values + far


def read(grid: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """A grid [B, C, h, w] at places told as parts of its sides [A], [K], straight between its own: [B, C, A, K]."""
    return torch.einsum("bchw,ah,kw->bcak", grid, weights(rows, grid.shape[2]), weights(columns, grid.shape[3]))


def weights(places: Tensor, size: int) -> Tensor:
    """How much each of `size` points counts at each place [A, size]."""
    middles = (places * size - 0.5).clamp(0, size - 1)
    return (1 - (middles[:, None] - torch.arange(size, device=places.device)).abs()).clamp(min=0).to(places)


def norm(width: int) -> nn.GroupNorm:
    """Channels normed in groups of four at least."""
    return nn.GroupNorm(max(1, min(GROUPS, width // 4)), width)
