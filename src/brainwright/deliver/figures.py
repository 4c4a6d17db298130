"""Figures: what a run's history and evidence show, as charts."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from brainwright.deliver.drawings import Axis, Chart, Mark, Plane, squares
from brainwright.deliver.wording import capital, plain, title
from brainwright.training.schedules import share

POINTS = 100  # of the drawn schedule
DOTTED = 30  # looks up to which each is dotted
SHARES = {"train": "quiet", "validation": "ink", "test": "main"}


def learning(record: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Losses, every metric on the validation share, and the learning rate."""
    if not history:
        return []
    steps = [line["step"] for line in history]
    players = list(history[0].get("losses") or {})
    losses = {
        "training" if len(players) == 1 else player: [(line.get("losses") or {}).get(player) for line in history]
        for player in players
    }
    looked = [(line.get("metrics") or {}).get("loss") for line in history]
    charts = [lines("Loss", steps, {**losses, "validation": looked}, log=True)]
    for metric in record.get("metrics") or []:
        name = metric["name"]
        values = [(line.get("metrics") or {}).get(name) for line in history]
        if any(value is not None for value in values):
            scale = 100.0 if metric.get("percent") else 1.0
            scaled = [None if value is None else value * scale for value in values]
            unit = " in %" if metric.get("percent") else ""
            charts.append(lines(capital(title(name)) + unit, steps, {"validation": scaled}, log=False))
    options, total = record.get("options") or {}, (record.get("steps") or {}).get("planned")
    if total and {"lr", "schedule", "warmup"} <= set(options):
        xs = [total * index / POINTS for index in range(POINTS + 1)]
        rates = [options["lr"] * share(options["schedule"], options["warmup"], x / total) for x in xs]
        charts.append(lines("Learning rate", xs, {"planned": rates}, log=False))
    return charts


def lines(name: str, xs: Sequence[float], curves: Mapping[str, Sequence[float | None]], log: bool) -> Chart:
    """Curves over steps, each through the points that it has; the last one is the one that matters."""
    values = [value for curve in curves.values() for value in curve]
    plane = Plane(Axis.over([0, *xs], "step"), Axis.over(values, "", log).rounded())
    roles = dict(zip(reversed(list(curves)), ("main", "quiet", "ink"), strict=False))
    marks = []
    for key, curve in curves.items():
        points = [(x, y) for x, y in zip(xs, curve, strict=True) if y is not None]
        across, up = [x for x, _ in points], [y for _, y in points]
        marks.append(Mark(plane.line(across, up), roles.get(key, "quiet"), key))
        if len(points) <= DOTTED:
            marks.append(Mark(plane.dots(across, up), f"{roles.get(key, 'quiet')} dots"))
    said = [
        f"{key} from {plain(there[0])} to {plain(there[-1])}"
        for key, curve in curves.items()
        if (there := known(curve))
    ]
    return Chart(name, f"{name} over steps: {'; '.join(said)}", plane.across, plane.up, tuple(marks))


def known(curve: Sequence[float | None]) -> list[float]:
    """The values that are there."""
    return [value for value in curve if value is not None]


def calibration(found: Mapping[str, Any], name: str) -> Chart:
    """Probability given against share found right, with intervals."""
    points = found["reliability"]["points"]
    least = min(min(one["given"], one["low"]) for one in points)
    low = math.floor(least * 10 - 1e-9) / 10 if least > 0 else 0.0
    plane = Plane(Axis(low, 1.0, "probability given"), Axis(low, 1.0, "share found right"))
    given, right = ([one[key] for one in points] for key in ("given", "found"))
    marks = (
        Mark(plane.line([low, 1], [low, 1]), "dashed quiet", "perfect"),
        Mark(
            plane.bars(given, [one["low"] for one in points], [one["high"] for one in points]),
            "thin main",
            "95 % interval",
        ),
        Mark(plane.line(given, right), "main", "found"),
        Mark(plane.dots(given, right), "main dots"),
    )
    told = "; ".join(f"given {x:.2f}, found {y:.2f}" for x, y in zip(given, right, strict=True))
    return Chart("Reliability", f"Reliability curve of {name}: {told}", plane.across, plane.up, marks)


def histogram(found: Mapping[str, Any], name: str) -> Chart:
    """The target's values in each share, each to its own height."""
    edges, counts = found["edges"], found["counts"]
    heights = {share: [value / max(1, sum(values)) * 100 for value in values] for share, values in counts.items()}
    most = max((height for one in heights.values() for height in one), default=1.0)
    plane = Plane(Axis.over(edges, name), Axis.over([0, most], "% of the share").rounded())
    marks = tuple(
        Mark(plane.stairs(edges, heights[share]), role, share) for share, role in SHARES.items() if share in heights
    )
    told = f"Histogram of {name} from {plain(edges[0])} to {plain(edges[-1])}, {len(edges) - 1} bins"
    return Chart("Share of the examples", told, plane.across, plane.up, marks)


def cloud(found: Mapping[str, Any], name: str) -> Chart:
    """Prediction against truth; the diagonal is perfect."""
    low, high = found["frame"]
    plane = Plane(Axis(low, high, "truth"), Axis(low, high, "prediction"))
    marks = (
        *squares(found["squares"], found["cells"]),
        Mark(plane.line([low, high], [low, high]), "dashed ink", "perfect"),
    )
    told = (
        f"Prediction against truth of {name} in squares, the fuller the stronger; 90 % of the predictions are off by "
    )
    told += f"{plain(found['quantiles']['5'])} to {plain(found['quantiles']['95'])}"
    return Chart("Prediction against truth", told, plane.across, plane.up, marks)


def residuals(found: Mapping[str, Any], name: str) -> Chart:
    """Prediction minus truth, by the size of the prediction."""
    groups = found["groups"]
    said, low, middle, high = ([one[key] for one in groups] for key in ("said", "low", "middle", "high"))
    plane = Plane(Axis.over(said, "prediction"), Axis.over([0, *low, *high], "prediction − truth").rounded())
    edge = [plane.across.low, plane.across.high]
    marks = (
        Mark(plane.band(said, low, high), "area", "5 % to 95 %"),
        Mark(plane.line(edge, [0, 0]), "dashed quiet"),
        Mark(plane.line(said, middle), "main", "median"),
        Mark(plane.dots(said, middle), "main dots"),
    )
    told = "; ".join(f"near {plain(x)}: median {plain(y)}" for x, y in zip(said, middle, strict=True))
    return Chart("Residuals", f"Residuals of {name} by size of the prediction: {told}", plane.across, plane.up, marks)


def forecasts(found: Mapping[str, Any], name: str) -> list[Chart]:
    """All that were kept of one target."""
    return [forecast(one) for one in found["forecasts"]]


def forecast(found: Mapping[str, Any]) -> Chart:
    """Past, truth and forecast of one variable."""
    past, truth, said, every = (found[key] for key in ("past", "truth", "said", "every"))
    before = [-(len(past) - 1 - index) * every for index in range(len(past))]
    after = [1 + index * every for index in range(len(truth))]
    plane = Plane(Axis.over([*before, *after], "steps from now"), Axis.over([*past, *truth, *said]).rounded())
    now = [plane.up.low, plane.up.high]
    marks = (
        Mark(plane.line([0, 0], now), "dashed quiet"),
        Mark(plane.line(before, past), "quiet", "past"),
        Mark(plane.line(after, truth), "ink", "truth"),
        Mark(plane.line(after, said), "main", "forecast"),
    )
    means = f"truth {brief_mean(truth)}, forecast {brief_mean(said)} on average"
    told = f"Forecast of {found['name']}, {found['rank']}: {means}"
    return Chart(f"{found['name']}: {found['rank']}", told, plane.across, plane.up, marks)


def by_step(found: Mapping[str, Any], name: str) -> Chart | None:
    """How the error grows with the distance; None for a single step."""
    errors = found["by_step"]
    if len(errors) < 2:
        return None
    xs = [float(index + 1) for index in range(len(errors))]
    plane = Plane(Axis.over(xs, "steps ahead"), Axis.over([0, *errors], "mean squared error").rounded())
    told = (
        f"Mean squared error of {name}: {plain(errors[0])} one step ahead, {plain(errors[-1])} at {len(errors)} steps"
    )
    return Chart("Error by distance", told, plane.across, plane.up, (Mark(plane.line(xs, errors), "main"),))


def spark(curve: Sequence[float | None]) -> str:
    """A small line in a box of 100 x 24, as path data."""
    there = known(curve)
    if len(there) < 2:
        return ""
    across, up = Axis(0, len(curve) - 1), Axis.over(there)
    words, pen = [], "M"
    for index, value in enumerate(curve):
        if value is None:
            pen = "M"
            continue
        words.append(f"{pen}{across.place(index) * 100:.1f} {22 - up.place(value) * 20:.1f}")
        pen = "L"
    return "".join(words)


def brief_mean(curve: Sequence[float | None]) -> str:
    """The mean of what is there, in words."""
    there = known(curve)
    return plain(sum(there) / len(there)) if there else "unknown"
