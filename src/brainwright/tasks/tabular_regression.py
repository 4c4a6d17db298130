"""Row -> Number: tell a number, such as a price, from the other columns of a table."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from brainwright.data.columns import FEW
from brainwright.data.examples import Portion
from brainwright.data.fields.number import Number
from brainwright.data.fields.row import Row
from brainwright.data.inputs import inputs, likely_target
from brainwright.data.slots import Batch, Fields, Prediction, input, target
from brainwright.data.table import WHOLE, Column, Kind, Table
from brainwright.floors.floor import Floor, floor
from brainwright.metrics.mae import Mae
from brainwright.metrics.metric import Metric
from brainwright.metrics.r2 import R2
from brainwright.metrics.rmse import Rmse
from brainwright.models.answers import Measured, Measuring
from brainwright.models.backbone import Backbone
from brainwright.models.net import Net
from brainwright.models.row_recipe import row_recipe
from brainwright.models.stems.row import RowStem
from brainwright.tasks.task import Claim, Decision, Loss, Task, Turn
from brainwright.tasks.task import Net as AnyNet


class TabularRegression(Task):
    """One number per row, by the squared error of every member of the net in training deviations.

    The answer is the members' mean in the user's units, never outside the range that training showed.
    """

    row = input(Row())
    value = target(Number())

    @classmethod
    def claim(cls, table: Table, target: str) -> Claim | None:
        value = target or likely_target(table)
        if value not in table.columns or table[value].kind != Kind.NUMBER or any(map(table.kinds, WHOLE)):
            return None
        names, left = inputs(table, value)
        if not names:
            return None
        found = f"{value!r} holds numbers" + ("" if target else " (by its name; --target says otherwise)")
        amounts = np.unique(table[value].values)
        if len(amounts) <= FEW and (amounts == np.floor(amounts)).all():
            found += f", {len(amounts)} different whole ones (for classes write --columns {value}=category)"
        without = f"; without {', '.join(left)}" if left else ""
        strength = 0.4 if table.kinds(Kind.TEXT) else 0.8
        return Claim({"row": names, "value": value}, strength, f"{found}, told by {len(names)} columns{without}")

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        value = fields[self.value]
        net = Net(RowStem(fields[self.row]), backbone, 1)
        return Measuring(net, (value.mean, value.scale, value.low, value.high))

    def loss(self, net: AnyNet, batch: Batch, turn: Turn) -> Loss:
        answer = net(batch[self.row])
        error = answer.standard - answer.of(batch[self.value])[:, None]
        return Loss.of(error.square().mean(1))

    def predict(self, net: AnyNet, batch: Batch) -> Prediction:
        return Prediction.of(self.value, net(batch[self.row]).numbers().mean(1))

    def metrics(self) -> tuple[Metric, ...]:
        return (Rmse(slot="value"), Mae(slot="value"), R2(slot="value"))

    def decide(self, train: Portion) -> Sequence[Decision]:
        return [Decision(*line) for line in row_recipe(len(train))]

    def score(self, net: AnyNet, batch: Batch) -> Tensor:
        """The number itself, in training deviations."""
        answer: Measured = net(batch[self.row])
        return answer.standard.mean(1)

    def floors(self, fields: Fields) -> tuple[Floor, ...]:
        return (floor("mean", target="value"), floor("linear-table", target="value"), floor("boosting", target="value"))

    @classmethod
    def example(cls) -> Table:
        """The price of a flat: by its size, its quarter and the year it was built."""
        draw = np.random.default_rng(0)
        size = draw.uniform(30, 150, 240)
        quarter = draw.choice(["centre", "harbour", "hills"], 240).astype(object)
        built = np.datetime64("1950-01-01") + draw.integers(0, 25_000, 240).astype("timedelta64[D]")
        rate = np.select([quarter == "centre", quarter == "harbour"], [4.0, 3.0], 2.0)
        price = size * rate + (built > np.datetime64("2000-01-01")) * 60 + draw.normal(0, 10, 240)
        size[::15] = np.nan
        columns = {
            "size": Column(size, Kind.NUMBER),
            "quarter": Column(quarter, Kind.CATEGORY),
            "built": Column(built.astype("datetime64[s]"), Kind.DATE),
            "price": Column(price, Kind.NUMBER),
        }
        return Table.of(columns, "example")
