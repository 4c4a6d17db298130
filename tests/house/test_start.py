"""Starting costs little: help and lists load no torch, and answer in less time than a person notices."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "numpy", "pandas", "pyarrow", "matplotlib", "sklearn", "scipy", "tokenizers", "PIL"}
CPU_SECONDS = 0.3
STARTS = [["-c", "import brainwright"], ["-m", "brainwright", "--help"], ["-m", "brainwright", "list"]]


def start(*words: str) -> subprocess.CompletedProcess[str]:
    """A fresh Python with these words."""
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=300, check=True)


@pytest.mark.parametrize("words", STARTS, ids=" ".join)
def test_a_start_loads_nothing_heavy(words: list[str]) -> None:
    told = start("-X", "importtime", *words).stderr
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}
    assert "brainwright" in loaded
    assert not loaded & HEAVY


def test_a_run_loads_neither_what_it_does_not_use_nor_the_compiler(tmp_path: Path) -> None:
    words = ["-X", "importtime", "-m", "brainwright", "demo", "--epochs", "1", "--out", str(tmp_path), "--quiet"]
    told = start(*words).stderr
    loaded = {line.rpartition("|")[2].strip() for line in told.splitlines()}
    assert "torch" in loaded
    assert not loaded & {"torch._dynamo", "torch._inductor", "sympy", "sklearn", "scipy.stats", "matplotlib"}


def test_a_heavy_start_is_seen() -> None:
    told = start("-X", "importtime", "-c", "import numpy").stderr
    assert "numpy" in {line.rpartition("|")[2].strip().partition(".")[0] for line in told.splitlines()}


@pytest.mark.parametrize("words", STARTS[1:], ids=" ".join)
def test_a_start_is_quick(words: list[str]) -> None:
    """CPU time of the child (user and system), the best of three: what other processes do counts least there."""
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert start(*words).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(seconds) <= CPU_SECONDS


def test_every_command_is_told_by_the_help() -> None:
    told, listed = start("-m", "brainwright", "--help").stdout, start("-m", "brainwright", "list").stdout
    assert all(word in told for word in ("train", "predict", "evaluate", "list"))
    assert "image-classification" in listed
