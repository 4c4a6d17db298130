"""Layers in which every number is tied to every number: for rows of numbers and small pictures."""

from typing import ClassVar

from torch import nn

from brainwright.models.backbone import ACTIVATIONS, Backbone, Stage
from brainwright.models.features import Features, Form, Shape


class Mlp(Backbone):
    """Multilayer perceptron (Rumelhart, Hinton, Williams 1986)."""

    takes: ClassVar[Form] = "vector"

    def build(self, given: Shape) -> Stage:
        layers: list[nn.Module] = []
        for index in range(self.depth):
            before = given.width if index == 0 else self.width
            layers += [nn.Linear(before, self.width), ACTIVATIONS[self.activation](), nn.Dropout(self.dropout)]
        return Perceptron(Shape("vector", self.width), layers)


class Perceptron(Stage):
    """Vector [B, given] -> vector [B, width]."""

    def __init__(self, shape: Shape, layers: list[nn.Module]) -> None:
        super().__init__(shape)
        self.layers = nn.Sequential(*layers)

    def forward(self, given: Features) -> Features:
        return Features(self.layers(given.values))
