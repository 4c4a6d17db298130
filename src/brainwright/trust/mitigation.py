"""Mitigation: thresholds by group for a trained run, chosen on the validation share, saved as a run of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from brainwright.config import Config
from brainwright.data.examples import Portion
from brainwright.data.fields.category import Category
from brainwright.data.fields.group import Group
from brainwright.data.slots import Fields
from brainwright.errors import Fault
from brainwright.runs.evidence import gather
from brainwright.runs.facts import fingerprint
from brainwright.runs.predictions import write_predictions
from brainwright.runs.record import CHECKPOINTS, EVIDENCE, FLOORS, HISTORY, PREDICTIONS, RECORD, make_folder, write_json
from brainwright.runs.results import NET, contender, save_floors
from brainwright.runs.run import Run
from brainwright.training.checkpoints import write_whole
from brainwright.training.evaluation import evaluate, judged
from brainwright.trust.case import Case
from brainwright.trust.comparing import compared
from brainwright.trust.fairness import Asked, Audit, audited, categories
from brainwright.trust.groups import columns_of
from brainwright.trust.thresholds import Point, Share, Table, choose, front

GROUP, TECHNIQUE = "group", "group-thresholds"
GOALS = ("equalized_odds", "demographic_parity")
LAW = (
    "the group of who is asked about is used at prediction: in lending, hiring and other fields the law may forbid it, "
    "so ask before you use this run"
)


@dataclass(frozen=True)
class Aim:
    """What thresholds are to reach."""

    goal: str = "equalized_odds"
    """Or "demographic_parity"."""
    max_accuracy_loss: float = 0.01
    """In shares of one, held with one standard error to spare on the validation share."""


@dataclass(frozen=True)
class Mitigated:
    """A run with thresholds by group, and what that changed on the test share."""

    case: Case
    """Of the new run."""
    thresholds: Mapping[str, float]
    """Group -> probability, before calibration, from which the second class is said."""
    front: Sequence[Mapping[str, float]]
    """Every compromise from the most accurate to the fairest: accuracy and gap on validation and on test; "chosen"."""
    before: Audit
    after: Audit
    warnings: Sequence[str]


def mitigated(case: Case, asked: Asked, aim: Aim) -> Mitigated:
    """Thresholds by the first column of `asked.by`, judged by all of them, in a new folder; the old run stays.

    Raises:
        Fault: no two classes with probabilities, an unknown goal, groups of a side file, or thresholds already.
    """
    name = admitted(case, asked, aim)
    column = columns_of(case, asked.by, "")[name]
    field = Group().fit({name: column.take(case.shares["train"].examples.rows)})
    shares = {one: beside(portion, field, name, case) for one, portion in case.shares.items()}
    known = {one: share_of(case, shares[one]) for one in ("validation", "test")}
    sizes = [sides(known["validation"], code) for code in range(len(field.classes))]
    if sum(size >= asked.fewest for size in sizes) < 2:
        what = f"fewer than two groups of {name} have {asked.fewest} examples of both classes in the validation share"
        raise Fault(what, "lower --min-n, or train with a larger --validation-share")
    points = front(known["validation"], len(field.classes), aim.goal, asked.fewest)
    plain = plain_point(known["validation"], len(field.classes), aim.goal, asked.fewest)
    best = choose(points, plain, aim.max_accuracy_loss, len(known["validation"].truth))
    thresholds = {
        label: round(value, 6) for label, value in zip(field.classes, best.thresholds, strict=True) if value != 0.5
    }
    run, fair = remade(case, name, thresholds, shares)
    before, after = audited(case, asked), audited(replace(case, run=run, shares=fair), asked)
    lines = list(compared((case, replace(case, run=run, shares=fair)), (before, after), asked))
    said = [LAW, *lines] if thresholds else ["no thresholds within the allowed loss of accuracy narrow the gap"]
    shown = [facts(one, best, known["test"], (len(field.classes), aim.goal, asked.fewest)) for one in points]
    record = {
        **run.record,
        "warnings": [*run.record["warnings"], *said],
        "mitigation": {
            "from": str(case.run.folder), "by": name, **asdict(aim),
            "thresholds": thresholds, "front": shown, "says": said,
        },
    }  # fmt: skip
    run = replace(run, record=record)
    leave(case, run, fair)
    return Mitigated(replace(case, run=run, shares=fair), thresholds, shown, before, after, said)


def admitted(case: Case, asked: Asked, aim: Aim) -> str:
    """The column by which thresholds differ, of a run that can have any.

    Raises:
        Fault: as above.
    """
    run = case.run
    if aim.goal not in GOALS:
        raise Fault(f"{aim.goal!r} is no goal of thresholds", f"choose {' or '.join(GOALS)}")
    if asked.side:
        raise Fault("thresholds need the group at prediction, and a side file is not there", "use a column of the data")
    slots = categories(run.task, run.fields)
    field = run.fields.fitted[slots[0]] if slots else None
    if not isinstance(field, Category) or len(field.classes) != 2:
        raise Fault("thresholds choose between two classes", "train with balanced-groups, group-dro or fair instead")
    if run.selected != NET:
        raise Fault(
            f"{run.folder} predicts with {run.selected}", "thresholds are set on a net: train with --select net"
        )
    if TECHNIQUE in str(run.record["options"].get("techniques", "")):
        raise Fault(f"{run.folder} has thresholds by group already", "start from the run that it was made from")
    return next(iter(columns_of(case, asked.by, "")))


def beside(portion: Portion, field: Group, name: str, case: Case) -> Portion:
    """A portion that knows its examples' groups."""
    values = {name: case.table[name].take(portion.examples.rows)}
    examples = replace(portion.examples, values={**portion.examples.values, GROUP: values})
    fields = Fields({**portion.fields.fitted, GROUP: field})
    return Portion(fields, examples, {**portion.encoded, GROUP: field.encode_all(values)})


def share_of(case: Case, portion: Portion) -> Share:
    """Probabilities, truth and groups of a portion.

    Raises:
        Fault: the model gives no probabilities.
    """
    prediction = case.run.uncalibrated(portion)
    if prediction.scores is None:
        raise Fault("the model gives no probabilities to set thresholds on", "train with balanced-groups or group-dro")
    (slot,) = categories(case.run.task, case.run.fields)[:1]
    truth = np.asarray(portion.encoded[slot].values) == 1
    return Share(prediction.scores[:, 1].double().numpy(), truth, np.asarray(portion.encoded[GROUP].values))


def sides(share: Share, code: int) -> int:
    """Members of a group that are of its rarer class."""
    truth = share.truth[share.group == code]
    return int(min(truth.sum(), (~truth).sum()))


def plain_point(share: Share, groups: int, goal: str, fewest: int) -> Point:
    """One half for all."""
    return Table.of(share, groups, fewest).point(np.zeros(groups, np.int64), goal)


def facts(point: Point, best: Point, test: Share, how: tuple[int, str, int]) -> dict[str, Any]:
    """A point of the front with what it gives on the test share, which chose nothing."""
    groups, goal, fewest = how
    moved = np.asarray(point.thresholds)[test.group]
    # the sign of a distance to one's own threshold, as a probability with its threshold at one half
    said: NDArray[np.float64] = np.where(test.sure >= moved, 1.0, 0.0)
    shifted = plain_point(Share(said, test.truth, test.group), groups, goal, fewest)
    return {
        "accuracy_validation": point.accuracy, "gap_validation": point.gap, "accuracy_test": shifted.accuracy,
        "gap_test": shifted.gap, "chosen": point == best,
    }  # fmt: skip


def remade(
    case: Case, name: str, thresholds: Mapping[str, float], shares: Mapping[str, Portion]
) -> tuple[Run, dict[str, Portion]]:
    """The same net with thresholds, judged on the test share, in a folder that is still empty."""
    old = case.run
    told = f"{TECHNIQUE}(by={name!r}, thresholds={dict(thresholds)!r})".replace("|", "\\x7c")
    before = str(old.record["options"].get("techniques", ""))
    folder = next(
        one
        for count in range(1, 10_000)
        if not (one := old.folder.with_name(f"{old.folder.name}-fair-{count}")).exists()
    )
    options = {
        **old.record["options"], "techniques": " | ".join(filter(None, (before, told))), "name": folder.name,
    }  # fmt: skip
    config = Config.of(options)
    task = config.task()
    fields = shares["train"].fields
    net = task.build(fields, config.backbone).to(old.place.device)
    net.load_state_dict({**net.state_dict(), **old.net.state_dict()})
    bare = Run(folder, config, old.claim, fields, net.eval(), old.floors, old.record)
    rows = {one: judged(task, bare.answer(shares[one]), shares[one]) for one in ("validation", "test")}
    mine = contender(NET, "net", task.metrics(), rows, 0.0)
    record = {
        **old.record,
        "options": config.flat(),
        "asked": {**old.record["asked"], "techniques": options["techniques"]},
        "results": [asdict(mine), *(one for one in old.record["results"] if one["model"] != NET)],
        "data": {**old.record["data"], "fingerprint": fingerprint(shares)},
    }
    return replace(bare, record=record), dict(shares)


def leave(case: Case, run: Run, shares: Mapping[str, Portion]) -> None:
    """Write the new run's files; the record last, so that a finished record means a whole run."""
    make_folder(run.folder)
    (run.folder / CHECKPOINTS).rmdir()  # nothing is to be gone on with
    run.save()
    if run.floors:
        save_floors(run.folder / FLOORS, run.floors)
    if (case.run.folder / HISTORY).is_file():
        write_whole(run.folder / HISTORY, (case.run.folder / HISTORY).read_bytes())
    said = replace(evaluate(run.task, run.net, shares["test"], run.place), prediction=run.answer(shares["test"]))
    write_predictions(run.folder / PREDICTIONS, run, shares["test"], case.table, said)
    write_json(run.folder / EVIDENCE, gather(run.task, shares, said, case.table))
    write_json(run.folder / RECORD, run.record)
