"""Which task the data are for: every task is asked, and the tool asks back when two of them are as sure."""

from brainwright.catalogue import catalogue, find
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.tasks.task import Claim, Task

DOUBT = 0.1  # two claims closer than this cannot be told apart


def infer(table: Table, target: str, word: str) -> tuple[type[Task], Claim]:
    """The task and its claim; `word` names the task when the user did.

    Raises:
        Fault: no task fits, the named one does not, or two fit as well.
    """
    if target and "," not in target and target not in table.columns:
        raise Fault(f"{table.source} has no column {target!r}", f"its columns are: {', '.join(table.columns)}")
    words = [word] if word else list(catalogue("tasks"))
    tasks = [find("tasks", one, Task) for one in words]
    claims = [(task, claim) for task in tasks if (claim := task.claim(table, target)) is not None]
    claims = [(task, claim) for task, claim in claims if claim.strength or word]
    claims.sort(key=lambda pair: -pair[1].strength)
    if not claims:
        raise Fault(refusal(table, target, word), "name the column to predict with --target, or the task with --task")
    if len(claims) > 1 and round(claims[0][1].strength - claims[1][1].strength, 6) < DOUBT:
        near = " or ".join(f"--task {task.word()} ({claim.why})" for task, claim in claims[:2])
        raise Fault(f"{table.source} fits two tasks as well", f"say {near}")
    return claims[0]


def refusal(table: Table, target: str, word: str) -> str:
    """Why nothing fits, with what the columns were read as."""
    columns = list(table.columns.items())
    read = ", ".join(f"{name} ({column.kind})" for name, column in columns[:12])
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    who = f"task {word}" if word else "no task"
    aim = f" for {target!r}" if target else " and no target was named"
    return f"{who} can{'not' if word else ''} learn from {table.source}{aim}; its columns were read as {read}{more}"
