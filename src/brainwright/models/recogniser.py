"""Recogniser: a net that says of every moment of a recording which letter is spoken, and knows how people spell."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from brainwright.data.batching import spread
from brainwright.data.edits import edits, words
from brainwright.data.encoded import singles
from brainwright.data.examples import Portion
from brainwright.data.field import Padded
from brainwright.data.fields.transcript import Transcript
from brainwright.models.backbone import Backbone, Stage
from brainwright.models.features import bridge
from brainwright.models.searching import Search, beam, greedy
from brainwright.models.spelling import Spelling

WEIGHTS, BONUSES = (0.3, 0.6, 0.9, 1.2), (0.0, 1.0, 2.0)  # tried on validation
JUDGED, NARROW, AT_ONCE = 60, 8, 32  # recordings that ways are tried on, texts kept meanwhile, recordings at a time
HOPELESS = 0.9  # of all words wrong: such a net hears too little for spelling to help


class Spoken(NamedTuple):
    """Log-probabilities of each moment [B, T, V], silence at 0, and how many moments are real [B]."""

    logs: Tensor
    lengths: Tensor


class Recogniser(nn.Module):
    """Sound -> log-probabilities of letters, moment by moment. What the search was tuned to is kept beside the weights.

    It starts by saying anything with the certainty of chance.
    """

    tuned: Tensor

    def __init__(self, stem: Stage, backbone: Backbone, field: Transcript) -> None:
        super().__init__()
        self.stem = stem
        self.bridge = bridge(stem.shape, "sequence")
        self.backbone = backbone.build(self.bridge.shape)
        self.head = nn.Linear(self.backbone.shape.width, field.size)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        texts = field.encode_all(np.array(field.written.split("\n"), object))
        self.spelling = Spelling([one.tolist() for one in singles(texts)], field.size)
        self.register_buffer("tuned", torch.zeros(2))

    def forward(self, sound: Padded) -> Spoken:
        steps = self.backbone(self.bridge(self.stem(sound)))
        logits = self.head(steps.values)
        logs = logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(2)
        return Spoken(logs, steps.mask.sum(1))

    def search(self, width: int) -> Search:
        """How to search: as it was tuned; weight and bonus 0 before."""
        weight, bonus = self.tuned.tolist()
        return Search(weight, bonus, width)


@torch.no_grad()
def tuned(net: Recogniser, slots: tuple[str, str], validation: Portion) -> tuple[float, float]:
    """The weight of the n-gram and the worth of a letter with the fewest wrong words on the validation share, or on
    sixty of its recordings spread evenly; of equals the smallest weight. `slots` name sound and text.
    """
    sound, text = slots
    some = validation.take(spread(len(validation), JUDGED))
    device, heard = next(net.parameters()).device, []
    for start in range(0, len(some), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(some)))
        batch = some.fields.fitted[sound].collate(some.encoded[sound].take(rows)).to(device)
        heard += moments(net(batch))
    truth = [words(one.tolist()) for one in singles(some.encoded[text])]

    def wrong(how: Search) -> int:
        said = [beam(one, net.spelling, how) if how.tuned else greedy(one) for one in heard]
        return sum(edits(words(list(one)), true) for one, true in zip(said, truth, strict=True))

    if wrong(Search()) > HOPELESS * sum(map(len, truth)):
        return 0.0, 0.0
    ways = [(0.0, 0.0), *((weight, bonus) for weight in WEIGHTS for bonus in BONUSES)]
    return min(ways, key=lambda way: wrong(Search(way[0], way[1], NARROW)))


def moments(said: Spoken) -> list[NDArray[np.float64]]:
    """The real moments of each recording [T, V], on the processor."""
    logs, lengths = said.logs.detach().double().cpu().numpy(), said.lengths.tolist()
    return [one[:length] for one, length in zip(logs, lengths, strict=True)]
