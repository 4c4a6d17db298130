"""Python keywords, flags and YAML are one config."""

import pytest
import yaml

import brainwright as bw
from brainwright.catalogue import catalogue, find
from brainwright.config import Choices, Config, sections_of
from brainwright.errors import Fault
from brainwright.flags import read
from brainwright.tasks.task import Task

CHOSEN = {"task": "image-classification", "backbone": "mlp", "smoothing": 0.1, "depth": 3, "steps": 7, "augment": 1.5}


def test_three_ways_one_config():
    python = Config.of(CHOSEN)
    words = [word for name, value in CHOSEN.items() for word in (f"--{name}", str(value))]
    flags = Config.of(read(words).options)
    page = Config.of(yaml.safe_load(yaml.safe_dump(python.flat())))
    assert python == flags
    assert python.flat() == page.flat()


def test_a_wrong_name_is_named():
    with pytest.raises(Fault, match="smoothing"):
        Config.of({"task": "image-classification", "smothing": 0.1})


@pytest.mark.parametrize("task", catalogue("tasks"))
def test_no_option_stands_in_two_sections(task):
    kind = find("tasks", task, Task)
    for backbone in kind.backbones or (kind.backbone,):
        sections = sections_of(Choices(task=task, backbone=backbone))
        names = [name for part in (Choices, *sections.values()) for name in part.model_fields]
        assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)


def test_flags_read_both_ways():
    assert read(["a", "--lr=1e-3", "--batch-size", "8", "--quiet"], ["quiet"]) == read(
        ["--batch-size=8", "--quiet", "a", "--lr", "1e-3"], ["quiet"]
    )
    with pytest.raises(Fault, match="without its value"):
        read(["--lr"])


def test_what_the_user_asked_wins():
    config = Config.of({**CHOSEN, "lr": 0.5})
    task = find("tasks", "image-classification", Task)
    assert config.asked >= {"lr", "steps"}
    assert isinstance(config.task(), task)


def test_a_run_named_without_its_folder_is_found_out(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / "run.json").write_text("{}")
    with pytest.raises(Fault, match=r"mine holds no run .* did you mean runs.mine\?"):
        bw.load("mine")
    with pytest.raises(Fault, match="name a folder that"):
        bw.load("other")
