"""Gated recurrent unit: reads a sequence step by step, as an lstm with fewer gates."""

from typing import ClassVar, Literal

from torch import nn

from brainwright.models.backbone import Backbone, Stage
from brainwright.models.causal import Causal
from brainwright.models.features import Form, Shape
from brainwright.models.pooling import Pool, pooled
from brainwright.models.recurrent import CausalRecurrent, Layout, Recurrent


class Gru(Backbone):
    """GRU (Cho et al. 2014)."""

    takes: ClassVar[Form] = "sequence"
    activation: Literal["tanh"] = "tanh"
    """Fixed by the cell."""
    bidirectional: bool = False
    """Half of each layer's width reads the sequence from its end."""
    pool: Pool = "none"
    """One vector from all steps: the last, the largest numbers, or a learned weighting; none leaves a mean."""

    def build(self, given: Shape) -> Stage:
        layout = Layout(self.width, self.depth, self.bidirectional, self.dropout)
        return pooled(Recurrent(given, layout, nn.GRU), self.pool, self.bidirectional)

    def causal(self, given: int, source: int = 0) -> Causal:
        return CausalRecurrent(given, Layout(self.width, self.depth, False, self.dropout), nn.GRU, source)
