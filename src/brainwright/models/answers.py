"""Answers: what a net says together with the constants that turn it into an answer or judge it."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Measured(NamedTuple):
    """Numbers in training deviations from the training mean [B, M], M members; and mean, deviation, lowest, highest."""

    standard: Tensor
    units: Tensor

    def of(self, values: Tensor) -> Tensor:
        """The user's numbers [B] in training deviations."""
        standard: Tensor = (values.to(self.units) - self.units[0]) / self.units[1]
        return standard

    def numbers(self) -> Tensor:
        """The members' answers in the user's units, kept within the training range: [B, M]."""
        mean, deviation, lowest, highest = self.units
        values: Tensor = (self.standard.to(self.units) * deviation + mean).clamp(lowest, highest)
        return values


class Measuring(nn.Module):
    """A net whose one number is understood in the units of training."""

    units: Tensor

    def __init__(self, net: nn.Module, units: tuple[float, float, float, float]) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("units", torch.tensor(units, dtype=torch.float32))

    def forward(self, given: Any) -> Measured:
        return Measured(each_member(self.net(given))[..., 0], self.units)


class Weighed(NamedTuple):
    """Logits [B, M, K] of M members, and how much each class counts in learning [K]."""

    logits: Tensor
    weights: Tensor

    def losses(self, truth: Tensor, smoothing: float) -> Tensor:
        """Cross-entropy of each example [B] for its class [B], the mean of all members', times its class's weight."""
        members = truth[:, None].expand(self.logits.shape[:2])
        each = F.cross_entropy(self.logits.transpose(1, 2), members, reduction="none", label_smoothing=smoothing)
        return each.mean(1) * self.weights[truth]

    def odds(self, answer: Tensor) -> Tensor:
        """Log-odds of a class [B] in the mean of the members' probabilities: [B]; they never saturate."""
        each = self.logits.log_softmax(2)
        own = F.one_hot(answer, each.shape[2]).bool()[:, None]
        said: Tensor = each.masked_fill(~own, -torch.inf).logsumexp((1, 2))
        return said - each.masked_fill(own, -torch.inf).logsumexp((1, 2))


class Weighing(nn.Module):
    """A net whose classes count differently in learning."""

    weights: Tensor

    def __init__(self, net: nn.Module, counts: Sequence[int], balanced: bool) -> None:
        """`counts` [K] of the classes in training; `balanced`: each class counts alike, else each example."""
        super().__init__()
        self.net = net
        seen = torch.tensor(counts, dtype=torch.float64)
        weights = seen.sum() / (len(counts) * seen) if balanced else torch.ones_like(seen)
        self.register_buffer("weights", weights.float())

    def forward(self, given: Any) -> Weighed:
        return Weighed(each_member(self.net(given)), self.weights)


def each_member(answers: Tensor) -> Tensor:
    """[B, K] or [B, M, K] -> [B, M, K]: a net without members has one. Half precision ends here."""
    wide = answers.to(torch.promote_types(answers.dtype, torch.float32))
    return wide[:, None] if wide.ndim == 2 else wide
