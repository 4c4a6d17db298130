"""The stem of a row: each number, class and part of a date becomes a token, whatever its units and its gaps."""

import torch
from torch import Tensor, nn

from brainwright.data.fields.row import UNKNOWN, Place, Row
from brainwright.data.units import Between
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape

HIDDEN = 0.01  # share of classes shown as unknown while learning, so that the net knows what to do with a new one
WIDEST, NARROWEST = 16, 2  # numbers a token (8 and 16 did alike)
NUMBERS = 1024  # in all tokens together: tables of more than 64 columns get narrower tokens
PIECES, FEWEST = 12_288, 4  # in all columns together: tables of more than 256 numbers are cut into fewer


class RowStem(Stage):
    """float [B, places], NaN where missing -> sequence [B, columns, 16], narrower for wide tables.

    A number is told by its rank in training plus a straight line in each of its 48 pieces (piecewise-linear encoding,
    Gorishniy et al. 2022); a class by a vector of its own. What never changed in training is left out.
    """

    def __init__(self, field: Row) -> None:
        numbers = [place for place in field.places if len(place.spread.edges) > 1]
        classes = [place for place in field.places if place.classes]
        count = len(numbers) + len(classes)
        width = min(max(NUMBERS // max(1, count), NARROWEST), WIDEST)
        super().__init__(Shape("sequence", width, (count,)))
        self.numbers, self.classes = NumberTokens(numbers, width), ClassTokens(classes, width)

    def forward(self, row: Tensor | Between[Tensor]) -> Features:
        if isinstance(row, Between):
            shown = row.shown[:, torch.cat([self.numbers.at, self.classes.at])]
            return Features(row.blend(self.tokens(row.values), self.tokens(row.instead), shown))
        return Features(self.tokens(row))

    def tokens(self, row: Tensor) -> Tensor:
        """[B, places] -> [B, columns, width]."""
        return torch.cat([self.numbers(row), self.classes(row)], 1)


class NumberTokens(nn.Module):
    """float [B, places] -> [B, C, width]."""

    at: Tensor
    start: Tensor
    span: Tensor
    rise: Tensor
    level: Tensor

    def __init__(self, places: list[Place], width: int) -> None:
        super().__init__()
        most = max(PIECES // max(1, len(places)), FEWEST)
        cuts = [thinned(place, most) for place in places]
        pieces = max((edges.shape[1] - 1 for edges in cuts), default=1)
        start, span, rise = (torch.zeros(len(places), pieces, dtype=torch.float64) for _ in range(3))
        span += torch.inf  # a piece that a column does not have stays empty
        for row, (edges, levels) in enumerate(cuts):
            count = len(edges) - 1
            start[row, :count], span[row, :count], rise[row, :count] = edges[:-1], edges.diff(), levels.diff()
        self.register_buffer("at", torch.tensor([place.at for place in places], dtype=torch.int64))
        self.register_buffer("start", start.float())
        self.register_buffer("span", span.float())
        self.register_buffer("rise", rise.float())
        self.register_buffer("level", torch.tensor([place.spread.levels[0] for place in places]))
        self.line = nn.Parameter(torch.empty(len(places), width).uniform_(-1, 1))
        self.offset = nn.Parameter(torch.empty(len(places), width).uniform_(-1, 1))
        self.gap = nn.Parameter(torch.zeros(len(places), width))
        self.bend = nn.Parameter(torch.zeros(len(places), pieces, width))

    def forward(self, row: Tensor) -> Tensor:
        value = row[:, self.at]
        missing = value.isnan()
        share = ((value[..., None] - self.start) / self.span).nan_to_num(0.0).clamp(0, 1)  # [B, C, pieces]
        rank = ((share * self.rise).sum(2) + self.level - 0.5) * 12**0.5  # uniform: deviation about 1
        share, rank = share.masked_fill(missing[..., None], 0), rank.masked_fill(missing, 0)
        bent = torch.einsum("bcp,cpw->bcw", share, self.bend)
        return bent + rank[..., None] * self.line + self.offset + missing[..., None] * self.gap


class ClassTokens(nn.Module):
    """float [B, places] -> [B, C, width]: the vector of each code; missing has its own where training showed it."""

    at: Tensor
    first: Tensor
    absent: Tensor

    def __init__(self, places: list[Place], width: int) -> None:
        super().__init__()
        sizes = [place.classes + 2 for place in places]  # unknown, the classes, missing
        absent = [place.classes + 1 if place.column.missing else UNKNOWN for place in places]
        self.register_buffer("at", torch.tensor([place.at for place in places], dtype=torch.int64))
        self.register_buffer("first", torch.tensor([0, *sizes], dtype=torch.int64).cumsum(0)[:-1])
        self.register_buffer("absent", torch.tensor(absent, dtype=torch.int64))
        self.vectors = nn.Parameter(torch.randn(max(1, sum(sizes)), width))

    def forward(self, row: Tensor) -> Tensor:
        value = row[:, self.at]
        codes = torch.where(value.isnan(), self.absent, value.nan_to_num(0).long())
        if self.training:
            codes = codes.masked_fill(torch.rand(codes.shape, device=codes.device) < HIDDEN, UNKNOWN)
        return nn.functional.embedding(codes + self.first, self.vectors)


def thinned(place: Place, most: int) -> Tensor:
    """Edges and ranks of at most so many pieces, the outermost always among them: [2, pieces + 1] float64."""
    both = torch.tensor([place.spread.edges, place.spread.levels], dtype=torch.float64)
    if both.shape[1] - 1 <= most:
        return both
    return both[:, torch.linspace(0, both.shape[1] - 1, most + 1).round().long()]
