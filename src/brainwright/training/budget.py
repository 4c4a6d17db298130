"""How many steps a run makes: as many as were asked for, or as fit into the budget at the measured pace."""

from dataclasses import dataclass, replace

from brainwright.training.options import Training

RESERVE = 0.95  # share of the budget that steps and looks may fill; the rest is for the end
SLACK = 1.02  # a forecast over the budget by less than this is left alone


@dataclass(frozen=True)
class Plan:
    """Steps in all, steps an epoch, and the steps after which the validation share is looked at."""

    total: int
    per_epoch: int
    every: int

    def look(self, step: int) -> bool:
        """Whether to look at the validation share after this many steps."""
        return step == self.total or step % self.every == 0

    def fitted(self, done: int, elapsed: float, seconds: float) -> "Plan":
        """The plan cut to what fits, after `done` steps took `elapsed` seconds."""
        forecast = elapsed / max(1, done) * self.total
        if forecast <= seconds * RESERVE * SLACK:
            return self
        total = max(done + 1, int(done * seconds * RESERVE / elapsed))
        return replace(self, total=total, every=max(1, self.every * total // self.total))


def plan(how: Training, examples: int) -> Plan:
    """The plan before anything is measured; looks fall on whole epochs where there are enough of them."""
    per_epoch = max(1, examples // (min(how.batch_size, examples) * how.accumulate))
    total = how.steps or how.epochs * per_epoch
    every = max(1, total // how.evaluations)
    if every > per_epoch:
        every = every // per_epoch * per_epoch
    return Plan(total, per_epoch, every)
