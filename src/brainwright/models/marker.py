"""Marker: reads a question and a passage together, window by window, and says where the answer begins and ends."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from brainwright.data.field import Padded
from brainwright.data.fields.text import FIRST
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.models.features import Features
from brainwright.models.stems.text import TextStem
from brainwright.models.wide import readings_of

AT_ONCE = 32  # windows that are read at a time, so that long documents take no more memory than short ones


@dataclass(frozen=True)
class Windows:
    """How passages are cut: tokens in a window, from one to the next, and of the longest answer; and how many tokens
    at each end of a text stand for no letters.
    """

    length: int
    stride: int
    reach: int
    edge: int = 0


class Marks(NamedTuple):
    """Logits [B, 1 + T] of every token as the first and as the last of the answer; those of no answer come first."""

    starts: Tensor
    ends: Tensor

    def none(self) -> Tensor:
        """The logit of no answer [B]."""
        return self.starts[:, 0] + self.ends[:, 0]

    def pieces(self, reach: int) -> Tensor:
        """The logit of each piece of at most `reach` tokens, by its first token and how many follow: [B, T, reach]."""
        ends = F.pad(self.ends[:, 1:], (0, reach - 1), value=-torch.inf).unfold(1, reach, 1)
        return self.starts[:, 1:, None] + ends


class Found(NamedTuple):
    """The best piece of each passage."""

    first: Tensor  # [B] token
    last: Tensor  # [B] token
    best: Tensor  # [B] its logit
    total: Tensor  # [B] log of the sum over all pieces
    none: Tensor  # [B] logit of no answer

    @classmethod
    def of(cls, marks: Marks, reach: int, shift: Tensor) -> "Found":
        """Search all pieces; `shift` is added to the logit of no answer."""
        flat = marks.pieces(reach).flatten(1)
        best, place = flat.max(1)
        first = place // reach
        return cls(first, first + place % reach, best, flat.logsumexp(1), marks.none() + shift)

    def nothing(self) -> Tensor:
        """The probability that there is no answer, among that and all pieces [B]."""
        return (self.none - self.total).sigmoid()

    def sure(self) -> Tensor:
        """The probability of the best piece, among all pieces and none [B]."""
        return (self.best - torch.logaddexp(self.total, self.none)).exp()


class Marker(nn.Module):
    """Tokens of the question, then those of a window of the passage, in one sequence (Devlin et al. 2019).

    Each token of the passage is marked in the window where it stands nearest to the middle, and all tokens of all
    windows of a passage share one softmax (Clark and Gardner 2018). No answer is told by the question's first token,
    least of all windows. The net is also told which tokens stand in the question, too (Chen et al. 2017).
    """

    shift: Tensor

    def __init__(self, stem: TextStem, backbone: Backbone, windows: Windows, silent: bool) -> None:
        """`silent`: some questions have no answer, so that the net may say so."""
        super().__init__()
        if windows.stride >= windows.length:
            what = f"windows of {windows.length} tokens that begin {windows.stride} apart leave some unread"
            raise Fault(what, "make --stride smaller")
        self.stem, self.windows, self.silent = stem, windows, silent
        self.backbone = backbone.build(stem.shape)
        if self.backbone.shape.form != "sequence":
            raise Fault("a pooled backbone knows no places to mark", "say --pool none")
        self.sides = nn.Parameter(torch.zeros(2, stem.shape.width))  # of the passage; of tokens the question has, too
        self.head = nn.Linear(self.backbone.shape.width, 2)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.register_buffer("shift", torch.zeros(()))

    def forward(self, passage: Any, question: Any, offsets: Padded) -> Marks:
        """`offsets` [B, T, 2] of the passage's tokens in its letters."""
        asked, told = self.stem(question), self.stem(passage)
        met = shared(passage, question).to(told.values.dtype)[..., None]
        values = torch.cat([asked.values, told.values + self.sides[0] + met * self.sides[1]], 1)
        cut = Cut.of(asked.mask.sum(1), told.mask.sum(1) - 2 * self.windows.edge, told.values.shape[1], self.windows)
        read = self.read(values, cut.places(asked.values.shape[1]))  # [N, L, width]
        begins = cut.begins(read)
        logits = self.head(torch.cat([begins, cut.back(read)], 1)).float()  # [B, W + T, 2]
        none, marked = logits[:, : begins.shape[1]].amin(1, keepdim=True), logits[:, begins.shape[1] :]
        real = cut.real() & (offsets.values[..., 1] > offsets.values[..., 0])
        both = torch.cat([none, marked.masked_fill(~real[..., None], -torch.inf)], 1)
        return Marks(both[..., 0], both[..., 1])

    def read(self, values: Tensor, index: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        """Windows as they are read [N, L, width], gathered from the vectors of all texts [B, Q + T, width]."""
        pieces = list(zip(*(one.split(AT_ONCE) for one in index), strict=True))
        if len(pieces) == 1 or not torch.is_grad_enabled():
            return torch.cat([self.piece(values, *one) for one in pieces])
        # On the way back each piece is read again: what lies between the layers is never kept for all of them.
        return torch.cat([checkpoint(self.piece, values, *one, use_reentrant=False) for one in pieces])

    def piece(self, values: Tensor, owner: Tensor, places: Tensor, mask: Tensor) -> Tensor:
        """Some windows as they are read."""
        found: Tensor = self.backbone(Features(values[owner[:, None], places], mask)).values
        return found


class Cut(NamedTuple):
    """Where the windows of a batch of passages lie."""

    owner: Tensor  # [N] example of each window
    begin: Tensor  # [N] token of the passage that each begins with
    first: Tensor  # [B] the first window of each example
    windows: Tensor  # [B] windows of each example
    asked: Tensor  # [B] tokens of each question
    told: Tensor  # [B] tokens of each passage that stand for letters
    width: int  # of the batch of passages, in tokens
    how: Windows

    @classmethod
    def of(cls, asked: Tensor, told: Tensor, width: int, how: Windows) -> "Cut":
        """For questions and passages of so many tokens [B]."""
        owner = torch.arange(len(told), device=told.device)
        count, first, begin = torch.ones_like(told), owner, torch.zeros_like(told)
        if width - 2 * how.edge > how.length:  # else every passage is one window, and nothing need be counted
            count = 1 + ((told - how.length).clamp(min=0) + how.stride - 1) // how.stride
            first = count.cumsum(0) - count
            owner = owner.repeat_interleave(count)
            begin = (torch.arange(len(owner), device=told.device) - first[owner]) * how.stride
        return cls(owner, begin, first, count, asked, told, width, how)

    def places(self, across: int) -> tuple[Tensor, Tensor, Tensor]:
        """Of each window its example [N], where its tokens stand in question (padded to `across`) and passage laid end
        to end [N, L], and which are real [N, L]. Where texts have edges, the question's last token ends a window, too.
        """
        edge = self.how.edge
        asked = self.asked[self.owner][:, None]
        here = (self.told[self.owner] - self.begin).clamp(max=self.how.length)[:, None]
        place = torch.arange(across + min(self.how.length, self.width - 2 * edge) + edge, device=asked.device)
        index = torch.where(place < asked, place, across + edge + self.begin[:, None] + place - asked)
        index = torch.where(place == asked + here, asked - 1, index)
        mask = place < asked + here + edge
        return self.owner, index.masked_fill(~mask, 0), mask

    def real(self) -> Tensor:
        """Which tokens of the passages stand for letters [B, T]."""
        place = torch.arange(self.width, device=self.told.device) - self.how.edge
        return (place >= 0) & (place < self.told[:, None])

    def begins(self, read: Tensor) -> Tensor:
        """The first token of each window of each passage [B, W, width]; of fewer windows the last one again."""
        most = 1 if len(self.owner) == len(self.told) else int(self.windows.max())
        window = torch.arange(most, device=read.device).minimum(self.windows[:, None] - 1)
        return read[self.first[:, None] + window, 0]

    def back(self, read: Tensor) -> Tensor:
        """What was read of each token of the passages [B, T, width], where it is nearest to a window's middle."""
        token = (torch.arange(self.width, device=read.device) - self.how.edge).clamp(min=0)
        token = token.minimum((self.told[:, None] - 1).clamp(min=0))  # [B, T]
        window = ((token - (self.how.length - 1) / 2) / self.how.stride).round().long()
        window = window.clamp(min=0).minimum(self.windows[:, None] - 1)
        return read[self.first[:, None] + window, self.asked[:, None] + token - window * self.how.stride]


def shared(passage: Any, question: Any) -> Tensor:
    """How far each token of a passage stands in the question, too [B, T]: 0 or 1, or between where texts are mixed."""
    found = []
    for ids, share in readings_of(passage):
        rows = [
            (((ids[:, :, None] == other[:, None]) & (other >= FIRST)[:, None]) * part[:, None]).amax(2)
            for other, part in readings_of(question)
        ]
        found.append(share * torch.stack(rows).amax(0))
    return torch.stack(found).sum(0)


def tokens_of(begin: Tensor, end: Tensor, offsets: Padded) -> tuple[Tensor, Tensor, Tensor]:
    """The first and the last token [B] of a piece from letter `begin` to `end` [B], and whether there is any [B]."""
    first, last = offsets.values[..., 0], offsets.values[..., 1]
    inside = (last > first) & (last > begin[:, None]) & (first < end[:, None])
    reversed_place = inside.flip(1).int().argmax(1)
    return inside.int().argmax(1), inside.shape[1] - 1 - reversed_place, inside.any(1)
