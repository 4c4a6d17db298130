"""The command line: finds the file in commands/ that bears the word, and turns faults into one line."""

import sys
from collections.abc import Sequence
from importlib.metadata import version

from brainwright.catalogue import catalogue, files, load, nearest
from brainwright.errors import EXIT_FAULT, EXIT_INTERRUPTED, Fault, Stopped, leads, left_word

ORDER = ("demo", "train", "plan", "check", "predict", "evaluate", "report", "describe", "list", "doctor")


def main(words: Sequence[str] | None = None) -> int:
    """Run one command and give its exit code: 0, 2 for what the user can mend, 130 for Ctrl-C, 143 for SIGTERM."""
    words = sys.argv[1:] if words is None else words
    try:
        if not words or words[0] in ("-h", "--help", "help"):
            print(overview())
            return 0
        if words[0] == "--version":
            print(version("brainwright"))
            return 0
        known = {word: module for word, module, _ in files("commands")}
        if words[0] not in known:
            raise Fault(f"there is no command {words[0]!r}", nearest(words[0], known))
        return int(load(known[words[0]], f"the command {words[0]}").main(words[1:]))
    except Fault as fault:
        if not left_word(fault):
            said(str(fault))
        return EXIT_FAULT
    except Stopped as stop:
        said(str(stop))
        return stop.code
    except KeyboardInterrupt:
        said("stopped")
        return EXIT_INTERRUPTED
    except BrokenPipeError:  # the reader of our output went away, as `| head` does
        sys.stderr.close()
        return 0


def said(line: str) -> None:
    """One line on standard error; of several processes that train together the first one speaks."""
    if leads():
        print(f"brainwright: {line}", file=sys.stderr)


def overview() -> str:
    """All commands, a line each."""
    lines = catalogue("commands")
    ordered = [word for word in ORDER if word in lines] + [word for word in lines if word not in ORDER]
    room = max(map(len, ordered)) + 2
    table = "\n".join(f"  {word:{room}}{lines[word]}" for word in ordered)
    return (
        "brainwright: from your own data to a trained, explained, audited deep network\n\n"
        f"{table}\n\n"
        "brainwright train DATA is all it takes; brainwright COMMAND --help tells more."
    )


if __name__ == "__main__":
    sys.exit(main())
