"""The one-line error that users meet, and the exit codes of the command line."""

import json
import os
import time
from pathlib import Path

EXIT_FAULT = 2  # bad input, a wrong option, a missing library: the user can mend it
EXIT_INTERRUPTED = 130  # Ctrl-C, as shells expect it

ERROR_FILE = "TORCHELASTIC_ERROR_FILE"  # where one of several processes tells whoever launched it why it ends

LAUNCHED = "brainwright-"  # how the name of a training begins that brainwright itself launched as several processes


class Fault(Exception):
    """Something the user can mend, told in one line: what was found, where, why it stops us, and what to do.

    The command line prints it without a traceback and exits with 2; in Python it is an ordinary exception.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(f"{what}; {fix}" if fix else what)
        self.what, self.fix = what, fix


class Stopped(KeyboardInterrupt):
    """A signal ended a run: one line that says how to go on, and the exit code that shells expect (130, 143)."""

    def __init__(self, what: str, code: int) -> None:
        super().__init__(what)
        self.code = code


def leads() -> bool:
    """Whether this process, of several that train together, is the one that tells and writes."""
    return int(os.environ.get("RANK", "0")) == 0


def launched() -> bool:
    """Whether brainwright itself launched this process among others, and prints the result in its stead."""
    return os.environ.get("TORCHELASTIC_RUN_ID", "").startswith(LAUNCHED)


def left_word(fault: Fault) -> bool:
    """Tell whoever launched this process among others why it ends, to be said once; False where nobody did."""
    place = os.environ.get(ERROR_FILE, "")
    if place:
        Path(place).write_text(json.dumps({"message": str(fault), "timestamp": int(time.time())}), encoding="utf-8")
    return bool(place)
