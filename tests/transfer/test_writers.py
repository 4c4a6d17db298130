"""What a language model learned is what a net that only reads begins with: its tokens, its vectors, its backbone."""

from pathlib import Path

import numpy as np
import pytest
import torch

from brainwright import api
from brainwright.api import Run
from brainwright.data.fields.text import Text
from brainwright.data.fields.writing import Writing
from brainwright.data.table import Table
from brainwright.errors import Fault
from brainwright.models.features import Features
from brainwright.models.net import Net
from brainwright.models.pretrained import origin, part_of, parts_of
from brainwright.models.writer import Writer
from brainwright.tasks.text_classification import TextClassification
from brainwright.tasks.translation import Translation
from brainwright.techniques.transfer import Transfer
from trial import SPARE

QUICK = {**SPARE, "steps": 6, "preflight": "off", "trust": "none", "quiet": True}
LABELLED = TextClassification.example()
TEXTS = Table({"text": LABELLED["text"]}, LABELLED.shares, "meals.csv")
ASKED = np.array(["the soup was stale", "tea\u0301, warm", "ß ☕ 茶", ""], object)
MODELS = (("transformer", "bpe"), ("lstm", "bytes"), ("gru", "characters"))


def wrote(folder: Path, backbone: str, tokens: str, **options: object) -> Run:
    """A run that learned to go on with the texts of the example, without their labels."""
    how = {"task": "language-modelling", "backbone": backbone, "tokens": tokens, "pieces": 300, "depth": 2, "width": 24}
    return api.train(TEXTS, out=str(folder), name=f"{backbone}-{tokens}", **{**how, **QUICK, **options})


@pytest.fixture(scope="module", params=MODELS, ids="-".join)
def earlier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return wrote(tmp_path_factory.mktemp("runs"), *request.param)


@pytest.fixture(scope="module")
def begun(earlier: Run) -> Run:
    """A classifier that begins with it and holds it still, so that what arrived can be seen."""
    how = {"weights": f"run:{earlier.folder}", "techniques": "transfer(frozen=1.0)", **QUICK}
    return api.train(LABELLED, out=str(earlier.folder.parent), name=f"reads-{earlier.folder.name}", **how)


def test_the_weights_arrive(earlier: Run, begun: Run) -> None:
    before = parts_of(earlier.kept.net.state_dict())
    after = {
        name: one for name, one in parts_of(begun.kept.net.state_dict()).items() if not name.startswith("backbone.pool")
    }
    assert before.keys() == after.keys() and len(before) > 5
    assert all(torch.equal(one, before[name]) for name, one in after.items())
    told = begun.record["begun_from"]
    assert told["weights"] == f"run:{earlier.folder}" and told["licence"].startswith("yours")
    assert told["fresh"] == [f"backbone.pool.{name}" for name in ("weight", "hidden.weight", "hidden.bias")]
    moved = begun.kept.net.state_dict()
    pool = next(one for name, one in moved.items() if part_of(name) == "backbone.pool.weight")
    assert pool.abs().sum() > 0, "the pooling is fresh and learns beside the head, while what was given is held still"
    assert begun.record["options"]["backbone"] == earlier.record["options"]["backbone"]
    assert begun.record["options"]["embedding"] == earlier.record["options"]["embedding"]


def test_texts_are_cut_and_read_as_they_were_written(earlier: Run, begun: Run) -> None:
    """The same ids, and from them the same steps: each knows those before it alone."""
    writing, text = earlier.kept.fields.fitted["next"], begun.kept.fields.fitted["text"]
    assert isinstance(writing, Writing) and isinstance(text, Text)
    for value in ASKED[:-1]:
        ids = text.encode(value)[:, 0]
        assert ids.tolist() == writing.encode(value)[:-1].tolist(), "but for the mark of its end"
    assert text.decode(text.encode(ASKED[0])) == ASKED[0]
    (net,) = [one for one in begun.kept.net.modules() if isinstance(one, Net)]
    assert isinstance(earlier.kept.net, Writer)
    batch = text.collate(text.encode_all(ASKED))
    with torch.no_grad():
        steps = net.backbone.stage(Features(net.stem.vectors(batch), batch.mask)).values
        wanted, _ = earlier.kept.net.backbone(earlier.kept.net.told(batch.values[..., 0]))
    assert torch.allclose(steps[batch.mask], wanted[batch.mask], atol=1e-5)


def test_answers_need_the_first_run_no_more(earlier: Run, begun: Run) -> None:
    answers = begun.predict(LABELLED)
    moved = earlier.folder.rename(earlier.folder.with_name("moved"))
    origin.cache_clear()
    try:
        assert api.load(begun.folder).predict(LABELLED) == answers
    finally:
        moved.rename(earlier.folder)


def test_a_language_model_goes_on_from_another(earlier: Run, tmp_path: Path) -> None:
    """Its tokens stay as they are, whatever the new text holds."""
    how = {"weights": f"run:{earlier.folder}", "techniques": "transfer(frozen=1.0)", "out": str(tmp_path), **QUICK}
    run = api.train(Translation.example(), task="language-modelling", target="german", **how)
    before, after = parts_of(earlier.kept.net.state_dict()), parts_of(run.kept.net.state_dict())
    assert before.keys() == after.keys() and all(torch.equal(one, before[name]) for name, one in after.items())
    fields = [one.kept.fields.fitted["next"] for one in (earlier, run)]
    assert fields[0].vocabulary == fields[1].vocabulary and fields[0].merges == fields[1].merges
    assert run.record["options"]["tokens"] == fields[0].tokens
    assert run.record["options"]["optimizer"] == "muon", "it learns as a text is learned, not as pictures are"


def test_what_does_not_fit_is_refused_in_one_line(tmp_path: Path) -> None:
    run = wrote(tmp_path, "lstm", "characters", steps=1)
    how = {"weights": f"run:{run.folder}", "out": str(tmp_path), **QUICK}
    for options, said in (
        ({"tokens": "words"}, "know texts as characters, not as words"),
        ({"backbone": "gru"}, "0% of the backbone's numbers fit .* name the --backbone"),
        ({"bidirectional": True}, "of the backbone's numbers fit .* name the --backbone"),
        ({"width": 12}, "of the backbone's numbers fit .* the options that they were made with"),
    ):
        with pytest.raises(Fault, match=said):
            api.train(LABELLED, **how, **options)
    with pytest.raises(Fault, match="no backbone that weights could be put into"):
        api.train(Translation.example(), **how)


def test_the_pooling_learns_as_the_head() -> None:
    told = Transfer(inner=TextClassification(), frozen=0.5)
    scales = [told.lr_scale(f"net.backbone.{name}", 0.0, 0.1) for name in ("pool.weight", "stage.norm.weight")]
    assert scales == [1.0, 0.0]
