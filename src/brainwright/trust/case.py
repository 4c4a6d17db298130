"""Case: a finished run together with the shares it was made from, ready to be questioned."""

from collections.abc import Mapping
from dataclasses import dataclass

from brainwright.data.examples import Portion
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.runs.facts import fingerprint
from brainwright.runs.preparing import prepare
from brainwright.runs.run import Run
from brainwright.runs.telling import Teller


@dataclass(frozen=True)
class Case:
    """A run, the user's table (`Examples.rows` are its rows), and "train", "validation" and "test" as they were."""

    run: Run
    table: Table
    shares: Mapping[str, Portion]


def reopened(run: Run, tell: Teller) -> Case:
    """The case of a run that was made earlier: its data are read and divided again, exactly as then.

    Raises:
        Fault: the data are gone or have changed since.
    """
    ready = prepare(run.record["source"], run.record["options"], tell, run.fields.fitted)
    if fingerprint(ready.shares) != run.record["data"]["fingerprint"]:
        raise Fault(
            f"{run.record['source']} has changed since {run.folder} was made", "bring the old data back, or train anew"
        )
    return Case(run, ready.table, ready.shares)
