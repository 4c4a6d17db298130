"""Writer: a net that says how a text goes on, one token after the other."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.field import Padded
from brainwright.data.fields.writing import Writing
from brainwright.data.tokens import UNKNOWN
from brainwright.data.units import Between
from brainwright.models.backbone import Backbone
from brainwright.models.causal import EMPTY, Memory
from brainwright.models.recurrent import locked
from brainwright.models.stems.text import table


class Writer(nn.Module):
    """Tokens before [B, T] -> logits of the tokens that follow them [B, T, size]; a fresh net finds all alike.

    In training some tokens are read as unknown, which teaches what that means (Iyyer et al. 2015), and some numbers of
    the tokens' vectors are hidden all along a text.
    """

    letters: Tensor

    def __init__(self, field: Writing, backbone: Backbone, width: int, noise: tuple[float, float]) -> None:
        """`width` of the tokens' vectors; `noise`: share of tokens read as unknown, and of numbers hidden."""
        super().__init__()
        self.stem = nn.ModuleDict({"tokens": table(field.size, width)})  # named as in nets that read, which may begin
        self.backbone = backbone.causal(width)  # with what this one learned
        self.out = nn.Linear(self.backbone.width, field.size)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.unknown, self.hidden = noise
        self.register_buffer("letters", torch.from_numpy(field.letters))

    def forward(self, given: Padded | Between[Padded]) -> Tensor:
        logits: Tensor = self.step(self.embedded(given))[0]
        return logits

    def step(self, vectors: Tensor, memory: Memory = EMPTY) -> tuple[Tensor, Memory]:
        """Logits [N, T, size] after the vectors of some tokens [N, T, width], and the memory of all read so far."""
        values, memory = self.backbone(vectors, memory)
        return self.out(values), memory

    def embedded(self, given: Padded | Between[Padded]) -> Tensor:
        """The vectors of tokens: [B, T, width]."""
        if isinstance(given, Between):
            return given.blend(self.told(given.values.values), self.told(given.instead.values), given.shown)
        ids = given.values
        if self.training and self.unknown:
            ids = torch.where(torch.rand(ids.shape, device=ids.device) < self.unknown, UNKNOWN, ids)
        return locked(self.told(ids), self.hidden if self.training else 0.0)

    def told(self, ids: Tensor) -> Tensor:
        """The vectors of tokens as they are: [B, T, width]."""
        vectors: Tensor = self.stem["tokens"](ids)
        return vectors


def nats(logits: Tensor, truth: Padded) -> Tensor:
    """Negative log of the probability of each token [B, T]; 0 beyond a text's end."""
    each = F.cross_entropy(logits.float().transpose(1, 2), truth.values, reduction="none")
    return each * truth.mask


def texts_of(tokens: Tensor, lengths: Tensor) -> list[Any]:
    """Rows [B, T] as one tensor [length] each."""
    return [row[:length] for row, length in zip(tokens, lengths.tolist(), strict=True)]
