"""Write down what is said: brainwright transcribe RUN FILE...|- [--rate 16000] [--times] [--json]"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from brainwright.data.listening import cut, incoming, stretches
from brainwright.data.sounds import heard
from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.runs.hearing import Heard, hear, slots
from brainwright.runs.run import Run, load


def main(words: Sequence[str]) -> int:
    """Print a line for each piece between two pauses, as soon as it is heard: from, to, and what is said.

    The input "-" is standard input as it comes: WAV of 16 bits, or bare 16-bit samples of one channel at --rate (that
    of the training recordings where not given), such as a microphone's. --times adds when each word is said.
    """
    asked = read(words, ("json", "times", "help")).only(("rate",))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if len(asked.given) < 2:
        raise Fault("transcribe needs a run and at least one recording", "write: brainwright transcribe RUN FILE")
    run = load(asked.given[0])
    own = run.fields[slots(run)[0]].rate
    for source in asked.given[1:]:
        for one in said(run, source, int(asked.number("rate")) or own):
            if "json" in asked.switches:
                print(json.dumps({"input": source, **asdict(one)}, ensure_ascii=False), flush=True)
                continue
            print(f"{one.begins:8.2f} {one.ends:8.2f}  {one.text}", flush=True)
            for word in one.words if "times" in asked.switches else ():
                print(f"         {word.begins:8.2f} {word.ends:8.2f}  {word.text}", flush=True)
    return 0


def said(run: Run, source: str, rate: int) -> Iterator[Heard]:
    """What is said in a file or on standard input, piece by piece.

    Raises:
        Fault: it cannot be read as a sound.
    """
    if source == "-":
        rate, blocks = incoming(sys.stdin.buffer, rate)
    else:
        samples, rate = heard(source)
        blocks = cut(samples, rate)
    return hear(run, stretches(blocks, rate), rate)
