"""Methods: the ways to explain by units, by the words users write; and which one is taken when they write none."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from brainwright.catalogue import nearest
from brainwright.errors import Fault
from brainwright.trust.explainers.attribution import Attribution
from brainwright.trust.explainers.gradients import grad_cam, gradient_shap, integrated_gradients, saliency
from brainwright.trust.explainers.occlusion import occlusion
from brainwright.trust.explainers.shapley import MOST, shapley
from brainwright.trust.game import Game

Method: TypeAlias = Callable[[Game], Attribution]
METHODS: Mapping[str, Method] = {
    "gradient-shap": gradient_shap,
    "integrated-gradients": integrated_gradients,
    "saliency": saliency,
    "grad-cam": grad_cam,
    "occlusion": occlusion,
    "shapley": shapley,
}
AUTO = "auto"


def chosen(word: str, games: Iterable[Game]) -> str:
    """A method's word; of "auto" exact Shapley values where none of the games has many units, else GradientSHAP.

    Raises:
        Fault: there is no such method.
    """
    if word == AUTO:
        return "shapley" if all(game.count <= MOST for game in games) else "gradient-shap"
    if word not in METHODS:
        raise Fault(f"no method of explanation is called {word!r}", nearest(word, {AUTO: 0, **METHODS}))
    return word
