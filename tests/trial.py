"""A task on its own example, ready to be trained: shared by tests of tasks, of the loop and of several processes."""

from pathlib import Path

import numpy as np
import torch

from brainwright.catalogue import catalogue, find
from brainwright.config import Config
from brainwright.data.batching import batch_of, generator_of
from brainwright.runs.sharing import encoded
from brainwright.tasks.task import Task
from brainwright.training.crew import ALONE
from brainwright.training.job import Job
from brainwright.training.loop import Loop

TASKS = sorted(catalogue("tasks"))
SPARE = {"device": "cpu", "precision": "float32", "threads": 1, "checkpoint": 0, "budget": "5m"}


class Trial:
    """A task on its own example: three shares, fitted fields, and any number of trainings."""

    def __init__(self, word: str, **options):
        kind = find("tasks", word, Task)
        table = kind.example()
        shares = np.arange(len(table)) * 5 // len(table)  # in order: good for series, and examples mix their classes
        self.table = type(table)(table.columns, np.where(shares < 3, 0, shares - 2).astype(np.uint8), table.source)
        self.claim = kind.claim(self.table, "")
        assert self.claim is not None, "a task claims its own example"
        config = Config.of({"task": word, **SPARE, **options})
        self.shares, self.fields = encoded(config.task(), config.task().examples(self.table, self.claim))
        self.config, self.decisions = config.decided(config.task().decide(self.shares["train"]))
        self.task = self.config.task()

    def loop(self, folder=Path("/nowhere"), crew=ALONE, **options):
        how = self.config.training.model_copy(update=options)
        torch.manual_seed(how.seed)
        net = self.task.build(self.fields, self.config.backbone)
        return Loop(Job(self.task, self.shares["train"], self.shares["validation"], how, folder, crew=crew), net)

    def trained(self, **options):
        loop = self.loop(**options)
        for _ in loop.run():
            pass
        return loop

    def batch(self, share="test", size=8):
        portion = self.shares[share]
        return batch_of(self.task.slots(), portion, np.arange(min(size, len(portion))), generator_of(0))


def weights(loop):
    return torch.cat([weight.detach().flatten().double() for weight in loop.net.parameters()])
