"""Results: how good the net and every floor are on the same examples, with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save

from brainwright.data.examples import Portion
from brainwright.data.slots import Fields, Prediction
from brainwright.floors.floor import Floor, State
from brainwright.metrics.metric import Metric
from brainwright.tasks.task import Task
from brainwright.training.checkpoints import write_whole
from brainwright.training.evaluation import judged

NET = "net"
NORMAL = 1.96  # standard errors from the middle to either end of a 95 % interval
SIMPLICITY = ("trivial", "simple", "net")
Standing: TypeAlias = Literal["net", "simple", "trivial"]


@dataclass(frozen=True)
class Contender:
    """One model's judgement: metric word -> (value, low, high) on the test share, and the value on validation."""

    model: str
    kind: Standing
    test: Mapping[str, tuple[float, float, float]]
    validation: Mapping[str, float]
    doubt: float
    """Standard error of the first metric on the validation share."""
    seconds: float


@dataclass(frozen=True)
class Ground:
    """A fitted floor."""

    floor: Floor
    state: State

    def answer(self, asked: Portion) -> Prediction:
        """Its prediction."""
        return self.floor.predict(self.state, asked)


def contender(
    name: str,
    kind: Standing,
    metrics: Sequence[Metric],
    rows: Mapping[str, Any],
    seconds: float,
) -> Contender:
    """Judge from metric rows; `rows` holds "test" and "validation"."""
    test, validation = rows["test"], rows["validation"]
    low, high = metrics[0].interval(validation[metrics[0].word()])
    return Contender(
        name,
        kind,
        {m.word(): (m.value(test[m.word()]), *m.interval(test[m.word()])) for m in metrics},
        {m.word(): m.value(validation[m.word()]) for m in metrics},
        (high - low) / (2 * NORMAL),
        seconds,
    )


def judge_floor(task: Task, ground: Ground, shares: Mapping[str, Portion], seconds: float) -> Contender:
    """A floor on the same examples as the net."""
    rows = {name: judged(task, ground.answer(portion), portion) for name, portion in shares.items()}
    kind: Literal["simple", "trivial"] = "trivial" if ground.floor.trivial else "simple"
    return contender(ground.floor.word(), kind, task.metrics(), rows, seconds)


def best_of(contenders: Sequence[Contender], metric: Metric) -> Contender:
    """The simplest that is within one standard error of the best on the VALIDATION share (Breiman et al. 1984).

    Among equally simple ones the best; the test share never chooses.
    """

    def value(one: Contender) -> float:
        return one.validation[metric.word()] * (1 if metric.higher_is_better else -1)

    best = max(contenders, key=value)
    near = [one for one in contenders if value(one) >= value(best) - best.doubt]
    return min(near, key=lambda one: (SIMPLICITY.index(one.kind), -value(one)))


def warnings(contenders: Sequence[Contender], metric: Metric) -> list[str]:
    """Floors that the net does not beat, said aloud."""
    net, *floors = contenders
    mine, low, high = net.test[metric.word()]
    said = []
    for floor in floors:
        value = floor.test[metric.word()][0]
        if not metric.better(mine, value):
            said.append(
                f"the net ({metric.word()} {shown(mine)}, 95 % {shown(low)} to {shown(high)}) does not beat "
                f"{floor.model} ({shown(value)}): use --select best, or look at what the data allow"
            )
    return said


def shown(value: float) -> str:
    """Four digits that mean something: no exponents, no false precision."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def save_floors(path: Any, grounds: Mapping[str, Ground]) -> None:
    """All floors' arrays in one safetensors file."""
    arrays: dict[str, NDArray[Any]] = {
        f"{word}/{name}": np.ascontiguousarray(array)
        for word, one in grounds.items()
        for name, array in one.state.items()
    }
    write_whole(path, save(arrays))


def load_floors(path: Any, task: Task, fields: Fields) -> dict[str, Ground]:
    """The floors that `save_floors` saved."""
    arrays = load_file(path)
    grounds = {}
    for floor in task.floors(fields):
        prefix = f"{floor.word()}/"
        state = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
        grounds[floor.word()] = Ground(floor, state)
    return grounds
