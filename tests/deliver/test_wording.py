"""Numbers, times, commands and verdicts as people read them."""

import shlex

import pytest

from brainwright.deliver.wording import (
    as_command,
    as_python,
    clock,
    cut,
    decimal,
    digits,
    large,
    measured,
    plain,
    title,
    verdict,
)

ACCURACY = {"name": "accuracy", "higher_is_better": True, "percent": True}
RMSE = {"name": "rmse", "higher_is_better": False, "percent": False}


def result(model, value, low, high, metric=ACCURACY):
    return {"model": model, "kind": "net" if model == "net" else "simple", "test": {metric["name"]: [value, low, high]}}


def record(*results, metric=ACCURACY, **more):
    return {"metrics": [metric], "results": list(results), "data": {"shares": {"test": 1000}}, **more}


@pytest.mark.parametrize(
    ("metric", "value", "shown", "interval"),
    [
        (ACCURACY, (0.98611, 0.972, 0.994), "98.6 %", "97.2 to 99.4 %"),
        (ACCURACY, (0.99501, 0.99362, 0.9963), "99.50 %", "99.36 to 99.63 %"),
        (RMSE, (52115.37, 49661.2, 54695.1), "52,115", "49,661 to 54,695"),
        (RMSE, (0.05123, 0.0311, 0.0752), "0.051", "0.031 to 0.075"),
        (RMSE, (-0.0004, -0.003, -0.0001), "−0.0004", "−0.0030 to −0.0001"),
    ],
)
def test_digits_follow_the_interval(metric, value, shown, interval):
    words = measured(metric, value, digits(metric, [{"test": {metric["name"]: value}}]))
    assert words.value.replace("\u202f", " ") == shown
    assert words.interval.replace("\u202f", " ") == interval


def test_equal_scores_give_no_interval():
    words = measured(ACCURACY, (1.0, 1.0, 1.0), 1)
    assert (words.value, words.interval) == ("100.0\u202f%", "")
    assert measured(ACCURACY, (None, None, None), 1).value == "not measured"


def test_small_things():
    assert [clock(x) for x in (0.01, 12.34, 245, 7800, None)] == [
        "under 0.1\u202fs", "12.3\u202fs", "4\u202fmin 05\u202fs", "2\u202fh 10\u202fmin", "–",
    ]  # fmt: skip
    assert [plain(x) for x in (0, 5, 1234.5678, 0.01234, 1.5e-7, None, float("nan"))] == [
        "0", "5", "1,235", "0.01234", "1.5e−07", "–", "–",
    ]  # fmt: skip
    assert [large(x) for x in (999, 12_345_678, 2.5e9, None)] == ["999", "12.3 million", "2.5 billion", "–"]
    assert [title(x) for x in ("log-loss", "auc", "mse-scaled")] == ["log loss", "AUC", "MSE scaled"]
    assert decimal(-0.0001, 2) == "0.00"


def test_verdicts():
    net = result("net", 0.95, 0.94, 0.96)
    clear = verdict(record(net, result("boosting", 0.90, 0.89, 0.91), result("majority", 0.5, 0.4, 0.6)))
    assert "95.0" in clear[0] and "1,000 test examples" in clear[0]
    assert "boosting, reaches 90.0" in clear[1] and "do not touch" in clear[1]
    assert "overlap" in verdict(record(net, result("boosting", 0.945, 0.93, 0.955)))[1]
    assert "does not beat" in verdict(record(net, result("boosting", 0.95, 0.94, 0.96)))[1]
    assert (
        "predicts with boosting" in verdict(record(net, result("boosting", 0.96, 0.95, 0.97), selected="boosting"))[2]
    )
    assert "did not come to its end" in verdict(record())[0]
    lower = record(result("net", 1.0, 0.9, 1.1, RMSE), result("mean", 2.0, 1.9, 2.1, RMSE), metric=RMSE)
    assert "do not touch" in verdict(lower)[1]


def test_the_command_survives_a_shell():
    asked = {"target": "a b; rm -rf $HOME", "lr": 0.01, "name": "old", "batch_size": 32}
    line = as_command({"source": "/data/my file.csv", "asked": asked, "options": {"seed": 3, "threads": 2}})
    assert shlex.split(line) == [
        "brainwright", "train", "/data/my file.csv", "--target", "a b; rm -rf $HOME", "--lr", "0.01",
        "--batch-size", "32", "--seed", "3", "--threads", "2",
    ]  # fmt: skip
    assert as_command({"source": "memory"}) == ""
    compile(as_python({"source": "memory", "asked": asked}), "again", "exec")
    compile(as_python({"source": "/a'b", "asked": {}}), "again", "exec")


def test_steps_are_named_where_the_budget_cut_them():
    made = {
        "source": "/d",
        "options": {"batch_size": 10, "epochs": 3, "accumulate": 1, "steps": 0},
        "data": {"shares": {"train": 100}},
        "steps": {"done": 30, "planned": 30},
    }
    assert cut(made) == 0 and "--steps" not in as_command(made)
    made["steps"] = {"done": 12, "planned": 12}
    assert cut(made) == 12 and as_command(made).endswith("--steps 12")
