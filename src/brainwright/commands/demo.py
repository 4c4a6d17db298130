"""Train on 1,797 real handwritten digits that come with scikit-learn, and show what a run leaves behind."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from brainwright import api
from brainwright.data.table import Column, Kind, Table
from brainwright.deliver.summary import as_json, as_text
from brainwright.flags import read

BRIGHTEST = 16.0  # scikit-learn keeps these pictures on a scale of 0 to 16


def main(words: Sequence[str]) -> int:
    """Train, print the results and the report's path."""
    asked = read(words, ("quiet", "json", "help"))
    if "help" in asked.switches:
        print(__doc__)
        return 0
    quiet = bool({"quiet", "json"} & asked.switches)
    run = api.train(digits(), quiet=quiet, **asked.options)
    print(as_json(run.record, run.folder) if "json" in asked.switches else as_text(run.record, run.folder))
    return 0


def digits() -> Table:
    """1,797 pictures of 8 x 8 pixels and their labels (Alpaydin and Kaynak 1998, UCI), inside scikit-learn."""
    home = find_spec("sklearn")
    assert home is not None and home.origin is not None  # a dependency; importing it would cost as much as torch
    rows = np.loadtxt(Path(home.origin).parent / "datasets/data/digits.csv.gz", delimiter=",")
    images = (rows[:, :-1].reshape(-1, 8, 8) * (255 / BRIGHTEST)).round().astype(np.uint8)
    labels = rows[:, -1].astype(int).astype(str).astype(object)
    columns = {"image": Column(images, Kind.IMAGE), "label": Column(labels, Kind.CATEGORY)}
    return Table.of(columns, "digits")
