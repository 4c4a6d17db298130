"""Translator: a net that reads one text and writes another."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.field import Padded
from brainwright.data.fields.writing import BEGIN, Writing
from brainwright.data.units import Between
from brainwright.models.backbone import Backbone
from brainwright.models.beam import Search, searched
from brainwright.models.causal import EMPTY, Memory, Offer
from brainwright.models.features import Features, Shape

ROOM, LONGER = 10, 2  # a translation has at most twice the source's tokens and ten more


class Translator(nn.Module):
    """Source tokens [B, S] and the text so far [B, T] -> logits of its next tokens [B, T, size].

    One table of vectors tells the tokens of both languages and judges the next one (Press and Wolf 2017). A fresh net
    finds all tokens alike.
    """

    def __init__(self, field: Writing, backbone: Backbone, hidden: float) -> None:
        """`hidden`: share of the tokens' numbers that is hidden in training."""
        super().__init__()
        width = backbone.width
        self.field, self.scale = field, width**0.5
        self.vectors = nn.Embedding(field.size, width)
        nn.init.normal_(self.vectors.weight, std=width**-0.5)
        self.bias = nn.Parameter(torch.zeros(field.size))
        self.encoder = backbone.build(Shape("sequence", width))
        self.decoder = backbone.causal(width, self.encoder.shape.width)
        self.leave = nn.Linear(width, width)  # without it a token would seem to be followed by itself
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        self.dropout = nn.Dropout(hidden)

    def forward(self, source: Padded | Between[Padded], truth: Padded) -> Tensor:
        offer = self.read(source)
        begin = truth.values.new_full((len(truth.values), 1), BEGIN)
        before = torch.cat([begin, truth.values[:, :-1]], 1)
        values, _ = self.decoder(self.told(before), EMPTY, offer)
        return self.judged(values)

    def read(self, source: Padded | Between[Padded]) -> Offer:
        """The source, ready to be looked at."""
        if isinstance(source, Between):
            told = source.blend(self.told(source.values.values), self.told(source.instead.values), source.shown)
            mask = source.values.mask
        else:
            told, mask = self.told(source.values), source.mask
        offer: Offer = self.decoder.offered(self.encoder(Features(told, mask)))
        return offer

    def told(self, ids: Tensor) -> Tensor:
        """The vectors of tokens [B, T, width]."""
        vectors: Tensor = self.dropout(self.vectors(ids) * self.scale)
        return vectors

    def judged(self, values: Tensor) -> Tensor:
        """Logits of the next token: [..., width] -> [..., size]."""
        return F.linear(self.leave(values), self.vectors.weight, self.bias)

    def step(self, last: Tensor, memory: Memory, offer: Offer) -> tuple[Tensor, Memory]:
        """Log-probabilities [N, size] after one more token [N]."""
        values, memory = self.decoder(self.told(last[:, None]), memory, offer)
        return self.judged(values[:, 0]).float().log_softmax(-1), memory

    def translated(self, source: Padded, how: Search) -> list[Tensor]:
        """A text for each source: tokens [length] that end in END."""
        limits = (LONGER * source.lengths + ROOM).clamp(max=self.field.longest + 1)
        return searched(self.step, self.read(source), limits, how)
