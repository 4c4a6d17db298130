"""Log: the losses of every step, each counted once; a pure function of the run, so that no kill changes a line."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

WIDTH = 3  # what is kept of a player's move: summed loss, units, length of the gradient


class Log:
    """`lines` are closed: {"step", "steps", "losses", "lr", "metrics"}; `open` [n, players, 3] are the steps since.

    A step's numbers stay on the device until somebody reads them, all in one transfer.
    """

    def __init__(self, players: Sequence[str]) -> None:
        self.players = tuple(players)
        self.lines: list[dict[str, Any]] = []
        self.open = torch.zeros(0, len(self.players), WIDTH)
        self.unread: list[Tensor] = []

    def add(self, moves: Tensor) -> None:
        """A step's numbers [players, 3], zeros for whoever did not move."""
        self.unread.append(moves)

    def read(self) -> bool:
        """Bring the steps since the last line here; False when one of their numbers is not finite."""
        if self.unread:
            self.open = torch.cat([self.open, torch.stack(self.unread).float().cpu()])
            self.unread.clear()
        return bool(self.open.isfinite().all())

    def first_bad(self) -> tuple[int, int]:
        """The first step since the last line, and the first player in it, whose numbers are not finite."""
        step, player, _ = (~self.open.isfinite()).nonzero()[0].tolist()
        return step, player

    def losses(self) -> dict[str, float]:
        """Player -> mean loss per unit over the steps since the last line, for those who moved."""
        sums = self.open.double().sum(0).tolist()
        return {name: loss / units for name, (loss, units, _) in zip(self.players, sums, strict=True) if units}

    def close(self, step: int, rate: float, metrics: Mapping[str, float]) -> None:
        """Write a line over the steps since the last one; `metrics` is empty where nobody looked."""
        told = {"step": step, "steps": len(self.open), "losses": self.losses(), "lr": rate, "metrics": dict(metrics)}
        self.lines.append(told)
        self.open = self.open[:0]

    @property
    def looked(self) -> int:
        """After which step the validation share was last looked at; 0 = never."""
        return next((int(line["step"]) for line in reversed(self.lines) if line["metrics"]), 0)

    def back(self, step: int) -> None:
        """Forget all after a step that closed a line."""
        self.lines = [line for line in self.lines if line["step"] <= step]
        self.open = self.open[:0]
        self.unread.clear()
