"""Gallery: whom a run knows, from its training and enrolled since; who a picture shows is asked of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.opening import open_table
from brainwright.data.table import Kind, Table
from brainwright.errors import Fault
from brainwright.runs.asking import named, question, single_input
from brainwright.runs.run import Run
from brainwright.training.checkpoints import read_tensors, write_tensors

FILE = "gallery.safetensors"
TRAINED = "head.gallery", "head.threshold"  # the net's own: directions [K, D] of training's identities, and a cosine
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Gallery:
    """Directions [K, D] of identities; a picture below `threshold` to all of them shows nobody known."""

    names: Sequence[str]
    directions: Tensor
    threshold: float
    enrolled: Mapping[str, int]
    """Name -> how many pictures, of those who were not in training, or are known anew."""

    @classmethod
    def of(cls, run: Run) -> "Gallery":
        """Of a run.

        Raises:
            Fault: it tells no identities apart.
        """
        target = next(slot for slot in run.task.slots() if slot.side == "target")
        known = run.net.state_dict()
        if not set(TRAINED) <= known.keys():
            raise Fault(f"{run.folder} tells no identities apart", "train one: --task face-recognition")
        names, directions = list(run.fields[target].classes), known[TRAINED[0]].cpu()
        file, enrolled = run.folder / FILE, dict[str, int]()
        if file.is_file():
            tensors, enrolled = read_tensors(file)
            kept = [place for place, name in enumerate(names) if name not in enrolled]
            names = [*(names[place] for place in kept), *enrolled]
            directions = torch.cat([directions[kept], tensors["directions"]])
        return cls(names, directions, float(known[TRAINED[1]]), enrolled)

    def who(self, direction: Tensor, most: int) -> dict[str, Any]:
        """Whom a direction [D] is nearest to: {"identity": a name or "unknown", "likeness": {name: cosine}}."""
        cosines, places = (self.directions @ direction).topk(min(most, len(self.names)))
        found = zip(places.tolist(), cosines.tolist(), strict=True)
        nearest = {self.names[place]: round(cosine, 4) for place, cosine in found}
        first = next(iter(nearest))
        return {"identity": first if cosines[0] >= self.threshold else UNKNOWN, "likeness": nearest}


def directed(run: Run, table: Table) -> Tensor:
    """The direction of every picture of a table [N, D]."""
    examples = run.task.questions(table, run.claim, run.fields)
    found = [run.answer(portion).values["direction"] for portion in run.portions(examples)]
    return torch.cat(found).cpu()


def enrol(run: Run, folder: Any) -> dict[str, int]:
    """Learn to know whoever has a folder of pictures; name -> how many. Nothing is trained.

    Raises:
        Fault: no folders of pictures, or the run tells no identities apart.
    """
    before = Gallery.of(run)
    table = open_table(folder)
    labels = table.kinds(Kind.CATEGORY)
    if len(labels) != 1:
        raise Fault(f"{folder} does not say who is who", "bring a folder of pictures for each person")
    names = table[labels[0]].values.astype(str)
    seen = directed(run, named(run, table.without(labels[0]), single_input(run)))
    new = {str(name): F.normalize(seen[np.flatnonzero(names == name)].sum(0), dim=0) for name in np.unique(names)}
    counts = {name: int((names == name).sum()) for name in new}
    known = {name: before.directions[before.names.index(name)] for name in before.enrolled if name not in new}
    every = {name: one for name, one in before.enrolled.items() if name in known} | counts
    directions = torch.stack([*known.values(), *new.values()])
    write_tensors(run.folder / FILE, {"directions": directions}, every)
    return counts


def identify(run: Run, source: Any, most: int = 3) -> list[dict[str, Any]]:
    """Who is shown, for each picture of a path: a name or "unknown", and the nearest with their cosines.

    Raises:
        Fault: no pictures, or the run tells no identities apart.
    """
    gallery = Gallery.of(run)
    return [gallery.who(one, most) for one in directed(run, question(run, source))]
