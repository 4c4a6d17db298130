"""A quick part of benchmarks/trusted/damage.py: each kind of damage named with its place once."""

import importlib
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("BRAINWRIGHT_DATA", "data"))
SETS = ("adult", "california_housing", "etth1", "trec", "sst2", "cifar10", "mnist")
TUNING = 0  # the seed that rules were made with; the record is of another

pytestmark = pytest.mark.skipif(not all((DATA / name).is_dir() for name in SETS), reason="needs BRAINWRIGHT_DATA")


@pytest.fixture(scope="module")
def case():
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield importlib.import_module("trusted.damage")
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


@pytest.mark.parametrize("word", ["syntactic", "semantic"])
def test_each_kind_of_damage_is_named_with_its_place(case, word: str) -> None:
    kinds = getattr(case, word).KINDS
    missed = {kind.__name__: said for kind in kinds if (said := case.tried(kind, TUNING, 0))}
    assert missed == {}


def test_sound_data_are_left_in_peace(case) -> None:
    said = [case.alarmed(case.soundly(one), TUNING, one) for one in range(case.SOUND)]
    assert said == [""] * case.SOUND
