"""Occlusion: how much the score falls when one unit alone is hidden (Zeiler and Fergus 2014)."""

import numpy as np

from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.game import Game


def occlusion(game: Game) -> Attribution:
    """Each unit in turn taken from training examples, the mean over them."""
    whole = game.scores(game.all(), game.blank)
    hidden = game.scores(1 - game.all().new_ones(game.count).diag(), game.others).mean(1)
    return Attribution((whole[0, 0] - hidden).numpy(), np.nan)
