"""Several processes end where one ends, in double precision, for every task; a lost one ends all, and is named."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from brainwright.catalogue import find
from brainwright.tasks.task import Task
from devices.joint import trained
from trial import TASKS

JOINT = Path(__file__).resolve().with_name("joint.py")
TESTS = JOINT.parents[1]


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def agents(hosts: int, processes: int, file: Path) -> None:
    """Run joint.py under one torchrun agent a host, as a cluster's hosts would; all on this machine."""
    port = free_port()
    shared = f"--nnodes={hosts} --nproc-per-node={processes} --master-addr=127.0.0.1 --master-port={port}".split()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "torch.distributed.run", *shared, f"--node-rank={host}", str(JOINT), str(file)],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        for host in range(hosts)
    ]
    for one in running:
        _, said = one.communicate(timeout=300)
        assert one.returncode == 0, said


@pytest.fixture(scope="module")
def joint(tmp_path_factory):
    """What two hosts of one process each ended with, for every task."""
    file = tmp_path_factory.mktemp("joint") / "ends.safetensors"
    agents(2, 1, file)
    return load_file(file)


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.parametrize("word", TASKS)
def test_two_hosts_end_where_one_process_ends(word, joint):
    torch.set_default_dtype(torch.float64)
    try:
        end, loss = trained(word)
    finally:
        torch.set_default_dtype(torch.float32)
    torch.testing.assert_close(joint[word], end, atol=1e-9, rtol=1e-7)
    if not any(slot.field.drawn for slot in find("tasks", word, Task)().slots()):  # each judges by noise of its own
        torch.testing.assert_close(float(joint[f"{word}/loss"]), loss, atol=1e-9, rtol=1e-7)


TABLE = "area,rooms,price\n" + "\n".join(f"{a},{a % 5},{3 * a + 200 * (a % 5)}" for a in range(60, 360))


def brainwright(folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Start a command in a folder."""
    command = [sys.executable, "-m", "brainwright", *words]
    return subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def workers(running: "subprocess.Popen[str]", folder: Path) -> list[int]:
    """The processes that train together, once the first checkpoint is written."""
    for _ in range(2400):
        if (folder / "runs/r/checkpoints/state.safetensors").exists():
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
            return [int(child) for child in children]
        time.sleep(0.1)
    running.terminate()  # which the launcher passes on
    raise AssertionError(running.communicate()[1])


@pytest.mark.network
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="processes are found by /proc")
def test_a_lost_process_ends_all_and_the_run_goes_on(tmp_path):
    """Killed by the system: all end, one line says so, and what was saved is gone on with, also by one process."""
    (tmp_path / "a.csv").write_text(TABLE)
    words = "train a.csv --target price --name r --devices 2 --steps 1500 --checkpoint 0.2 --patience 0"
    running = brainwright(tmp_path, *words.split())
    _, last = workers(running, tmp_path)
    os.kill(last, signal.SIGKILL)
    _, said = running.communicate(timeout=120)
    assert running.returncode == 2, said
    line = said.strip().splitlines()[-1]
    assert line.startswith("brainwright: process "), said
    assert "signal 9" in line, said
    again = brainwright(tmp_path, "train", "--resume", "runs/r", "--devices", "1", "--json")
    told, said = again.communicate(timeout=240)
    assert again.returncode == 0, said
    assert json.loads(told)["steps"]["done"] == 1500


@pytest.mark.network
@pytest.mark.slow
def test_a_fault_of_all_is_said_once(tmp_path):
    running = brainwright(tmp_path, "train", "nowhere.csv", "--devices", "2")
    _, said = running.communicate(timeout=120)
    assert running.returncode == 2
    assert said.count("nowhere.csv") == 1, said
