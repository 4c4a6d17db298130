"""What lane detection assigns, keeps and maps between the user's pixels and the net's."""

import torch

from brainwright.data.slots import Batch
from brainwright.models.heads.curves import Seen
from brainwright.models.lane_losses import costs, orders, owners, positions
from brainwright.tasks.lane_detection import LaneDetection
from brainwright.tasks.task import Turn

CELLS = 20
ROWS = torch.tensor([0.4, 0.6, 0.8])


def said(places: list[list[float]], there: list[float]) -> Seen:
    """Lanes [S][A] that are surely in some cells, with the log-odds that they are there at all."""
    order, middle = torch.arange(CELLS), torch.tensor(places).float()[..., None]
    return Seen(-4 * (order - middle).abs()[None], torch.tensor(there)[None, :, None].expand(1, -1, 3), ROWS)


def parts(cells: list[list[float]]) -> torch.Tensor:
    """Cells as parts of the width; below 0 stays so."""
    places = torch.tensor(cells).float()
    return torch.where(places < 0, places, (places + 0.5) / CELLS)[None]


def test_every_order_is_known_once() -> None:
    found = orders(3, torch.device("cpu"))
    assert len(found) == 8 and len({tuple(one) for one in found.tolist()}) == 8
    assert [0, -1, 1] in found.tolist() and [1, 0, -1] not in found.tolist()


def test_lanes_answer_for_the_nearest_that_keep_their_order() -> None:
    seen = said([[2, 2, 2], [9, 9, 9], [15, 15, 15]], [0.0, 0.0, 0.0])
    far = parts([[8, 9, 10], [16, 15, 14]])
    assert owners(seen, far * CELLS - 0.5, far >= 0, torch.tensor([2])).tolist() == [[-1, 0, 1]]
    left = parts([[2, 3, 4], [-2, -2, -2]])
    assert owners(seen, left * CELLS - 0.5, left >= 0, torch.tensor([1])).tolist() == [[0, -1, -1]]
    none = parts([[-2, -2, -2]])
    assert owners(seen, none * CELLS - 0.5, none >= 0, torch.tensor([0])).tolist() == [[-1, -1, -1]]


def test_what_is_right_costs_little_and_the_bend_of_the_road_nothing() -> None:
    bent = [[2, 5, 10.0]]
    truth, count = parts(bent), torch.tensor([1])
    right = costs(said(bent, [8.0]), truth, count)
    assert float(right.whole) < 0.5 and float(right.shape) < 0.2
    straight = costs(said([[2, 6, 10.0]], [8.0]), truth, count)
    assert float(straight.shape) > float(right.shape) + 0.3 and float(straight.where) > float(right.where)
    absent = costs(said(bent, [-8.0]), truth, count)
    assert float(absent.there) > 7 and float(absent.where) == float(right.where)


def test_positions_lie_between_cells() -> None:
    where = torch.full((1, 1, 1, CELLS), -20.0)
    where[..., 4], where[..., 5] = 3.0, 3.0
    torch.testing.assert_close(positions(where), torch.tensor([[[5.0 / CELLS]]]))
    where[..., 15] = 2.0  # another place that is nearly as likely does not pull it away
    torch.testing.assert_close(positions(where), torch.tensor([[[5.0 / CELLS]]]))


def test_answers_come_in_the_users_pixels() -> None:
    task = LaneDetection()
    seen = said([[2, 2, 2], [9, 9, 9]], [5.0, -5.0])

    def net(pixels: torch.Tensor) -> Seen:
        return seen

    batch = Batch({"image": torch.zeros(1, 3, 8, 20), "extent": torch.tensor([[100.0, 200.0]])})
    (found,) = task.predict(net, batch)[task.lanes]
    torch.testing.assert_close(found, torch.tensor([[40.0, 60, 80], [25.0, 25, 25]]))
    known = batch | {"lanes": [found]}
    away = batch | {"lanes": [torch.tensor([[40.0, 60, 80], [125.0, 125, 125]])]}
    costly, cheap = (float(task.loss(net, one, Turn("net", 0, 0.0)).each) for one in (away, known))
    assert cheap < 1 < costly and float(task.score(net, known)) > float(task.score(net, away))
    unsure = LaneDetection(least_sure=0.999)
    assert len(unsure.predict(net, batch)[task.lanes][0]) == 1
