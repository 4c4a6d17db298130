"""Say the second of two classes from a probability on that each group has its own: thresholds set after training."""

from collections.abc import Mapping

import torch
from pydantic import Field as Option
from torch import Tensor, nn

from brainwright.data.slots import Batch, Fields, Prediction
from brainwright.errors import Fault
from brainwright.models.backbone import Backbone
from brainwright.tasks.task import Net
from brainwright.techniques.technique import Grouped

BUFFER = "group_thresholds"
HALF = 0.5


class GroupThresholds(Grouped):
    """Deterministic: one person has one answer. The group of who is asked about must be known at prediction; whether
    it may be used there is a question of law. Learning stays as it is.
    """

    thresholds: Mapping[str, float] = Option(default_factory=dict)
    """Group -> probability from which the second class is said, as `audit --mitigate` sets it; one half elsewhere."""

    def build(self, fields: Fields, backbone: Backbone) -> nn.Module:
        net = self.inner.build(fields, backbone)
        groups = fields[self.group].classes
        net.register_buffer(BUFFER, torch.tensor([self.thresholds.get(one, HALF) for one in groups]))
        return net

    def predict(self, net: Net, batch: Batch) -> Prediction:
        found = self.inner.predict(net, batch)
        if found.scores is None or found.scores.shape[1] != 2:
            raise Fault("thresholds choose between two classes by their probabilities", "leave group-thresholds out")
        if self.group.name not in batch.values:
            raise Fault(f"these answers hang on {self.by}, which is missing", f"bring the column {self.by}")
        said: Tensor = (found.scores[:, 1] >= getattr(net, BUFFER)[batch[self.group]]).long()
        return Prediction(dict.fromkeys(found.values, said), found.scores)
