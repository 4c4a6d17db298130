"""What every test gets: no network, the same chance each time, one thread, and the public data where they are."""

import ipaddress
import os
import random
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

# Hypothesis draws the same examples each time, and does not take a busy machine for a slow function.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]


class NetworkUsed(AssertionError):
    """A test, or the code under it, spoke to another machine."""


def refuse_strangers(address: Any) -> None:
    """Raise unless an address is a file's (a Unix socket) or on this machine."""
    if not isinstance(address, tuple):
        return
    host = str(address[0])
    try:
        home = ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        home = host == "localhost"
    if not home:
        raise NetworkUsed(f"a test tried to reach {host}; tests speak to this machine only")


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Connections beyond this machine fail, and so does asking for another machine's address."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def connect_home(self: socket.socket, address: Any) -> None:
        refuse_strangers(address)
        connect(self, address)

    def connect_ex_home(self: socket.socket, address: Any) -> int:
        refuse_strangers(address)
        return connect_ex(self, address)

    def look_up_home(host: Any, *rest: Any, **named: Any) -> Any:
        refuse_strangers((host or "localhost",))
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_home)
        patch.setattr(socket.socket, "connect_ex", connect_ex_home)
        patch.setattr(socket, "getaddrinfo", look_up_home)
        patch.setenv("HF_HUB_OFFLINE", "1")  # for processes that a test starts
        yield


@pytest.fixture(autouse=True, scope="session")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests decode is kept in a folder of theirs, never in the home of who runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def same_chance() -> None:
    """Every test starts from the same seeds; torch, where it is loaded, keeps to one thread."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - libraries under test may still draw from numpy's old generator
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)
        torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data_folder() -> Callable[[str], Path]:
    """`data_folder("mnist")`: the folder of a public data set, or the test is skipped and says why."""
    home = Path(os.environ.get("BRAINWRIGHT_DATA") or ROOT.parent / "shared" / "data")

    def find(name: str) -> Path:
        folder = home / name
        if not folder.is_dir():
            pytest.skip(f"no public data set {name!r}: set BRAINWRIGHT_DATA to the folder that holds it")
        return folder

    return find


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Explanations with as little work as shows that all hangs together."""
    monkeypatch.setattr("brainwright.trust.explanations.JUDGED", 3)
    monkeypatch.setattr("brainwright.trust.explanations.THINGS", 1)
    monkeypatch.setattr("brainwright.trust.explanations.COMPARED", 2)
    monkeypatch.setattr("brainwright.trust.gates.NETS", 3)
    monkeypatch.setattr("brainwright.trust.gates.NETS_AT_MOST", 3)
