"""Recordings on a disk: what was said in them, what they differ in, what is wrong with them; and who is kept apart."""

import numpy as np
import pytest
import torch

from brainwright.data.checking import check, look
from brainwright.data.field import Padded
from brainwright.data.opening import open_table
from brainwright.data.sounding import louder, moved, noisy, sped
from brainwright.data.sounds import wav
from brainwright.data.splitting import Splitting
from brainwright.data.table import Column, Kind, Share, Table
from brainwright.errors import Fault

TONE = 0.3 * np.sin(np.arange(800) / 3)


def written(path, rate=8000, samples=TONE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav(samples, rate))


def test_a_text_beside_each_recording(tmp_path):
    for i in range(12):
        written(tmp_path / ("train" if i < 9 else "test") / f"{i}.wav")
        if i != 4:
            (tmp_path / ("train" if i < 9 else "test") / f"{i}.txt").write_text(f"number {i}\n")
    table = open_table(tmp_path)
    assert {name: column.kind for name, column in table.columns.items()} == {"sound": Kind.SOUND, "text": Kind.TEXT}
    assert table["text"].values.tolist()[:5] == ["number 0", "number 1", "number 2", "number 3", "number 5"]
    assert (table.shares == Share.TEST).sum() == 3 and table.where(0) == "train/0.wav"
    assert table.notes == ["1 recordings have no transcript and were left out: train/4.wav"]


def test_librispeech(tmp_path):
    for speaker in ("84", "121"):
        home = tmp_path / "dev-clean" / speaker / "7"
        for i in range(3):
            written(home / f"{speaker}-7-{i:04d}.wav")
        lines = [f"{speaker}-7-{i:04d} SAID {i}" for i in range(3)]
        (home / f"{speaker}-7.trans.txt").write_text("\n".join(lines))
    table = open_table(tmp_path)
    assert table["text"].values.tolist() == [f"SAID {i}" for i in range(3)] * 2
    assert table["speaker"].values.tolist() == ["121"] * 3 + ["84"] * 3
    (tmp_path / "dev-clean" / "84" / "7" / "84-7.trans.txt").write_text("84-7-0000")
    with pytest.raises(Fault, match=r"84-7.trans.txt, row 1 names 84-7-0000 and says nothing"):
        open_table(tmp_path)


def test_paths_in_a_table_are_sounds_and_lost_ones_are_named(tmp_path):
    for i in range(12):
        written(tmp_path / "clips" / f"{i}.wav")
    lines = [f"clips/{i}.wav,{'ab'[i % 2]}" for i in range(12)]
    (tmp_path / "list.csv").write_text("\n".join(["path,label", *lines, "clips/99.wav,a"]))
    table = open_table(tmp_path / "list.csv")
    assert table["path"].kind == Kind.SOUND
    (stop,) = [one for one in check(table, "label") if one.severity == "stop"]
    assert stop.text == "1 sounds cannot be read: list.csv, row 14 (there is no such file); mend or delete them"


def test_damage_silence_rates_and_channels_are_told_with_file_and_row(tmp_path):
    for i in range(12):
        written(tmp_path / "ab"[i % 2] / f"{i}.wav", 11_025 if i == 3 else 8000)
    written(tmp_path / "a" / "20.wav", samples=np.zeros(100))
    written(tmp_path / "b" / "21.wav", samples=np.stack([TONE, TONE], 1))
    whole = (tmp_path / "a" / "0.wav").read_bytes()
    (tmp_path / "a" / "0.wav").write_bytes(whole[:300])
    table = open_table(tmp_path)
    found = [finding.text for finding in check(table, "label")]
    assert any(
        text.startswith("2 sounds cannot be read: a/0.wav (truncated:") and "a/20.wav (silent" in text for text in found
    )
    told = [finding.text for finding in look(table, "label")]
    assert any("differ in rate (13 of 8,000 Hz, 1 of 11,025 Hz)" in text for text in told)
    assert any("1 recordings of 'sound' have several channels (b/21.wav): their mean is heard" in text for text in told)


def spoken(count=60, speakers=6):
    sounds = np.array([wav(TONE[: 300 + row], 8000) for row in range(count)], object)
    who = np.array([f"voice {row % speakers}" for row in range(count)], object)
    columns = {"sound": Column(sounds, Kind.SOUND), "speaker": Column(who, Kind.CATEGORY)}
    return Table.of({**columns, "label": Column(np.array(list("ab") * (count // 2), object), Kind.CATEGORY)})


def test_speakers_are_kept_apart_unless_asked_for():
    table = spoken()
    splitting = Splitting().keeping_apart(table, "label")
    assert splitting.group == "speaker"
    shared, lines = splitting.divide(table, "label", 0)
    for who in set(table["speaker"].values):
        assert len(set(shared.shares[table["speaker"].values == who])) == 1
    assert "whole groups of 'speaker'" in lines[0]
    assert Splitting().keeping_apart(table, "speaker").group == ""  # then the voice is what is asked for
    assert Splitting(group="label").keeping_apart(table, "").group == "label"
    assert Splitting().keeping_apart(table.without("sound"), "label").group == ""
    assert Splitting().keeping_apart(spoken(speakers=60), "label").group == ""  # no voice is heard twice


def batch():
    torch.manual_seed(0)
    lengths = torch.tensor([900, 500])
    values = torch.randn(2, 900, 1) * 3000
    values[1, 500:] = 0
    return Padded(values, lengths)


def chance():
    return torch.Generator().manual_seed(1)


def test_changes_keep_silence_beyond_the_end():
    for change in (
        lambda one: sped(one, 0.1, chance()),
        lambda one: moved(one, 0.2, chance()),
        lambda one: louder(one, 6.0, chance()),
        lambda one: noisy(one, 10.0, 30.0, chance()),
    ):
        changed = change(batch())
        assert changed.values.shape[:2] == changed.mask.shape
        assert not changed.values[..., 0][~changed.mask].any()
        assert changed.values.isfinite().all()


def test_speed_changes_pitch_and_length_together():
    pitch = torch.sin(torch.arange(8000) * 2 * torch.pi * 200 / 8000)
    given = Padded(pitch[None, :, None].repeat(16, 1, 1), torch.full((16,), 8000))
    found = sped(given, 0.1, chance())
    for row in range(16):
        length = int(found.lengths[row])
        heard = found.values[row, :length, 0]
        crossings = int((heard[:-1].sign() != heard[1:].sign()).sum())
        assert crossings == pytest.approx(400, abs=3)  # the same waves, in another time
    assert 7200 <= found.lengths.min() < 7800 and 8200 < found.lengths.max() <= 8890


def test_noise_is_as_loud_as_it_says():
    given = Padded(torch.sin(torch.arange(20_000) / 5.0)[None, :, None].repeat(40, 1, 1), torch.full((40,), 20_000))
    added = noisy(given, 20.0, 20.0, chance()).values - given.values
    loud = added.square().mean((1, 2)).sqrt() / given.values.square().mean((1, 2)).sqrt()
    assert 10 <= int((loud > 0).sum()) <= 30
    torch.testing.assert_close(loud[loud > 0], torch.full_like(loud[loud > 0], 0.1), rtol=0.05, atol=0)
