"""Crew: the processes that train one net together; the only file that knows torch.distributed."""

import atexit
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch import distributed as dist

PATIENCE = timedelta(minutes=30)  # for the slowest of the crew: it may write a checkpoint or judge the net alone


@dataclass(frozen=True)
class Crew:
    """Which of how many processes this one is; a crew of one needs no transfers, and makes none."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """The one that tells and writes."""
        return self.rank == 0

    @property
    def chance(self) -> tuple[int, ...]:
        """What a seed takes besides, so that no two processes draw alike; nothing for the first."""
        return (self.rank,) if self.rank else ()

    def share(self, count: int) -> slice:
        """This process's stretch of `count` examples; stretches differ by one example at most."""
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Sum each tensor over all processes, in place; one transfer for each dtype.

        Every process ends with the same bits: each stretch is summed by one process and handed round.
        """
        if self.size == 1:
            return
        for dtype in sorted({tensor.dtype for tensor in tensors}, key=str):
            alike = [tensor for tensor in tensors if tensor.dtype == dtype]
            flat = torch.cat([tensor.reshape(-1) for tensor in alike])
            dist.all_reduce(flat)
            for tensor, piece in zip(alike, flat.split([one.numel() for one in alike]), strict=True):
                tensor.copy_(piece.view_as(tensor))

    def even(self, tensors: Sequence[Tensor]) -> None:
        """Set each floating tensor to its mean over all processes, in place (batch norm's statistics, say)."""
        floating = [tensor for tensor in tensors if tensor.is_floating_point()]
        self.sum(floating)
        if self.size > 1 and floating:
            torch._foreach_div_(floating, self.size)

    def agreed(self, value: float, device: torch.device) -> float:
        """The first process's value, for all."""
        if self.size == 1:
            return value
        held = torch.tensor([value], dtype=torch.float32 if device.type == "mps" else torch.float64, device=device)
        dist.broadcast(held, 0)
        return float(held)

    def any(self, said: bool, device: torch.device) -> bool:
        """Whether any process says so; to be asked by all at the same step."""
        if self.size == 1:
            return said
        held = torch.tensor([float(said)], device=device)
        dist.all_reduce(held)
        return bool(held > 0)

    def gathered(self, mine: NDArray[np.float64], count: int, device: torch.device) -> NDArray[np.float64]:
        """Rows [n, ...] of every process's share of `count`, end to end: [count, ...]."""
        if self.size == 1:
            return mine
        whole = torch.zeros((count, *mine.shape[1:]), dtype=torch.float64, device=device)
        whole[self.share(count)] = torch.from_numpy(mine).to(device)
        dist.all_reduce(whole)
        return whole.cpu().numpy()


ALONE = Crew()


def joined(device: torch.device) -> Crew:
    """The crew that this process was started in: `torchrun` and its like say so by RANK and WORLD_SIZE."""
    if alone():
        return ALONE
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=PATIENCE)
        atexit.register(left)  # its threads end before the interpreter does: else the system aborts it now and then
    return Crew(dist.get_rank(), dist.get_world_size())


def left() -> None:
    """Leave the crew, where one was joined."""
    if dist.is_initialized():
        dist.destroy_process_group()


def alone() -> bool:
    """Whether this process trains by itself."""
    return int(os.environ.get("WORLD_SIZE", "1")) == 1


def place_in_host() -> tuple[int, int]:
    """This process's number among those on its machine, and how many they are."""
    return int(os.environ.get("LOCAL_RANK", "0")), int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
