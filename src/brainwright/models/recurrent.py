"""Recurrent: layers of cells that read a sequence step by step, forwards or both ways; what rnn, lstm and gru share."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from brainwright.models.backbone import Stage
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
