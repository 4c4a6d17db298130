"""How often each token is, whatever stands before it."""

from typing import ClassVar

from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State
from brainwright.models import ngrams
from brainwright.models.windows import told, training_tokens


class Unigram(Floor):
    """The tokens' own frequencies."""

    trivial: ClassVar[bool] = True
    text: str
    """The input slot that holds what stands before each token."""

    def fit(self, train: Portion) -> State:
        tokens, size = training_tokens(train, self.target)
        return ngrams.fit(tokens, size, 1)

    def predict(self, state: State, asked: Portion) -> Prediction:
        return told(state, asked, self.text, self.target)
