"""A net for a driver's view: a backbone over the scene, and beside it one for rows that reads the sensors alone."""

from typing import Any

from torch import Tensor, nn

from brainwright.catalogue import find
from brainwright.data.fields.row import Row
from brainwright.data.units import Between
from brainwright.models.answers import each_member
from brainwright.models.backbone import Backbone
from brainwright.models.heads.readout import Readout
from brainwright.models.net import Net
from brainwright.models.row_recipe import DEPTH, MEMBERS, WIDTH
from brainwright.models.stems.row import RowStem
from brainwright.models.stems.scene import SceneStem


class Told(nn.Module):
    """Sensors [B, places] -> [B, M, answers], as rows of tables are best read: numbers in pieces, members (TabM)."""

    def __init__(self, tokens: RowStem, answers: int) -> None:
        super().__init__()
        form: dict[str, Any] = {"width": WIDTH, "depth": DEPTH, "members": MEMBERS, "activation": "relu"}
        part = find("models/backbones", "mlp", Backbone)(**form)
        self.tokens = tokens
        self.flat = part.bridge(self.tokens.shape)
        self.layers = part.build(self.flat.shape)
        self.answer = Readout(self.layers.shape, answers)

    def forward(self, sensors: Tensor | Between[Tensor]) -> Tensor:
        return self.answer(self.layers(self.flat(self.tokens(sensors))))  # type: ignore[no-any-return]


class SceneNet(nn.Module):
    """Pixels [B, C, H, W] and sensors [B, places] -> [B, M, answers], the sum of what both say.

    A distance or a speed decides by itself much of what is done: convolutions over planes of one number each learn that
    slowly, a net for rows at once.
    """

    def __init__(self, stem: SceneStem, sensors: Row, backbone: Backbone, answers: int) -> None:
        super().__init__()
        self.seen = Net(stem, backbone, answers)
        tokens = RowStem(sensors)
        self.told = Told(tokens, answers) if tokens.shape.sides[0] else None  # some logs have no sensor that changes

    def forward(self, given: tuple[Tensor, Tensor | Between[Tensor]]) -> Tensor:
        answers = each_member(self.seen(given))
        return answers if self.told is None else answers + each_member(self.told(given[1]))
