"""Plain recurrent net: reads a sequence step by step, carrying one state; short memory, quick."""

from functools import partial
from typing import ClassVar, Literal

from torch import nn

from brainwright.models.backbone import Backbone, Stage
from brainwright.models.causal import Causal
from brainwright.models.features import Form, Shape
from brainwright.models.pooling import Pool, pooled
from brainwright.models.recurrent import CausalRecurrent, Layout, Recurrent


class Rnn(Backbone):
    """Recurrent net (Elman 1990)."""

    takes: ClassVar[Form] = "sequence"
    activation: Literal["tanh", "relu"] = "tanh"
    """What bends the state from step to step."""
    bidirectional: bool = False
    """Half of each layer's width reads the sequence from its end."""
    pool: Pool = "none"
    """One vector from all steps: the last, the largest numbers, or a learned weighting; none leaves a mean."""

    def build(self, given: Shape) -> Stage:
        layout = Layout(self.width, self.depth, self.bidirectional, self.dropout)
        cell = partial(nn.RNN, nonlinearity=self.activation)
        return pooled(Recurrent(given, layout, cell), self.pool, self.bidirectional)

    def causal(self, given: int, source: int = 0) -> Causal:
        cell = partial(nn.RNN, nonlinearity=self.activation)
        return CausalRecurrent(given, Layout(self.width, self.depth, False, self.dropout), cell, source)
