"""Comparisons over learners against sums done by hand, SciPy, and known coverage."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import wilcoxon

from recollect.errors import NotEnoughDataError, ParameterError, UnknownNameError
from recollect.recall.comparison import (
    Interval,
    MetricTable,
    bootstrap_mean,
    compare,
    compare_all,
    mean_scores,
    metric_table,
    to_json,
)
from recollect.recall.metrics import Scores


def scores(scored=100, **figures):
    default = dict.fromkeys(
        ("recall", "log_loss", "rmse_bins", "auc", "brier", "ece", "calibration_slope",
         "calibration_intercept"), 0.5
    )  # fmt: skip
    return Scores(scored=scored, **(default | figures))


def table(values, metric="log_loss", scored=None):
    values = np.asarray(values, dtype=float)
    return MetricTable(
        metric=metric,
        learners=tuple(f"u{i}" for i in range(len(values))),
        models=tuple("abcdefgh"[: values.shape[1]]),
        scored=np.array(scored or [100] * len(values)),
        values=values,
    )


def test_a_table_collects_one_metric():
    made = metric_table(
        {
            "anna": {"p_a": scores(10, log_loss=0.3), "p_b": scores(10, log_loss=0.4)},
            "ben": {"p_b": scores(30, log_loss=0.2), "p_a": scores(30, log_loss=0.1)},
        },
        "log_loss",
    )
    assert made.learners == ("anna", "ben")
    assert made.models == ("p_a", "p_b")
    assert made.scored.tolist() == [10, 30]
    assert made.values.tolist() == [[0.3, 0.4], [0.1, 0.2]]


def test_tables_that_cannot_be_made():
    with pytest.raises(NotEnoughDataError):
        metric_table({}, "log_loss")
    with pytest.raises(UnknownNameError, match="log_loss"):
        metric_table({"anna": {"p_a": scores()}}, "logloss")
    with pytest.raises(ParameterError, match="learner ben"):
        metric_table({"anna": {"p_a": scores()}, "ben": {"p_b": scores()}}, "auc")


def test_means_are_plain_and_weighted_and_sorted():
    made = mean_scores(table([[0.4, 0.2], [0.2, 0.3]], scored=[100, 300]))
    assert [row.model for row in made] == ["b", "a"]
    assert made[0].plain.mean == pytest.approx(0.25)
    assert made[0].weighted == pytest.approx((0.2 * 100 + 0.3 * 300) / 400)
    assert made[1].plain.mean == pytest.approx(0.3)
    assert made[1].weighted == pytest.approx(0.25)
    assert made[1].plain.low <= 0.3 <= made[1].plain.high


def test_means_put_the_higher_auc_first_and_leave_out_undefined_ones():
    made = mean_scores(table([[0.7, 0.8], [np.nan, 0.6], [0.6, 0.9]], metric="auc"))
    assert [(row.model, row.learners) for row in made] == [("b", 3), ("a", 2)]
    assert made[1].plain.mean == pytest.approx(0.65)


def test_comparison_by_hand():
    ours = [0.30, 0.20, 0.50, 0.40]
    theirs = [0.40, 0.25, 0.45, 0.40]
    result = compare(table(np.stack([ours, theirs], axis=1)), "a", "b")
    difference = np.subtract(ours, theirs)
    assert result.difference.mean == pytest.approx(difference.mean())
    assert result.ratio.mean == pytest.approx(np.divide(ours, theirs).mean())
    assert (result.won, result.lost, result.learners) == (2, 1, 4)
    assert result.wilcoxon_p == pytest.approx(wilcoxon(difference[:3]).pvalue)
    swapped = compare(table(np.stack([ours, theirs], axis=1)), "b", "a")
    assert swapped.difference.mean == pytest.approx(-result.difference.mean)
    assert (swapped.won, swapped.lost) == (1, 2)


def test_a_higher_auc_wins():
    result = compare(table([[0.8, 0.7], [0.6, 0.7], [0.9, 0.5]], metric="auc"), "a", "b")
    assert (result.won, result.lost) == (2, 1)


def test_learners_without_a_figure_are_left_out_and_counted():
    result = compare(table([[0.8, 0.7], [np.nan, 0.7], [0.9, np.nan]]), "a", "b")
    assert result.learners == 1
    assert result.difference.mean == pytest.approx(0.1)
    assert math.isnan(result.difference.low)


def test_a_clear_difference_is_significant_and_none_is_not():
    generator = np.random.default_rng(0)
    theirs = generator.uniform(0.2, 0.5, 15)
    clear = compare(table(np.stack([theirs * 0.9, theirs], axis=1)), "a", "b")
    assert clear.wilcoxon_p < 0.001
    assert clear.difference.high < 0
    assert clear.ratio.mean == pytest.approx(0.9)
    same = compare(table(np.stack([theirs, theirs], axis=1)), "a", "b")
    assert same.wilcoxon_p == 1.0
    assert (same.won, same.lost) == (0, 0)
    assert same.difference == Interval(0.0, 0.0, 0.0)


def test_all_models_are_compared_with_the_reference():
    results = compare_all(table([[0.1, 0.2, 0.3], [0.2, 0.3, 0.1]]), "b")
    assert [(r.model, r.reference) for r in results] == [("a", "b"), ("c", "b")]
    with pytest.raises(UnknownNameError, match="fsrs"):
        compare_all(table([[0.1, 0.2]]), "fsrs")


def test_the_bootstrap_is_seeded():
    values = np.random.default_rng(3).normal(size=12)
    first = bootstrap_mean(values, seed=7)
    assert first == bootstrap_mean(values, seed=7)
    assert first != bootstrap_mean(values, seed=8)
    assert first.low < first.mean < first.high


def test_the_bootstrap_interval_has_the_width_of_theory():
    values = np.random.default_rng(1).normal(size=400)
    interval = bootstrap_mean(values, resamples=20_000)
    half = 1.96 * values.std() / math.sqrt(400)
    assert interval.high - interval.mean == pytest.approx(half, rel=0.05)
    assert interval.mean - interval.low == pytest.approx(half, rel=0.05)
    wide = bootstrap_mean(values, confidence=0.99, resamples=20_000)
    assert wide.high - wide.low > interval.high - interval.low


def test_the_bootstrap_does_not_depend_on_its_chunks(monkeypatch):
    values = np.random.default_rng(2).normal(size=50)
    whole = bootstrap_mean(values, resamples=999)
    monkeypatch.setattr("recollect.recall.comparison._CHUNK_ELEMENTS", 1000)
    assert bootstrap_mean(values, resamples=999) == whole


@given(st.lists(st.floats(0.01, 2), min_size=2, max_size=20))
def test_the_bootstrap_interval_lies_within_the_values(values):
    interval = bootstrap_mean(np.array(values), resamples=50)
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


def test_no_learner_gives_no_interval():
    assert math.isnan(bootstrap_mean(np.zeros(0)).mean)


def test_json_holds_everything_and_no_nan():
    value = {
        "table": table([[0.1, math.nan]]),
        "interval": Interval(0.5, math.nan, math.inf),
        "count": np.int64(3),
        "flags": (np.bool_(True), None, "text"),
    }
    text = json.dumps(to_json(value), allow_nan=False)
    back = json.loads(text)
    assert back["table"]["values"] == [[0.1, None]]
    assert back["table"]["learners"] == ["u0"]
    assert back["interval"] == {"mean": 0.5, "low": None, "high": None}
    assert back["count"] == 3
    assert back["flags"] == [True, None, "text"]
