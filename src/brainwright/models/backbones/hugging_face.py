"""A BERT encoder that reads texts with weights in Hugging Face's layout, such as MiniLM's; no library of theirs."""

import re
from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.errors import Fault
from brainwright.models.backbone import ACTIVATIONS, Activation, Backbone, Stage
from brainwright.models.features import Features, Form, Shape

EPSILON = 1e-12  # of layer norm, as the weights were trained with
NAMES = {
    r"embeddings\.position_embeddings\.weight": "places",
    r"embeddings\.token_type_embeddings\.weight": "kinds",
    r"embeddings\.LayerNorm": "norm",
    r"encoder\.layer\.(\d+)\.attention\.output\.dense": r"layers.\1.mixed",
    r"encoder\.layer\.(\d+)\.attention\.output\.LayerNorm": r"layers.\1.first_norm",
    r"encoder\.layer\.(\d+)\.intermediate\.dense": r"layers.\1.widened",
    r"encoder\.layer\.(\d+)\.output\.dense": r"layers.\1.narrowed",
    r"encoder\.layer\.(\d+)\.output\.LayerNorm": r"layers.\1.second_norm",
}
"""Their names -> ours."""
THREE = ("query", "key", "value")


class HuggingFace(Backbone):
    """Attention in both directions, norms after each step (Devlin et al. 2019); its words come through the text's stem.

    `--backbone hugging_face:FOLDER` or `hugging_face:package:NAME` takes shape and weights from there.
    """

    takes: ClassVar[Form] = "sequence"
    named: ClassVar[str] = "weights"
    width: int = Option(384, ge=1)
    """Numbers that a word is told by, in every layer."""
    depth: int = Option(6, ge=1)
    """Layers."""
    heads: int = Option(12, ge=1)
    """Views of attention side by side; they share the width."""
    inside: int = Option(1536, ge=1)
    """Numbers inside a layer's second half."""
    activation: Activation = "gelu"
    """What bends the lines between layers."""
    dropout: float = Option(0.1, ge=0, lt=1)
    """Share of numbers that is hidden at random in training."""
    places: int = Option(512, ge=1)
    """Tokens of the longest text it can read."""

    def build(self, given: Shape) -> Stage:
        if self.width % self.heads:
            raise Fault(f"a width of {self.width} cannot be shared by {self.heads} heads", "make it a multiple")
        return Bert(self, given.width)

    def adopted(self, foreign: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        plain = {name.removeprefix("bert."): one for name, one in foreign.items()}
        found: dict[str, Tensor] = {}
        for name, tensor in plain.items():
            for theirs, ours in NAMES.items():
                if re.match(theirs, name):
                    found[f"backbone.{re.sub(f'^{theirs}', ours, name)}"] = tensor
        for layer in range(self.depth):
            for kind in ("weight", "bias"):
                three = [plain.get(f"encoder.layer.{layer}.attention.self.{one}.{kind}") for one in THREE]
                found[f"backbone.layers.{layer}.asked.{kind}"] = torch.cat([one for one in three if one is not None])
        words = plain.get("embeddings.word_embeddings.weight")
        if words is not None:  # no token, then the unknown one, which is told as all words are on average
            found["stem.tokens.weight"] = torch.cat([torch.zeros_like(words[:1]), words.mean(0, keepdim=True), words])
        return found


class Bert(Stage):
    """Sequence [B, T, width] of words -> sequence [B, T, width] with its mask."""

    def __init__(self, part: HuggingFace, given: int) -> None:
        super().__init__(Shape("sequence", part.width))
        self.entry = nn.Identity() if given == part.width else nn.Linear(given, part.width)
        self.places = nn.Parameter(torch.randn(part.places, part.width) * 0.02)
        self.kinds = nn.Parameter(torch.zeros(2, part.width))
        self.norm, self.drop = nn.LayerNorm(part.width, EPSILON), nn.Dropout(part.dropout)
        self.layers = nn.ModuleList([Layer(part) for _ in range(part.depth)])

    def forward(self, given: Features) -> Features:
        length = given.values.shape[1]
        if length > len(self.places):
            raise Fault(f"a text of {length} tokens is longer than {len(self.places)}", "say --longest")
        values = self.drop(self.norm(self.entry(given.values) + self.places[:length] + self.kinds[0]))
        shown = None if given.mask is None else given.mask[:, None, None]
        for layer in self.layers:
            values = layer(values, shown)
        return Features(values, given.mask)


class Layer(nn.Module):
    """Attention, then two linear layers; each beside a shortcut, and followed by a norm."""

    def __init__(self, part: HuggingFace) -> None:
        super().__init__()
        width, self.heads = part.width, part.heads
        self.asked, self.mixed = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widened, self.narrowed = nn.Linear(width, part.inside), nn.Linear(part.inside, width)
        self.first_norm, self.second_norm = nn.LayerNorm(width, EPSILON), nn.LayerNorm(width, EPSILON)
        self.act, self.drop = ACTIVATIONS[part.activation](), nn.Dropout(part.dropout)

    def forward(self, values: Tensor, shown: Tensor | None) -> Tensor:
        batch, length, width = values.shape
        split = self.asked(values).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        share = self.drop.p if self.training else 0.0
        seen = F.scaled_dot_product_attention(split[0], split[1], split[2], shown, share)
        values = self.first_norm(values + self.drop(self.mixed(seen.transpose(1, 2).reshape(batch, length, width))))
        bent: Tensor = self.second_norm(values + self.drop(self.narrowed(self.act(self.widened(values)))))
        return bent
