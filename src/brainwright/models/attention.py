"""Attention: the block that transformers are built of, whether they read a whole sequence or write one step by step."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.backbone import ACTIVATIONS, Activation
from brainwright.models.causal import EMPTY, NOTHING, Causal, Look, Memory, Offer

SLOWEST = 10_000.0  # steps per radian of the slowest pair of numbers (Su et al. 2021)
EXPANSION = 4  # hidden numbers between the two layers of a block, per number of width (Vaswani et al. 2017)


@dataclass(frozen=True)
class Heads:
    """How a block is made: numbers per step, looks in subspaces of their own, what is hidden, what bends the mixer."""

    width: int
    heads: int
    dropout: float
    activation: Activation

    @property
    def each(self) -> int:
        """Numbers in a head: even, for rotary pairs."""
        return 2 * -(-self.width // (2 * self.heads))


class Mixer(nn.Sequential):
    """The second half of a block: each step for itself, [B, T, width]; its last layer starts at zero."""

    def __init__(self, form: Heads) -> None:
        last = nn.Linear(EXPANSION * form.width, form.width)
        nn.init.zeros_(last.weight)
        super().__init__(
            nn.LayerNorm(form.width),
            nn.Linear(form.width, EXPANSION * form.width),
            ACTIVATIONS[form.activation](),
            nn.Dropout(form.dropout),
            last,
            nn.Dropout(form.dropout),
        )


class Block(nn.Module):
    """Attention, then the mixer, each added to what came in; both start by adding nothing."""

    def __init__(self, form: Heads) -> None:
        super().__init__()
        self.heads, self.head = form.heads, form.each
        self.norm = nn.LayerNorm(form.width)
        self.ask = nn.Linear(form.width, 3 * self.heads * self.head, bias=False)  # queries, keys and values
        self.sharpness = nn.Parameter(torch.ones(self.heads, 1, 1))
        self.answer = nn.Linear(self.heads * self.head, form.width)
        nn.init.zeros_(self.answer.weight)
        self.dropout = nn.Dropout(form.dropout)
        self.mixer = Mixer(form)

    def asked(self, values: Tensor, start: int = 0) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values [B, heads, T, head] of steps [B, T, width] that are counted from `start`."""
        batch, length, _ = values.shape
        asked = self.ask(self.norm(values)).view(batch, length, 3, self.heads, self.head)
        query, key, value = asked.permute(2, 0, 3, 1, 4)
        query, key = (rotated(F.rms_norm(one, (self.head,), eps=1e-6), start) for one in (query, key))
        return query * self.sharpness, key, value

    def told(self, values: Tensor, found: Tensor) -> Tensor:
        """Steps [B, T, width] with what their looks [B, heads, T, head] found."""
        batch, length, _ = values.shape
        told: Tensor = values + self.dropout(self.answer(found.transpose(1, 2).reshape(batch, length, -1)))
        return told

    def forward(self, values: Tensor, seen: Tensor | None) -> Tensor:
        """`seen` [B, 1, 1, T] or [T, T]: steps that may be looked at."""
        values = self.told(values, F.scaled_dot_product_attention(*self.asked(values), attn_mask=seen))
        mixed: Tensor = values + self.mixer(values)
        return mixed


class CausalTransformer(Causal):
    """Blocks whose steps look at themselves and at those before, and then at the source."""

    def __init__(self, given: int, blocks: Sequence[Block], looks: Sequence[Look], width: int) -> None:
        super().__init__()
        self.width = width
        self.enter = nn.Linear(given, width) if given != width else nn.Identity()
        self.blocks, self.looks = nn.ModuleList(blocks), nn.ModuleList(looks)
        self.norm = nn.LayerNorm(width)

    def forward(self, values: Tensor, memory: Memory = EMPTY, offer: Offer = NOTHING) -> tuple[Tensor, Memory]:
        values = self.enter(values)
        kept: list[Tensor] = []
        length = values.shape[1]
        seen = None
        if memory.steps and length > 1:
            seen = torch.ones(length, memory.steps + length, dtype=torch.bool, device=values.device).tril(memory.steps)
        for place, block in enumerate(self.blocks):
            assert isinstance(block, Block)
            query, key, value = block.asked(values, memory.steps)
            if memory.steps:
                key = torch.cat([memory.kept[2 * place], key], 2)
                value = torch.cat([memory.kept[2 * place + 1], value], 2)
            kept += [key, value]
            alone = not memory.steps and length > 1
            values = block.told(values, F.scaled_dot_product_attention(query, key, value, seen, is_causal=alone))
            if self.looks:
                values = values + self.looks[place](values, offer.pairs[place], offer.mask)
            values = values + block.mixer(values)
        return self.norm(values), Memory(tuple(kept), memory.steps + length)


def rotated(values: Tensor, start: int = 0) -> Tensor:
    """Turn pairs of numbers by an angle that grows with their step, so that a product of two steps knows only their
    distance (Su et al. 2021, rotary embedding): [B, heads, T, head] -> the same; steps are counted from `start`.
    """
    length, half = values.shape[2], values.shape[3] // 2
    speed = SLOWEST ** -(torch.arange(half, device=values.device, dtype=torch.float32) / half)
    angle = torch.arange(start, start + length, device=values.device, dtype=torch.float32)[:, None] * speed
    cosine, sine = angle.cos().to(values.dtype), angle.sin().to(values.dtype)
    first, second = values[..., :half], values[..., half:]
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], -1)
