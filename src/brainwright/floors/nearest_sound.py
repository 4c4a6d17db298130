"""The text of the most similar recording of the training share, by its spectrum in eight stretches of time."""

from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from brainwright.data.encoded import Ragged, singles
from brainwright.data.examples import Portion
from brainwright.data.fields.sound import Sound
from brainwright.data.slots import Prediction
from brainwright.floors.floor import Floor, State
from brainwright.models.log_mel import LogMel, mean_and_spread

BANDS, STRETCHES = 20, 8
AT_ONCE = 64  # sounds whose spectra are held at a time


class NearestSound(Floor):
    """Nearest neighbour by Euclidean distance of mean log-mels in eight equal stretches, and of the length."""

    most: ClassVar[int] = 10_000  # kept to compare with: they are saved with the run
    sound: str
    """The input slot that holds sounds."""

    def fit(self, train: Portion) -> State:
        rows = np.sort(np.random.default_rng(0).permutation(len(train))[: self.most])
        train = train.take(rows)
        texts = Ragged.of([np.asarray(one, np.int64) for one in singles(train.encoded[self.target])])
        told = described(train, self.sound)
        scale = told.std(0) + 1e-6
        return {"known": told / scale, "scale": scale, "texts": texts.values, "offsets": texts.offsets}

    def predict(self, state: State, asked: Portion) -> Prediction:
        told = torch.from_numpy(described(asked, self.sound) / state["scale"])
        nearest = torch.cdist(told, torch.from_numpy(np.asarray(state["known"]))).argmin(1).tolist()
        texts, offsets = torch.from_numpy(np.asarray(state["texts"])), np.asarray(state["offsets"]).tolist()
        return Prediction({self.target: [texts[offsets[one] : offsets[one + 1]] for one in nearest]})


@torch.no_grad()
def described(portion: Portion, slot: str) -> NDArray[np.float64]:
    """What each recording is told by: [N, 8 * 20 + 1]."""
    field = portion.fields.fitted[slot]
    assert isinstance(field, Sound)
    ear, found = LogMel(field.rate, BANDS), []
    for start in range(0, len(portion), AT_ONCE):
        sound = field.collate(portion.encoded[slot].take(np.arange(start, min(start + AT_ONCE, len(portion)))))
        values, mask = ear(sound)
        level, _ = mean_and_spread(values, mask, (1, 2))
        values, frames = (values - level) * mask[..., None], mask.sum(1, keepdim=True)
        place = torch.arange(values.shape[1]) * STRETCHES // frames
        parts = []
        for stretch in range(STRETCHES):
            inside = ((place == stretch) & mask)[..., None].to(values)
            parts.append((values * inside).sum(1) / inside.sum(1).clamp(min=1))
        found.append(torch.cat([*parts, sound.lengths[:, None].to(values).log()], 1).double().numpy())
    return np.concatenate(found)
