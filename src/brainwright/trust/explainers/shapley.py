"""Shapley: what each unit adds, on average over all orders in which units can be shown (Shapley 1953)."""

from math import comb

import numpy as np
import torch

from brainwright.errors import Fault
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.game import Game

MOST = 10  # units: 1,024 choices of what is shown


def shapley(game: Game) -> Attribution:
    """Exact, over every choice; what is hidden comes from training examples (Lundberg and Lee 2017, interventional).

    Raises:
        Fault: there are too many units.
    """
    if game.count > MOST:
        raise Fault(f"exact Shapley values need at most {MOST} units, here are {game.count}", "take another --method")
    codes = np.arange(2**game.count)
    shown = (codes[:, None] >> np.arange(game.count)) & 1  # [2^U, U]
    worth = game.scores(torch.from_numpy(shown).float().to(game.at.device), game.others).mean(1).numpy()
    size = shown.sum(1)
    weight = 1 / (game.count * np.array([comb(game.count - 1, n) for n in range(game.count)]))
    values = []
    for unit in range(game.count):
        without = codes[shown[:, unit] == 0]
        values.append(weight[size[without]] @ (worth[without | (1 << unit)] - worth[without]))
    return Attribution(np.array(values), float(worth[-1] - worth[0]))
