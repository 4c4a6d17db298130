"""The few tokens before tell the next one: counts of training, smoothed (Kneser and Ney 1995)."""

from brainwright.data.examples import Portion
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State
from brainwright.models import ngrams
from brainwright.models.windows import told, training_tokens


class Ngram(Floor):
    """Interpolated modified Kneser-Ney (Chen and Goodman 1998): the strongest model of text that only counts."""

    text: str
    """The input slot that holds what stands before each token."""
    order: int
    """Tokens in a gram, the last one included."""

    def fit(self, train: Portion) -> State:
        tokens, size = training_tokens(train, self.target)
        return ngrams.fit(tokens, size, self.order)

    def predict(self, state: State, asked: Portion) -> Prediction:
        return told(state, asked, self.text, self.target)
