"""Alarm: hears on the device that a number is not finite, and holds every later update back, so that nobody waits."""

import torch
from torch import Tensor


class Alarm:
    """Once it rings it rings until it is silenced; `found` [] float32 is 1 then, else 0, as fused optimizers ask it."""

    def __init__(self, device: torch.device) -> None:
        self.sum = torch.zeros((), dtype=torch.float32, device=device)
        self.found = torch.zeros_like(self.sum)

    def hear(self, number: Tensor) -> None:
        """Ring if a number [] is NaN or infinite: what is no finite number, less itself, is NaN, and stays so."""
        self.sum.add_(number - number)
        torch.ne(self.sum, 0, out=self.found)

    def silence(self) -> None:
        """Ring no more."""
        self.sum.zero_()
        self.found.zero_()
