"""Persons: which columns of a table say whose a row is."""

import re

import pandas as pd

from brainwright.data.columns import missing
from brainwright.data.table import Kind, Table

PERSONS = re.compile(r"(^|_|\b)(patient|subject|speaker|person|user|customer|client|participant)s?($|_|\b)")
FEWEST_PERSONS = 5  # for three shares


def persons(table: Table, name: str) -> bool:
    """Whether a column names persons of whom some have several rows, and enough of them for three shares."""
    column = table[name]
    if column.kind not in (Kind.CATEGORY, Kind.NUMBER) or not PERSONS.search(name.lower()):
        return False
    there = column.values[~missing(column)]
    return FEWEST_PERSONS <= len(pd.unique(there)) < len(there)
