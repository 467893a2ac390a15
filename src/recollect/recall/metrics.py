"""How good probabilities of recall are, in float64.

Everywhere ``probability`` is ``[m]`` in 0-1 and ``outcome`` is ``[m]``, True where recalled.
Empty input raises ``NotEnoughDataError``; other lengths, NaN or values outside 0-1 raise
``ParameterError``. A figure that is not defined for the data (AUC with one class only, a slope
of constant predictions) is NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.protocol import BinFeatures

__all__ = [
    "LOGIT_FLOOR",
    "LOG_LOSS_FLOOR",
    "CalibrationCurve",
    "CalibrationLine",
    "Scores",
    "auc",
    "brier",
    "calibration_curve",
    "calibration_line",
    "ece",
    "log_loss",
    "log_losses",
    "rmse_bins",
    "score",
    "wilson_interval",
]

LOG_LOSS_FLOOR = float(np.finfo(np.float64).eps)
"""Log loss clips probabilities to [floor, 1 − floor]; the floor scikit-learn uses for float64,
so that one confident miss costs at most 36.04 nats."""

LOGIT_FLOOR = 1e-6
"""The calibration line clips probabilities to [floor, 1 − floor] before taking logits."""

_NEWTON_STEPS = 100
_LARGEST_COEFFICIENT = 1e3


@dataclass(frozen=True)
class CalibrationLine:
    """Fit of ``logit P(recall) = intercept + slope · logit(probability)`` (Cox 1958).

    A slope of 1 and an intercept of 0 are perfect; a slope below 1 means too confident
    predictions. Standard errors are from the Fisher information. NaN where the fit does not
    exist: constant predictions, one class only, or outcomes that the predictions separate.
    """

    slope: float
    intercept: float
    slope_error: float
    intercept_error: float


@dataclass(frozen=True, eq=False)
class CalibrationCurve:
    """A reliability diagram's numbers, one value per non-empty bin, lowest prediction first.

    Attributes:
        predicted: mean predicted probability.
        observed: share recalled.
        low: lower end of the observed share's Wilson interval.
        high: upper end.
        count: number of reviews.
    """

    predicted: NDArray[np.float64]
    observed: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """Every figure for one learner and one column of predictions.

    Attributes:
        scored: number of scored reviews.
        recall: share recalled.
        log_loss: mean negative log likelihood, nats.
        rmse_bins: RMSE(bins) of srs-benchmark.
        auc: area under the ROC curve.
        brier: mean squared error.
        ece: expected calibration error, 15 equal-width bins.
        calibration_slope: see :class:`CalibrationLine`.
        calibration_intercept: see :class:`CalibrationLine`.
    """

    scored: int
    recall: float
    log_loss: float
    rmse_bins: float
    auc: float
    brier: float
    ece: float
    calibration_slope: float
    calibration_intercept: float


def score(probability: ArrayLike, outcome: ArrayLike, features: BinFeatures) -> Scores:
    """All figures at once.

    Args:
        probability: ``[m]`` predicted recall.
        outcome: ``[m]`` whether recalled.
        features: ``[m]`` the bins of RMSE(bins).
    """
    p, y = _checked(probability, outcome)
    line = calibration_line(p, y)
    return Scores(
        scored=int(p.shape[0]),
        recall=float(y.mean()),
        log_loss=log_loss(p, y),
        rmse_bins=rmse_bins(p, y, features),
        auc=auc(p, y),
        brier=brier(p, y),
        ece=ece(p, y),
        calibration_slope=line.slope,
        calibration_intercept=line.intercept,
    )


def log_losses(probability: ArrayLike, outcome: ArrayLike) -> NDArray[np.float64]:
    """``[m]`` negative log likelihood of each outcome, nats, clipped by ``LOG_LOSS_FLOOR``."""
    p, y = _checked(probability, outcome)
    p = np.clip(p, LOG_LOSS_FLOOR, 1.0 - LOG_LOSS_FLOOR)
    return -np.where(y > 0, np.log(p), np.log1p(-p))


def log_loss(probability: ArrayLike, outcome: ArrayLike) -> float:
    """Mean negative log likelihood, nats, clipped by ``LOG_LOSS_FLOOR``."""
    return float(log_losses(probability, outcome).mean())


def brier(probability: ArrayLike, outcome: ArrayLike) -> float:
    """Mean squared difference between prediction and outcome (Brier 1950)."""
    p, y = _checked(probability, outcome)
    return float(np.mean((p - y) ** 2))


def auc(probability: ArrayLike, outcome: ArrayLike) -> float:
    """Probability that a recalled review was given more than a forgotten one, ties half.

    The Mann-Whitney statistic from average ranks; NaN when all outcomes are the same.
    """
    p, y = _checked(probability, outcome)
    recalled = float(y.sum())
    forgotten = p.shape[0] - recalled
    if recalled == 0 or forgotten == 0:
        return math.nan
    _, group, count = np.unique(p, return_inverse=True, return_counts=True)
    rank = np.cumsum(count) - (count - 1) / 2
    rank_sum = float(rank[group][y > 0].sum())
    return (rank_sum - recalled * (recalled + 1) / 2) / (recalled * forgotten)


def rmse_bins(probability: ArrayLike, outcome: ArrayLike, features: BinFeatures) -> float:
    """RMSE(bins) of srs-benchmark (its ``rmse_matrix``).

    Reviews are binned by powers of 3.62 of the elapsed days, of 1.89 of the review number and
    of 1.73 of the lapses (none apart). The result is the root of the count-weighted mean of
    (mean outcome − mean prediction)² over bins. It can be gamed by predicting a bin's running
    mean, so read it beside log loss.
    """
    p, y = _checked(probability, outcome)
    if len(features) != p.shape[0]:
        raise ParameterError(f"{len(features)} bin features for {p.shape[0]} predictions")
    days = np.maximum(features.elapsed_days.astype(np.float64), 1e-6)
    lapses = features.lapses.astype(np.float64)
    bins = np.stack(
        [
            np.round(2.48 * 3.62 ** _floor_log(days, 3.62), 2),
            np.round(1.99 * 1.89 ** _floor_log(features.review_number.astype(float), 1.89)),
            np.where(
                lapses > 0, np.round(1.65 * 1.73 ** _floor_log(np.maximum(lapses, 1), 1.73)), 0
            ),
        ]
    )
    _, group = np.unique(bins, axis=1, return_inverse=True)
    count = np.bincount(group.ravel())
    error = np.bincount(group.ravel(), weights=y - p) / count
    return float(np.sqrt(np.average(error**2, weights=count)))


def ece(probability: ArrayLike, outcome: ArrayLike, bins: int = 15) -> float:
    """Expected calibration error: count-weighted mean of |observed − predicted|.

    Bins are of equal width, 15 unless told otherwise (Guo et al. 2017).
    """
    curve = calibration_curve(probability, outcome, bins=bins, by="width")
    gap = np.abs(curve.observed - curve.predicted)
    return float(np.average(gap, weights=curve.count))


def calibration_curve(
    probability: ArrayLike,
    outcome: ArrayLike,
    *,
    bins: int = 20,
    by: Literal["count", "width"] = "count",
    confidence: float = 0.95,
) -> CalibrationCurve:
    """Observed against predicted recall in bins of the prediction.

    Args:
        probability: ``[m]`` predicted recall.
        outcome: ``[m]`` whether recalled.
        bins: at most this many bins; equal predictions always share one.
        by: bins of equal count (quantiles) or of equal width.
        confidence: level of the Wilson intervals.
    """
    p, y = _checked(probability, outcome)
    if bins < 1:
        raise ParameterError(f"{bins} bins; at least 1 is needed")
    if by == "width":
        group = np.minimum((p * bins).astype(np.int64), bins - 1)
    else:
        edges = np.unique(np.quantile(p, np.linspace(0, 1, bins + 1)[1:-1]))
        group = np.searchsorted(edges, p, side="left")
    _, group = np.unique(group, return_inverse=True)
    count = np.bincount(group)
    recalled = np.bincount(group, weights=y)
    low, high = wilson_interval(recalled, count, confidence)
    return CalibrationCurve(
        predicted=np.bincount(group, weights=p) / count,
        observed=recalled / count,
        low=low,
        high=high,
        count=count.astype(np.int64),
    )


def calibration_line(probability: ArrayLike, outcome: ArrayLike) -> CalibrationLine:
    """Logistic regression of the outcome on the logit of the prediction, by Newton's method."""
    p, y = _checked(probability, outcome)
    p = np.clip(p, LOGIT_FLOOR, 1 - LOGIT_FLOOR)
    x = np.log(p) - np.log1p(-p)
    nothing = CalibrationLine(math.nan, math.nan, math.nan, math.nan)
    if y.min() == y.max() or np.ptp(x) < 1e-9:
        return nothing
    # Scaled and centred, the Newton steps are well conditioned from any start.
    centre, scale = x.mean(), x.std()
    design = np.stack([np.ones_like(x), (x - centre) / scale], axis=1)
    weights = np.zeros(2)
    for _ in range(_NEWTON_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(design @ weights, -700, 700)))
        information = (design * (fitted * (1 - fitted))[:, None]).T @ design
        if not np.linalg.cond(information) < 1e14:
            return nothing
        step = np.linalg.solve(information, design.T @ (y - fitted))
        # Full steps can overshoot from a flat start; shorter ones still converge.
        step *= min(1.0, 5.0 / float(np.abs(step).max() + 1e-300))
        weights = weights + step
        if np.abs(weights).max() > _LARGEST_COEFFICIENT:
            return nothing
        if np.abs(step).max() < 1e-10:
            break
    else:
        return nothing
    transform = np.array([[1.0, -centre / scale], [0.0, 1 / scale]])
    intercept, slope = transform @ weights
    covariance = transform @ np.linalg.inv(information) @ transform.T
    return CalibrationLine(
        slope=float(slope),
        intercept=float(intercept),
        slope_error=float(np.sqrt(covariance[1, 1])),
        intercept_error=float(np.sqrt(covariance[0, 0])),
    )


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval of a share (Wilson 1927).

    Args:
        successes: ``[k]`` number of successes.
        trials: ``[k]`` number of trials, all at least 1.
        confidence: level, e.g. 0.95.

    Returns:
        Lower and upper ends, ``[k]`` each, within 0-1.
    """
    if not 0 < confidence < 1:
        raise ParameterError(f"confidence {confidence} is not between 0 and 1")
    n = np.asarray(trials, dtype=np.float64)
    if n.size and n.min() < 1:
        raise NotEnoughDataError("an interval of a share needs at least one trial")
    share = np.asarray(successes, dtype=np.float64) / n
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.clip(centre - half, 0.0, 1.0), np.clip(centre + half, 0.0, 1.0)


def _floor_log(values: NDArray[np.float64], base: float) -> NDArray[np.float64]:
    return np.floor(np.log(values) / np.log(base))


def _checked(
    probability: ArrayLike, outcome: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    p = np.asarray(probability, dtype=np.float64)
    y = np.asarray(outcome, dtype=np.float64)
    if p.ndim != 1 or p.shape != y.shape:
        raise ParameterError(f"predictions of shape {p.shape} and outcomes of shape {y.shape}")
    if p.shape[0] == 0:
        raise NotEnoughDataError("no scored reviews; at least 1 is needed for a figure")
    if not bool(np.all((p >= 0) & (p <= 1))):
        bad = int(np.flatnonzero(~((p >= 0) & (p <= 1)))[0])
        raise ParameterError(f"prediction {bad} is {p[bad]}, not a probability between 0 and 1")
    if not bool(np.all((y == 0) | (y == 1))):
        raise ParameterError("outcomes must be True (recalled) or False (forgotten)")
    return p, y
