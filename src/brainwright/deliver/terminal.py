"""The terminal: a live bar for people, plain lines where nobody watches, nothing when told to be quiet."""

import sys
import time

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from brainwright.runs.telling import Silent, Teller
from brainwright.training.loop import Moment

PLAIN_EVERY = 15.0  # seconds between plain lines


class Lines:
    """Plain lines on standard error, for logs and pipes."""

    def __init__(self) -> None:
        self.last = 0.0

    def line(self, text: str) -> None:
        """One line."""
        print(text, file=sys.stderr, flush=True)

    def warn(self, text: str) -> None:
        """One line that matters."""
        self.line(f"warning   {text}")

    def moment(self, moment: Moment) -> None:
        """Looks at the validation share, and otherwise a line now and then."""
        if moment.metrics or time.monotonic() - self.last > PLAIN_EVERY:
            self.last = time.monotonic()
            self.line(f"step {moment.step}/{moment.total}  {told(moment)}  left {left(moment)}")

    def done(self) -> None:
        """The lines stand."""


class Bar:
    """A live bar with time left, pace, losses and metrics."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        columns = TextColumn("{task.description}"), BarColumn(28), TextColumn("{task.completed}/{task.total}")
        self.progress = Progress(
            *columns, TimeRemainingColumn(), TextColumn("{task.fields[told]}"), console=self.console
        )
        self.bar: TaskID | None = None
        self.looked: dict[str, float] = {}

    def line(self, text: str) -> None:
        """One line; its first word is what it is about."""
        head, _, rest = text.partition("  ")
        self.console.print(f"[dim]{escape(head)}[/]  {escape(rest.lstrip())}" if rest else escape(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """One line that matters."""
        self.console.print(f"[yellow]warning[/]  {escape(text)}", soft_wrap=True)

    def moment(self, moment: Moment) -> None:
        """Move the bar."""
        if self.bar is None:
            self.bar = self.progress.add_task("training", total=moment.total, told="")
            self.progress.start()
        self.looked = moment.metrics or self.looked
        self.progress.update(self.bar, completed=moment.step, total=moment.total, told=told(moment, self.looked))

    def done(self) -> None:
        """Leave the bar as it stands."""
        self.progress.stop()


def told(moment: Moment, looked: dict[str, float] | None = None) -> str:
    """Losses, metrics and pace, shortly."""
    metrics = moment.metrics if looked is None else looked
    losses = " ".join(f"{name} {loss:.4f}" for name, loss in moment.losses.items())
    judged = " ".join(f"{name} {value:.4f}" for name, value in metrics.items() if name != "loss")
    pace = moment.step / max(moment.seconds, 1e-9)
    return (
        f"epoch {moment.epoch:.1f}  loss {losses}"
        + (f"  validation {judged}" if judged else "")
        + f"  {pace:.1f} steps/s"
    )


def left(moment: Moment) -> str:
    """Time left at the pace so far."""
    seconds = moment.seconds / max(1, moment.step) * (moment.total - moment.step)
    return f"{seconds / 60:.0f}m{seconds % 60:02.0f}s" if seconds >= 60 else f"{seconds:.0f}s"


def teller(quiet: bool) -> Teller:
    """Whoever fits: silent, a bar for a person, lines for a log."""
    if quiet:
        return Silent()
    return Bar() if sys.stderr.isatty() else Lines()
