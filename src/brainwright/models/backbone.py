"""Backbone: the family of net that a user chooses; it turns features into better features."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeAlias

from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.errors import Fault
from brainwright.models.causal import Causal
from brainwright.models.features import Bridge, Form, Shape, bridge
from brainwright.parts import Part

Activation: TypeAlias = Literal["relu", "relu6", "gelu", "silu", "tanh", "leaky_relu", "mish"]
ACTIVATIONS: dict[Activation, type[nn.Module]] = {
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
    "leaky_relu": nn.LeakyReLU,
    "mish": nn.Mish,
}


class Backbone(Part):
    """A family of nets. `takes` is the form it reads; features of another form reach it over a bridge."""

    takes: ClassVar[Form]
    planes: ClassVar[int] = 0
    """How many planes a grid must have: 3 where weights were taught on photographs; 0 = any."""
    named: ClassVar[str] = ""
    """The option that a name after a colon sets, as in `--backbone timm:resnet18`; "" = there is none."""
    width: int = Option(128, ge=1)
    """Numbers in each layer (channels of the first stage in a cnn)."""
    depth: int = Option(2, ge=1)
    """Layers, or blocks, one after the other."""
    activation: Activation = "gelu"
    """What bends the lines between layers."""
    dropout: float = Option(0.0, ge=0, lt=1)
    """Share of numbers that is hidden at random in training."""

    @abstractmethod
    def build(self, given: Shape) -> "Stage":
        """The module for features of this shape, whose form is `takes`."""

    def bridge(self, given: Shape) -> Bridge:
        """What leads from a stem's features to those that the family takes."""
        return bridge(given, self.takes, self.planes)

    def causal(self, given: int, source: int = 0) -> Causal:
        """The module that writes: steps of `given` numbers each, which may look at a source of `source` numbers a step.

        Raises:
            Fault: this family does not write.
        """
        raise Fault(f"backbone {self.word()!r} reads a whole at once and cannot write", "choose lstm or transformer")

    # ---- what families whose weights were learned elsewhere say besides ------------------------------

    def wants(self) -> Mapping[str, Mapping[str, Any]]:
        """What such weights expect of the data: the word of a field -> what it must be fitted from."""
        return {}

    def adopted(self, foreign: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Foreign weights under this family's own names, seen from the net: "backbone.*" and "stem.*".

        `own` are the net's weights now, by the same names.
        """
        return foreign


class Stage(nn.Module):
    """A module from Features to Features that knows the shape it gives."""

    shape: Shape
    scales: tuple[int, ...]

    def __init__(self, shape: Shape, scales: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.shape = shape
        self.scales = scales
        """Width of each grid that `Features.scales` brings, from fine to coarse, each half as long a side as the one
        before and the last one the stage's end; none where the stage gives only its end."""
