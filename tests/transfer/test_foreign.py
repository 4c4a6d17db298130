"""Foreign checkpoints give their tensors, in both forms of the file, and nothing that they ask for is run."""

import os
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import nn

from brainwright.errors import Fault
from brainwright.models.foreign import foreign_tensors

TYPES = (torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool)


class Planted:
    """What is run where a pickle is loaded without care."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> object:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("wrap", ["", "state_dict", "model"])
def test_tensors_come_out_as_they_went_in(tmp_path: Path, zipped: bool, wrap: str) -> None:
    base = torch.arange(24.0).view(4, 6)
    every = {f"module.{kind}".replace("torch.", ""): torch.arange(6).to(kind).view(2, 3) for kind in TYPES}
    every |= {"shared": base, "view": base[1:, ::2], "turned": base.T, "scalar": torch.tensor(7)}
    every |= {"own": nn.Parameter(torch.ones(3))}
    told = OrderedDict(every)
    torch.save({wrap: told, "epoch": 3, "lr": 0.1, "note": None} if wrap else told, tmp_path / "a.pth",
               _use_new_zipfile_serialization=zipped)  # fmt: skip
    found = foreign_tensors(tmp_path / "a.pth")
    assert list(found) == [name.removeprefix("module.") for name in every]
    for (name, one), other in zip(every.items(), found.values(), strict=True):
        assert one.dtype == other.dtype and torch.equal(one, other), name


@pytest.mark.parametrize("zipped", [True, False])
def test_a_net_of_layers_is_read(tmp_path: Path, zipped: bool) -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Linear(4, 2))
    torch.save(net.state_dict(), tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    found = foreign_tensors(tmp_path / "a.pth")
    assert all(torch.equal(one, found[name]) for name, one in net.state_dict().items())


@pytest.mark.parametrize("zipped", [True, False])
def test_what_a_file_asks_to_run_is_refused_by_name(tmp_path: Path, zipped: bool) -> None:
    told = {"weight": torch.ones(2), "planted": Planted(tmp_path / "run")}
    torch.save(told, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(Fault, match=r"it asks for (posix|nt|os)\.mkdir, which is no tensor"):
        foreign_tensors(tmp_path / "a.pth")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_damaged_files_are_named(tmp_path: Path, zipped: bool) -> None:
    torch.save({"weight": torch.ones(1000)}, tmp_path / "a.pth", _use_new_zipfile_serialization=zipped)
    whole = (tmp_path / "a.pth").read_bytes()
    for share in (0.0, 0.02, 0.3, 0.9):
        (tmp_path / "b.pth").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(Fault, match=r"b\.pth cannot be read as a PyTorch checkpoint"):
            foreign_tensors(tmp_path / "b.pth")
    torch.save([1, 2], tmp_path / "c.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(Fault, match="it holds no tensors by name"):
        foreign_tensors(tmp_path / "c.pth")
