"""Figures against scikit-learn, against formulas written out, and on cases known by heart."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall import metrics
from recollect.recall.protocol import BinFeatures


@st.composite
def scored(draw, both_classes=False):
    n = draw(st.integers(2, 60))
    p = draw(arrays(np.float64, n, elements=st.sampled_from(np.linspace(0, 1, 21).tolist())))
    y = draw(arrays(np.bool_, n))
    if both_classes:
        y[0], y[1] = True, False
    return p, y


def features(elapsed_days, review_number, lapses):
    return BinFeatures(
        *(np.asarray(column, dtype=np.int64) for column in (elapsed_days, review_number, lapses))
    )


def simulated(n=4000, slope=1.0, intercept=0.0, seed=5):
    """Predictions whose true calibration line is known."""
    generator = np.random.default_rng(seed)
    logit = generator.normal(1.5, 1.2, n)
    y = generator.random(n) < 1 / (1 + np.exp(-(intercept + slope * logit)))
    return 1 / (1 + np.exp(-logit)), y


@given(scored())
def test_log_loss_and_brier_are_those_of_scikit_learn(case):
    p, y = case
    assert metrics.log_loss(p, y) == pytest.approx(
        sklearn_log_loss(y, p, labels=[False, True]), rel=1e-9, abs=1e-12
    )
    assert metrics.brier(p, y) == pytest.approx(brier_score_loss(y, p, labels=[False, True]))


def test_log_loss_is_clipped_where_stated():
    worst = -math.log(np.finfo(float).eps)
    assert metrics.log_loss([0.0], [True]) == pytest.approx(worst)
    assert metrics.log_loss([1.0], [False]) == pytest.approx(worst)
    assert metrics.log_losses([0.5, 0.25], [True, False]) == pytest.approx(
        [math.log(2), math.log(4 / 3)]
    )


@given(scored(both_classes=True))
def test_auc_is_that_of_scikit_learn_ties_included(case):
    p, y = case
    assert metrics.auc(p, y) == pytest.approx(roc_auc_score(y, p), abs=1e-12)


def test_auc_of_one_class_is_not_defined():
    assert math.isnan(metrics.auc([0.2, 0.9], [True, True]))
    assert math.isnan(metrics.auc([0.2, 0.9], [False, False]))


@given(scored(), st.randoms(use_true_random=False))
def test_rmse_bins_matches_the_formula_bin_by_bin(case, random):
    p, y = case
    rows = [(random.randint(0, 900), random.randint(1, 40), random.randint(0, 12)) for _ in p]
    groups: dict[tuple, list[int]] = {}
    for row, (days, number, lapses) in enumerate(rows):
        key = (
            round(2.48 * 3.62 ** math.floor(math.log(max(days, 1e-6)) / math.log(3.62)), 2),
            round(1.99 * 1.89 ** math.floor(math.log(number) / math.log(1.89))),
            round(1.65 * 1.73 ** math.floor(math.log(lapses) / math.log(1.73))) if lapses else 0,
        )
        groups.setdefault(key, []).append(row)
    total = sum(
        len(rows_of) * (y[rows_of].mean() - p[rows_of].mean()) ** 2 for rows_of in groups.values()
    )
    assert metrics.rmse_bins(p, y, features(*zip(*rows, strict=True))) == pytest.approx(
        math.sqrt(total / len(p)), abs=1e-12
    )


def test_rmse_bins_by_hand():
    # Two bins: one day (3 reviews, mean outcome 2/3, prediction .9), a month (1 review).
    bins = features([1, 2, 3, 30], [2, 2, 2, 2], [0, 0, 0, 0])
    expected = math.sqrt((3 * (2 / 3 - 0.9) ** 2 + 1 * (1 - 0.4) ** 2) / 4)
    value = metrics.rmse_bins([0.9, 0.9, 0.9, 0.4], [True, False, True, True], bins)
    assert value == pytest.approx(expected)


def test_wilson_interval_of_known_cases():
    # Newcombe (1998), table I: 81 of 263 gives .2553 to .3662, 0 of 20 gives 0 to .1611.
    low, high = metrics.wilson_interval([81, 0, 15], [263, 20, 148])
    assert low == pytest.approx([0.2553, 0.0, 0.0624], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1611, 0.1605], abs=5e-5)


@given(scored(), st.sampled_from(["count", "width"]), st.integers(1, 12))
def test_calibration_curve_holds_every_review_once(case, by, bins):
    p, y = case
    curve = metrics.calibration_curve(p, y, bins=bins, by=by)
    assert curve.count.sum() == len(p)
    assert len(curve.count) <= bins
    assert (curve.count > 0).all()
    assert np.dot(curve.predicted, curve.count) == pytest.approx(p.sum())
    assert np.dot(curve.observed, curve.count) == pytest.approx(y.sum())
    assert (np.diff(curve.predicted) > 0).all()
    assert (curve.low <= curve.observed + 1e-12).all()
    assert (curve.high >= curve.observed - 1e-12).all()


def test_calibration_bins_of_equal_count_and_width():
    p = np.linspace(0.005, 0.995, 100)
    y = np.arange(100) % 3 == 0
    assert metrics.calibration_curve(p, y, bins=5).count.tolist() == [20] * 5
    skewed = p**4
    wide = metrics.calibration_curve(skewed, y, bins=4, by="width")
    assert wide.count.tolist() == [((skewed >= e) & (skewed < e + 0.25)).sum()
                                   for e in (0, 0.25, 0.5, 0.75)]  # fmt: skip


def test_ece_by_hand():
    p = [0.1, 0.1, 0.9, 0.9]
    y = [False, True, True, True]
    assert metrics.ece(p, y, bins=10) == pytest.approx((2 * 0.4 + 2 * 0.1) / 4)


@pytest.mark.parametrize(("slope", "intercept"), [(1.0, 0.0), (0.6, 0.3), (1.5, -0.8)])
def test_calibration_line_is_found_with_its_error(slope, intercept):
    p, y = simulated(slope=slope, intercept=intercept)
    line = metrics.calibration_line(p, y)
    reference = LogisticRegression(C=np.inf, tol=1e-10).fit(np.log(p / (1 - p))[:, None], y)
    assert line.slope == pytest.approx(reference.coef_[0, 0], abs=1e-4)
    assert line.intercept == pytest.approx(reference.intercept_[0], abs=1e-4)
    assert abs(line.slope - slope) < 4 * line.slope_error
    assert abs(line.intercept - intercept) < 4 * line.intercept_error
    assert 0.01 < line.slope_error < 0.2


def test_calibration_errors_have_the_right_size():
    slopes, errors = zip(
        *(
            (line.slope, line.slope_error)
            for line in (metrics.calibration_line(*simulated(600, seed=s)) for s in range(200))
        ),
        strict=True,
    )
    assert np.std(slopes) == pytest.approx(np.mean(errors), rel=0.2)


@pytest.mark.parametrize(
    ("p", "y"),
    [
        ([0.8, 0.8, 0.8], [True, False, True]),
        ([0.2, 0.7, 0.8], [True, True, True]),
        ([0.1, 0.2, 0.8, 0.9], [False, False, True, True]),
    ],
    ids=["constant", "one class", "separated"],
)
def test_calibration_line_that_does_not_exist_is_nan(p, y):
    line = metrics.calibration_line(p, y)
    assert math.isnan(line.slope)
    assert math.isnan(line.intercept)


@given(scored())
def test_calibration_line_never_warns_or_diverges(case):
    line = metrics.calibration_line(*case)
    assert math.isnan(line.slope) or abs(line.slope) < 1e4


def test_score_collects_every_figure():
    p, y = simulated(500)
    bins = features(np.arange(500) % 30 + 1, np.arange(500) % 9 + 2, np.arange(500) % 4)
    scores = metrics.score(p, y, bins)
    assert scores.scored == 500
    assert scores.recall == y.mean()
    assert scores.log_loss == metrics.log_loss(p, y)
    assert scores.rmse_bins == metrics.rmse_bins(p, y, bins)
    assert scores.auc == metrics.auc(p, y)
    assert scores.brier == metrics.brier(p, y)
    assert scores.ece == metrics.ece(p, y)
    assert scores.calibration_slope == metrics.calibration_line(p, y).slope
    assert scores.calibration_intercept == metrics.calibration_line(p, y).intercept


@pytest.mark.parametrize(
    ("p", "y", "error"),
    [
        ([], [], NotEnoughDataError),
        ([0.5], [True, False], ParameterError),
        ([np.nan], [True], ParameterError),
        ([1.2], [True], ParameterError),
        ([-0.1], [True], ParameterError),
        ([0.5], [2], ParameterError),
        ([[0.5]], [[True]], ParameterError),
    ],
)
def test_bad_input_is_refused(p, y, error):
    for metric in (metrics.log_loss, metrics.auc, metrics.brier, metrics.ece):
        with pytest.raises(error):
            metric(p, y)


def test_bad_options_are_refused():
    with pytest.raises(ParameterError, match="bins"):
        metrics.calibration_curve([0.5], [True], bins=0)
    with pytest.raises(ParameterError, match="confidence"):
        metrics.wilson_interval([1], [2], confidence=1.0)
    with pytest.raises(NotEnoughDataError):
        metrics.wilson_interval([0], [0])
    with pytest.raises(ParameterError, match="bin features"):
        metrics.rmse_bins([0.5], [True], features([1, 2], [2, 2], [0, 0]))
