"""Sound: 16-bit files come back to the last bit, rates and channels are brought to one, padding is silence."""

import numpy as np
import pytest
import soundfile
import torch
from hypothesis import given
from hypothesis import strategies as some

from brainwright.data.cache import Cache
from brainwright.data.duplicates import digests
from brainwright.data.encoded import StoredRagged
from brainwright.data.field import Unreadable
from brainwright.data.fields.sound import FULL, Sound
from brainwright.data.pieces import silent
from brainwright.data.pitch import edges, parted
from brainwright.data.sounds import at_rate, wav

TONE = 0.5 * np.sin(2 * np.pi * 440 * np.arange(800) / 8000)
SOUNDS = np.array([wav(TONE[: 200 + 100 * i], 8000) for i in range(6)], object)
FIELD = Sound().fit(SOUNDS)


def test_learns_the_most_frequent_rate_and_the_middle_length():
    mixed = np.array([*SOUNDS, wav(TONE, 11_025)], object)
    found = Sound().fit(mixed)
    assert (found.rate, found.resampled) == (8000, 1)
    assert FIELD.middle == 450
    assert Sound().fit(np.array([wav(np.tile(TONE, 9), 44_100)], object)).rate == 16_000
    assert Sound(rate=4000).fit(SOUNDS).rate == 4000


@given(some.lists(some.integers(-32768, 32767), min_size=1, max_size=50).filter(any))
def test_sixteen_bits_come_back_to_the_last_bit(samples):
    whole = np.array(samples, np.int16)
    encoded = FIELD.encode(wav(whole / FULL, 8000))
    assert encoded[:, 0].tolist() == samples
    np.testing.assert_allclose(np.array(FIELD.decode(encoded))[:, 0], whole / FULL, atol=1e-5)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
def test_formats_and_channels_sound_the_same(tmp_path, suffix):
    left = np.sin(2 * np.pi * 300 * np.arange(8000) / 8000)
    path = tmp_path / f"stereo.{suffix}"
    soundfile.write(path, np.stack([0.6 * left, 0.2 * left], 1), 8000)
    heard = FIELD.encode(str(path))[:, 0] / FULL
    error = np.abs(heard[1000:7000] - 0.4 * left[1000:7000]).max() if suffix != "mp3" else abs(heard.std() - 0.283)
    assert error < 0.02


def test_another_rate_keeps_pitch_and_loudness():
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000).astype(np.float32)
    found = at_rate(tone, 16_000, 8000)
    assert len(found) == 8000
    wanted = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    assert np.abs(found - wanted)[100:-100].max() < 0.01
    high = np.sin(2 * np.pi * 6000 * np.arange(16_000) / 16_000).astype(np.float32)
    assert np.abs(at_rate(high, 16_000, 8000))[100:-100].max() < 0.05  # what the rate cannot hold is gone, not folded


def test_loud_floats_are_brought_back_whole(tmp_path):
    path = tmp_path / "loud.wav"
    soundfile.write(path, 4 * TONE, 8000, subtype="FLOAT")
    heard = FIELD.encode(str(path))[:, 0] / FULL
    np.testing.assert_allclose(heard, TONE / np.abs(TONE).max(), atol=1e-4)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda whole: whole[: len(whole) // 2], "truncated"),
        (lambda whole: b"RIFFnothing", "cannot be read as a sound"),
        (lambda whole: b"", "empty"),
        (lambda whole: wav(np.zeros(100), 8000), "silent"),
        (lambda whole: wav(np.zeros(0), 8000), "no samples"),
    ],
)
def test_damage_is_told(damage, said):
    with pytest.raises(Unreadable, match=said) as found:
        FIELD.encode(damage(SOUNDS[5]))
    assert "\n" not in str(found.value)


@pytest.mark.parametrize("suffix", ["flac", "ogg"])
def test_truncated_files_of_other_formats_are_told(tmp_path, suffix):
    path = tmp_path / f"cut.{suffix}"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 40_000), 8000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with pytest.raises(Unreadable):
        FIELD.encode(str(path))


def test_batches_are_padded_with_silence_and_say_lengths():
    encoded = FIELD.encode_all(SOUNDS)
    batch = FIELD.collate(encoded.take(np.array([5, 0])))
    assert batch.values.shape == (2, 700, 1) and batch.values.dtype == torch.int16
    assert batch.lengths.tolist() == [700, 200]
    assert not batch.values[1, 200:].any()


def test_many_sounds_stay_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("brainwright.data.cache.SMALL", 0)
    monkeypatch.setattr("brainwright.data.entries.HELD", 0)
    cache = Cache.of(str(tmp_path), 1.0, silent)
    found = cache.encoded(FIELD, SOUNDS, digests(SOUNDS))
    assert isinstance(found, StoredRagged)
    rows = [4, 1, 1]
    taken = found.take(np.array(rows))
    assert isinstance(taken, StoredRagged) and taken.lengths.tolist() == [200 + 100 * row for row in rows]
    there, here = FIELD.collate(taken), FIELD.collate(FIELD.encode_all(SOUNDS[rows]))
    assert there.values.equal(here.values) and there.lengths.equal(here.lengths)


def test_seen_and_heard_in_a_report():
    shown = FIELD.show(SOUNDS[0])
    assert "data:image/png" in shown and "data:audio/wav" in shown and "0.03 s" in shown
    long = FIELD.show(wav(np.tile(TONE, 40), 8000))
    assert "audio/wav" not in long and len(long) < 20_000


def test_units_are_stretches_of_time_in_bands_of_pitch():
    batch = FIELD.collate(FIELD.encode_all(SOUNDS[:1]))
    units = FIELD.units(batch, SOUNDS[0])
    assert len(units) == 16 * 8 and units.owner.shape == (200, 8)
    assert units.names[0] == "0.00 to 0.00 s, 0 to 188 Hz" and units.names[-1] == "0.02 to 0.03 s, 3,004 to 4,000 Hz"
    assert units.picture.shape == units.drawn.shape == (64, 160)
    assert units.drawn[0, 0] == 7 and units.drawn[-1, -1] == 15 * 8, "high above low, late right of early"


def test_bands_of_pitch_are_the_sound_and_hold_their_tones():
    noise = torch.randn(2, 999, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(parted(noise, 8000, 8).sum(-1), noise)
    borders = edges(8000, 8)
    for band in range(8):
        pitch = float(borders[band] + borders[band + 1]) / 2
        tone = torch.sin(2 * torch.pi * pitch * torch.arange(4000) / 8000)[None]
        power = parted(tone, 8000, 8).square().mean((0, 1))
        assert power.argmax() == band and power[band] > 0.98 * power.sum()


def test_a_hidden_band_is_silent_and_the_others_are_heard():
    two = sum(np.sin(2 * np.pi * pitch * np.arange(1600) / 8000) for pitch in (500, 2600)) * 0.3
    batch = FIELD.collate(FIELD.encode_all(np.array([wav(two, 8000)], object)))
    units = FIELD.units(batch, None)
    low = [place for place, name in enumerate(units.names) if "427 to" in name]
    shown = torch.ones(1, len(units), dtype=torch.bool)
    shown[0, low] = False
    left = FIELD.mix(batch, FIELD.blank(batch, batch), shown[:, torch.from_numpy(units.owner)])
    heard = torch.fft.rfft(left.values[0, :, 0]).abs()
    assert heard[100] < 0.05 * heard[520], "500 Hz are hidden, 2,600 are not"
