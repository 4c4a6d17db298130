"""Kills: training after training ended by SIGKILL, also inside a save, goes on to the very state of one left alone."""

import random
from collections import Counter
from pathlib import Path

import pytest

from exactness.trials import BUGS, CALLS, Server, digest, killed_run, logged_once
from trial import TASKS

KILLS = 6  # of each task, at least


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    one = Server(tmp_path_factory.mktemp("server"))
    yield one
    one.close()


def whole(server: Server, folder: Path, **asked) -> float:
    """A training left alone; the seconds it took."""
    folder.mkdir()
    answer = server.ask(folder=folder, **asked)
    assert answer["status"] == 0
    assert logged_once(folder)
    return answer["seconds"]


@pytest.mark.slow
def test_killed_equals_uninterrupted(server, tmp_path):
    """At least 60 kills over all tasks, a third of them inside a save: the same state, each step logged once."""
    draw, kills = random.Random(0), Counter()
    for word in TASKS:
        seconds = whole(server, tmp_path / word, word=word)
        alone = digest(tmp_path / word)
        before, number = kills.total(), 0
        while kills.total() < before + KILLS:
            number += 1
            folder = tmp_path / f"{word}-{number}"
            folder.mkdir()
            kills.update(killed_run(server, {"word": word, "folder": folder}, draw, seconds, CALLS))
            assert digest(folder) == alone, (word, number)
            assert logged_once(folder)
    assert kills.total() >= 60 and kills["call"] >= 20, kills


@pytest.mark.parametrize("bug", BUGS)
def test_a_wrong_resume_is_caught(server, tmp_path, bug):
    """A resume with a bug ends in another state than the same training left alone."""
    asked = {"word": "tabular-classification", "bug": bug}
    seconds = whole(server, tmp_path / "whole", **asked)
    draw = random.Random(1)
    for number in range(12):
        folder = tmp_path / str(number)
        folder.mkdir()
        killed_run(server, {**asked, "folder": folder}, draw, seconds, CALLS)
        if digest(folder) != digest(tmp_path / "whole") or not logged_once(folder):
            return
    pytest.fail(f"{bug} went unseen")
