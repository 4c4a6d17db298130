"""A piece of a passage that answers a question, or none."""

import html
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from brainwright.data.encoded import Dense
from brainwright.data.field import DenseField, Values
from brainwright.data.passages import pieces

SHOWN = 300  # letters of a passage on each side of a marked piece in a report
NONE = (0.0, 0.0, 1.0, 1.0)


class Span(DenseField):
    """Float64 [B, 4]: where the piece begins and ends in the letters of the passage, how likely it is the answer, and
    how likely there is none. A piece without letters is no answer. Of several true answers the first.
    """

    placed: ClassVar[bool] = True
    unanswered: int = 0
    """Training questions whose passage holds no answer."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        return self.model_copy(update={"unanswered": sum(not pieces(value) for value in values)})

    def encode(self, value: Any) -> NDArray[Any]:
        known = pieces(value)
        return np.array((*known[0], 1.0, 0.0) if known else NONE, np.float64)

    def encode_all(self, values: Values) -> Dense:
        assert isinstance(values, np.ndarray)
        return Dense(np.stack([self.encode(value) for value in values]))

    def decode(self, encoded: Any) -> Any:
        """{"start": ..., "end": ..., "score": ..., "no_answer": ...}; start and end are 0 where there is none."""
        begin, end, sure, nothing = (float(one) for one in encoded)
        return {"start": int(begin), "end": int(end), "score": round(sure, 6), "no_answer": round(nothing, 6)}

    def decode_in(self, encoded: Any, whole: Any) -> Any:
        """The same after {"text": ...}, its letters."""
        found = self.decode(encoded)
        return {"text": str(whole)[found["start"] : found["end"]], **found}

    def show(self, value: Any) -> str:
        return ", ".join(f"{begin} to {end}" for begin, end in pieces(value)) or "<i>no answer</i>"

    def show_in(self, value: Any, whole: Any) -> str:
        """The passage around the piece, which is marked."""
        known, text = pieces(value), str(whole)
        if not known:
            return f"<i>no answer</i> in “{html.escape(text[:SHOWN])}{'…' * (len(text) > SHOWN)}”"
        begin, end = known[0]
        first, last = max(0, begin - SHOWN), end + SHOWN
        before = "…" * (first > 0) + html.escape(text[first:begin])
        after = html.escape(text[end:last]) + "…" * (last < len(text))
        return f"{before}<mark>{html.escape(text[begin:end])}</mark>{after}"
