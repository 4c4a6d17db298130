"""Makes docs/results.md from the JSON lines that quality.py printed: python benchmarks/table.py

The lines lie in benchmarks/results/quality.jsonl; of several lines for one case the last one counts.
"""

import json
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LINES = HERE / "results/quality.jsonl"
PAGE = HERE.parent / "docs/results.md"
HEAD = """# Results

What the DEFAULT run reaches on each case's official test examples: nothing was chosen for a case but the data, the
target and the split. Measured by `python benchmarks/quality.py CASE`, one seed; intervals are 95 % bootstrap intervals
over test examples, so they hold for the trained net, not for the recipe over seeds. "Floors" are the trivial and simple
models that stand beside every net; the validation share chooses where `--select best` is asked for (marked).

| case | metric | wanted | reached | 95 % interval | best floor | n | minutes | memory | parameters |
|---|---|---|---|---|---|---|---|---|---|
"""
RATES = {"equal-error-rate", "word-error-rate", "worst_share_error"}
LOWER = RATES | {"rmse", "mse-scaled", "nats-per-character"}
SHARES = RATES | {"accuracy", "lane-accuracy", "rank-1"}


def number(value: float, word: str) -> str:
    """Percentages for shares, else four digits."""
    return f"{value:.2%}" if word in SHARES else f"{value:.4f}"


def rows(line: dict[str, Any]) -> list[str]:
    """One table row a wanted figure."""
    made = []
    for word, wanted in line["wanted"].items():
        value = line["reached"][word]
        met = value <= wanted if word in LOWER else value >= wanted
        mine = line["results"][line["selected"]].get(word)
        interval = f"{number(mine[1], word)} to {number(mine[2], word)}" if mine else "–"
        floors = {name: result[word][0] for name, result in line["results"].items() if name != "net" and word in result}
        best = (min if word in LOWER else max)(floors, key=lambda name: floors[name]) if floors else ""
        floor = f"{best} {number(floors[best], word)}" if best else "–"
        chosen = "" if line["selected"] == "net" else f" ({line['selected']} was selected)"
        cells = [
            line["case"],
            word,
            ("≤ " if word in LOWER else "≥ ") + number(wanted, word),
            f"{'**' if met else ''}{number(value, word)}{'**' if met else ' (missed)'}{chosen}",
            interval,
            floor,
            f"{line['n']:,}",
            f"{line['seconds'] / 60:.1f}",
            f"{line['peak_memory_mb']:,} MB",
            f"{line['parameters']:,}",
        ]
        made.append("| " + " | ".join(cells) + " |")
    return made


def page(lines: list[dict[str, Any]]) -> str:
    """The whole page."""
    latest = {line["case"]: line for line in lines if "skipped" not in line}
    table = "\n".join(row for line in latest.values() for row in rows(line))
    machines = {
        f"{one['processors']} processors ({one['processor']}), GPU {one['gpu']}, torch {one['torch']}, "
        f"Python {one['python']}, {one['system']}"
        for one in (line["environment"] for line in latest.values())
    }
    notes = (HERE / "results/notes.md").read_text(encoding="utf-8") if (HERE / "results/notes.md").is_file() else ""
    return f"{HEAD}{table}\n\nMachine: {'; '.join(sorted(machines))}.\n\n{notes}"


if __name__ == "__main__":
    PAGE.write_text(page([json.loads(line) for line in LINES.read_text().splitlines()]), encoding="utf-8")
