"""Log-mel: the known formulas, frames that padding does not reach, and hidden stretches of the promised size."""

import math

import numpy as np
import pytest
import torch

from brainwright.data.field import Padded
from brainwright.data.pitch import hertz, mel
from brainwright.models.log_mel import FLOOR, LogMel, covered, mean_and_spread, mel_filters


def sound(*pieces):
    lengths = torch.tensor([len(piece) for piece in pieces])
    values = torch.zeros(len(pieces), int(lengths.max()), 1)
    for row, piece in enumerate(pieces):
        values[row, : len(piece), 0] = 32768 * torch.as_tensor(piece)
    return Padded(values, lengths)


def tone(pitch, seconds=0.5, rate=16_000):
    return 0.5 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)


def test_a_thousand_hertz_are_a_thousand_mel():
    assert mel(torch.tensor(1000.0)).item() == pytest.approx(1000, abs=0.1)  # 2595 log10(1 + 10/7) = 999.99
    assert mel(torch.tensor(0.0)).item() == 0
    pitches = torch.tensor([50.0, 440.0, 7000.0])
    torch.testing.assert_close(hertz(mel(pitches)), pitches, rtol=1e-4, atol=1e-2)


def test_filters_are_triangles_that_add_up_to_one():
    """Between the first and the last top each bin is shared by two neighbours, whose weights are 1 together."""
    filters = mel_filters(16_000, 4096, 20)
    assert filters.shape == (2049, 20) and (filters >= 0).all() and (filters <= 1).all()
    tops = hertz(torch.linspace(mel(torch.tensor(20.0)).item(), mel(torch.tensor(8000.0)).item(), 22).double())[1:-1]
    bins = torch.arange(2049) * 16_000 / 4096
    between = (bins >= tops[0]) & (bins <= tops[-1])
    torch.testing.assert_close(filters[between].sum(1), torch.ones(int(between.sum())).double())
    assert ((bins[filters.argmax(0)] - tops).abs() <= 16_000 / 4096).all()
    assert (mel_filters(8000, 256, 80).sum(0) > 0).all()  # too narrow for one bin, and none is deaf


def test_a_frame_is_what_the_definition_says():
    ear, given = LogMel(16_000, 40), tone(440)
    values, mask = ear(sound(given))
    assert values.shape == (1, 1 + (8000 - 400) // 160, 40) and mask.all()
    window = np.hanning(401)[:-1]
    power = np.abs(np.fft.rfft(given[160 * 7 : 160 * 7 + 400] * window, 512)) ** 2
    wanted = np.log(power @ mel_filters(16_000, 512, 40).numpy() + FLOOR)
    np.testing.assert_allclose(values[0, 7].numpy(), wanted, atol=2e-3)
    assert values[0].mean(0).argmax() == torch.tensor(wanted).argmax()


def test_padding_reaches_no_frame():
    ear, short, long = LogMel(8000, 20), tone(500, 0.13, 8000), tone(900, 0.4, 8000)
    alone, _ = ear(sound(short))
    both, mask = ear(sound(short, long))
    assert mask[0].sum() == alone.shape[1] == 11
    torch.testing.assert_close(both[0, :11], alone[0], atol=1e-4, rtol=1e-4)
    assert not both[0, 11:].any()
    tiny, real = ear(sound(tone(500, 0.005, 8000)))
    assert tiny.shape[1] == 1 and real.all() and tiny.isfinite().all()


def test_mean_and_spread_see_real_frames_only():
    values, mask = torch.randn(2, 9, 4), torch.arange(9) < torch.tensor([[9], [5]])
    mean, spread = mean_and_spread(values, mask, (1,))
    torch.testing.assert_close(mean[1, 0], values[1, :5].mean(0))
    torch.testing.assert_close(spread[1, 0], (values[1, :5].var(0, correction=0) + 0.25).sqrt())


def test_hidden_stretches_are_no_longer_than_allowed():
    torch.manual_seed(0)
    values, mask = torch.ones(200, 100, 40), torch.ones(200, 100, dtype=torch.bool)
    mask[100:, 50:] = False
    gone = covered(values, mask, 0.1) == 0
    when = gone.all(2).sum(1)
    assert when[:100].max() <= 22 and when[100:].max() <= 12 and when.float().mean() > 3
    assert gone.all(1).sum(1).max() <= 2 * math.ceil(0.2 * 40)
    assert not (covered(values, mask, 0.0) == 0).all(2).any()
