"""Damage planted into real data: how much of it the data check names rightly; and what it says of sound data.

50 kinds of damage, 24 to the form and 26 to the meaning, 20 instances each; 200 sound draws of the same data. Named
rightly = a finding of the right kind, or a reader's refusal, that names the file, the row or the column. A false alarm
= a sound draw with any warning or stop. PLANTED_SEED 0 and 1 were tuned on; 2, as it is, is for the record.
"""

import os
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from planted import semantic, syntactic
from planted.draws import SOUND, Plant, Planted, soundly

from brainwright.data.finding import Finding, Severity
from brainwright.errors import Fault
from brainwright.runs.planning import inspect

INSTANCES = int(os.environ.get("PLANTED_EACH", "20"))
DRAWS = int(os.environ.get("PLANTED_SOUND", "200"))


def measure() -> Mapping[str, Any]:
    """Recall by kind, and false alarms."""
    seed = int(os.environ.get("PLANTED_SEED", "2"))
    facts: dict[str, Any] = {
        "seed": seed,
        "instances": INSTANCES,
        "wanted": {"form": 0.99, "meaning": 0.9, "false": 0.005},
    }
    for word, kinds in (("form", syntactic.KINDS), ("meaning", semantic.KINDS)):
        found = {kind.__name__: [tried(kind, seed, one) for one in range(INSTANCES)] for kind in kinds}
        hits = [said == "" for each in found.values() for said in each]
        facts[word] = {
            "kinds": len(kinds),
            "recall": round(float(np.mean(hits)), 4),
            "missed": {name: sum(map(bool, each)) for name, each in found.items() if any(each)},
            "instead": {name: next(filter(None, each))[:200] for name, each in found.items() if any(each)},
        }
    alarms = [said for one in range(DRAWS) if (said := alarmed(soundly(one % SOUND), seed, one))]
    facts["sound"] = {"draws": DRAWS, "false_alarms": len(alarms), "share": len(alarms) / DRAWS, "said": alarms[:10]}
    return facts


def tried(kind: Plant, seed: int, instance: int) -> str:
    """ "" where planted damage is named rightly, else what was said instead."""
    draw = np.random.default_rng([seed, instance, *kind.__name__.encode()])
    with tempfile.TemporaryDirectory() as scratch:
        planted = kind(draw, Path(scratch))
        before = contents(Path(scratch))
        right, said = named(planted)
        assert contents(Path(scratch)) == before, "files were changed"
    return "" if right else said or "nothing"


def alarmed(kind: Plant, seed: int, instance: int) -> str:
    """What is wrongly said of a sound draw, or ""."""
    draw = np.random.default_rng([seed, instance, 7])
    with tempfile.TemporaryDirectory() as scratch:
        planted = kind(draw, Path(scratch))
        try:
            findings = inspect(str(planted.source), planted.options).findings
        except Fault as fault:
            return str(fault)
    return "; ".join(one.text for one in findings if one.severity != Severity.NOTE)


def named(planted: Planted) -> tuple[bool, str]:
    """Whether a finding or a refusal says what was planted and where; and all that was said."""
    try:
        findings = inspect(str(planted.source), planted.options).findings
    except Fault as fault:
        return "refused" in planted.words and placed(str(fault), planted), str(fault)
    right = any(fits(one, planted) for one in findings)
    return right, "; ".join(f"{one.flaw}: {one.text}" for one in findings)


def fits(finding: Finding, planted: Planted) -> bool:
    """Whether a finding is of a right kind and names a right place."""
    return finding.flaw.value in planted.words and placed(finding.text, planted)


def placed(text: str, planted: Planted) -> bool:
    """Whether a line names one of the places."""
    return any(place in text for place in planted.places)


def contents(folder: Path) -> dict[str, str]:
    """Every file's digest."""
    return {str(file): sha256(file.read_bytes()).hexdigest() for file in sorted(folder.rglob("*")) if file.is_file()}
