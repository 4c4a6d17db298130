"""The stem of a text: each token becomes a vector, learned from the token and from its beginnings and endings."""

import torch
from torch import Tensor, nn

from brainwright.data.field import Padded
from brainwright.data.fields.text import BUCKETS, Text
from brainwright.data.tokens import PADDING, UNKNOWN
from brainwright.data.units import Between
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape

START = 0.1  # deviation of the first vectors: small, so that rare words say little before they have learned


class TextStem(Stage):
    """Padded ids [B, T, C] -> sequence [B, T, width] with its mask.

    A word's vector is its own plus the mean of those of its affixes (Bojanowski et al. 2017), so that a word never
    seen still says something. In training some tokens are read as unknown, which teaches what that means
    (Iyyer et al. 2015), and some numbers are hidden.
    """

    def __init__(self, field: Text, width: int, unknown: float, hidden: float) -> None:
        super().__init__(Shape("sequence", width))
        self.tokens = table(field.size, width)
        self.affixes = table(BUCKETS, width) if field.columns > 1 else None
        self.unknown, self.dropout = unknown, nn.Dropout(hidden)

    def forward(self, given: Padded | Between[Padded]) -> Features:
        if isinstance(given, Between):
            both = given.blend(self.vectors(given.values), self.vectors(given.instead), given.shown)
            return Features(self.dropout(both), given.values.mask)
        return Features(self.dropout(self.vectors(given)), given.mask)

    def vectors(self, given: Padded) -> Tensor:
        """[B, T, C] -> [B, T, width]."""
        mask, ids = given.mask, given.values[..., 0]
        if self.training and self.unknown:
            ids = torch.where(mask & (torch.rand(ids.shape, device=ids.device) < self.unknown), UNKNOWN, ids)
        values: Tensor = self.tokens(ids)
        return values if self.affixes is None else values + self.mean_of(given.values[..., 1:])

    def mean_of(self, parts: Tensor) -> Tensor:
        """The mean vector of the affixes that a word has: [B, T, C - 1] -> [B, T, width]."""
        assert self.affixes is not None
        count = (parts != PADDING).sum(-1, keepdim=True).clamp(min=1)
        mean: Tensor = self.affixes(parts).sum(-2) / count
        return mean


def table(size: int, width: int) -> nn.Embedding:
    """Vectors to be learned, small at first; that of padding is and stays zero."""
    vectors = nn.Embedding(size, width, padding_idx=PADDING)
    nn.init.normal_(vectors.weight, std=START)
    nn.init.zeros_(vectors.weight.data[PADDING])
    return vectors
