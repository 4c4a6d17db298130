"""Any net for pictures of the library timm, which is asked only when one is built; needs the extra `pretrained`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.catalogue import load
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone, Stage
from brainwright.models.features import Features, Form, Shape

SMALL = 96  # pixels a side: of smaller pictures most nets leave nothing


class Timm(Backbone):
    """`--backbone timm:NAME`: its shape and its own preparation of pictures; weights by `--weights FILE`.

    Nothing is downloaded. Its last features are a grid where the net has one, else a vector.
    """

    takes: ClassVar[Form] = "grid"
    planes: ClassVar[int] = 3
    named: ClassVar[str] = "architecture"
    width: ClassVar[int] = 0  # type: ignore[misc]  # a net of timm has its own width, depth and activation
    depth: ClassVar[int] = 0  # type: ignore[misc]
    activation: ClassVar[str] = ""  # type: ignore[misc,assignment]
    architecture: str = "resnet18"
    """The net, as timm calls it."""
    dropout: float = Option(0.0, ge=0, lt=1)
    """Share of the last features that is hidden at random in training."""

    def build(self, given: Shape) -> Stage:
        """The net.

        Raises:
            Fault: timm is not there, or knows no such net, or it does not take pictures of this size.
        """
        library = opened()
        if not library.is_model(self.architecture):
            near = library.list_models(f"*{self.architecture.partition('.')[0][:6]}*")[:5]
            advice = f"there are {', '.join(near)}" if near else "timm.list_models() names them"
            raise Fault(f"timm has no net {self.architecture!r}", advice)
        net = library.create_model(self.architecture, pretrained=False, num_classes=0, in_chans=given.width)
        return Foreign(net, self, given)

    def wants(self) -> Mapping[str, Mapping[str, Any]]:
        told = opened().get_pretrained_cfg(self.architecture)
        if told is None:
            return {}
        side = told.input_size[1]
        mean, spread = (tuple(255 * one for one in channels) for channels in (told.mean, told.std))
        least = side if told.fixed_input_size else min(side, SMALL)
        return {"image": {"channels": 3, "usual": side, "least": least, "mean": mean, "spread": spread}}

    def adopted(self, foreign: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        return {f"backbone.net.{name}": tensor for name, tensor in foreign.items()}


class Foreign(Stage):
    """Grid [B, 3, H, W] -> grid [B, width, h, w], and before it the finer ones, each with half the sides of the one
    before; or vector [B, width] where the net gives no grid.
    """

    def __init__(self, net: Any, part: Timm, given: Shape) -> None:
        with torch.no_grad():
            try:
                last = net.eval().forward_features(torch.zeros(1, given.width, *given.sides))
            except (AssertionError, RuntimeError, ValueError) as error:
                what = f"{part.architecture} takes no pictures of {given.sides[0]} x {given.sides[1]} pixels ({error})"
                raise Fault(what, "choose another net") from None
        grid = last.ndim == 4 and last.shape[1] == net.num_features
        finer = halves(net) if grid else []
        super().__init__(
            Shape("grid" if grid else "vector", int(net.num_features)),
            (*(one["num_chs"] for _, one in finer), int(net.num_features)) if finer else (),
        )
        self.grid, self.net, self.drop = grid, net.train(), nn.Dropout(part.dropout)
        self.finer = [place for place, _ in finer]

    def forward(self, given: Features) -> Features:
        if not self.grid:
            last = self.net.forward_features(given.values)
            return Features(self.drop(self.net.forward_head(last, pre_logits=True)))
        if not self.finer:
            return Features(self.drop(self.net.forward_features(given.values)))
        last, scales = self.net.forward_intermediates(given.values, indices=self.finer)
        last = self.drop(last)
        return Features(last, scales=(*scales, last))


def halves(net: Any) -> list[tuple[int, Mapping[str, Any]]]:
    """The places and facts of a net's grids before its end, each of half the sides of the one before; none unless the
    net can give them.
    """
    known = list(enumerate(getattr(net, "feature_info", ())))
    if not hasattr(net, "forward_intermediates") or len(known) < 2:
        return []
    *before, (_, end) = known
    found = [(place, one) for place, one in before if end["reduction"] // one["reduction"] in (2, 4, 8, 16)]
    each = {one["reduction"]: (place, one) for place, one in found}  # of several of one size the last
    return [each[reduction] for reduction in sorted(each)]


def opened() -> Any:
    """The library.

    Raises:
        Fault: it is not installed, or does not fit the torch that is.
    """
    try:
        return load("timm", "a backbone of timm's")
    except (ImportError, RuntimeError) as error:
        said = " ".join(str(error).split())[:120]
        raise Fault(f"timm cannot be loaded ({said})", "install a torchvision made for your torch") from None
