"""Several processes end where one ends, in double precision, for every task; a lost one ends all, and is named."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from devices.joint import trained
from safetensors.torch import load_file
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
    torch.testing.assert_close(float(joint[f"{word}/loss"]), loss, atol=1e-6, rtol=1e-5)
