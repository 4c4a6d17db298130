"""Launching: the processes of one training started on this machine, watched and ended together."""

import logging
import signal
import sys
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from uuid import uuid4

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from brainwright.errors import EXIT_FAULT, EXIT_INTERRUPTED, LAUNCHED, Fault

LOUD = ("torch.distributed.elastic.agent.server.api", "torch.distributed.elastic.multiprocessing.api")
"""Who tells of every signal passed on: what matters is said in our own words."""
WATCH = 0.2  # seconds between two looks at whether every process still lives


def launch(words: Sequence[str], processes: int) -> int:
    """Run `brainwright WORDS` as so many processes that train one net together; the exit code of the whole.

    They leave the result to be printed by the caller; what they tell goes to standard error.

    Raises:
        Fault: one of them failed: its own words, or the signal that ended it. The others are ended too.
    """
    for name in LOUD:
        logging.getLogger(name).setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=processes,
            run_id=f"{LAUNCHED}{uuid4()}",
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=0,
            monitor_interval=WATCH,
            logs_specs=DefaultLogsSpecs(log_dir=folder),
        )
        try:
            elastic_launch(config, sys.executable)("-m", "brainwright", *words)
        except ChildFailedError as error:
            rank, failure = error.get_first_failure()
            if failure.exitcode == EXIT_INTERRUPTED:
                return EXIT_INTERRUPTED
            raise Fault(told(failure, rank, processes)) from None
        except SignalException as stop:
            return EXIT_INTERRUPTED if stop.sigval == signal.SIGINT else 128 + stop.sigval
    return 0


def told(failure: ProcessFailure, rank: int, processes: int) -> str:
    """Why a process ended, in one line: its own words where it left any."""
    if failure.exitcode == EXIT_FAULT and failure.error_file_data.get("message"):
        return failure.message
    how = f"signal {-failure.exitcode} ({failure.signal_name()})" if failure.exitcode < 0 else f"{failure.exitcode}"
    return (
        f"process {rank} of {processes} ended with {how}, so the training was stopped; "
        "go on from its last checkpoint with --resume RUN"
    )
