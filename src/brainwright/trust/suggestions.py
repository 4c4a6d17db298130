"""Suggestions: which unlabelled examples to label next, ranked by doubt and spread over kinds; nothing is changed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.columns import missing as blank
from brainwright.data.examples import Portion
from brainwright.data.slots import Slot
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.runs.calibrating import recast
from brainwright.runs.evidence import cells_of, within
from brainwright.runs.record import write_json
from brainwright.runs.run import Run
from brainwright.training.evaluation import Evaluated, evaluate
from brainwright.trust.conformal import Floats
from brainwright.trust.finding import Finding
from brainwright.trust.seeing import HEAD, INPUT, Seen, see

FACTS = "suggestions.json"
COUNT = 100  # that are suggested where nobody says how many
BREADTH = 10  # times as many of the most doubtful as are wanted: kinds are told apart among those
MOST = 20_000  # of them, at most
NEIGHBOURS = 10  # held-out examples whose loss stands for that of one like them
ROUNDS = 10  # of moving centres
SHOWN = 200  # on the page


@dataclass(frozen=True)
class Pool:
    """Candidates: how doubtful the answer to each is [N], and what the net saw in it [N, D]."""

    doubts: Floats
    features: NDArray[np.float32]


@dataclass(frozen=True)
class Judge:
    """Who tells how doubtful answers are: a run, and what it lost on examples held out [V] that it saw so [V, D]."""

    run: Run
    seen: NDArray[np.float32]
    losses: Floats

    def pool(self, portion: Portion) -> Pool:
        """Doubts and features of a portion: where there are probabilities, one less the lead of the likeliest class
        over the next (Scheffer et al. 2001); else the loss of the held-out examples that the net sees as most alike.
        """
        seen = see(self.run, portion)
        features = unit(space(seen))
        said = recast(seen.prediction, self.run.temperature)
        if said.scores is not None:
            first = said.scores.double().topk(min(2, said.scores.shape[1]), 1).values.numpy()
            return Pool(1 - (first[:, 0] - first[:, 1:].sum(1)), features)
        apart = torch.cdist(torch.from_numpy(features), torch.from_numpy(self.seen))
        near = apart.topk(min(NEIGHBOURS, apart.shape[1]), largest=False).indices.numpy()
        return Pool(self.losses[near].mean(1), features)


def judge(run: Run, held: Portion) -> Judge:
    """A run as a judge of doubt, with what it lost on a share that it did not learn from."""
    said: Evaluated = evaluate(run.task, run.net, held, run.place)
    return Judge(run, unit(space(see(run, held))), np.nan_to_num(said.losses))


def space(seen: Seen) -> NDArray[np.float32]:
    """What examples are compared by [N, D]: what went into the net's heads, else what it was given.

    Raises:
        Fault: neither can be had.
    """
    for name in (HEAD, INPUT):
        if name in seen.spaces:
            return np.nan_to_num(seen.spaces[name])
    raise Fault("this net has no head, and its inputs are no numbers, so no examples can be compared", "")


def unit(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each of length one [N, D]."""
    return np.asarray(features / np.maximum(np.linalg.norm(features, axis=1, keepdims=True), 1e-12), np.float32)


def picked(pool: Pool, count: int, seed: int = 0) -> NDArray[np.int64]:
    """Which `count` to label [M], the most doubtful first: of ten times as many of the most doubtful, the middle ones
    of as many groups, each example weighed by its doubt (Zhdanov 2019, Diverse mini-batch active learning), so that
    one batch does not ask the same thing twice.
    """
    count = min(count, len(pool.doubts))
    first = np.argsort(-pool.doubts, kind="stable")[: max(count, min(BREADTH * count, MOST))]
    if len(first) == count:
        return first
    given = torch.from_numpy(np.ascontiguousarray(pool.features[first]))
    weights = torch.from_numpy(pool.doubts[first].clip(min=1e-6)).float()
    own, apart = grouped(given, weights, count, seed)
    order = np.lexsort((apart, own))
    middles = order[np.unique(own[order], return_index=True)[1]]
    rest = np.setdiff1d(np.arange(len(first)), middles)[: count - len(middles)]  # where groups are empty
    return np.asarray(first[np.sort(np.concatenate([middles, rest]))])


def grouped(
    given: torch.Tensor, weights: torch.Tensor, count: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Weighted k-means (Lloyd 1982) on [N, D], begun at places drawn by weight times squared distance to those drawn
    before (Arthur and Vassilvitskii 2007): group of each [N], distance to its middle [N].
    """
    draw = torch.Generator().manual_seed(seed)
    drawn = torch.zeros(count, dtype=torch.int64)
    chance = weights.clone()
    for place in range(count):
        drawn[place] = torch.multinomial(chance + 1e-9 * weights, 1, generator=draw)[0]
        chance = torch.minimum(chance, weights * (given - given[drawn[place]]).square().sum(1))
    middles = given[drawn]
    for _ in range(ROUNDS):
        own = torch.cdist(given, middles).argmin(1)
        mass = torch.zeros(count).index_add_(0, own, weights)
        sums = torch.zeros_like(middles).index_add_(0, own, weights[:, None] * given)
        middles = torch.where(mass[:, None] > 0, sums / mass.clamp(min=1e-12)[:, None], middles)
    apart, own = torch.cdist(given, middles).min(1)
    return own.numpy(), apart.numpy()


def why_not(run: Run) -> str:
    """Why nobody labels examples for a run; "" where people do."""
    claimed = run.claim.columns
    sides = {side: columns(run, side) for side in ("input", "target")}
    if not sides["input"]:
        return "this task reads nothing of the user's, so there is nothing to label"
    if sides["target"] <= sides["input"] or not any(slot.name in claimed for slot in targets(run)):
        return "the answers of this task come with its inputs, nobody labels them"
    return ""


def columns(run: Run, side: str) -> set[str]:
    """The user's columns on one side of a run's task."""
    found = [run.claim.columns.get(slot.name, ()) for slot in run.task.slots() if slot.side == side]
    return {name for one in found for name in ((one,) if isinstance(one, str) else one)}


def targets(run: Run) -> list[Slot[Any]]:
    """What the task answers with."""
    return [slot for slot in run.task.slots() if slot.side == "target"]


def unlabelled(run: Run, table: Table) -> Table:
    """The rows of a table that bring no answer yet, without the columns that it would stand in.

    Raises:
        Fault: every row has one.
    """
    names = sorted(columns(run, "target") & set(table.columns))
    for name in names:
        rows = np.flatnonzero(blank(table[name]))
        if not len(rows):
            raise Fault(f"every row of {table.source} has its {name!r} already", "bring examples without labels")
        table = table.take(rows)
    return table.without(*names)


@dataclass(frozen=True)
class Suggested:
    """One example to label: where it lies, what the run would say, how doubtful that is, what is to be seen of it."""

    where: str
    doubt: float
    """0 (sure) to 1 for classes; else the expected loss."""
    said: dict[str, Any]
    cells: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Suggestions:
    """What to label next, in order, of how many; what that gained over chance on the labels there are; the page."""

    examples: Sequence[Suggested]
    among: int
    gain: Finding
    page: Path


def suggested(mind: Judge, table: Table, count: int) -> tuple[list[Suggested], int]:
    """Which examples of a table to label, in order, and among how many.

    Raises:
        Fault: the table cannot be read as this run's input; nothing in it is without a label.
    """
    run = mind.run
    table = unlabelled(run, table)
    examples = run.task.questions(table, run.claim, run.fields)
    pool, rows, seen = Pool(np.zeros(0), np.zeros((0, 0), np.float32)), np.zeros(0, np.int64), 0
    keep = max(count, min(BREADTH * count, MOST))
    for portion in run.portions(examples):
        one = mind.pool(portion)
        doubts = np.concatenate([pool.doubts, one.doubts])
        features = np.concatenate([pool.features, one.features]) if len(rows) else one.features
        rows, seen = np.concatenate([rows, seen + np.arange(len(portion))]), seen + len(portion)
        best = np.argsort(-doubts, kind="stable")[:keep]
        pool, rows = Pool(doubts[best], features[best]), rows[best]
    chosen = picked(pool, count)
    found: list[Suggested] = []
    slots = [slot for slot in run.task.slots() if slot.side == "input" and slot.name in examples.values]
    for portion in run.portions(examples.take(rows[chosen])):
        doubts = pool.doubts[chosen[len(found) : len(found) + len(portion)]]
        answers = zip(doubts.tolist(), run.told(portion, run.answer(portion)), strict=True)
        for row, (doubt, answer) in enumerate(answers):
            cells = [cell for slot in slots for cell in cells_of(slot, portion, row)]
            found.append(Suggested(table.where(int(portion.examples.rows[row])), doubt, answer, cells))
    return found, seen


def kept(run: Run, finding: Finding, found: Sequence[Suggested], among: int) -> None:
    """Write them into the run's folder."""
    facts = {"finding": asdict(finding), "among": among, "count": len(found), "columns": heads(run)}
    shown = within(asdict(one) for one in found[:SHOWN])
    all_of_them = [{"where": one.where, "doubt": one.doubt, "said": one.said} for one in found]
    write_json(run.folder / FACTS, {**facts, "rows": shown, "list": all_of_them})


def heads(run: Run) -> list[str]:
    """What each shown cell is called."""
    names: list[str] = []
    for slot in run.task.slots():
        one = run.claim.columns.get(slot.name, slot.name)
        if slot.side == "input" and not slot.field.drawn:
            names += [one] if isinstance(one, str) else list(one)
    return names


def taken(run: Run, net: torch.nn.Module) -> Run:
    """The same run answering by another net, as it gives its probabilities."""
    record = {**run.record, "selected": "net", "calibration": {}}
    return replace(run, net=net, record=record)
