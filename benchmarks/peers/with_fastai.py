"""fastai: its Learner and its own Adam (decoupled decay), bars and logs off, on the shared loaders."""

import nets  # noqa: F401 (first: it declares what other libraries then find in torchvision)
from cases import CASES, RATE, Clock, asked
from fastai.basics import Callback, DataLoaders, Learner, Recorder
from nets import loader, loss, net


class Marks(Callback):
    """Tells the clock when epochs end."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def before_fit(self) -> None:
        self.clock.mark()

    def after_train(self) -> None:
        self.clock.mark()


def main() -> None:
    """Every case asked for."""
    home, cases = asked()
    for case in cases:
        clock, batches = Clock(), loader(home, case)
        learner = Learner(DataLoaders(batches, []), net(case), loss_func=loss, cbs=[Marks(clock)])
        learner.remove_cb(Recorder)
        learner.fit(CASES[case].epochs, RATE)
        print(clock.line(case, ("fastai", "torch")), flush=True)


if __name__ == "__main__":
    main()
