"""Sentences: where those of a text begin and end."""

import re
from itertools import pairwise

END = re.compile(r"[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]?[^\Wa-z_])|\n+|[。！？]")  # a mark, a blank, and no small letter


def sentences(text: str) -> list[tuple[int, int]]:
    """Begin and end of each sentence in letters, blanks at its ends left out; the text itself where it has none."""
    cuts = [0, *(found.end() for found in END.finditer(text)), len(text)]
    found = []
    for begin, end in pairwise(cuts):
        inner = text[begin:end].strip()
        if inner:
            begin = text.index(inner, begin)
            found.append((begin, begin + len(inner)))
    return found or [(0, len(text))]
