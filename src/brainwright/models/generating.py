"""Generating: a writer's text, drawn token by token, each from what it expects; what was read is remembered."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from brainwright.data.fields.writing import BEGIN, END, FIRST
from brainwright.models.causal import EMPTY
from brainwright.models.writer import Writer


@dataclass(frozen=True)
class Manner:
    """How tokens are drawn: logits are divided by the temperature (0 = always the likeliest), and only the likeliest
    tokens that make up a share `top_p` of the probability are drawn from (Holtzman et al. 2020).
    """

    temperature: float = 1.0
    top_p: float = 1.0


def drawn(logits: Tensor, manner: Manner, generator: torch.Generator) -> int:
    """One token from logits [size]; END may be drawn, the other marks never."""
    logits = logits.float().index_fill(0, torch.tensor([mark for mark in range(FIRST) if mark != END]), -torch.inf)
    if not manner.temperature:
        return int(logits.argmax())
    shares, order = (logits / manner.temperature).softmax(0).sort(descending=True)
    kept = shares * (shares.cumsum(0) - shares < manner.top_p)  # the one that passes the share is kept, too
    return int(order[torch.multinomial(kept, 1, generator=generator)])


@torch.no_grad()
def tokens(net: Writer, prompt: list[int], context: int, manner: Manner, generator: torch.Generator) -> Iterator[int]:
    """What follows a prompt, without end, or until the net ends the text.

    Where more than `context` tokens were read, the latter half of them is read anew: no net was taught to look farther.
    """
    net.eval()
    seen, memory = [BEGIN, *prompt], EMPTY
    unread = seen[-context:]
    while True:
        logits, memory = net.step(net.told(torch.tensor([unread], device=net.letters.device)), memory)
        token = drawn(logits[0, -1].cpu(), manner, generator)
        if token == END:
            return
        yield token
        seen.append(token)
        full = memory.steps >= context
        unread, memory = (seen[-max(1, context // 2) :], EMPTY) if full else ([token], memory)
