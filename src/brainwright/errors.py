"""The one-line error that users meet, and the exit codes of the command line."""

EXIT_FAULT = 2  # bad input, a wrong option, a missing library: the user can mend it
EXIT_INTERRUPTED = 130  # Ctrl-C, as shells expect it


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
