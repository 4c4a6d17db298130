"""skorch: a scikit-learn estimator around a torch module, prints and validation off."""

import nets  # noqa: F401, I001 (first: it declares what other libraries then find in torchvision)
from typing import Any

import torch
from cases import CASES, RATE, Clock, asked
from nets import data, loss, net
from skorch import NeuralNet
from skorch.callbacks import Callback
from torch import Tensor, nn


class Marks(Callback):
    """Tells the clock when epochs end."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_train_begin(self, *given: Any, **named: Any) -> None:
        self.clock.mark()

    def on_epoch_end(self, *given: Any, **named: Any) -> None:
        self.clock.mark()


class Criterion(nn.Module):
    """The shared loss as a module."""

    def forward(self, answer: Tensor, target: Tensor) -> Tensor:
        return loss(answer, target)


def main() -> None:
    """Every case asked for."""
    home, cases = asked()
    for case in cases:
        told, clock = CASES[case], Clock()
        learner = NeuralNet(
            net(case),
            Criterion,
            optimizer=torch.optim.AdamW,
            lr=RATE,
            max_epochs=told.epochs,
            batch_size=told.batch,
            iterator_train__shuffle=True,
            iterator_train__drop_last=True,
            train_split=None,
            verbose=0,
            callbacks=[("marks", Marks(clock))],
        )
        learner.fit(data(home, case), None)
        print(clock.line(case, ("skorch", "torch")), flush=True)


if __name__ == "__main__":
    main()
