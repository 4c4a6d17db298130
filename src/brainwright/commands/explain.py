"""Tell what an answer rests on: brainwright explain RUN [INPUT...] [--method WORD] [--out FOLDER] [--json]"""

import json
from collections.abc import Sequence

from brainwright import api
from brainwright.deliver.explaining import as_text
from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.runs.record import plain


def main(words: Sequence[str]) -> int:
    """Print each explanation and write its page; without INPUT, of what all answers rest on."""
    asked = read(words, ("json", "help", "quiet")).only(("method", "out"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if not asked.given:
        raise Fault("explain needs a run, and perhaps inputs", "write: brainwright explain runs/NAME INPUT")
    run = api.load(asked.given[0])
    method, out = asked.options.get("method", "auto"), asked.options.get("out", "")
    for source in asked.given[1:] or (None,):
        for one in run.explain(source, method, out, quiet="json" in asked.switches):
            found = one.plain()
            print(json.dumps(plain(found), ensure_ascii=False) if "json" in asked.switches else as_text(found))
    return 0
