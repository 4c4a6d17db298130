"""Say who a picture shows, of those a run knows: brainwright identify RUN PICTURE... [--json]"""

import json
from collections.abc import Sequence

from brainwright import api
from brainwright.errors import Fault
from brainwright.flags import read


def main(words: Sequence[str]) -> int:
    """A line a picture: the name or "unknown", and the nearest three with their cosines."""
    asked = read(words, ("json", "help")).only(())
    if "help" in asked.switches:
        print(__doc__)
        return 0
    if len(asked.given) < 2:
        raise Fault("identify needs a run and a picture", "write: brainwright identify runs/NAME PICTURE")
    run = api.load(asked.given[0])
    for source in asked.given[1:]:
        for found in run.identify(source):
            near = ", ".join(f"{name} {cosine:.2f}" for name, cosine in found["likeness"].items())
            print(json.dumps(found) if "json" in asked.switches else f"{found['identity']}  ({near})")
    return 0
