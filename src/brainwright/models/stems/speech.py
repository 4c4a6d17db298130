"""The stem of speech: log-mel made even for each recording, then two convolutions that leave every fourth moment."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.field import Padded
from brainwright.data.fields.sound import Sound
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Shape
from brainwright.models.log_mel import STEP, LogMel, covered, mean_and_spread

FILTERS = 32  # of each convolution
MOMENT = 4 * STEP  # seconds between two moments that come out


class SpeechStem(Stage):
    """Sound [B, T, 1] -> sequence [B, moments, width], one moment every 0.04 s, with the mask of real ones.

    Each band has mean 0 and deviation 1 over its recording (as Kaldi and ESPnet have it), so that rooms and
    microphones matter less. In training stretches of time and of bands are hidden. Filters see zeros beyond the end.
    """

    def __init__(self, field: Sound, bands: int, width: int, hidden: float) -> None:
        super().__init__(Shape("sequence", width))
        self.mel, self.hidden = LogMel(field.rate, bands), hidden
        self.first = nn.Conv2d(1, FILTERS, 3, 2, 1)
        self.second = nn.Conv2d(FILTERS, FILTERS, 3, 2, 1)
        self.leave = nn.Linear(FILTERS * -(-bands // 4), width)

    def moments(self, samples: Tensor) -> Tensor:
        """How many moments so many samples give."""
        return (self.mel.frames(samples) + 3) // 4

    def forward(self, sound: Padded) -> Features:
        values, mask = self.mel(sound)
        mean, spread = mean_and_spread(values, mask, (1,))
        values = (values - mean) / spread * mask[..., None]
        if self.training and self.hidden:
            values = covered(values, mask, self.hidden)
        half, quarter = mask[:, ::2], mask[:, ::4]
        grid = F.silu(self.first(values[:, None])) * half[:, None, :, None]
        grid = F.silu(self.second(grid)) * quarter[:, None, :, None]  # [B, FILTERS, moments, bands / 4]
        return Features(self.leave(grid.transpose(1, 2).flatten(2)) * quarter[..., None], quarter)


def moment_count(samples: int, rate: int) -> int:
    """How many moments a recording of so many samples at a rate gives."""
    mel = LogMel(rate, 1)
    return int((mel.frames(torch.tensor(samples)) + 3) // 4)
