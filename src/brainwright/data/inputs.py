"""Inputs: which columns of a table may tell a target, why the others are left out, and which one is the target."""

from brainwright.data.columns import is_identifier, missing
from brainwright.data.splitting import recognised
from brainwright.data.table import Column, Kind, Table
from brainwright.data.values import word_of

NAMES = {
    "target",
    "label",
    "labels",
    "y",
    "class",
    "outcome",
    "response",
}  # such a column is the target, wherever it is
LAST = {  # such a column is the target if it is the last one, as in most published tables
    *("income", "price", "cost", "salary", "sales", "revenue", "value", "amount", "charges", "rent", "demand"),
    *("survived", "species", "type", "category", "status", "result", "diagnosis", "disease", "default", "churn"),
    *("churned", "exited", "approved", "fraud", "spam", "risk", "quality", "grade", "score", "rating", "output"),
    *("cnt", "count", "medv", "mpg", "strength", "deposit", "subscribed", "click", "clicked", "winner"),
}


def inputs(table: Table, target: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Names of the columns of numbers, categories and dates that may tell a target, and what was left out and why."""
    kept, left = [], []
    for name, column in table.columns.items():
        if name == target:
            continue
        why = "says the split" if name == recognised(table) else unfit(name, column)
        if why:
            left.append(f"{name!r} ({why})")
        else:
            kept.append(name)
    return tuple(kept), tuple(left)


def unfit(name: str, column: Column) -> str:
    """Why a column is no cell of a row that tells anything, or "" """
    if column.kind not in (Kind.NUMBER, Kind.CATEGORY, Kind.DATE):
        return f"{column.kind}"
    if is_identifier(name, column):
        return "an identifier"
    values = column.values[~missing(column)]
    if not len(values):
        return "always missing"
    return "never changes" if len(values) == len(column) and (values == values[0]).all() else ""


def likely_target(table: Table) -> str:
    """The column whose name says that it is to be predicted; "" where none does, or more than one."""
    named = [name for name in table.columns if name.strip().lower() in NAMES]
    if named:
        return named[0] if len(named) == 1 else ""
    columns = [name for name in table.columns if name != recognised(table)]
    words = word_of(columns[-1]) if columns else []
    return columns[-1] if words and words[-1].lower() in LAST else ""
