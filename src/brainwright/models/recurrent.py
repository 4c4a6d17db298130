"""Recurrent: layers of cells that read a sequence step by step, forwards or both ways; what rnn, lstm and gru share."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from brainwright.models.backbone import Stage
from brainwright.models.causal import EMPTY, NOTHING, Causal, Look, Memory, Offer
from brainwright.models.features import Features, Shape


@dataclass(frozen=True)
class Layout:
    """How the cells stand: numbers per step, layers, whether half of the width reads backwards, dropout after each."""

    width: int
    depth: int
    bidirectional: bool
    dropout: float


class Recurrent(Stage):
    """Sequence [B, T, given] -> sequence [B, T, width]; an odd width that reads both ways is rounded up to even.

    Padding must stand at the end. A forward cell never sees it before a real step; for a backward cell the real steps
    alone are turned round, so nothing is packed: cells stay on cuDNN's and oneDNN's whole path, and exports are plain.
    """

    def __init__(self, given: Shape, layout: Layout, cell: Callable[..., nn.RNNBase]) -> None:
        each = -(-layout.width // 2) if layout.bidirectional else layout.width
        width = 2 * each if layout.bidirectional else each
        super().__init__(Shape("sequence", width, given.sides))
        widths = [given.width] + [width] * (layout.depth - 1)
        self.forwards = nn.ModuleList(started(cell(before, each, batch_first=True)) for before in widths)
        backwards = widths if layout.bidirectional else []
        self.backwards = nn.ModuleList(started(cell(before, each, batch_first=True)) for before in backwards)
        self.dropout = nn.Dropout(layout.dropout)

    def forward(self, given: Features) -> Features:
        values = given.values
        if not self.backwards:
            for layer in self.forwards:
                values = self.dropout(layer(values)[0])
            return Features(values, given.mask)
        order = turned(values, given.mask)
        for ahead, back in zip(self.forwards, self.backwards, strict=True):
            behind = at(back(at(values, order))[0], order)
            values = self.dropout(torch.cat([ahead(values)[0], behind], 2))
        return Features(values, given.mask)


class CausalRecurrent(Causal):
    """Layers of cells from left to right. What the first one asks the source for is read by those above (Wu et al.
    2016). In training the same numbers are hidden at every step (Gal and Ghahramani 2016), and as large a share of the
    weights from step to step (AWD-LSTM, Merity et al. 2018).
    """

    def __init__(self, given: int, layout: Layout, cell: Callable[..., nn.RNNBase], source: int) -> None:
        super().__init__()
        self.width = layout.width
        inner = 2 * layout.width if source else layout.width
        widths = [given] + [inner] * (layout.depth - 1)
        self.forwards = nn.ModuleList(started(cell(before, layout.width, batch_first=True)) for before in widths)
        looks = [Look(layout.width, source, 1, layout.dropout)] if source else []
        self.looks = nn.ModuleList(looks)
        self.join = nn.Linear(inner, layout.width) if source else nn.Identity()
        self.hidden = layout.dropout

    def forward(self, values: Tensor, memory: Memory = EMPTY, offer: Offer = NOTHING) -> tuple[Tensor, Memory]:
        kept: list[Tensor] = []
        heard: list[Tensor] = []
        each = len(memory.kept) // len(self.forwards)
        for place, cell in enumerate(self.forwards):
            assert isinstance(cell, nn.RNNBase)
            states = [one.transpose(0, 1).contiguous() for one in memory.kept[place * each : (place + 1) * each]]
            values, after = self.stepped(cell, values, states)
            kept += [one.transpose(0, 1) for one in after]
            values = locked(values, self.hidden if self.training else 0.0)
            if self.looks and not place:
                heard = [self.looks[0](values, offer.pairs[0], offer.mask)]
            values = torch.cat([values, *heard], 2)
        return (self.join(values).tanh() if heard else values), Memory(tuple(kept), memory.steps + values.shape[1])

    def stepped(self, cell: nn.RNNBase, values: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """One layer over its steps [N, T, D], from the states [1, N, width] that it was left in."""
        start = tuple(states) if len(states) > 1 else states[0] if states else None
        weights: dict[str, Tensor] = {}
        if self.training and self.hidden:
            weights["weight_hh_l0"] = nn.functional.dropout(cell.get_parameter("weight_hh_l0"), self.hidden)
        values, after = functional_call(cell, weights, (values, start)) if weights else cell(values, start)
        return values, list(after) if isinstance(after, tuple) else [after]


def locked(values: Tensor, hidden: float) -> Tensor:
    """[N, T, D] with a share of the numbers hidden, the same at every step of a sequence."""
    if not hidden:
        return values
    kept = torch.rand(len(values), 1, values.shape[2], device=values.device) >= hidden
    return values * (kept / (1 - hidden)).to(values.dtype)


def started(cell: nn.RNNBase) -> nn.RNNBase:
    """Starting weights: orthogonal from step to step (Saxe et al. 2014), and an lstm that begins by remembering:
    forget bias 1 (Jozefowicz et al. 2015).
    """
    for name, weight in cell.named_parameters():
        if name.startswith("weight_hh"):
            for gate in weight.data.chunk(len(weight) // cell.hidden_size):
                nn.init.orthogonal_(gate)
        elif name.startswith("weight_ih"):
            for gate in weight.data.chunk(len(weight) // cell.hidden_size):
                nn.init.xavier_uniform_(gate)
        else:
            nn.init.zeros_(weight)
            if isinstance(cell, nn.LSTM) and name.startswith("bias_ih"):
                weight.data[cell.hidden_size : 2 * cell.hidden_size] = 1.0  # gates: input, forget, cell, output
    return cell


def turned(values: Tensor, mask: Tensor | None) -> Tensor:
    """For each step the step to read instead, so that real steps run backwards: [B, T]; doing it twice undoes it."""
    batch, length = values.shape[:2]
    place = torch.arange(length, device=values.device).expand(batch, length)
    if mask is None:
        return length - 1 - place
    return torch.where(mask, mask.sum(1, keepdim=True) - 1 - place, place)


def at(values: Tensor, order: Tensor) -> Tensor:
    """Steps of [B, T, D] in another order [B, T]."""
    return values.gather(1, order[..., None].expand(-1, -1, values.shape[2]))
