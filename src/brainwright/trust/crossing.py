"""Crossing: every training example judged by a net that has not learned from it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from brainwright.config import Config
from brainwright.data.examples import Portion
from brainwright.data.slots import Fields
from brainwright.runs.run import Run
from brainwright.training.evaluation import Evaluated, evaluate, joined
from brainwright.training.job import Job
from brainwright.training.loop import Loop
from brainwright.trust.case import Case

FOLDS = 4
SHARE = 0.3  # of the run's steps that each fold's net gets: together they cost 1.2 times the training
FEWEST = 60  # steps
LOOKS = 10  # at the validation share, at most: nets of few steps have few weights to choose among


@dataclass(frozen=True)
class Crossed:
    """What was said to the training share in order, by nets that had not learned from it; and what each had to do."""

    said: Evaluated
    steps: int


def steps_of(run: Run, share: float) -> int:
    """A share of the steps that the run made."""
    return max(FEWEST, round(share * int(run.record["steps"]["done"])))


@dataclass(frozen=True)
class School:
    """How nets of one kind are taught."""

    config: Config
    fields: Fields
    validation: Portion
    where: Callable[[int], str]


def taught(school: School, train: Portion, steps: int, seed: int) -> nn.Module:
    """A fresh net, taught some examples in so many steps; the weights that did best on the validation share."""
    update = {"steps": steps, "checkpoint": 0.0, "patience": 0, "preflight": "off", "devices": 1, "seed": seed}
    how = school.config.training.model_copy(update=update)
    few = {"batch_size": max(1, min(how.batch_size, len(train) // 2)), "evaluations": min(how.evaluations, LOOKS)}
    how = how.model_copy(update=few)
    torch.manual_seed(seed)
    task = school.config.task()
    net = task.build(school.fields, school.config.backbone)
    task.before_training(net)
    with TemporaryDirectory() as folder:
        loop = Loop(Job(task, train, school.validation, how, Path(folder), school.where), net)
        for _ in loop.run():
            pass
        return loop.result()


def crossed(case: Case, seed: int = 0) -> Crossed:
    """The training share in four folds, each answered by a net that was taught the other three."""
    train, run = case.shares["train"], case.run
    school = School(run.config, run.fields, case.shares["validation"], case.table.where)
    fold = np.random.default_rng(seed).permutation(len(train)) % FOLDS
    steps, pieces, order = steps_of(run, SHARE), [], []
    for one in range(FOLDS):
        net = taught(school, train.take(np.flatnonzero(fold != one)), steps, seed + one)
        order.append(np.flatnonzero(fold == one))
        pieces.append(evaluate(run.task, net, train.take(order[-1]), run.place))
    return Crossed(in_order(pieces, np.argsort(np.concatenate(order))), steps * FOLDS)


def in_order(pieces: list[Evaluated], places: NDArray[np.int64]) -> Evaluated:
    """Pieces as one, its examples in another order [N]."""
    whole = joined([piece.prediction for piece in pieces])
    rows = torch.from_numpy(places)
    values = {
        name: value[rows] if isinstance(value, torch.Tensor) else [value[place] for place in places.tolist()]
        for name, value in whole.values.items()
    }
    scores = None if whole.scores is None else whole.scores[rows]
    prediction = type(whole)(values, scores)
    return Evaluated(prediction, np.concatenate([piece.losses for piece in pieces])[places], {})
