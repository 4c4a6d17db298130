"""Labels: HTML pages of examples, whose labels look wrong or are wanted next, drawn from the run's folder alone."""

from pathlib import Path

from brainwright.deliver.report import environment
from brainwright.runs.record import read_json
from brainwright.training.checkpoints import write_whole
from brainwright.trust.label_errors import FACTS as ERRORS
from brainwright.trust.suggestions import FACTS as SUGGESTIONS

PAGE, NEXT = "labels.html", "suggestions.html"


def draw_labels(folder: Path) -> Path:
    """Where the page of labels that look wrong lies; drawn where any were looked for."""
    return write(folder, ERRORS, PAGE) if (folder / ERRORS).is_file() else folder / PAGE


def write_suggestions(folder: Path) -> Path:
    """Draw the page of what to label next.

    Raises:
        Fault: nothing was ever suggested for this run.
    """
    return write(folder, SUGGESTIONS, NEXT)


def write(folder: Path, facts: str, page: str) -> Path:
    """One page, by the template of its name."""
    path = folder / page
    name = folder.resolve().name
    text = environment().get_template(f"{page}.j2").render({**read_json(folder / facts), "run": name})
    write_whole(path, (text + "\n").encode())
    return path
