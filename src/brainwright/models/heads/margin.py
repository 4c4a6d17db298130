"""Margin: pictures become directions, and each identity has one; a right one must be nearer than others by a margin."""

from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from brainwright.models.features import Average, Features, Shape, bridge

Kind: TypeAlias = Literal["cosine", "angle"]
CLOSE = 1e-4  # of a cosine to 1: there the slope of an angle has no end


class Seen(NamedTuple):
    """What the net says to pictures: directions [B, D], those of identities [K, D], and who counts as nobody."""

    directions: Tensor
    centres: Tensor
    gallery: Tensor
    """Mean directions of the identities' own pictures [K, D], once training is over; before, the centres."""
    threshold: Tensor
    """Cosine [] below which nobody known is meant."""

    def losses(self, truth: Tensor, kind: Kind, margin: float, scale: float) -> Tensor:
        """Cross-entropy [B] of scaled cosines, the right one made smaller by the margin, 0 for strangers.

        cosine: cos - m (CosFace, Wang et al. 2018); angle: cos(angle + m) (ArcFace, Deng et al. 2019).
        """
        cosines = self.directions @ self.centres.T
        known = truth.clamp(min=0)
        right = cosines.gather(1, known[:, None])
        if kind == "cosine":
            harder = right - margin
        else:
            harder = (right.clamp(CLOSE - 1, 1 - CLOSE).acos() + margin).clamp(max=torch.pi).cos()
        logits = scale * cosines.scatter(1, known[:, None], harder)
        return F.cross_entropy(logits, known, reduction="none") * (truth >= 0)

    def contrast(self, truth: Tensor, warmth: float) -> Tensor:
        """Supervised contrast [B]: pictures of one identity nearer than all others of the batch (Khosla et al. 2020);
        0 for whom the batch holds no second picture.
        """
        own = torch.eye(len(truth), dtype=torch.bool, device=truth.device)
        alike = (truth[:, None] == truth) & ~own
        near = (self.directions @ self.directions.T / warmth).masked_fill(own, -torch.inf).log_softmax(1)
        return -near.masked_fill(~alike, 0).sum(1) / alike.sum(1).clamp(min=1)

    def likeness(self) -> Tensor:
        """Cosine of each picture to each identity of the gallery [B, K]."""
        return self.directions @ self.gallery.T


class Margin(nn.Module):
    """Features -> `Seen`. The gallery and the threshold are set after training."""

    gallery: Tensor
    threshold: Tensor
    filled: Tensor

    def __init__(self, given: Shape, width: int, identities: int) -> None:
        super().__init__()
        self.pool = Average(given) if given.form in ("grid", "sequence") else bridge(given, "vector")
        self.norm = nn.LayerNorm(given.width)
        self.out = nn.Linear(given.width, width, bias=False)
        self.centres = nn.Parameter(F.normalize(torch.randn(identities, width)))
        self.register_buffer("gallery", torch.zeros(identities, width))
        self.register_buffer("threshold", torch.tensor(-1.0))
        self.register_buffer("filled", torch.tensor(0.0))

    def forward(self, given: Features) -> Seen:
        values = self.pool(given).values
        values = values.mean(1) if values.ndim == 3 else values  # members answer together
        wide = torch.promote_types(values.dtype, torch.float32)  # half precision ends here
        directions = F.normalize(self.out(self.norm(values)).to(wide))
        centres = F.normalize(self.centres).to(wide)
        return Seen(directions, centres, torch.where(self.filled > 0, self.gallery, centres), self.threshold)
