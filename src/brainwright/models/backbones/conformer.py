"""Conformer: every moment looks at all others and at its neighbours; for speech."""

from typing import ClassVar

from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.attention import rotated
from brainwright.models.backbone import ACTIVATIONS, Activation, Backbone, Stage
from brainwright.models.features import Features, Form, Shape
from brainwright.models.pooling import Pool, pooled

EXPANSION = 4  # hidden numbers between the two layers of a half step, per number of width


class Conformer(Backbone):
    """Gulati et al. 2020: half a feed-forward step, attention with rotary places, a convolution along time, half again.

    The convolution is normed moment by moment, not over the batch, so that padding and company change nothing.
    """

    takes: ClassVar[Form] = "sequence"
    width: int = Option(144, ge=2)
    """Numbers in each layer."""
    depth: int = Option(4, ge=1)
    """Blocks, one after the other."""
    heads: int = Option(4, ge=1)
    """Looks that each step takes at the others, each in its own subspace."""
    kernel: int = Option(15, ge=3)
    """Neighbouring steps that a convolution sees; made odd."""
    activation: Activation = "silu"
    """What bends the lines between layers."""
    pool: Pool = "none"
    """One vector from all steps: the last, the largest numbers, or a learned weighting; none leaves a mean."""

    def build(self, given: Shape) -> Stage:
        return pooled(Blocks(given, self), self.pool)


class Blocks(Stage):
    """Sequence [B, T, given] -> sequence [B, T, width]."""

    def __init__(self, given: Shape, options: Conformer) -> None:
        super().__init__(Shape("sequence", options.width, given.sides))
        self.enter = nn.Linear(given.width, options.width)
        self.dropout = nn.Dropout(options.dropout)
        self.blocks = nn.ModuleList(Block(options) for _ in range(options.depth))

    def forward(self, given: Features) -> Features:
        values = self.dropout(self.enter(given.values))
        for block in self.blocks:
            values = block(values, given.mask)
        return Features(values, given.mask)


class Block(nn.Module):
    """Four steps, each added to what came in; and a norm."""

    def __init__(self, options: Conformer) -> None:
        super().__init__()
        self.before, self.after = half_step(options), half_step(options)
        self.attention, self.convolution = Attention(options), Convolution(options)
        self.norm = nn.LayerNorm(options.width)

    def forward(self, values: Tensor, mask: Tensor | None) -> Tensor:
        values = values + self.before(values) / 2
        values = values + self.attention(values, None if mask is None else mask[:, None, None])
        values = values + self.convolution(values, mask)
        out: Tensor = self.norm(values + self.after(values) / 2)
        return out


def half_step(options: Conformer) -> nn.Sequential:
    """Each step for itself, [B, T, width]."""
    return nn.Sequential(
        nn.LayerNorm(options.width),
        nn.Linear(options.width, EXPANSION * options.width),
        ACTIVATIONS[options.activation](),
        nn.Linear(EXPANSION * options.width, options.width),
        nn.Dropout(options.dropout),
    )


class Attention(nn.Module):
    """Every step looks at every real one, [B, T, width]."""

    def __init__(self, options: Conformer) -> None:
        super().__init__()
        width, self.heads = options.width, options.heads
        self.head = 2 * -(-width // (2 * self.heads))  # numbers in a head: even, for rotary pairs
        self.norm = nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * self.heads * self.head)
        self.answer = nn.Linear(self.heads * self.head, width)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, values: Tensor, seen: Tensor | None) -> Tensor:
        batch, length, _ = values.shape
        asked = self.ask(self.norm(values)).view(batch, length, 3, self.heads, self.head)
        query, key, value = asked.permute(2, 0, 3, 1, 4)  # [B, heads, T, head] each
        found = F.scaled_dot_product_attention(rotated(query), rotated(key), value, attn_mask=seen)
        answer: Tensor = self.dropout(self.answer(found.transpose(1, 2).reshape(batch, length, -1)))
        return answer


class Convolution(nn.Module):
    """Gate, a filter along time for each number, norm, bend, [B, T, width]; nothing is heard beyond the end."""

    def __init__(self, options: Conformer) -> None:
        super().__init__()
        width, reach = options.width, options.kernel // 2
        self.norm = nn.LayerNorm(width)
        self.enter = nn.Linear(width, 2 * width)
        self.filters = nn.Conv1d(width, width, 2 * reach + 1, padding=reach, groups=width)
        self.inner = nn.LayerNorm(width)
        self.act = ACTIVATIONS[options.activation]()
        self.leave = nn.Linear(width, width)
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, values: Tensor, mask: Tensor | None) -> Tensor:
        gated = F.glu(self.enter(self.norm(values)), 2)
        if mask is not None:
            gated = gated * mask[..., None].to(gated.dtype)
        along = self.filters(gated.transpose(1, 2)).transpose(1, 2)
        left: Tensor = self.dropout(self.leave(self.act(self.inner(along))))
        return left
