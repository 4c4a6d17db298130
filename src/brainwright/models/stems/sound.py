"""The stem of a sound: log-mel, as a picture of time and pitch or as a sequence of moments, as backbones take it."""

from brainwright.data.field import Padded
from brainwright.data.fields.sound import Sound
from brainwright.models.backbone import Stage
from brainwright.models.features import Features, Form, Shape
from brainwright.models.log_mel import LogMel, covered, mean_and_spread

NATURAL = 4.0  # deviation of log-mels in nats, about: brings them near 1


class SoundStem(Stage):
    """Sound [B, T, 1] -> grid [B, 1, bands, frames] or sequence [B, frames, bands], with the mask of real frames.

    The mean over the whole sound is taken off, so that a gain changes nothing but what drowns in silence; the
    differences between bands stay. In training stretches of time and of bands are hidden.
    """

    def __init__(self, field: Sound, bands: int, takes: Form, hidden: float) -> None:
        mel = LogMel(field.rate, bands)
        middle = 1 + max(0, field.middle - mel.width) // mel.step
        super().__init__(Shape("grid", 1, (bands, middle)) if takes == "grid" else Shape("sequence", bands))
        self.mel, self.hidden = mel, hidden

    def forward(self, sound: Padded) -> Features:
        values, mask = self.mel(sound)
        mean, _ = mean_and_spread(values, mask, (1, 2))
        values = (values - mean) * mask[..., None] / NATURAL
        if self.training and self.hidden:
            values = covered(values, mask, self.hidden)
        return Features(values.transpose(1, 2)[:, None] if self.shape.form == "grid" else values, mask)
