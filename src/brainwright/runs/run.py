"""Run: the folder that a training leaves behind, ready to predict and to be judged; nothing in it is executed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from brainwright.config import Choices, Config
from brainwright.data.examples import Examples, Portion
from brainwright.data.slots import Fields, Prediction
from brainwright.data.table import Kind, Table
from brainwright.errors import Fault
from brainwright.runs.calibrating import recast
from brainwright.runs.record import FIELDS, FLOORS, MODEL, RECORD, read_json, write_json
from brainwright.runs.results import NET, Ground, load_floors
from brainwright.tasks.task import Claim, Task
from brainwright.training.checkpoints import read_tensors, write_tensors
from brainwright.training.devices import Place, place
from brainwright.training.evaluation import evaluate

AT_ONCE = 512  # files or texts that are read at a time for prediction


@dataclass(frozen=True)
class Run:
    """A trained net with all that is needed to use it. `record` is run.json."""

    folder: Path
    config: Config
    claim: Claim
    fields: Fields
    net: nn.Module
    floors: Mapping[str, Ground]
    record: Mapping[str, Any] = field(repr=False)

    @property
    def task(self) -> Task:
        """The task, within its techniques."""
        return self.config.task()

    @property
    def selected(self) -> str:
        """Who predicts: "net" or a floor's word."""
        return str(self.record.get("selected", NET))

    @property
    def metrics(self) -> dict[str, float]:
        """Metric word -> value on the test share, of the model that predicts."""
        for one in self.record["results"]:
            if one["model"] == self.selected:
                return {name: value[0] for name, value in one["test"].items()}
        raise Fault(f"{self.folder} holds no results", "its training did not end: go on with it by --resume")

    @property
    def temperature(self) -> float:
        """That the answering model's scores are divided by, as logits; 1 = as they are."""
        return float(self.record.get("calibration", {}).get("temperature", 1.0))

    def answer(self, portion: Portion) -> Prediction:
        """The selected model's prediction of a portion, its scores calibrated."""
        return recast(self.uncalibrated(portion), self.temperature)

    def uncalibrated(self, portion: Portion) -> Prediction:
        """The same with the scores as the model gives them."""
        if self.selected != NET:
            return self.floors[self.selected].answer(portion)
        return evaluate(self.task, self.net, portion, self.place, judge=False).prediction

    @property
    def place(self) -> Place:
        """Where it computes."""
        return place(self.config.training)

    def portions(self, examples: Examples) -> Iterator[Portion]:
        """Examples of the user's, encoded for this run's net; where they are files or texts, only some at a time.

        Raises:
            Fault: a column is missing, or a value cannot be read.
        """
        arrays = [values for values in examples.values.values() if isinstance(values, np.ndarray)]
        size = AT_ONCE if any(values.dtype == object for values in arrays) else max(1, len(examples))
        for start in range(0, len(examples), size):
            some = examples.take(np.arange(start, min(start + size, len(examples))))
            yield Portion.of(self.task.slots(), self.fields, some)

    def predict(self, table: Table) -> list[dict[str, Any]]:
        """One answer a question, in the user's terms: target -> value, and "scores" where there are probabilities."""
        examples = self.task.questions(table, self.claim, self.fields)
        return [answer for portion in self.portions(examples) for answer in self.told(portion, self.answer(portion))]

    def told(self, portion: Portion, prediction: Prediction) -> Iterator[dict[str, Any]]:
        """The answers to a portion, in the user's terms."""
        targets = [slot for slot in self.task.slots() if slot.side == "target"]
        for index in range(len(portion)):
            whole = portion.whole(index)
            values = {
                self.name(slot.name): self.fields[slot].decode_in(prediction[slot][index], whole) for slot in targets
            }
            if prediction.scores is not None:
                classes = getattr(self.fields[targets[0]], "classes", ())
                scores = zip(classes, prediction.scores[index].tolist(), strict=True)
                values["scores"] = {name: round(score, 6) for name, score in scores}
            yield values

    def name(self, slot: str) -> str:
        """What the user calls a slot: its column's name where it has one."""
        column = self.claim.columns.get(slot, slot)
        return column if isinstance(column, str) else slot

    @property
    def kinds(self) -> dict[str, Kind]:
        """Column -> how it was read in training: other tables are read so too."""
        return {name: Kind(one["kind"]) for name, one in self.record["data"]["columns"].items()}

    def save(self) -> None:
        """Write net and fields; the record is written by who made the run."""
        write_tensors(self.folder / MODEL, self.net.state_dict(), {})
        fitted = {name: {"field": one.word(), **one.model_dump()} for name, one in self.fields.fitted.items()}
        write_json(self.folder / FIELDS, fitted)


def load(folder: str | Path) -> Run:
    """Take up a run again; it predicts as it did, to the bit.

    Raises:
        Fault: the folder holds no finished run, or a damaged one.
    """
    home = Path(folder)
    if not (home / RECORD).is_file():
        meant = Path(Choices.model_validate({}).out) / home
        fix = f"did you mean {meant}?" if (meant / RECORD).is_file() else "name a folder that `brainwright train` made"
        raise Fault(f"{home} holds no run ({RECORD} is missing)", fix)
    record = read_json(home / RECORD)
    if not (home / MODEL).is_file():
        raise Fault(f"{home} holds no trained net yet", f"go on with it: brainwright train --resume {home}")
    config = Config.of(record["options"])
    task = config.task()
    known = read_json(home / FIELDS)
    fitted = {
        slot.name: type(slot.field)(**{name: value for name, value in known[slot.name].items() if name != "field"})
        for slot in task.slots()
    }
    fields = Fields(fitted)
    at = place(config.training)
    torch.manual_seed(0)
    net = task.build(fields, config.backbone).to(at.device)
    try:
        net.load_state_dict(read_tensors(home / MODEL)[0])
    except RuntimeError:
        what = f"{home / MODEL} is not of the net that this version builds ({home} was made by {record['brainwright']})"
        raise Fault(what, "use it with the version that made it, or train anew") from None
    claimed = {name: tuple(one) if isinstance(one, list) else one for name, one in record["claim"]["columns"].items()}
    claim = Claim(claimed, record["claim"]["strength"], record["claim"]["why"])
    floors = load_floors(home / FLOORS, task, fields) if (home / FLOORS).is_file() else {}
    return Run(home, config, claim, fields, net.eval(), floors, record)
