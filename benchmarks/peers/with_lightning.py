"""Lightning: a LightningModule and its Trainer, loggers, bars and checkpoints off."""

import nets  # noqa: F401, I001 (first: it declares what other libraries then find in torchvision)
import logging
import warnings

import lightning
import torch
from cases import CASES, RATE, Clock, asked
from nets import loader, loss, net
from torch import Tensor


class Module(lightning.LightningModule):
    """Any of the nets."""

    def __init__(self, case: str, clock: Clock) -> None:
        super().__init__()
        self.made, self.clock = net(case), clock

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        return loss(self.made(batch[0]), batch[1])

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), RATE)

    def on_train_start(self) -> None:
        self.clock.mark()

    def on_train_epoch_end(self) -> None:
        self.clock.mark()


def main() -> None:
    """Every case asked for."""
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    home, cases = asked()
    off = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    for case in cases:
        clock = Clock()
        trainer = lightning.Trainer(max_epochs=CASES[case].epochs, accelerator="cpu", **off)
        trainer.fit(Module(case, clock), loader(home, case))
        print(clock.line(case, ("lightning", "torch")), flush=True)


if __name__ == "__main__":
    main()
