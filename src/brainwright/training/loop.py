"""The one training loop: steps, looks, checkpoints, and mending on the way. It knows no task, modality or model."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from torch import nn

from brainwright.data.batching import seed_of
from brainwright.errors import Fault
from brainwright.tasks.task import Turn
from brainwright.training.checkpoints import read_tensors
from brainwright.training.crew import ALONE
from brainwright.training.devices import lacks_memory
from brainwright.training.job import Job
from brainwright.training.learner import Learner
from brainwright.training.recovery import RETRIES, bad_rows, crowded, halved, hopeless, named, too_large
from brainwright.training.saving import Saver
from brainwright.training.schedules import share

MOMENTS = 200  # lines of the log in a run, at least
WARM = 5  # steps before the pace is believed
QUIET = 5.0  # seconds without a moment, at most: a slow run must still keep its budget and tell how it goes
STATE = "state.safetensors"


@dataclass(frozen=True)
class Moment:
    """How a training stands after a step."""

    step: int
    total: int
    epoch: float
    seconds: float
    lr: float
    losses: dict[str, float]
    """Player -> mean loss per unit over the steps since the log's last line."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Of the validation share, when it was looked at: metric word -> value, and "loss"."""
    said: tuple[str, ...] = ()
    """What went wrong since the moment before, and how it was mended."""


class Loop(Learner):
    """One training: `for moment in loop.run()`; afterwards `loop.result()` is the best net.

    What it does hangs on the options and the data alone, so a resumed run goes on bit for bit; the time only says when
    to speak, when to write a checkpoint, and how many steps the budget bears.
    """

    def __init__(self, job: Job, net: nn.Module) -> None:
        super().__init__(job, net)
        self.saver = Saver(job.folder / STATE, job.how.checkpoint)
        self.told = 0
        self.asked = self.stopping = False
        self.pause = 1
        """The step after which there is a moment at the latest."""

    def run(self) -> Iterator[Moment]:
        """Train to the end, to the budget or to the patience, whichever comes first.

        Raises:
            Fault: a checkpoint cannot be written, memory is short, or the loss stays no finite number.
        """
        started, told, last = time.monotonic() - self.seconds, time.monotonic(), self.step
        while self.due() or self.goes_on():
            if not self.due() and not self.stepped():
                yield self.moment({}, line=False)
                continue
            looking = self.due()
            line = looking or self.step % max(1, self.plan.total // MOMENTS) == 0
            if not (line or self.stopping or self.step >= self.pause or self.step == WARM):
                continue
            self.pause = self.step + max(1, int(self.agreed(QUIET * (self.step - last) / (time.monotonic() - told))))
            told, last = time.monotonic(), self.step
            self.stopping = self.crew.any(self.asked, self.at.device)
            saving = bool(self.agreed(self.saver.due()))
            if not self.sound(looking or saving or self.stopping):
                self.mend()
                yield self.moment({}, line=False)
                continue
            try:
                metrics = self.look() if looking else {}
            except KeyboardInterrupt:
                if not self.stopping:
                    raise
                continue  # the look is made anew when the run goes on
            self.seconds = self.agreed(time.monotonic() - started)
            moment = self.moment(metrics, line)
            if looking:
                self.keep()
            if self.step >= WARM:
                self.plan = self.plan.fitted(self.step, self.seconds, self.job.how.seconds)
            if saving and self.crew.first:
                self.saver.begin(self.kept)
            yield moment
        self.saver.wait()

    def due(self) -> bool:
        """Whether the validation share is to be looked at before the next step."""
        return not self.stopping and self.step > 0 and self.plan.look(self.step) and self.log.looked != self.step

    def goes_on(self) -> bool:
        """Whether there are steps to make, and the patience lasts."""
        patience = self.job.how.patience
        return not self.stopping and self.step < self.plan.total and not (patience and self.stale >= patience)

    def stop(self) -> None:
        """End the run after the step that is being made; a look at the validation share is broken off.

        Several processes end at their next moment, together; a look on its way is ended first.

        Raises:
            KeyboardInterrupt: a look is on its way; `run` catches it.
        """
        self.asked = True
        if self.crew.size > 1:
            return
        self.stopping = True
        if self.looking:
            raise KeyboardInterrupt

    def agreed(self, value: float) -> float:
        """What is measured differs between processes; what hangs on it must not."""
        return self.crew.agreed(value, self.at.device)

    def moment(self, metrics: dict[str, float], line: bool) -> Moment:
        """How it stands; `line` = the log gets one."""
        how, losses = self.job.how, self.log.losses()
        progress = min(1.0, self.step / self.plan.total)
        rate = how.lr * share(how.schedule, how.warmup, progress) / 2**self.retries
        if line:
            self.log.close(self.step, rate, metrics)
        said, self.told = tuple(self.notes[self.told :]), len(self.notes)
        epoch = self.step / self.plan.per_epoch
        return Moment(self.step, self.plan.total, epoch, self.seconds, rate, losses, metrics, said)

    # ---- when something breaks ----------------------------------------------------------------

    def stepped(self) -> bool:
        """Advance; False when memory was short, and the run is back at a good state to go on in smaller pieces."""
        try:
            self.advance()
        except (MemoryError, RuntimeError) as error:
            if not lacks_memory(error):
                raise
            said = str(error)
        else:
            return True
        whole = min(self.job.how.batch_size, len(self.job.train))
        size = self.micro or whole
        if size == 1:
            raise too_large(said)
        if self.crew.size > 1:  # the others wait for this step's gradient: it cannot be taken back
            raise crowded(said, self.job.how)
        self.back()
        self.at.release()
        self.micro = -(-size // 2)
        self.say(halved(self.micro, whole))
        return False

    def mend(self) -> None:
        """Something was no finite number: back to a good state, and on at half the rate.

        Raises:
            Fault: that was done often enough; the checkpoint holds the good state.
        """
        what = self.diagnosis()
        self.back()
        if self.retries == RETRIES:
            self.save()
            raise hopeless(what, self.job.how.lr)
        self.retries += 1
        for one in self.seats:
            one.slow(0.5)
        self.say(f"{what}: back to step {self.step:,} and on at half the rate ({self.retries} of {RETRIES} times)")

    def diagnosis(self) -> str:
        """What was no finite number; since then no weight has moved, so the step's loss can be asked again."""
        if self.log.open.isfinite().all():
            return f"a weight became no finite number by step {self.step:,}"
        index, player = self.log.first_bad()
        step, name = self.step - len(self.log.open) + index, self.log.players[player]
        turn = Turn(name, step, step / self.plan.total)
        self.net.train()
        self.at.seed(seed_of(self.job.how.seed, step, player))
        pieces = self.pieces(self.share(step, turn.progress, ALONE))
        rows, count = bad_rows(self.job.task, self.net, pieces, turn, self.at)
        places = [self.job.where(int(self.job.train.examples.rows[row])) for row in rows]
        return f"the {name} loss became no finite number in step {step + 1:,}, {named(places, count)}"

    # ---- checkpoints --------------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint, and wait for it.

        Raises:
            Fault: it cannot be written; the one before is as it was.
        """
        if not self.sound(keeping=True):
            self.mend()
        if self.crew.first:
            self.saver.begin(self.kept)
            self.saver.wait()

    def restore(self) -> bool:
        """Go on from the checkpoint; False where there is none yet, and the run begins anew.

        Raises:
            Fault: it is damaged, or of another net.
        """
        if not self.saver.path.is_file():
            return False
        tensors, facts = read_tensors(self.saver.path)
        try:
            self.take_up(tensors, facts)
        except (KeyError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())[:200]
            what = f"{self.saver.path} is of another net or version ({said})"
            raise Fault(what, "go on with the options that its run was begun with") from None
        self.told = len(self.notes)
        return True
