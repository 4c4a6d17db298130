"""Spelling: how likely each next character of a text is after the last few, as the user's own texts are written."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from brainwright.models import ngrams

END = 0  # the id of a text's beginning and end, which is that of silence: neither is ever said
ORDER = 6  # characters that hang together
Logs = NDArray[np.float64]


class Spelling:
    """Modified Kneser-Ney n-grams of characters (models/ngrams.py), asked for one text after another."""

    def __init__(self, texts: Sequence[Sequence[int]], size: int) -> None:
        """`texts` are ids below `size`."""
        whole = [END] + [one for text in texts for one in (*text, END)]
        self.order = min(ORDER, max(1, len(whole) - 1))
        self.state = ngrams.fit(np.array(whole, np.int64), size, self.order)
        self.known: dict[tuple[int, ...], Logs] = {}

    def follows(self, text: Sequence[int]) -> Logs:
        """The log-probability of each next id after a text from its beginning on, END where it ends: [V]."""
        context = (END, *text)[-(self.order - 1) :] if self.order > 1 else ()
        if context not in self.known:
            before = (ngrams.NONE,) * (self.order - 1 - len(context)) + context
            found = ngrams.following(self.state, np.array([before], np.int64))[0].astype(np.float64)
            self.known[context] = np.log(found / found.sum())
        return self.known[context]
