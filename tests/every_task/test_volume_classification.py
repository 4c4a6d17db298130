"""What volume classification claims, decides, builds and moves."""

import numpy as np
import pytest
import torch

from brainwright.data.batching import generator_of
from brainwright.data.examples import Examples, Portion
from brainwright.data.fields.volume import Volume
from brainwright.data.slots import Batch, Fields
from brainwright.data.table import Column, Kind, Table
from brainwright.models.backbone import Backbone
from brainwright.models.backbones.scanner import Scanner
from brainwright.models.backbones.unet import Unet
from brainwright.models.features import Shape
from brainwright.models.scanner import Scanned
from brainwright.tasks.volume_classification import VolumeClassification, canvas
from trial import Trial


def table(**more: list[str]) -> Table:
    scans = np.random.default_rng(0).normal(size=(12, 8, 8, 8)).astype(np.float32)
    words = {name: Column(np.array(values, object), Kind.CATEGORY) for name, values in more.items()}
    return Table.of({"scan": Column(scans, Kind.VOLUME), **words})


def test_the_class_is_no_person() -> None:
    """Of two columns of words the one that names patients is not what is asked for; of two others none is guessed."""
    whose, state = list("aabbccddeeff"), ["ill", "well"] * 6
    claim = VolumeClassification.claim(table(patient=whose, state=state), "")
    assert claim is not None and claim.columns["label"] == "state" and "without 'patient'" in claim.why
    assert VolumeClassification.claim(table(scanner=whose, state=state), "") is None
    asked = VolumeClassification.claim(table(scanner=whose, state=state), "scanner")
    assert asked is not None and asked.columns["label"] == "scanner"


def test_sides_that_matter_are_not_mirrored_and_others_are() -> None:
    decided = {one.option: one for one in Trial("volume-classification").decisions}
    assert "mirror" in decided and decided["mirror"].value is False  # its classes are left and right
    draw = np.random.default_rng(0)
    scans = draw.normal(0, 0.5, (200, 8, 8, 8)).astype(np.float32)
    scans[::2, 2:6, 2:6, :4] += 2  # below or above, both in the middle between left and right
    scans[1::2, 2:6, 2:6, 4:] += 2
    label = np.array(["below", "above"] * 100, object)
    made = Table.of({"scan": Column(scans, Kind.VOLUME), "label": Column(label, Kind.CATEGORY)})
    task = VolumeClassification()
    claim = task.claim(made, "")
    assert claim is not None
    decided = {one.option: one for one in task.decide(portion(task, task.examples(made, claim)))}
    assert decided["mirror"].value is True and decided["metric"].value == "auc"


def portion(task: VolumeClassification, examples: Examples) -> Portion:
    fields = Fields.fit(task.slots(), examples.values)
    encoded = {slot.name: fields[slot].encode_all(examples.values[slot.name]) for slot in task.slots()}
    return Portion(fields, examples, encoded)


def test_what_the_canvas_is_and_why_is_said() -> None:
    field = Volume(sides=(64, 64, 64), spacing=(2.0, 2.0, 2.5), coarser=2.5)
    assert canvas(field).endswith("2 × 2 × 2.5 mm apart, 2.5 times as coarse as the middle one, so that a step fits")
    assert canvas(Volume(sides=(8, 8, 8), spacing=(1.0,) * 3)).endswith("1 × 1 × 1 mm apart as in the middle one")


def test_the_room_is_an_option() -> None:
    trial = Trial("volume-classification", places=512)
    assert trial.fields[trial.task.scan].room == 512


@pytest.mark.parametrize("backbone", [Scanner(width=4, depth=2), Unet(width=4)])
@pytest.mark.parametrize("sides", [(8, 8, 8), (64, 64, 64), (1, 32, 32), (16, 128, 8)])
def test_the_net_fits_any_canvas(sides: tuple[int, ...], backbone: Backbone) -> None:
    net = Scanned(Shape("grid", 1, sides), 3, backbone)
    said = net(torch.randn(2, 1, *sides))
    assert said.shape == (2, 3) and said.isfinite().all()


def test_moving_a_scan_keeps_its_size() -> None:
    """Turned, never resized: a ball stays as large as it was."""
    places = torch.stack(torch.meshgrid(*[torch.arange(32.0) - 15.5] * 3, indexing="ij"))
    ball = (places.norm(dim=0) < 8).float()[None, None].repeat(4, 1, 1, 1, 1)
    changed = VolumeClassification().augment(Batch({"scan": ball}), 1.0, generator_of(0))
    sizes = (changed.values["scan"] > 0.5 * changed.values["scan"].amax((1, 2, 3, 4), keepdim=True)).sum((1, 2, 3, 4))
    torch.testing.assert_close(sizes.float(), ball.sum((1, 2, 3, 4)), rtol=0.1, atol=0)


def test_rare_classes_can_count_alike() -> None:
    trial = Trial("volume-classification", class_weights="balanced")
    net = trial.task.build(trial.fields, trial.config.backbone)
    counts = torch.tensor(trial.fields[trial.task.label].counts, dtype=torch.float32)
    torch.testing.assert_close(net.weights * counts, counts.sum().expand(2) / 2)
