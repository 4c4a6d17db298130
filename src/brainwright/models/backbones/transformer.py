"""Transformer: every step looks at every other step, with learned weights."""

from typing import ClassVar

import torch
from pydantic import Field as Option
from torch import nn

from brainwright.models.attention import Block, CausalTransformer, Heads
from brainwright.models.backbone import Backbone, Stage
from brainwright.models.causal import Causal, Look
from brainwright.models.features import Features, Form, Shape
from brainwright.models.pooling import Pool, pooled


class Transformer(Backbone):
    """Encoder (Vaswani et al. 2017): pre-norm (Xiong et al. 2020), rotary places (Su et al. 2021), and queries and
    keys of unit scale (Henry et al. 2020).
    """

    takes: ClassVar[Form] = "sequence"
    heads: int = Option(4, ge=1)
    """Looks that each step takes at the others, each in its own subspace."""
    onward: bool = False
    """Each step looks at itself and at those before it alone, as in a net that writes."""
    pool: Pool = "none"
    """One vector from all steps: the last, the largest numbers, or a learned weighting; none leaves a mean."""

    def build(self, given: Shape) -> Stage:
        return pooled(Encoder(given, self.width, self.blocks(), self.onward), self.pool)

    def causal(self, given: int, source: int = 0) -> Causal:
        count = self.depth if source else 0
        looks = [Look(self.width, source, self.heads, self.dropout) for _ in range(count)]
        return CausalTransformer(given, self.blocks(), looks, self.width)

    def blocks(self) -> list[Block]:
        """As many as the net is deep."""
        return [Block(Heads(self.width, self.heads, self.dropout, self.activation)) for _ in range(self.depth)]


class Encoder(Stage):
    """Sequence [B, T, given] -> sequence [B, T, width]. Steps of a fixed count also get a learned place each.

    `onward` it is the net that writes, step for step and by the same names: padding stands at the end, where no real
    step looks.
    """

    def __init__(self, given: Shape, width: int, blocks: list["Block"], onward: bool) -> None:
        super().__init__(Shape("sequence", width, given.sides))
        self.onward = onward
        self.enter = nn.Identity() if onward and given.width == width else nn.Linear(given.width, width)
        self.place = nn.Parameter(torch.zeros(*given.sides, width)) if given.sides else None
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)

    def forward(self, given: Features) -> Features:
        values = self.enter(given.values)
        if self.place is not None:
            values = values + self.place
        seen = None if given.mask is None else given.mask[:, None, None]  # [B, 1, 1, T]: keys that may be looked at
        if self.onward:
            seen = torch.ones(values.shape[1], values.shape[1], dtype=torch.bool, device=values.device).tril()
        for block in self.blocks:
            values = block(values, seen)
        return Features(self.norm(values), given.mask)
