"""Watch: follows a training by what it tells anyway, and warns of losses that stall or explode, and of odd answers."""

from torch import Tensor

from brainwright.tasks.task import Task
from brainwright.training.evaluation import Evaluated
from brainwright.training.loop import Moment

EARLY = 0.3  # share of the run after which a loss that stands still is stalled
STALLED = 0.02  # share of the first loss that must have gone by then
EXPLODED = 3.0  # times the first loss
HEART = (0.4, 0.9)  # of the first loss: below in training and above in validation is learning by heart
EASIER = 0.5  # a validation loss below this share of the training loss is suspect
SURE = 4.0  # standard errors by which it must lie below


class Watch:
    """Follows a training by its moments and says each strange thing once; costs nothing in the loop."""

    def __init__(self, players: int) -> None:
        self.alone = players == 1  # rivals pull a loss to and fro, which is no stall
        self.first: dict[str, float] = {}
        self.recent: list[float] = []
        self.lowest = float("inf")
        self.said: list[str] = []

    def see(self, moment: Moment) -> list[str]:
        """What is strange since the moment before."""
        self.first = self.first or dict(moment.losses)
        found = [*self.exploded(moment), *(self.stalled(moment) if self.alone else ())]
        heads = {one.partition(":")[0] for one in self.said}
        fresh = [one for one in found if one.partition(":")[0] not in heads]
        self.said += fresh
        return fresh

    def exploded(self, moment: Moment) -> list[str]:
        """Losses far above the first ones."""
        return [
            f"the {name} loss exploded: from {first:.4g} to {loss:.4g} by step {moment.step}; lower --lr"
            for name, loss in moment.losses.items()
            if (first := self.first.get(name, loss)) and loss > first + (EXPLODED - 1) * abs(first)
        ]

    def stalled(self, moment: Moment) -> list[str]:
        """A loss that is where it began after a good part of the run."""
        if not moment.losses:  # no step since the moment before
            return []
        (loss,) = moment.losses.values()
        (first,) = self.first.values()
        self.recent = [*self.recent[-9:], loss]
        self.lowest = min(self.lowest, sum(self.recent) / len(self.recent))
        if moment.step < EARLY * moment.total or self.lowest < first - STALLED * abs(first):
            return []
        told = f"the loss stalled: {first:.4g} at the beginning, {loss:.4g} at step {moment.step}"
        return [f"{told}; the inputs tell nothing about the answers, or --lr is wrong"]

    def after(self, task: Task, learned: Evaluated, judged: Evaluated) -> list[str]:
        """What is strange at the end: `learned` is of training examples, `judged` of the validation share."""
        targets = [slot.name for slot in task.slots() if slot.side == "target"]  # beside them figures may be told
        values = [value for name, value in judged.prediction.values.items() if name in targets]
        said = [
            f"one answer: the net says the same to all {len(value)} validation examples; "
            "it learned nothing from the inputs, or one class is nearly all there is"
            for value in values
            if isinstance(value, Tensor) and len(value) > 1 and bool((value == value[:1]).all())
        ]
        mine, other = float(learned.losses.mean()), float(judged.losses.mean())
        first = self.first.get(task.players()[-1].name, float("nan"))
        if not self.alone:
            return said
        if mine < HEART[0] * first and other > HEART[1] * first:
            said.append(
                f"learned by heart: the loss is {mine:.4g} on training and {other:.4g} on validation examples; "
                "bring more data, augment, or raise --dropout and --weight-decay"
            )
        doubt = (learned.losses.var() / len(learned.losses) + judged.losses.var() / len(judged.losses)) ** 0.5
        if other < EASIER * mine and mine - other > SURE * doubt:
            said.append(
                f"validation is easier than training: loss {other:.4g} against {mine:.4g}; "
                "training answers may be wrong, or validation examples known beforehand"
            )
        return said
