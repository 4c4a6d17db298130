"""Gradients: how the score moves as units go from hidden to shown, by the slopes along the way."""

from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from brainwright.data.slots import Batch
from brainwright.data.units import Units
from brainwright.errors import Fault
from brainwright.models.features import Features
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.game import Game

ALONG = 20  # places between hidden and shown for each training example,
FINELY = 128  # and for a single blank, where errors do not average out
MISSED, FINER = 0.005, 4  # of the sum: where more is missed, so many times as many places are taken


def gradient_shap(game: Game) -> Attribution:
    """Shown against training examples, on the straight way from each (expected gradients, Erion et al. 2021).

    The random places of GradientSHAP (Lundberg and Lee 2017) are exchanged for those of Gauss and Legendre, so that the
    sum is exact to within that rule.
    """
    return along(game, game.others, ALONG)


def integrated_gradients(game: Game) -> Attribution:
    """Shown against the blank (Sundararajan et al. 2017)."""
    return along(game, game.blank, FINELY)


def along(game: Game, infill: Batch, count: int) -> Attribution:
    """The mean over infills of the slopes on the way to what is shown, at `count` places, or more where these miss some
    of the sum.
    """
    found = summed(game, infill, count)
    return found if found.error <= MISSED else summed(game, infill, FINER * count)


def summed(game: Game, infill: Batch, count: int) -> Attribution:
    """By the rule of Gauss and Legendre, which is exact for polynomials of degree 2 count - 1."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    shown = torch.from_numpy((nodes + 1) / 2).float().to(game.at.device)[:, None].expand(-1, game.count)
    slopes = game.slopes(shown, infill).mean(1)  # [count, U]
    whole = game.scores(game.all(), game.blank) - game.scores(game.none(), infill).mean()
    return Attribution((torch.from_numpy(weights / 2) @ slopes).numpy(), whole.item())


def saliency(game: Game) -> Attribution:
    """How steep the score is in each unit, without a sign: it tells where, not in which direction.

    The length of the gradient by the unit's numbers (Simonyan et al. 2014); for words and classes, which have none, the
    slope on the way from the blank.
    """
    leaves = {
        side.slot: game.batch.values[side.slot].float().requires_grad_() for side in game.sides if side.field.averages
    }
    steep = list(game.slopes(game.all(), game.blank)[0, 0].abs().split([len(side.units) for side in game.sides]))
    if leaves:
        score = game.stands(game.net, game.batch | leaves).sum()
        slopes = dict(zip(leaves, torch.autograd.grad(score, list(leaves.values())), strict=True))
        for index, side in enumerate(game.sides):
            if side.slot in slopes:
                steep[index] = lengths(slopes[side.slot][0].double().cpu(), side.units)
    return Attribution(torch.cat(steep).numpy(), np.nan)


def lengths(slope: Tensor, units: Units) -> Tensor:
    """The length of a gradient [channels, places] in each unit [U]."""
    owner = torch.from_numpy(units.owner).expand(slope.shape).flatten()
    return torch.zeros(len(units), dtype=torch.float64).index_add(0, owner, slope.square().flatten()).sqrt()


def grad_cam(game: Game) -> Attribution:
    """The net's last grid, each channel weighed by its mean slope (Selvaraju et al. 2017), spread over the picture.

    Negative places are kept: they speak against the answer.

    Raises:
        Fault: the net makes no grid of the picture.
    """
    grids: list[Tensor] = []

    def keep(module: Any, given: Any, made: Any) -> None:
        if isinstance(made, Features) and made.values.ndim == 4 and any(True for _ in module.parameters()):
            grids.append(made.values)

    game.net.eval()
    handles = [module.register_forward_hook(keep) for module in game.net.modules()]
    try:
        score = game.stands(game.net, game.batch).sum()
    finally:
        for handle in handles:
            handle.remove()
    forms = [side.units.form for side in game.sides]
    pixels = isinstance(game.batch.values[game.sides[0].slot], Tensor)  # a sound's cells are no places of its own
    if not grids or forms != ["cells"] or not pixels:
        raise Fault("grad-cam needs a net that makes a grid of a picture", "take another --method")
    (slope,) = torch.autograd.grad(score, grids[-1])
    seen = (slope.mean((2, 3), keepdim=True) * grids[-1]).sum(1, keepdim=True)
    owner = torch.from_numpy(game.sides[0].units.owner)
    wide = F.interpolate(seen.detach().double().cpu(), owner.shape, mode="bilinear")[0, 0]
    sums = torch.zeros(game.count, dtype=torch.float64).index_add(0, owner.flatten(), wide.flatten())
    return Attribution((sums / owner.flatten().bincount()).numpy(), np.nan)
