"""What object detection assigns, keeps and maps between the user's pixels and the net's."""

import torch

from brainwright.data.fields.boxes import Boxes
from brainwright.data.slots import Batch, Fields
from brainwright.models.aligning import Truths, apart, assigned, losses
from brainwright.models.heads.detect import Seen
from brainwright.tasks.object_detection import ObjectDetection
from brainwright.tasks.task import Turn


def seen(boxes: torch.Tensor, logits: torch.Tensor) -> Seen:
    """Places on a row, 8 pixels apart, that all say the same size of box."""
    points = torch.stack([torch.arange(len(boxes)) * 8 + 4.0, torch.full((len(boxes),), 4.0)], 1)
    return Seen(logits[None], boxes[None], points, torch.full((len(boxes),), 8.0))


def row(width: float) -> torch.Tensor:
    middle = torch.arange(12) * 8 + 4.0
    return torch.stack([middle - width, torch.zeros(12), middle + width, torch.full((12,), 8.0)], 1)


def test_places_answer_for_the_thing_they_cover_best() -> None:
    truths = Truths.of([torch.tensor([[0.0, 0, 0, 24, 8], [1.0, 56, 0, 80, 8]])], torch.ones(1))
    said = seen(row(12), torch.zeros(12, 2))
    owner, sure = assigned(said, truths)
    held = sure[0] > 0
    assert held.tolist() == [True] * 3 + [False] * 4 + [True] * 3 + [False] * 2
    assert owner[0][held].tolist() == [0, 0, 0, 1, 1, 1]
    assert sure[0].argmax() in (1, 8) and float(sure.max()) > 0.999  # the middle one is as sure as its overlap


def test_nothing_to_find_costs_only_what_is_said() -> None:
    truths = Truths.of([torch.zeros(0, 5)], torch.ones(1))
    what, where = losses(seen(row(12), torch.full((12, 2), -20.0)), truths)
    assert float(what) < 1e-6 and float(where) == 0


def test_boxes_cost_nothing_where_they_are_right() -> None:
    box = torch.tensor([[0.0, 0, 10, 5]])
    assert float(apart(box, box)) < 1e-4
    assert 1 < float(apart(box, box + 100)) < 3


def test_answers_come_in_the_users_pixels() -> None:
    """A picture twice as large as the canvas: what is said at 8 pixels lies at 16."""

    def net(pixels: torch.Tensor) -> Seen:
        logits = torch.full((12, 2), -9.0)
        logits[2, 1], logits[3, 1], logits[9, 0] = 3.0, 2.0, 1.0
        return seen(row(12), logits)

    task = ObjectDetection()
    batch = Batch({"image": torch.zeros(1, 3, 8, 96), "extent": torch.tensor([[16.0, 192.0]])})
    (said,) = task.predict(net, batch)[task.boxes]
    assert said[:, 0].tolist() == [1, 1, 0]  # the second overlaps the first by half: another thing
    torch.testing.assert_close(said[0, 1:5], torch.tensor([16.0, 0, 64, 16]))
    torch.testing.assert_close(said[:, 5], torch.tensor([3.0, 2, 1]).sigmoid())
    close = ObjectDetection(same_thing=0.3)
    assert close.predict(net, batch)[task.boxes][0][:, 0].tolist() == [1, 0]
    truth = batch | {"boxes": [torch.tensor([[1.0, 16, 0, 64, 16]])]}
    there = task.loss(net, truth, Turn("net", 0, 0.0))
    away = task.loss(net, batch | {"boxes": [torch.tensor([[1.0, 100, 0, 148, 16]])]}, Turn("net", 0, 0.0))
    assert there.units.tolist() == [1] and float(there.each) < float(away.each)
    assert float(task.score(net, truth)) == 3.0
    one = torch.tensor([0.0, 144, 0, 160, 16])
    both = batch | {"boxes": [torch.stack([truth[task.boxes][0][0], one])]}
    first, second = task.things(Fields({"boxes": Boxes(classes=("cat", "dog"))}), both)
    assert (first.name, second.name) == ("dog at 16, 0 to 64, 16", "cat at 144, 0 to 160, 16")
    assert (float(first.score(net, both)), float(second.score(net, both))) == (3.0, 1.0)
    assert second.values["boxes"].tolist() == [one.tolist()]
