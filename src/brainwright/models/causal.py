"""Causal: a sequence from its beginning on; what a step gives hangs on the steps before it, which can be remembered."""

from abc import abstractmethod
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.features import Features


@dataclass(frozen=True)
class Memory:
    """What was read so far, as tensors [N, ...] of N sequences, and how many steps that were."""

    kept: tuple[Tensor, ...] = ()
    steps: int = 0

    def take(self, rows: Tensor) -> "Memory":
        """That of some sequences, by place [M]."""
        return replace(self, kept=tuple(one.index_select(0, rows) for one in self.kept))


EMPTY = Memory()


@dataclass(frozen=True)
class Offer:
    """A source made ready to be looked at: keys and values [B, heads, S, head] of each look, and what is real [B, S].

    Several sequences may share a source: sequence i looks at source i // (N // B).
    """

    pairs: tuple[tuple[Tensor, Tensor], ...] = ()
    mask: Tensor | None = None

    def take(self, rows: Tensor) -> "Offer":
        """That of some sources, by place [M]."""
        pairs = tuple((key.index_select(0, rows), value.index_select(0, rows)) for key, value in self.pairs)
        return Offer(pairs, None if self.mask is None else self.mask.index_select(0, rows))


NOTHING = Offer()


class Look(nn.Module):
    """Attention of the steps of one sequence to all of another's (Bahdanau et al. 2015; Vaswani et al. 2017)."""

    def __init__(self, width: int, source: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.head = heads, -(-width // heads)
        self.norm = nn.LayerNorm(width)
        self.ask = nn.Linear(width, heads * self.head, bias=False)
        self.offer = nn.Linear(source, 2 * heads * self.head, bias=False)
        self.sharpness = nn.Parameter(torch.ones(heads, 1, 1))
        self.answer = nn.Linear(heads * self.head, width)
        self.dropout = nn.Dropout(dropout)

    def offered(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, heads, S, head] of a source [B, S, source]."""
        key, value = self.offer(source).unflatten(2, (2, self.heads, self.head)).permute(2, 0, 3, 1, 4)
        return F.rms_norm(key, (self.head,), eps=1e-6), value

    def queries(self, values: Tensor, sources: int) -> Tensor:
        """[N, T, width] -> [B, heads, (N // B) T, head]: sequences that share a source ask side by side."""
        asked = self.ask(self.norm(values)).view(sources, -1, self.heads, self.head).transpose(1, 2)
        sharp: Tensor = F.rms_norm(asked, (self.head,), eps=1e-6) * self.sharpness
        return sharp

    def forward(self, values: Tensor, pair: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        """What steps [N, T, width] find in a source: the same shape."""
        key, value = pair
        seen = None if mask is None else mask[:, None, None]
        found = F.scaled_dot_product_attention(self.queries(values, len(key)), key, value, attn_mask=seen)
        said: Tensor = self.dropout(self.answer(found.transpose(1, 2).reshape(*values.shape[:2], -1)))
        return said

    def weights(self, values: Tensor, pair: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        """How much each step [B, T, width] looks at each place of its source, the mean of all heads: [B, T, S]."""
        strength: Tensor = self.queries(values, len(pair[0])) @ pair[0].transpose(2, 3) / self.head**0.5
        if mask is not None:
            strength = strength.masked_fill(~mask[:, None, None], -torch.inf)
        return strength.softmax(-1).mean(1)


class Causal(nn.Module):
    """Steps [N, T, given] -> [N, T, width]. A sequence read in pieces, each with the memory of those before, gives what
    it gives in one.
    """

    width: int
    looks: nn.ModuleList
    """One for each time that a step looks at the source; none where there is none."""

    def offered(self, source: Features) -> Offer:
        """A source [B, S, source] made ready."""
        pairs = []
        for look in self.looks:
            assert isinstance(look, Look)
            pairs.append(look.offered(source.values))
        return Offer(tuple(pairs), source.mask)

    @abstractmethod
    def forward(self, values: Tensor, memory: Memory = EMPTY, offer: Offer = NOTHING) -> tuple[Tensor, Memory]:
        """What the steps give, and the memory of all up to them."""
