"""Keeping: findings as JSON in the run folder, one file a kind of evidence, for the report and for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from brainwright.runs.record import plain, read_json, write_json
from brainwright.trust.finding import Finding

FOLDER = "trust"


def keep(folder: Path, name: str, findings: Sequence[Finding]) -> Path:
    """Write some findings; those of the same name from before are replaced."""
    home = folder / FOLDER
    home.mkdir(exist_ok=True)
    path = home / f"{name}.json"
    write_json(path, {"findings": [plain(asdict(one)) for one in findings]})
    return path


def kept(folder: Path) -> Mapping[str, list[dict[str, Any]]]:
    """Name -> findings, of all that was ever looked into for a run."""
    return {path.stem: read_json(path)["findings"] for path in sorted((folder / FOLDER).glob("*.json"))}


def remembered(folder: Path, name: str) -> list[Finding]:
    """The findings of one name, as they were kept; none where nobody has looked."""
    path = folder / FOLDER / f"{name}.json"
    return [finding_of(one) for one in read_json(path)["findings"]] if path.is_file() else []


def finding_of(told: Mapping[str, Any]) -> Finding:
    """A finding that was written as JSON, where what is no number is null."""
    numbers = {name: float("nan") for name in ("value", "low", "high") if told[name] is None}
    return Finding(**{**told, **numbers})
