"""Labels: one HTML page about the labels of a run's data that look wrong, drawn from the run's folder alone."""

from pathlib import Path

from brainwright.deliver.report import environment
from brainwright.runs.record import read_json
from brainwright.training.checkpoints import write_whole
from brainwright.trust.label_errors import FACTS

PAGE = "labels.html"


def write_labels(folder: Path) -> Path:
    """Draw the page.

    Raises:
        Fault: the labels of this run were never looked at.
    """
    path = folder / PAGE
    facts = read_json(folder / FACTS)
    text = environment().get_template("labels.html.j2").render({**facts, "run": folder.resolve().name})
    write_whole(path, (text + "\n").encode())
    return path
