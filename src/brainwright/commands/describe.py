"""Show the net of a run layer by layer: brainwright describe RUN"""

import json
from collections.abc import Sequence

from brainwright.flags import read
from brainwright.runs.run import load


def main(words: Sequence[str]) -> int:
    """Print layers, shapes, activations, parameters and operations, as measured when the run was made."""
    asked = read(words, ("json", "help")).only(())
    if "help" in asked.switches:
        print(__doc__)
        return 0
    net = load(asked.one("run")).record["net"]
    if "json" in asked.switches:
        print(json.dumps(net))
        return 0
    print(f"{'layer':36}{'type':20}{'output':22}{'parameters':>12}{'FLOPs':>16}")
    for layer in net["layers"]:
        shape = "x".join(str(side) for side in layer["shape"])
        print(f"{layer['name']:36}{layer['type']:20}{shape:22}{layer['parameters']:>12,}{layer['flops']:>16,}")
    print(f"in all {net['parameters']:,} parameters, {net['flops']:,} FLOPs an example")
    return 0
