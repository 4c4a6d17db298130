"""Pacing: threads and arithmetic, where the user left them open, by measuring steps of the very net and data."""

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from brainwright.data.batching import batch_of, generator_of
from brainwright.runs.preparing import Prepared
from brainwright.runs.telling import Teller
from brainwright.tasks.task import Decision
from brainwright.training.crew import alone
from brainwright.training.devices import place
from brainwright.training.pace import quickest_arithmetic, quickest_threads


def paced(ready: Prepared, net: nn.Module, tell: Teller) -> tuple[Prepared, Sequence[Decision]]:
    """What was prepared with both decided, and the decisions: they are written down, for they change the last bits.

    Several processes would each find their own: for them the arithmetic is the rule's.
    """
    how = ready.config.training
    at = place(how)
    if (how.threads or at.device.type != "cpu") and how.precision != "auto":
        return ready, ()
    rows = ready.task.sampler(ready.shares["train"], how.batch_size, how.seed)(0)
    batch = batch_of(ready.task.slots(), ready.shares["train"], rows, generator_of(how.seed))
    found = []
    if not how.threads and at.device.type == "cpu":
        found.append(Decision("threads", *quickest_threads(ready.task, net, batch, at)))
    if how.precision == "auto" and alone():
        found.append(Decision("precision", *quickest_arithmetic(ready.task, net, batch, at)))
    for one in found:
        tell.line(f"decided   {one.option} = {one.value}: {one.reason}")
    config, _ = ready.config.decided(found)
    return replace(ready, config=config, decisions=[*ready.decisions, *found]), found
