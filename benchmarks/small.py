"""Small data that measurements of trust run on: some of Adult, digits with other labels."""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from brainwright.commands.demo import digits
from brainwright.data.table import Table

QUICK = {"quiet": True, "threads": 1, "preflight": "off"}


def adult(count: int) -> pd.DataFrame:
    """Some training rows of UCI Adult, from the folder that BRAINWRIGHT_DATA names."""
    return pd.read_csv(Path(os.environ["BRAINWRIGHT_DATA"]) / "adult" / "train.csv").sample(count, random_state=0)


def relabelled(labels: NDArray[np.object_]) -> Table:
    """The digits with other labels [1797]."""
    table = digits()
    return replace(table, columns={**table.columns, "label": replace(table["label"], values=labels)})
