"""How many steps a run makes: as many as were asked for, or as fit into the budget at the measured pace."""

from dataclasses import dataclass, replace

from brainwright.training.options import Training

RESERVE = 0.95  # share of the budget that steps and looks may fill; the rest is for the end
SLACK = 0.02  # a forecast off by less than this share is left alone


@dataclass(frozen=True)
class Plan:
    """Steps in all and in an epoch, and after how many the validation share is looked at."""

    total: int
    per_epoch: int
    every: int
    wanted: int
    """Steps that were asked for: the most there can be."""
    looks: int
    """At the validation share, in a whole run."""

    def look(self, step: int) -> bool:
        """Whether to look at the validation share after this many steps."""
        return step == self.total or step % self.every == 0

    def fitted(self, done: int, elapsed: float, seconds: float) -> "Plan":
        """The plan laid over what fits, after `done` steps took `elapsed` seconds; never more than was asked for.

        First steps are slow and machines get busy and idle again, so a cut is undone when the pace allows it.
        """
        if done >= self.total:  # the end, once laid, stands: else each last step would find room for one more
            return self
        left = max(0.0, seconds * RESERVE - elapsed)
        fits = done + max(1, int(left * done / max(elapsed, 1e-9)))
        if fits >= self.wanted:
            return self if self.total == self.wanted else self.cut(self.wanted)
        return self if abs(fits - self.total) <= SLACK * self.total else self.cut(fits)

    def cut(self, total: int) -> "Plan":
        """The same number of looks at the validation share over another number of steps."""
        return replace(self, total=total, every=max(1, total // self.looks))


def plan(how: Training, examples: int) -> Plan:
    """The plan before anything is measured; looks fall on whole epochs where there are enough of them."""
    per_epoch = max(1, examples // (min(how.batch_size, examples) * how.accumulate))
    total = how.steps or how.epochs * per_epoch
    every = max(1, total // how.evaluations)
    if every > per_epoch:
        every = every // per_epoch * per_epoch
    return Plan(total, per_epoch, every, total, max(1, total // every))
