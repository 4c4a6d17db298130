"""The Python interface: the same words and options as the command line and YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from brainwright.data.finding import Finding
from brainwright.deliver.audit import write_audit
from brainwright.deliver.card import write_card
from brainwright.deliver.explaining import page_of, write_page
from brainwright.deliver.labels import NEXT, draw_labels, write_suggestions
from brainwright.deliver.report import write_report
from brainwright.deliver.terminal import teller
from brainwright.errors import Fault, leads
from brainwright.runs import gallery, making
from brainwright.runs.asking import question
from brainwright.runs.joint import follow, launched, relaunched, wants_launch
from brainwright.runs.planning import Forecast, forecast, inspect
from brainwright.runs.preparing import Prepared
from brainwright.runs.record import RECORD, read_json
from brainwright.runs.run import Run as Kept
from brainwright.runs.run import load as load_kept
from brainwright.runs.scoring import score
from brainwright.runs.telling import Silent, Teller
from brainwright.runs.writing import Wish as TextWish
from brainwright.runs.writing import continued
from brainwright.trust.allowance import looked_into, stress
from brainwright.trust.case import Case, reopened
from brainwright.trust.closed_loop import drives
from brainwright.trust.data_needs import Need, needed
from brainwright.trust.doubt import Doubt, Wish
from brainwright.trust.explanations import FOLDER as EXPLANATIONS
from brainwright.trust.explanations import Explanation, explain
from brainwright.trust.fairness import FEWEST, Asked, Audit, audited
from brainwright.trust.finding import Finding as Evidence
from brainwright.trust.finding import missing
from brainwright.trust.importance import overview
from brainwright.trust.keeping import keep, remembered
from brainwright.trust.label_errors import suspects
from brainwright.trust.mitigation import Aim, mitigated
from brainwright.trust.replaying import WHAT as GAIN
from brainwright.trust.replaying import replayed
from brainwright.trust.suggestions import COUNT, Suggestions, judge, kept, suggested, why_not

__all__ = ["Fault", "Finding", "Forecast", "Run", "check", "load", "plan", "resume", "train"]


@dataclass(frozen=True)
class Run:
    """A trained run: `metrics`, `predict`, `evaluate`, `report`."""

    kept: Kept

    @property
    def folder(self) -> Path:
        """Where everything lies."""
        return self.kept.folder

    @property
    def record(self) -> Mapping[str, Any]:
        """All of run.json."""
        return self.kept.record

    @property
    def metrics(self) -> dict[str, float]:
        """Metric -> value on the test share."""
        return self.kept.metrics

    def predict(self, source: Any, level: float = 0.0, abstain: float = 0.0) -> list[dict[str, Any]]:
        """Answers for a path, a text, a mapping of column to value, a list of those, or a DataFrame.

        "unlike" beside an answer: the input is unlike the training data. With `level` (.8, .9 or .95) "set", or "low"
        and "high", hold the truth that often; with `abstain`, the share of given answers that may be wrong,
        "abstains" says which are better left to a person.

        Raises:
            Fault: the input cannot be read as this run's input; or the run has no bounds of the kind asked for.
        """
        return Doubt.of(self.kept).answers(question(self.kept, source), Wish(level, abstain))

    def evaluate(self, source: Any, level: float = 0.0) -> dict[str, tuple[float, float, float]]:
        """Metric -> (value, low, high) on labelled data of the user's; 95 % bootstrap interval.

        With `level` also "coverage": how often the truth lies within the sets or intervals of that level.

        Raises:
            Fault: a column is missing, the target too; or the run has no bounds at that level.
        """
        table = question(self.kept, source)
        found = score(self.kept, table)
        return found | {"coverage": Doubt.of(self.kept).coverage(table, level)} if level else found

    def check_labels(self, quiet: bool = True) -> tuple[Evidence, Path]:
        """What looks wrong among the labels that this run was made from, and the page that shows it from the oddest on.

        Four nets are taught three quarters of the training share each, about 1.2 times the training in all. Nothing of
        the user's is changed.

        Raises:
            Fault: the data are gone or have changed since.
        """
        found = suspects(reopened(self.kept, teller(quiet)))
        self.keep("labels", [found])
        return found, draw_labels(self.folder)

    def suggest(self, pool: Any, count: int = COUNT, quiet: bool = True) -> Suggestions:
        """Which examples of an unlabelled pool to label next, the most doubtful of every kind, and whether such
        suggestions beat chance on the run's own labels: replayed once a run, nearly four times the training.

        Raises:
            Fault: the pool cannot be read as this run's input or is labelled already, or the run's data have changed.
        """
        if why := why_not(self.kept):
            return Suggestions((), 0, missing(GAIN, why), self.folder / NEXT)
        if count < 1:
            raise Fault(f"--count {count} is no number of examples", "ask for one at least")
        tell = teller(quiet)
        table, case = question(self.kept, pool), reopened(self.kept, Silent())
        found, among = suggested(judge(self.kept, case.shares["validation"]), table, count)
        known = remembered(self.folder, "suggest")
        gain = known[0] if known else replayed(case, tell)
        kept(self.kept, gain, found, among)
        self.keep("suggest", [gain])
        return Suggestions(found, among, gain, write_suggestions(self.folder))

    def enrol(self, folder: Any) -> dict[str, int]:
        """Know from now on whoever has a folder of pictures there (name -> how many); the run must be of faces."""
        return gallery.enrol(self.kept, folder)

    def identify(self, source: Any) -> list[dict[str, Any]]:
        """Who each picture shows: {"identity": a name or "unknown", "likeness": the nearest and their cosines}."""
        return gallery.identify(self.kept, source)

    def stress(self) -> list[Evidence]:
        """What its answers bear: corrupted inputs, and attacks by gradient; kept in the run folder, the worst first.

        Raises:
            Fault: the data that it was made from are gone or have changed.
        """
        case = reopened(self.kept, Silent())
        found = stress(case, Silent())
        self.keep("stress", found)
        return found

    def generate(self, prompt: str = "", **wish: Any) -> str:
        """What a run that learned texts writes after a prompt, as the command `generate` is told: `length` (tokens, 500
        at most unless said), `temperature`, `top_p`, `stop` (a text before which it ends) and `seed`, which repeats it.

        Raises:
            Fault: this run writes no text, or a number is out of its range.
        """
        return continued(self.kept, prompt, TextWish(**wish))

    def explain(self, source: Any = None, method: str = "auto", out: str = "", quiet: bool = True) -> list[Explanation]:
        """What each answer rests on, and whether that can be believed; a page of each in `out` or the run's folder.

        Without a source: what all answers rest on, over a sample of the test share.

        `method`: auto, gradient-shap, integrated-gradients, saliency, grad-cam, occlusion, shapley.

        Raises:
            Fault: the input cannot be read, the method cannot explain it, or the training data are gone or changed.
        """
        table = None if source is None else question(self.kept, source)
        case, tell, drawn = reopened(self.kept, Silent()), teller(quiet), []
        for found in [overview(case, method, tell)] if table is None else explain(case, table, method, tell):
            page = page_of(Path(out) if out else self.folder / EXPLANATIONS, found.plain())
            drawn.append(replace(found, page=str(page)))
            write_page(page, drawn[-1].plain())
        self.keep("explain", drawn[0].findings)
        return drawn

    def audit(
        self, by: Sequence[str] = (), side: str = "", intersections: int = 2, min_n: int = FEWEST, seed: int = 0
    ) -> Audit:
        """How the answers to the test share differ between groups: `by` names columns of the run's own data or of the
        CSV file `side`. Leaves audit.json and audit.html in the folder.

        Raises:
            Fault: no such column, a side file that does not match, or data that changed since.
        """
        found = audited(reopened(self.kept, Silent()), Asked(tuple(by), side, intersections, min_n, seed))
        write_audit(self.folder, found)
        self.keep("audit", found.findings)
        return found

    def mitigate(
        self, by: Sequence[str], goal: str = "equalized_odds", max_accuracy_loss: float = 0.01, **how: int
    ) -> "Run":
        """A new run whose thresholds differ by the groups of the first column, chosen on the validation share; what
        that changed for all groups is in `record["mitigation"]`. `how` are the numbers of `audit`.

        Raises:
            Fault: the run does not choose between two classes by probabilities.
        """
        asked = Asked(tuple(by), "", how.pop("intersections", 2), how.pop("min_n", FEWEST), how.pop("seed", 0))
        if how:
            raise Fault(f"mitigate has no option {next(iter(how))!r}", "there are intersections, min_n and seed")
        made = mitigated(reopened(self.kept, Silent()), asked, Aim(goal, max_accuracy_loss))
        write_audit(made.case.run.folder, made.after)
        return delivered(made.case, Silent())

    def drive(self, world: str, seeds: int = 50) -> list[Evidence]:
        """How it drives in a world, beside its expert; Fault where the run is of another, or a library is missing."""
        self.keep(f"driven-in-{world}", found := drives(self.kept, world, seeds))
        return found

    def keep(self, kind: str, findings: Sequence[Evidence]) -> None:
        """Write down what was found, and draw it into the report and the card."""
        keep(self.folder, kind, findings)
        self.report()

    def report(self) -> Path:
        """Draw the report anew from the run's folder."""
        write_card(self.folder)
        return write_report(self.folder)


def train(source: Any, quiet: bool = False, **options: Any) -> Run:
    """Train on the user's data; options are those of the command line.

    Raises:
        Fault: anything the user can mend, in one line.
    """
    if wants_launch(options):
        return load(launched(source, options, quiet))
    if not leads():
        follow(source, options)
    tell = teller(quiet)
    return delivered(finished(*making.train(source, options, tell)), tell)


def resume(folder: str | Path, quiet: bool = False, **options: Any) -> Run:
    """Go on with a run that was broken off, bit for bit; `epochs` or `budget` may be raised.

    Raises:
        Fault: no such run, no checkpoint, or changed data.
    """
    home = Path(folder)
    record = read_json(home / RECORD)
    asked = {**record["options"], **options}
    if wants_launch(asked):
        return load(relaunched(home, {"devices": asked["devices"], **options}, quiet))
    if not leads():
        follow(record["source"], asked, home)
    tell = teller(quiet)
    return delivered(finished(*making.resume(home, record, options, tell)), tell)


def finished(kept: Kept, ready: Prepared) -> Case:
    """A run with what it was made from."""
    return Case(kept, ready.table, ready.shares)


def delivered(case: Case, tell: Teller) -> Run:
    """A run looked into, its report and card written; one that was broken off leaves at once."""
    run = Run(case.run)
    if not case.run.record["interrupted"] and "labels" in looked_into(case, tell).done:
        draw_labels(run.folder)
    run.report()
    return run


def load(folder: str | Path) -> Run:
    """Take up a finished run.

    Raises:
        Fault: the folder holds none.
    """
    return Run(load_kept(folder))


def check(source: Any, **options: Any) -> list[Finding]:
    """What is wrong or odd with the data, worst first.

    Raises:
        Fault: the data cannot be opened.
    """
    return list(inspect(source, options).findings)


def plan(source: Any, quiet: bool = True, **options: Any) -> Forecast:
    """What a training would decide and cost, from real steps measured here and now.

    Raises:
        Fault: as for `train`.
    """
    return forecast(source, options, teller(quiet))


def data_need(source: Any, target_metric: float, quiet: bool = True, **options: Any) -> Need:
    """How many training examples bring the first metric to a value, from eight nets taught parts of the data.

    Raises:
        Fault: as for `train`; too few examples for a curve.
    """
    return needed(source, options, target_metric, teller(quiet))
