"""Noise -> Image: make new pictures like the given ones (a GAN: two players in turn)."""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import torch
from pydantic import Field as Option
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.image import Image
from brainwright.data.fields.noise import Noise
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.coverage import Coverage
from brainwright.metrics.feature_distance import FeatureDistance
from brainwright.metrics.metric import Metric
from brainwright.models.backbone import Backbone
from brainwright.models.rivals import Critic, Painter, Rivals
from brainwright.tasks.task import Claim, Decision, Loss, Net, Player, Task, Turn

CRITIC, GENERATOR = "critic", "generator"


class ImageGeneration(Task):
    """Generator and critic by the relativistic loss with a penalty on both slopes (R3GAN, Huang et al. 2024)."""

    backbones: ClassVar[tuple[str, ...]] = ()
    noise = input(Noise())
    image = target(Image())

    painter_width: int = Option(16, ge=4)
    """Channels of both nets at the largest picture size; doubled as pictures get smaller. There is no backbone."""
    painter_depth: int = Option(1, ge=1)
    """Residual blocks at each picture size."""
    slope_penalty: float = Option(1.0, ge=0)
    """How strongly a steep critic is punished at the start; a tenth of it at the end (R1 and R2, Mescheder 2018)."""

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        images = table.kinds(Kind.IMAGE)
        if len(images) != 1 or (target and target != images[0]):
            return None
        others = [name for name in table.columns if name != images[0]]
        if not others:
            return Claim({"image": images[0]}, 0.9, f"{images[0]!r} holds pictures and nothing says what they show")
        why = f"{images[0]!r} holds pictures to make more of; not used: {', '.join(others)}"
        return Claim({"image": images[0]}, 0.3, why)

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        picture, width, depth = fields[self.image], self.painter_width, self.painter_depth
        painter = Painter(fields[self.noise].size, picture, width, depth)
        return Rivals(painter, Critic(picture, width, depth))

    def players(self) -> tuple[Player, ...]:
        return Player(CRITIC, (CRITIC,), momentum=0.0), Player(GENERATOR, (GENERATOR,), momentum=0.0)

    def loss(self, net: Net, batch: Batch, turn: Turn) -> Loss:
        real = batch[self.image].float()
        if turn.player == GENERATOR:
            return Loss.of(F.softplus(net.critic(real) - net.critic(net.generator(batch[self.noise]))))
        with torch.no_grad():
            fake = net.generator(batch[self.noise])
        steep = torch.is_grad_enabled()
        both = torch.cat([real, fake]).requires_grad_(steep)
        judged_real, judged_fake = net.critic(both).chunk(2)
        apart = F.softplus(judged_fake - judged_real)
        if not steep:
            return Loss.of(apart)
        slope = steepness(judged_real.sum() + judged_fake.sum(), both, net.critic.spread)
        left = 0.1 + 0.9 * (1 - turn.progress)
        penalty = self.slope_penalty * left / 2 * (slope[: len(real)] + slope[len(real) :])
        return Loss.of(apart + penalty, slope=penalty)

    def predict(self, net: Net, batch: Batch) -> Prediction:
        return Prediction.of(self.image, net.generator(batch[self.noise]).float().clamp(0, 255))

    def score(self, net: Net, batch: Batch) -> Tensor:
        """How real the critic finds the picture."""
        judged: Tensor = net.critic(batch[self.image])
        return judged

    def questions(self, table: Table, claim: Claim, fields: Fields) -> Examples:
        """One new picture a row."""
        return Examples({}, table.shares, np.arange(len(table)))

    def metrics(self) -> tuple[Metric, ...]:
        return FeatureDistance(slot="image"), Coverage(slot="image")

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return floor("mean-picture", target="image"), floor("gaussian-pictures", target="image")

    def decide(self, train: Portion) -> Sequence[Decision]:
        few = len(train) < 2000
        epochs = max(1, round(1_500_000 / len(train))) if not few else 60
        return (
            Decision("batch_size", 16 if few else 64, "a few pictures" if few else "as many as make steady gradients"),
            Decision("epochs", epochs, f"about {epochs * len(train) / 1e6:.2g} million pictures seen, or the budget"),
            Decision("lr", 1e-3 if few else 5e-4, "small nets without normalisation bear it"),
            Decision("weight_decay", 0.0, "the slope penalty already holds the critic back"),
            Decision("clip", 0.0, "two players: a shortened step would favour one of them"),
            Decision("ema", 0.98 if few else 0.999, "a generator's weights circle; their average does not"),
            Decision("evaluations", 10, "each look draws thousands of pictures"),
        )

    @classmethod
    def example(cls) -> Table:
        """Bright bars and squares on black, 8 x 8."""
        draw = np.random.default_rng(0)
        images = draw.integers(0, 30, (160, 8, 8)).astype(np.uint8)
        for index, place in enumerate(draw.integers(1, 6, 160)):
            if index % 2:
                images[index, place : place + 2] += 200
            else:
                images[index, place : place + 3, 3:6] += 200
        return Table.of({"image": Column(images, Kind.IMAGE)}, "example")


def steepness(judged: Tensor, at: Tensor, spread: Tensor) -> Tensor:
    """Squared slope of the summed judgement at each picture [B], in units of the pixels' standard deviation."""
    (slope,) = torch.autograd.grad(judged, at, create_graph=True)
    return (slope * spread).square().flatten(1).sum(1)
