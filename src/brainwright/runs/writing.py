"""Writing: a trained run goes on with a text."""

from dataclasses import dataclass

import numpy as np
import torch

from brainwright.data.fields.writing import Writing
from brainwright.errors import Fault
from brainwright.models.generating import Manner, tokens
from brainwright.models.writer import Writer
from brainwright.runs.run import Run

SAMPLES = 2  # of a report


@dataclass(frozen=True)
class Wish:
    """What is to be written: at most so many tokens, drawn so, until a text such as a line's end comes up."""

    length: int = 500
    temperature: float = 1.0
    top_p: float = 1.0
    stop: str = ""
    seed: int = 0


def samples(run: Run) -> list[str]:
    """What a run that writes texts writes from nothing, for its report; nothing where it writes none."""
    if not isinstance(run.net, Writer):
        return []
    # A little likelier than the net's own choice.
    return [continued(run, "", Wish(300, temperature=0.8, top_p=0.95, seed=seed)) for seed in range(SAMPLES)]


def continued(run: Run, prompt: str, wish: Wish) -> str:
    """What the run writes after a prompt, the prompt left out.

    Raises:
        Fault: the run's net writes no text, or a wish that no net can fulfil.
    """
    field = next((one for one in run.fields.fitted.values() if isinstance(one, Writing) and not one.before), None)
    if not isinstance(run.net, Writer) or field is None:
        raise Fault(f"{run.folder} writes no text", "train one with --task language-modelling")
    if wish.length < 1 or wish.temperature < 0 or not 0 < wish.top_p <= 1:
        raise Fault("a text has 1 token or more, a temperature is 0 or more, top-p above 0 and at most 1", "ask so")
    read = field.model_copy(update={"longest": max(1, len(prompt.encode()))}).encode(prompt)[:-1].tolist()
    generator = torch.Generator().manual_seed(wish.seed)
    written: list[int] = []
    context = int(run.record["options"]["context"])
    for token in tokens(run.net, read, context, Manner(wish.temperature, wish.top_p), generator):
        written.append(token)
        if wish.stop and wish.stop in (text := field.decode(np.array(written))):
            return text.partition(wish.stop)[0]
        if len(written) == wish.length:
            break
    return field.decode(np.array(written))
