"""Wording: numbers, metrics, times and commands as people read them, for the report and the card."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHORT = {"auc", "ece", "mae", "mape", "mase", "mse", "rmse", "r2", "f1", "smape", "cpu", "gpu", "ema", "lr"}  # capitals
THIN = "\u202f"  # the space between a number and its unit: no line breaks there
LAST_BITS = ("seed", "threads")  # options that a run must share to be the same to the last bit
LEFT_OUT = {"name"}  # a run of that name is there already, so the command that repeats it must not ask for it


@dataclass(frozen=True)
class Measured:
    """A metric's value on the test share with its 95 % interval, in words."""

    metric: str
    value: str
    low: str
    high: str

    @property
    def interval(self) -> str:
        """Low to high; empty where it is not known, as when all examples scored the same."""
        return f"{self.low} to {self.high}" if self.low else ""


def title(word: object) -> str:
    """A part's name in running text: "log-loss" is "log loss", "auc" is "AUC"."""
    pieces = str(word).replace("_", "-").split("-")
    return " ".join(piece.upper() if piece.lower() in SHORT else piece for piece in pieces)


def capital(text: object) -> str:
    """With a capital letter at its start."""
    return str(text)[:1].upper() + str(text)[1:]


def count(number: Any) -> str:
    """A whole number with commas; a dash where it is not known."""
    return f"{number:,.0f}" if isinstance(number, int | float) and math.isfinite(number) else "–"


def large(number: Any) -> str:
    """Such as 12.3 million."""
    if not isinstance(number, int | float):
        return "–"
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return count(number)


def decimal(number: Any, places: int) -> str:
    """With commas and so many decimals; a true minus, and none before zero."""
    return f"{number:z,.{places}f}".replace("-", "−")


def plain(number: Any) -> str:
    """Four significant digits or all digits of a whole number; a dash where there is none."""
    if not isinstance(number, int | float) or isinstance(number, bool) or not math.isfinite(number):
        return "–"
    if number and not 1e-4 <= abs(number) < 1e9:
        return f"{number:.3g}".replace("-", "−")
    places = max(0, 3 - math.floor(math.log10(abs(number)))) if number else 0
    text = decimal(number, min(6, places))
    return text.rstrip("0").rstrip(".") if "." in text else text


def digits(metric: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> int:
    """Decimals that the first interval makes meaningful, and no more: all models of a table share them."""
    times = 100.0 if metric.get("percent") else 1.0
    for _, low, high in (of(one, metric) for one in results):
        if low is not None and high is not None and high > low:
            places = 1 - math.floor(math.log10((high - low) * times))
            return min(6, max(0, min(places, 2) if times > 1 else places))
    return 1 if times > 1 else 4


def measured(metric: Mapping[str, Any], value: Sequence[float | None], places: int) -> Measured:
    """A value, low and high with so many decimals; no interval where all examples scored the same."""
    middle, low, high = [*value, None, None, None][:3]
    name = title(str(metric.get("name", "")))
    if middle is None:
        return Measured(name, "not measured", "", "")
    times, unit = (100.0, f"{THIN}%") if metric.get("percent") else (1.0, "")
    if low is None or high is None or not high > low:  # a bootstrap of equal scores says nothing of their spread
        return Measured(name, f"{decimal(middle * times, places)}{unit}", "", "")
    words = [decimal(number * times, places) for number in (middle, low, high)]
    return Measured(name, f"{words[0]}{unit}", words[1], f"{words[2]}{unit}")


def percent(share: Any, places: int = 1) -> str:
    """A share of one as a percentage."""
    return f"{share * 100:.{places}f}{THIN}%" if isinstance(share, int | float) else "–"


def clock(seconds: Any) -> str:
    """A duration: 12.3 s, 4 min 05 s, 2 h 10 min."""
    if not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return "–"
    if seconds < 60:
        return f"{seconds:.1f}{THIN}s" if seconds >= 0.05 else f"under 0.1{THIN}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}{THIN}min {rest:02d}{THIN}s"
    return f"{minutes // 60}{THIN}h {minutes % 60:02d}{THIN}min"


def energy(spent: Mapping[str, Any]) -> str:
    """Watt-hours, or the range of a model, and how they are known."""
    low, high = plain(spent.get("low")), plain(spent.get("high"))
    return f"{low if low == high else f'{low} to {high}'}{THIN}Wh, {spent.get('how', '')}"


def speed(limit: Mapping[str, Any]) -> str:
    """How near the training came to what the machine allows, and what stood in its way."""
    roofs = sorted((limit.get("roofs") or {}).items(), key=lambda one: -one[1])
    least = ", ".join(f"{name} {milliseconds(seconds)}" for name, seconds in roofs)
    reached, step = percent(limit.get("fraction"), 0), milliseconds(limit.get("step"))
    return f"{reached} of what this machine allows: a step took {step}, looks included; least by {least}"


def milliseconds(seconds: Any) -> str:
    """A short duration."""
    return f"{plain(seconds * 1000)}{THIN}ms" if isinstance(seconds, int | float) else "–"


def option(value: Any) -> str:
    """An option's value as the command line takes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def options_again(record: Mapping[str, Any]) -> dict[str, Any]:
    """What to ask for to get this run again: what was asked, what its last bits hang on, steps that the budget cut."""
    asked = {name: value for name, value in (record.get("asked") or {}).items() if name not in LEFT_OUT}
    options = record.get("options") or {}
    for name in LAST_BITS:
        if options.get(name) is not None:
            asked.setdefault(name, options[name])
    if (steps := cut(record)) and not record.get("interrupted"):
        asked["steps"] = steps
    return asked


def cut(record: Mapping[str, Any]) -> int:
    """Steps that the budget left; 0 where it cut none."""
    steps, options = record.get("steps") or {}, record.get("options") or {}
    size, examples = options.get("batch_size"), ((record.get("data") or {}).get("shares") or {}).get("train")
    if not steps.get("planned") or not size or not examples:
        return 0
    per_epoch = max(1, examples // (min(size, examples) * (options.get("accumulate") or 1)))
    wanted = options.get("steps") or options.get("epochs", 0) * per_epoch
    return int(steps["planned"]) if steps["planned"] < wanted else 0


def as_command(record: Mapping[str, Any]) -> str:
    """The line for a shell that makes this run again; "" where the data came from memory."""
    source = str(record.get("source") or "")
    if not Path(source).is_absolute():
        return ""
    words = ["brainwright", "train", shlex.quote(source)]
    for name, value in options_again(record).items():
        words += [f"--{name.replace('_', '-')}", shlex.quote(option(value))]
    return " ".join(words)


def as_python(record: Mapping[str, Any]) -> str:
    """The same in Python."""
    source = str(record.get("source") or "")
    given = repr(source) if Path(source).is_absolute() else "data  # the same table as before"
    options = "".join(f",\n    {name}={value!r}" for name, value in options_again(record).items())
    if options and not Path(source).is_absolute():
        given = "data"
    return f"import brainwright as bw\n\nrun = bw.train({given}{options})"


def verdict(record: Mapping[str, Any]) -> list[str]:
    """How good the run is, in a few sentences: net, best floor, and whether the difference holds."""
    metrics, results = record.get("metrics") or [], record.get("results") or []
    if not results or not metrics:
        return ["Nothing was judged: the run did not come to its end."]
    first = metrics[0]
    net, floors = results[0], best_first(results[1:], first)
    mine = measured(first, of(net, first), digits(first, results))
    tests = count(((record.get("data") or {}).get("shares") or {}).get("test"))
    within = f" (95{THIN}% interval {mine.interval})" if mine.interval else ""
    unseen = f"On {tests} test examples that took no part in training or in any choice"
    said = [f"{unseen}, {mine.metric} is {mine.value}{within}."]
    if floors:
        said.append(against(net, floors[0], first))
    if record.get("selected", net["model"]) != net["model"]:
        said.append(f"The run predicts with {title(record['selected'])}, which was best on the validation share.")
    return said


def against(net: Mapping[str, Any], floor: Mapping[str, Any], metric: Mapping[str, Any]) -> str:
    """The net and the best floor in one sentence."""
    (mine, low, high), (other, other_low, other_high) = of(net, metric), of(floor, metric)
    reached = measured(metric, of(floor, metric), digits(metric, [net, floor])).value
    text = f"The best of the simple models beside it, {title(floor['model'])}, reaches {reached}"
    if mine is None or other is None:
        return f"{text}."
    if not (mine > other if metric.get("higher_is_better") else mine < other):
        return f"{text}: the net does not beat it."
    if None in (low, high, other_low, other_high) or not high > low or not other_high > other_low:
        return f"{text}: the net is better; how surely cannot be said, for one of them has no interval."
    if not (low > other_high or high < other_low):
        return f"{text}: the net is better, but the intervals overlap, so on other examples the order may change."
    return f"{text}: the net is better, and the intervals do not touch."


def of(result: Mapping[str, Any], metric: Mapping[str, Any]) -> tuple[Any, Any, Any]:
    """Value, low and high of a model's metric; None where not known."""
    value = [*((result.get("test") or {}).get(metric.get("name")) or ()), None, None, None]
    return value[0], value[1], value[2]


def best_first(results: Sequence[Mapping[str, Any]], metric: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Models in the order of a metric; those without a value last."""
    sign = -1 if metric.get("higher_is_better") else 1
    return sorted(results, key=lambda one: (of(one, metric)[0] is None, sign * (of(one, metric)[0] or 0)))
