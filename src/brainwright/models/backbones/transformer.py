"""Transformer: every step looks at every other step, with learned weights."""

from typing import ClassVar

import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.backbone import ACTIVATIONS, Backbone, Stage
from brainwright.models.features import Features, Form, Shape
from brainwright.models.pooling import Pool, pooled

SLOWEST = 10_000.0  # steps per radian of the slowest pair of numbers (Su et al. 2021)
EXPANSION = 4  # hidden numbers between the two layers of a block, per number of width (Vaswani et al. 2017)


class Transformer(Backbone):
    """Encoder (Vaswani et al. 2017): pre-norm (Xiong et al. 2020), rotary places (Su et al. 2021), and queries and
    keys of unit scale (Henry et al. 2020).
    """

    takes: ClassVar[Form] = "sequence"
    heads: int = Option(4, ge=1)
    """Looks that each step takes at the others, each in its own subspace."""
    pool: Pool = "none"
    """One vector from all steps: the last, the largest numbers, or a learned weighting; none leaves a mean."""

    def build(self, given: Shape) -> Stage:
        blocks = [Block(self) for _ in range(self.depth)]
        return pooled(Encoder(given, self.width, blocks), self.pool)


class Encoder(Stage):
    """Sequence [B, T, given] -> sequence [B, T, width]. Steps of a fixed count also get a learned place each."""

    def __init__(self, given: Shape, width: int, blocks: list["Block"]) -> None:
        super().__init__(Shape("sequence", width, given.sides))
        self.enter = nn.Linear(given.width, width)
        self.place = nn.Parameter(torch.zeros(*given.sides, width)) if given.sides else None
        self.blocks = nn.ModuleList(blocks)
        self.norm = nn.LayerNorm(width)

    def forward(self, given: Features) -> Features:
        values = self.enter(given.values)
        if self.place is not None:
            values = values + self.place
        seen = None if given.mask is None else given.mask[:, None, None]  # [B, 1, 1, T]: keys that may be looked at
        for block in self.blocks:
            values = block(values, seen)
        return Features(self.norm(values), given.mask)


class Mixer(nn.Sequential):
    """The second half of a block: each step for itself, [B, T, width]; its last layer starts at zero."""

    def __init__(self, options: Transformer) -> None:
        last = nn.Linear(EXPANSION * options.width, options.width)
        nn.init.zeros_(last.weight)
        super().__init__(
            nn.LayerNorm(options.width),
            nn.Linear(options.width, EXPANSION * options.width),
            ACTIVATIONS[options.activation](),
            nn.Dropout(options.dropout),
            last,
            nn.Dropout(options.dropout),
        )


class Block(nn.Module):
    """Attention, then the mixer, each added to what came in; both start by adding nothing."""

    def __init__(self, options: Transformer) -> None:
        super().__init__()
        width, self.heads = options.width, options.heads
        self.head = 2 * -(-width // (2 * self.heads))  # numbers in a head: even, for rotary pairs
        self.norm = nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * self.heads * self.head, bias=False)  # queries, keys and values
        self.sharpness = nn.Parameter(torch.ones(self.heads, 1, 1))
        self.answer = nn.Linear(self.heads * self.head, width)
        nn.init.zeros_(self.answer.weight)
        self.dropout = nn.Dropout(options.dropout)
        self.mixer = Mixer(options)

    def forward(self, values: Tensor, seen: Tensor | None) -> Tensor:
        batch, length, _ = values.shape
        asked = self.ask(self.norm(values)).view(batch, length, 3, self.heads, self.head)
        query, key, value = asked.permute(2, 0, 3, 1, 4)  # [B, heads, T, head] each
        query, key = (rotated(F.rms_norm(one, (self.head,), eps=1e-6)) for one in (query, key))
        found = F.scaled_dot_product_attention(query * self.sharpness, key, value, attn_mask=seen)
        values = values + self.dropout(self.answer(found.transpose(1, 2).reshape(batch, length, -1)))
        mixed: Tensor = values + self.mixer(values)
        return mixed


def rotated(values: Tensor) -> Tensor:
    """Turn pairs of numbers by an angle that grows with their step, so that a product of two steps knows only their
    distance (Su et al. 2021, rotary embedding): [B, heads, T, head] -> the same.
    """
    length, half = values.shape[2], values.shape[3] // 2
    speed = SLOWEST ** -(torch.arange(half, device=values.device, dtype=torch.float32) / half)
    angle = torch.arange(length, device=values.device, dtype=torch.float32)[:, None] * speed
    cosine, sine = angle.cos().to(values.dtype), angle.sin().to(values.dtype)
    first, second = values[..., :half], values[..., half:]
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)
