"""Things in a picture, any number of them: a class and a box each."""

import html
from collections import Counter
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from brainwright.data.encoded import Encoded, Ragged
from brainwright.data.field import Field, Values
from brainwright.data.pictures import as_data, opened
from brainwright.data.values import natural
from brainwright.errors import Fault

SHOWN = 320  # pixels of a drawn picture's longest side
SURE = 0.3  # answers less sure than this are not drawn: they only rank
# Colours that all eyes tell apart (Wong 2011).
COLOURS = (
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#f0e442",
    "#d55e00",
    "#cc79a7",
    "#0072b2",
)


class Boxes(Field[list[Tensor]]):
    """A list of float32 [n, 5], class and corners (left, top, right, bottom) in pixels of the user's own picture; an
    answer brings a sixth number, how sure it is, and the surest comes first.
    """

    placed: ClassVar[bool] = True
    classes: tuple[str, ...] = ()
    """In natural order."""
    counts: tuple[int, ...] = ()
    """Things of each class in training."""

    def fit(self, values: Values) -> Self:
        assert isinstance(values, np.ndarray)
        counts = Counter(str(thing[0]) for value in values for thing in things(value))
        if not counts:
            raise Fault("no training picture holds a thing with a box", "mark some, or give pictures that are marked")
        classes = tuple(sorted(counts, key=natural))
        return self.model_copy(update={"classes": classes, "counts": tuple(counts[word] for word in classes)})

    def encode(self, value: Any) -> NDArray[np.float32]:
        found = things(value)
        unknown = sorted({str(thing[0]) for thing in found} - set(self.classes))
        if unknown:
            what = f"a box is of class {unknown[0]!r}, which no training picture holds"
            raise Fault(
                what, f"known are {', '.join(self.classes[:8])}; mark such things in training, or leave them out"
            )
        rows = [(self.classes.index(str(thing[0])), *thing[1:6]) for thing in found]
        return np.array(rows, np.float32).reshape(len(rows), -1 if rows else 5)

    def encode_all(self, values: Values) -> Ragged:
        assert isinstance(values, np.ndarray)
        return Ragged.of([self.encode(value) for value in values])

    def decode(self, encoded: Any) -> Any:
        """[{"class": "cat", "box": [left, top, right, bottom], "score": 0.9}]; truths bring no score."""
        found = []
        for row in np.asarray(encoded, np.float64):
            thing = {"class": self.classes[int(row[0])], "box": [round(float(edge), 1) for edge in row[1:5]]}
            found.append(thing if len(row) < 6 else {**thing, "score": round(float(row[5]), 4)})
        return found

    def collate(self, encoded: Encoded) -> list[Tensor]:
        assert isinstance(encoded, Ragged)
        return [torch.from_numpy(piece) for piece in np.split(encoded.values, encoded.offsets[1:-1])]

    def show(self, value: Any) -> str:
        counts = Counter(str(thing[0]) for thing in sure(value))
        return html.escape(", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "nothing")

    def show_in(self, value: Any, whole: Any) -> str:
        picture = opened(whole)
        width, height = picture.size
        shrink = min(1.0, SHOWN / max(width, height))
        seen = sure(value)
        drawn = "".join(self.outline(thing, 1 / shrink) for thing in seen)
        words = ", ".join(f"{thing[0]} at {', '.join(f'{edge:.0f}' for edge in thing[1:5])}" for thing in seen[:20])
        size = f'width="{width * shrink:.0f}" height="{height * shrink:.0f}" viewBox="0 0 {width} {height}"'
        inside = f'<image width="{width}" height="{height}" href="{as_data(picture, SHOWN)}"/>{drawn}'
        return f'<svg {size} role="img" aria-label="{html.escape(words or "nothing")}">{inside}</svg>'

    def outline(self, thing: tuple[Any, ...], pixel: float) -> str:
        """One box with its class; `pixel` is how many of the picture's make one on the page."""
        word, left, top, right, bottom = thing[:5]
        index = self.classes.index(word) if word in self.classes else 0
        told = html.escape(word) + (f" {thing[5]:.0%}" if len(thing) > 5 else "")
        style = f'fill="none" stroke="{COLOURS[index % len(COLOURS)]}" stroke-width="{1.6 * pixel:.1f}"'
        rect = f'<rect x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" {style}/>'
        write = (
            f'font-size="{9 * pixel:.1f}" fill="#fff" stroke="#000" stroke-width="{2 * pixel:.1f}" paint-order="stroke"'
        )
        place = f'x="{left + 2 * pixel:.1f}" y="{max(top, 0) + 9 * pixel:.1f}"'
        return f"{rect}<text {place} {write}>{told}</text>"


def things(value: Any) -> list[tuple[Any, ...]]:
    """A user's cell as (class, left, top, right, bottom) or with a sixth, the score; also what `decode` gives."""
    found = []
    for thing in value if value is not None else ():
        if isinstance(thing, dict):
            scored = [thing["score"]] if "score" in thing else []
            found.append((thing["class"], *thing["box"], *scored))
        else:
            found.append(tuple(thing))
    return found


def sure(value: Any) -> list[tuple[Any, ...]]:
    """Truths, and answers that are sure enough to be drawn; the surest where none is."""
    every = things(value)
    return [thing for thing in every if len(thing) < 6 or thing[5] >= SURE]
