"""Draw the report and the card of a run anew: brainwright report RUN"""

from collections.abc import Sequence

from brainwright.deliver.card import write_card
from brainwright.deliver.report import write_report
from brainwright.flags import read
from brainwright.runs.run import load


def main(words: Sequence[str]) -> int:
    """Write report.html and card.md, print where."""
    asked = read(words, ("help",)).only(())
    if "help" in asked.switches:
        print(__doc__)
        return 0
    folder = load(asked.one("run")).folder
    print(write_report(folder))
    print(write_card(folder))
    return 0
