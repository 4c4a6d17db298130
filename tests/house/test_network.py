"""The block that keeps every test away from the network does block."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "example.org"])
def test_other_machines_are_out_of_reach(host: str) -> None:
    with pytest.raises(AssertionError, match="tried to reach"):
        socket.create_connection((host, 80), timeout=1)


def test_a_bare_socket_is_blocked_too() -> None:
    with socket.socket() as line:
        with pytest.raises(AssertionError, match="tried to reach"):
            line.connect(("192.0.2.1", 80))
        with pytest.raises(AssertionError, match="tried to reach"):
            line.connect_ex(("192.0.2.1", 80))


def test_this_machine_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()


def test_data_that_are_not_there_skip_the_test(data_folder: Callable[[str], Path]) -> None:
    with pytest.raises(pytest.skip.Exception, match="no public data set 'no-such-data'"):
        data_folder("no-such-data")
