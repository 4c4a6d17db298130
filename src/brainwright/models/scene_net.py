"""A net for a driver's view: a backbone over the scene, and beside it a small one that reads the sensors alone."""

from torch import Tensor, nn

from brainwright.data.units import Between
from brainwright.models.answers import each_member
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.stems.scene import SceneStem

WIDE = 64  # of its two hidden layers


class SceneNet(nn.Module):
    """Pixels [B, C, H, W] and sensors [B, places] -> [B, M, answers], the sum of what both say.

    A distance or a speed decides by itself much of what is done: convolutions over planes of one number each learn that
    slowly, layers that read the numbers at once.
    """

    def __init__(self, stem: SceneStem, backbone: Backbone, answers: int) -> None:
        super().__init__()
        self.seen = Net(stem, backbone, answers)
        places = len(stem.mean)
        layers = (nn.Linear(places, WIDE), nn.SiLU(), nn.Linear(WIDE, WIDE), nn.SiLU(), nn.Linear(WIDE, answers))
        self.told = nn.Sequential(*layers) if places else None

    def forward(self, given: tuple[Tensor, Tensor | Between[Tensor]]) -> Tensor:
        answers = each_member(self.seen(given))
        if self.told is None:
            return answers
        stem = self.seen.stem
        assert isinstance(stem, SceneStem)
        said: Tensor = self.told(stem.said(given[1]))
        return answers + said[:, None].to(answers)
