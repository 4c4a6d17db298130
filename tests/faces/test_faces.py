"""Faces: margins, batches of identities, verification as it is defined, the gallery, and who is unknown."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from brainwright import api
from brainwright.__main__ import main
from brainwright.data.fields.identity import Identity
from brainwright.data.mixing import Mixed
from brainwright.data.verifying import accepted_at, boundary, curve, equal_error, pairs
from brainwright.errors import Fault
from brainwright.models.heads.margin import Seen
from brainwright.tasks.face_recognition import FaceRecognition, between
from trial import SPARE

QUICK = {**SPARE, "preflight": "off", "quiet": True, "task": "face-recognition"}


def seen(directions: torch.Tensor, centres: torch.Tensor) -> Seen:
    return Seen(F.normalize(directions), F.normalize(centres), F.normalize(centres), torch.tensor(-1.0))


def test_margins_are_those_of_their_papers() -> None:
    said = seen(torch.randn(5, 8, dtype=torch.float64), torch.randn(4, 8, dtype=torch.float64))
    truth = torch.tensor([0, 1, 2, 3, -7])
    cosines = said.directions @ said.centres.T
    for kind in ("cosine", "angle"):
        logits = 16 * cosines.clone()
        for row in range(4):
            right = cosines[row, row]
            logits[row, row] = 16 * (right - 0.3 if kind == "cosine" else torch.cos(torch.acos(right) + 0.3))
        wanted = [-logits[row].log_softmax(0)[row] for row in range(4)]
        found = said.losses(truth, kind, 0.3, 16.0)
        assert torch.allclose(found, torch.stack([*wanted, torch.tensor(0.0)]).double())
    plain = F.cross_entropy(16 * cosines[:4], truth[:4], reduction="none")
    assert torch.allclose(said.losses(truth, "angle", 0.0, 16.0)[:4], plain)


def test_contrast_is_that_of_its_paper() -> None:
    """Khosla et al. 2020, equation 2, in plain loops."""
    said = seen(torch.randn(6, 8, dtype=torch.float64), torch.randn(3, 8, dtype=torch.float64))
    truth, wanted = [0, 0, 1, 1, 1, 2], []
    for i in range(6):
        alike = [j for j in range(6) if j != i and truth[j] == truth[i]]
        under = sum(torch.exp(said.directions[i] @ said.directions[j] / 0.1) for j in range(6) if j != i)
        each = [-(said.directions[i] @ said.directions[j] / 0.1 - torch.log(under)) for j in alike]
        wanted.append(sum(each) / max(1, len(alike)) if each else torch.tensor(0.0))
    found = said.contrast(torch.tensor(truth), 0.1)
    assert torch.allclose(found, torch.stack([torch.as_tensor(one, dtype=torch.float64) for one in wanted]))


def test_batches_hold_several_pictures_of_each_identity() -> None:
    whose = np.array([0] * 9 + [1] * 2 + [2] + [3] * 5 + [4] * 4)
    sample = Mixed(whose, 12, 4, seed=1)
    for step in range(20):
        rows = sample(step)
        names, counts = np.unique(whose[rows], return_counts=True)
        assert len(rows) == 12 and len(names) == 3 and set(counts) == {4}
        assert np.array_equal(rows, Mixed(whose, 12, 4, seed=1)(step)), "a pure function of seed and step"
        assert len(set(rows[whose[rows] == 0])) in (0, 4), "not twice where there are enough"
    assert {int(row) for step in range(60) for row in sample(step)} == set(range(len(whose)))


def test_known_verification_values() -> None:
    cosines = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    same = np.array([True, True, False, True, False, False])
    accepted, refused, levels = curve(cosines, same, np.ones(6))
    assert np.allclose(accepted, [0, 0, 0, 1 / 3, 1 / 3, 2 / 3, 1]) and np.isinf(levels[0])
    assert np.allclose(refused, [1, 2 / 3, 1 / 3, 1 / 3, 0, 0, 0])
    assert equal_error(accepted, refused) == pytest.approx(1 / 3)
    assert accepted_at(accepted, refused, 0.01) == pytest.approx(2 / 3)
    ones = curve(np.ones(6), same, np.ones(6))
    assert equal_error(*ones[:2]) == pytest.approx(0.5), "who cannot tell is wrong half the time"
    assert np.isnan(equal_error(*curve(cosines, np.ones(6, bool), np.ones(6))[:2]))


def test_pairs_equal_a_plain_loop_and_scikit_learns_curve() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    draw = np.random.default_rng(0)
    rows = np.concatenate([draw.integers(0, 5, (30, 1)), draw.normal(size=(30, 6))], 1)
    cosines, same, _ = pairs(rows)
    wanted = [
        rows[i, 1:] @ rows[j, 1:] / np.linalg.norm(rows[i, 1:]) / np.linalg.norm(rows[j, 1:])
        for i in range(30) for j in range(i + 1, 30)
    ]  # fmt: skip
    assert np.allclose(cosines, wanted)
    accepted, refused, _ = curve(cosines, same, np.ones(len(cosines)))
    theirs = metrics.roc_curve(same, cosines, drop_intermediate=False)
    assert np.allclose(accepted, theirs[0]) and np.allclose(1 - refused, theirs[1])


def test_thresholds_lie_between() -> None:
    likeness = torch.tensor([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.4]])
    level = between(likeness, torch.tensor([0, 0, 1, -5]))
    assert 0.4 <= level <= 0.7
    rows = np.array([[0, 1, 0], [0, 0.9, 0.1], [1, 0, 1], [1, 0.1, 0.9]])
    assert 0.2 < boundary(rows) < 1


def test_strangers_are_told_apart_and_from_the_known() -> None:
    field = Identity().fit(np.array(["b", "a", "b"], object))
    found = field.encode_all(np.array(["a", "b", "x", "y", "x"], object)).values.tolist()
    assert found[:2] == [0, 1] and found[2] == found[4] != found[3] and max(found[2:]) < -1
    assert [int(field.encode(name)) for name in ("a", "x")] == [found[0], found[2]]
    assert field.decode(1) == "b" and field.decode(-1) == field.decode(found[2]) == "unknown"


def faces(folder: Path, people: range, pictures: range) -> Path:
    """Six made people and more: where two eyes and a mouth are."""
    for one in people:
        (folder / f"p{one}").mkdir(parents=True, exist_ok=True)
        for index in pictures:
            draw = np.random.default_rng([one, index])
            pixels = draw.integers(0, 60, (16, 16))
            pixels[2 + one % 4, [1 + one // 4, 14 - one // 4]] += 180
            pixels[9 + one % 3, 4 : 12 - one // 2] += 180
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"p{one}" / f"{index}.png")
    return folder


def test_a_run_knows_who_was_enrolled_and_who_is_nobody(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = faces(tmp_path / "faces", range(6), range(10))
    run = api.train(str(data), out=str(tmp_path), name="who", epochs=30, **QUICK)
    assert run.metrics["rank-1"] > 0.8
    threshold = float(run.kept.net.get_buffer("head.threshold"))
    assert -1 < threshold < 1
    (told,) = run.identify(str(data / "p2" / "3.png"))
    assert told["identity"] == "p2" and next(iter(told["likeness"])) == "p2"
    again = api.load(run.folder)
    assert again.identify(str(data / "p2" / "3.png")) == [told]
    new = faces(tmp_path / "new", range(8, 9), range(3))
    assert main(["enrol", str(run.folder), str(new)]) == 0
    assert "p8  from 3 pictures" in capsys.readouterr().out
    (found,) = again.identify(str(faces(tmp_path / "more", range(8, 9), range(7, 8)) / "p8" / "7.png"))
    assert next(iter(found["likeness"])) == "p8"
    assert main(["identify", str(run.folder), str(data / "p0" / "0.png")]) == 0
    assert capsys.readouterr().out.startswith(("p0", "unknown"))


def test_a_test_share_of_strangers_is_verified(tmp_path: Path) -> None:
    faces(tmp_path / "faces" / "train", range(6), range(8))
    faces(tmp_path / "faces" / "test", range(6, 9), range(6))
    run = api.train(str(tmp_path / "faces"), out=str(tmp_path), epochs=8, metric="equal-error-rate", **QUICK)
    found = run.record["results"][0]["test"]
    assert 0 <= found["equal-error-rate"][0] < 0.5
    assert found["rank-1"][0] == 0, "nobody of the test share is known"


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    table = FaceRecognition.example()
    alone = table.take(np.r_[0:60, 61])
    claim = FaceRecognition.claim(alone, "")
    assert claim is not None and claim.strength == 0, "six identities with twelve pictures each may be any classes"
    one = table.take(np.r_[np.flatnonzero(table["identity"].values != "person 5"), 5])
    assert "1 identities have one picture: person 5" in FaceRecognition().examples(one, claim).notes[0]
    run = api.train(FaceRecognition.example(), out=str(tmp_path), name="other", steps=2,
                    **{**QUICK, "task": "image-classification", "target": "identity"})  # fmt: skip
    with pytest.raises(Fault, match="tells no identities apart"):
        run.identify(str(tmp_path))
