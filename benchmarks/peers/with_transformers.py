"""Hugging Face's Trainer, logs and checkpoints off."""

import nets  # noqa: F401, I001 (first: it declares what other libraries then find in torchvision)
import tempfile
from typing import Any

import torch
from cases import CASES, RATE, Clock, asked
from nets import data, loss, net
from torch import Tensor, nn
from transformers import Trainer, TrainerCallback, TrainingArguments


class Answering(nn.Module):
    """A net that says its loss, as the Trainer wants it."""

    def __init__(self, case: str) -> None:
        super().__init__()
        self.made = net(case)

    def forward(self, given: Tensor, labels: Tensor) -> dict[str, Tensor]:
        answer = self.made(given)
        return {"loss": loss(answer, labels), "logits": answer}


class Marks(TrainerCallback):
    """Tells the clock when epochs end."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_train_begin(self, *given: Any, **named: Any) -> None:
        self.clock.mark()

    def on_epoch_end(self, *given: Any, **named: Any) -> None:
        self.clock.mark()


def collate(examples: list[tuple[Tensor, Any]]) -> dict[str, Tensor]:
    """A batch under the names that the net takes."""
    labels = torch.stack([torch.as_tensor(label) for _, label in examples])
    return {"given": torch.stack([given for given, _ in examples]), "labels": labels}


def main() -> None:
    """Every case asked for."""
    home, cases = asked()
    for case in cases:
        told, clock = CASES[case], Clock()
        with tempfile.TemporaryDirectory() as scratch:
            how = TrainingArguments(
                scratch,
                per_device_train_batch_size=told.batch,
                num_train_epochs=told.epochs,
                learning_rate=RATE,
                weight_decay=0.01,
                max_grad_norm=0.0,
                lr_scheduler_type="constant",
                logging_strategy="no",
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                use_cpu=True,
                dataloader_drop_last=True,
                remove_unused_columns=False,
            )
            trainer = Trainer(
                Answering(case), how, train_dataset=data(home, case), data_collator=collate, callbacks=[Marks(clock)]
            )
            trainer.train()
        print(clock.line(case, ("transformers", "torch")), flush=True)


if __name__ == "__main__":
    main()
