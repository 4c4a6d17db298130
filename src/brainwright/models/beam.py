"""Beam: the likeliest text that can be found by keeping a few of the best beginnings, many sources at a time."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor

from brainwright.data.fields.writing import BEGIN, END, FIRST
from brainwright.models.causal import EMPTY, Memory, Offer

Step: TypeAlias = Callable[[Tensor, Memory, Offer], tuple[Tensor, Memory]]
"""The last tokens [N], what was read before, and the sources -> log-probabilities [N, V], the search's own to change,
and what is read now.
"""
NEVER = -1e30  # of a text that cannot be: no sum with it comes near a real one


@dataclass(frozen=True)
class Search:
    """Beginnings kept, and the power of its length by which a text's log-probability is divided (Wu et al. 2016,
    simplified): 0 favours short texts, 1 compares means.
    """

    beams: int = 5
    penalty: float = 1.0


@dataclass(frozen=True)
class Front:
    """The beginnings [B, K] of B sources that are still searched: tokens [B, K, t], log-probabilities, and the best
    text that has ended, of each source.
    """

    rows: Tensor  # [B] of the answer
    limits: Tensor  # [B] tokens a text may have, END included
    tokens: Tensor  # [B, K, t]
    scores: Tensor  # [B, K]
    best: Tensor  # [B] of the ended text, length-normalised
    memory: Memory
    offer: Offer


@torch.no_grad()
def searched(step: Step, offer: Offer, limits: Tensor, how: Search) -> list[Tensor]:
    """The best text for each of B sources, as tokens [length] that end in END; `limits` [B] says how many at most.

    A source is done when no beginning that is left could still become better than its best ended text. What is found
    for a source hangs on no other.
    """
    device, count = limits.device, len(limits)
    texts = [torch.full((1,), END, device=device) for _ in range(count)]
    scores = torch.full((count, how.beams), NEVER, device=device)
    scores[:, 0] = 0.0
    tokens = torch.full((count, how.beams, 1), BEGIN, device=device)
    best = torch.full((count,), -torch.inf, device=device)
    front = Front(torch.arange(count, device=device), limits, tokens, scores, best, EMPTY, offer)
    while len(front.rows):
        front = pruned(advanced(step, front, how, texts), how)
    return texts


def advanced(step: Step, front: Front, how: Search, texts: list[Tensor]) -> Front:
    """Every beginning one token longer; ended texts that are the best so far are written into `texts`."""
    count, beams, length = front.tokens.shape
    given, memory = step(front.tokens[:, :, -1].flatten(), front.memory, front.offer)
    given = given.unflatten(0, (count, beams))
    ended = front.scores + given[:, :, END]
    value, place = (ended / length**how.penalty).max(1)
    better = value > front.best
    for row in better.nonzero()[:, 0].tolist():
        chosen = front.tokens[row, place[row], 1:]
        texts[int(front.rows[row])] = torch.cat([chosen, chosen.new_tensor([END])])
    given[:, :, :FIRST] = NEVER
    near, token = given.topk(min(beams, given.shape[2]), 2)  # of each beginning: no other can be among the best
    scores, which = (front.scores[:, :, None] + near).flatten(1).topk(beams, 1)
    parent, token = which // near.shape[2], token.flatten(1).gather(1, which)
    tokens = torch.cat([front.tokens.gather(1, parent[..., None].expand(-1, -1, length)), token[..., None]], 2)
    rows = (parent + torch.arange(count, device=parent.device)[:, None] * beams).flatten()
    best = torch.where(better, value, front.best)
    return replace(front, tokens=tokens, scores=scores, best=best, memory=memory.take(rows))


def pruned(front: Front, how: Search) -> Front:
    """Without the sources that are done: full, or with an ended text that nothing left could beat."""
    beams, length = front.tokens.shape[1:]
    hope = front.scores.amax(1) / front.limits**how.penalty  # a log-probability only falls, and is divided by no more
    going = (length <= front.limits) & (hope > front.best) & (front.scores.amax(1) > NEVER / 2)
    if bool(going.all()):
        return front
    kept = going.nonzero()[:, 0]
    rows = (kept[:, None] * beams + torch.arange(beams, device=kept.device)).flatten()
    memory, offer = front.memory.take(rows), front.offer.take(kept)
    tokens, scores, best = (one.index_select(0, kept) for one in (front.tokens, front.scores, front.best))
    return Front(front.rows[kept], front.limits[kept], tokens, scores, best, memory, offer)
