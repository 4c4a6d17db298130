"""Floor: a trivial or simple model on the same split, which every net must beat."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias

import torch
from numpy.typing import NDArray

from brainwright.catalogue import find
from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.parts import Part

State: TypeAlias = Mapping[str, NDArray[Any]]  # all that a fitted floor knows, as plain arrays: saved as safetensors


class Floor(Part):
    """A model that costs seconds. It learns from the training share and answers as the net does.

    What it learned is plain arrays, so that a run whose floor won can be saved without pickle and used again.
    """

    trivial: ClassVar[bool] = False
    """Looks at no input (majority, mean, last value): no net may be worse."""
    most: ClassVar[int] = 0
    """Training examples that it learns from, at most; 0 = all. Of more a sample is taken, and the user is told."""
    target: str
    """The target slot that it answers."""

    @abstractmethod
    def fit(self, train: Portion) -> State:
        """Learn from the training share."""

    @abstractmethod
    def predict(self, state: State, asked: Portion) -> Prediction:
        """Answer every example of a portion, as `Task.predict` would."""


def floor(word: str, **options: Any) -> Floor:
    """A floor by its word. Its file, and with it a heavy library, is loaded now and not when a task is looked at."""
    return find("floors", word, Floor)(**options)


def chosen(target: str, scores: NDArray[Any]) -> Prediction:
    """The prediction that goes with class probabilities [N, K]."""
    probabilities = torch.from_numpy(scores).float()
    return Prediction({target: probabilities.argmax(1)}, probabilities)
