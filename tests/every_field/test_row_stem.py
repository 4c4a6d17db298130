"""The stem of a row: what it tells apart, what it does with gaps and new classes, and how it serves sequences."""

import numpy as np
import pytest
import torch

from brainwright.data.fields.row import Row
from brainwright.data.table import Column, Kind
from brainwright.models.backbones.lstm import Lstm
from brainwright.models.backbones.mlp import Mlp
from brainwright.models.backbones.transformer import Transformer
from brainwright.models.net import Net
from brainwright.models.stems.row import NUMBERS, RowStem


def fitted(columns=3, rows=500):
    """So many number columns, one that never changes, and a category."""
    draw = np.random.default_rng(0)
    table = {f"x{index}": Column(draw.normal(0, 10.0**index, rows), Kind.NUMBER) for index in range(columns)}
    table["x0"].values[::7] = np.nan
    table["same"] = Column(np.full(rows, 5.0), Kind.NUMBER)
    table["word"] = Column(draw.choice(["a", "b", "c"], rows).astype(object), Kind.CATEGORY)
    field = Row().fit(table)
    return field, torch.from_numpy(field.encode_all(table).values)


def stirred(stem):
    """Every weight random, as after training."""
    for weight in stem.parameters():
        torch.nn.init.normal_(weight)
    return stem.eval()


def test_a_token_for_each_column_that_tells_something():
    field, rows = fitted()
    stem = stirred(RowStem(field))
    tokens = stem(rows).values
    assert tokens.shape == (500, 4, 16)
    assert (stem.shape.form, stem.shape.sides, stem.shape.width) == ("sequence", (4,), 16)
    assert tokens.isfinite().all()
    changed = rows.clone()
    changed[:, 3] = 1e9  # the column that never changed says nothing, whatever it holds
    torch.testing.assert_close(stem(changed).values, tokens)


def test_units_do_not_matter():
    """Grams or tons: the tokens are the same."""
    _, rows = fitted()
    draw = rows[:, 1].double().numpy()
    other = Row().fit({"x1": Column(draw * 1000, Kind.NUMBER)})
    one = Row().fit({"x1": Column(draw, Kind.NUMBER)})
    torch.manual_seed(0)
    first = RowStem(one).eval()
    torch.manual_seed(0)
    second = RowStem(other).eval()
    values = torch.from_numpy(one.encode_all({"x1": Column(draw, Kind.NUMBER)}).values)
    torch.testing.assert_close(first(values).values, second(values * 1000).values, atol=1e-4, rtol=1e-4)


def test_order_is_kept_and_the_training_range_is_the_limit():
    field, rows = fitted()
    stem = RowStem(field).eval()
    asked = rows[3].repeat(5, 1)
    low, high = field.columns[1].spreads[0].edges[0], field.columns[1].spreads[0].edges[-1]
    asked[:, 1] = torch.tensor([low - 1e6, low, 0.0, high, high + 1e6])
    told = stem(asked).values[:, 1]
    torch.testing.assert_close(told[0], told[1])
    torch.testing.assert_close(told[3], told[4])
    straight = (told - told[0]) @ stem.numbers.line[1]
    assert 0 < straight[2] < straight[3]


def test_a_gap_is_told_from_every_number_and_a_new_class_from_every_class():
    field, rows = fitted()
    stem = stirred(RowStem(field))
    one = rows[3]
    assert not one.isnan().any()
    gap, new, none = one.clone(), one.clone(), one.clone()
    gap[0], new[4], none[4] = torch.nan, 0, torch.nan
    tokens = stem(torch.stack([one, gap, new, none])).values
    assert tokens.isfinite().all()
    assert not torch.allclose(tokens[0, 0], tokens[1, 0])
    assert not torch.allclose(tokens[0, 3], tokens[2, 3])
    torch.testing.assert_close(tokens[2, 3], tokens[3, 3])  # training showed no gap there: it counts as unknown
    torch.testing.assert_close(tokens[0, 1:3], tokens[1, 1:3])


def test_learning_shows_some_classes_as_unknown():
    field, rows = fitted()
    stem = RowStem(field)
    hidden = torch.stack([(stem(rows).values[:, 3] == stem.classes.vectors[0]).all(1) for _ in range(20)])
    assert hidden.float().mean().item() == pytest.approx(0.01, abs=0.005)


@pytest.mark.parametrize("backbone", [Mlp(members=4), Transformer(width=16), Lstm(width=16)])
def test_every_form_of_backbone_reads_it(backbone):
    field, rows = fitted()
    answer = Net(RowStem(field), backbone, 2)(rows[:6])
    assert answer.shape == ((6, 4, 2) if backbone.word() == "mlp" else (6, 2))


def test_wide_tables_get_narrow_tokens():
    field, rows = fitted(columns=300)
    stem = stirred(RowStem(field))
    assert stem.shape.width * stem.shape.sides[0] <= NUMBERS
    assert stem.numbers.bend.shape[1] <= 48
    assert stem(rows[:4]).values.isfinite().all()
