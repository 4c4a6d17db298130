"""Layers in which every number is tied to every number: for rows of numbers and small pictures."""

from typing import ClassVar

import torch
from pydantic import Field as Option
from torch import nn

from brainwright.models.backbone import ACTIVATIONS, Backbone, Stage
from brainwright.models.features import Features, Form, Shape


class Mlp(Backbone):
    """Multilayer perceptron (Rumelhart, Hinton, Williams 1986), alone or as many that share their layers.

    Members differ in how they weigh what they read and in their read-out (TabM-mini, Gorishniy et al. 2025): their mean
    answer is that of an ensemble, at the price of one set of layers.
    """

    takes: ClassVar[Form] = "vector"
    members: int = Option(1, ge=1)
    """Nets that share the layers and answer together; 1 = a plain perceptron."""

    def build(self, given: Shape) -> Stage:
        layers: list[nn.Module] = [Members(given.width, self.members)] if self.members > 1 else []
        for index in range(self.depth):
            before = given.width if index == 0 else self.width
            layers += [nn.Linear(before, self.width), ACTIVATIONS[self.activation](), nn.Dropout(self.dropout)]
        return Perceptron(Shape("vector", self.width, members=self.members), layers)


class Perceptron(Stage):
    """Vector [B, given] -> vector [B, width], or [B, members, width]."""

    def __init__(self, shape: Shape, layers: list[nn.Module]) -> None:
        super().__init__(shape)
        self.layers = nn.Sequential(*layers)

    def forward(self, given: Features) -> Features:
        return Features(self.layers(given.values))


class Members(nn.Module):
    """[B, width] -> [B, members, width]: each member reads the vector with weights of its own, normal at the start."""

    def __init__(self, width: int, members: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(members, width))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return values[:, None] * self.weight
