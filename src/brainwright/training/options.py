"""Training: the plain options of a run's learning, the same for every task."""

from typing import Literal

from pydantic import Field as Option

from brainwright.parts import Part


class Training(Part):
    """How to train."""

    epochs: int = Option(30, ge=1)
    """Times that every training example is seen."""
    steps: int = Option(0, ge=0)
    """Steps in all; 0 = as many as the epochs make."""
    budget: str = Option("25m", pattern=r"^\d+(\.\d+)?(s|m|h)$")
    """Longest time that training may take, such as 90s, 15m or 2h: the schedule is laid over the steps that fit."""
    batch_size: int = Option(64, ge=1)
    """Examples in a batch."""
    accumulate: int = Option(1, ge=1)
    """Batches that make one step."""
    optimizer: Literal["adamw", "sgd", "muon"] = "adamw"
    """Who moves the weights: AdamW, SGD with Nesterov momentum, or Muon for matrices with AdamW for the rest."""
    lr: float = Option(1e-3, gt=0)
    """Learning rate at its peak."""
    momentum: float = Option(0.9, ge=0, lt=1)
    """Of SGD and Muon."""
    weight_decay: float = Option(0.01, ge=0)
    """Pull of matrices and filters towards zero, as a share of the learning rate; vectors are left alone."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""
    warmup: float = Option(0.05, ge=0, le=1)
    """Share of the steps in which the learning rate rises."""
    clip: float = Option(1.0, ge=0)
    """Longest gradient allowed; 0 = any."""
    ema: float = Option(0.0, ge=0, lt=1)
    """Decay of the averaged weights, which then are the result; 0 = no averaging."""
    patience: int = Option(0, ge=0)
    """Looks at the validation share without gain before stopping early; 0 = never."""
    evaluations: int = Option(20, ge=1)
    """Looks at the validation share in a whole run, at most."""
    augment: float = Option(0.0, ge=0)
    """Strength of the label-preserving changes to training examples; 0 = none."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Arithmetic of the heavy layers; auto = bfloat16 where the hardware has it and this net is quicker in it."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute."""
    devices: int = Option(1, ge=1)
    """Processes of this machine that train one net together, one a GPU or a few processor cores each."""
    threads: int = Option(0, ge=0)
    """Processor threads; 0 = all that this process may use."""
    seed: int = Option(0, ge=0)
    """Makes a run repeatable."""
    preflight: Literal["auto", "on", "off"] = "auto"
    """Whether to look for mistakes on copies before training: before runs of two minutes and more, always, or never."""
    checkpoint: float = Option(60.0, ge=0)
    """Seconds between checkpoints."""

    @property
    def seconds(self) -> float:
        """The budget in seconds."""
        return float(self.budget[:-1]) * {"s": 1, "m": 60, "h": 3600}[self.budget[-1]]
