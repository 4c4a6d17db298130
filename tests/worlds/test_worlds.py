"""Every world, found by its file: the same seed is the same drive, its expert earns more than who never reacts."""

import numpy as np
import pytest

from brainwright.__main__ import main
from brainwright.catalogue import catalogue, find
from brainwright.data.table import Kind
from brainwright.errors import Fault
from brainwright.trust.closed_loop import driven, experts, idlers
from brainwright.worlds import world as frame
from brainwright.worlds.world import Drive, World, small

DECISIONS = 12


@pytest.fixture(params=sorted(catalogue("worlds")))
def world(request: pytest.FixtureRequest) -> World:
    return find("worlds", request.param, World)()


@pytest.fixture
def drive(world: World) -> Drive:
    try:
        return world.begin(5)
    except Fault as fault:
        pytest.skip(str(fault))


def test_the_same_seed_is_the_same_drive(world: World, drive: Drive) -> None:
    other = world.begin(5)
    for _ in range(DECISIONS):
        deed = drive.expert()
        assert deed == other.expert() and set(deed) == set(world.controls) == set(world.idle)
        assert all(isinstance(value, str) == (world.controls[name] == Kind.CATEGORY) for name, value in deed.items())
        drive.act(deed)
        other.act(deed)
    assert drive.returned == other.returned != 0
    assert np.array_equal(drive.sees()[world.camera], other.sees()[world.camera])
    assert not np.array_equal(drive.sees()[world.camera], world.begin(6).sees()[world.camera])


def test_what_is_seen_is_a_table(world: World, drive: Drive) -> None:
    seen = [drive.sees(), drive.sees()]
    columns = world.columns({name: [one[name] for one in seen] for name in seen[0]})
    assert set(columns) == {world.camera, *world.sensors} == set(seen[0])
    assert columns[world.camera].values.dtype == np.uint8 and columns[world.camera].kind == Kind.IMAGE
    assert all(np.isfinite(columns[name].values).all() for name in world.sensors)


def test_the_expert_earns_more_than_who_never_reacts(world: World, drive: Drive) -> None:
    expert, idle = driven(world, [5], experts), driven(world, [5], lambda drives: idlers(world, drives))
    assert expert.returns[0] > 1.3 * idle.returns[0]
    assert not expert.crashed[0]


def test_without_the_libraries_one_line_says_what_to_install(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path
) -> None:
    def lost(module: str, why: str) -> None:
        raise Fault(f"{why} needs the library {module!r}, which is not installed", f"pip install {module}")

    monkeypatch.setattr(frame, "load", lost)
    assert main(["drive", "--world", world.word(), "--learn", str(tmp_path / "log")]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "pip install 'brainwright[driving]'" in told


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["drive", "runs/one"], "this needs a world"),
        (["drive", "runs/one", "--world", "moon"], "called 'moon'"),
        (["drive", "runs/one", "--world", "highway", "--seeds", "none"], "--seeds none counts nothing"),
        (["drive", "runs/one", "--world", "highway", "--learn", "x"], "is made anew"),
        (["drive", "runs/one", "--world", "highway", "--speed", "3"], "no option --speed"),
    ],
)
def test_what_cannot_be_asked_is_said(words: list[str], wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert wrong in capsys.readouterr().err


def test_a_small_picture_is_the_mean_of_squares() -> None:
    picture = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    assert small(picture, 2).shape == (2, 3)
    assert small(picture, 2)[0, 0] == round(picture[:2, :2].mean())
