"""Half-life regression: exponential forgetting whose half-life grows with successes.

Settles & Meeder (2016), "A trainable spaced repetition model for language learning", ACL:
recall p = 2^(-Δ/h) after Δ days, with half-life h = 2^(θ·x) and features x = (1, √(1 + number of
recalls), √(1 + number of failures)). Here θ is the maximum of the likelihood of the outcomes
(the paper minimises squared errors of observed shares, which single reviews do not have), with
a weak Gaussian prior for learners with few reviews. SM-2's growth of the interval by a constant
factor is of this family.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.support import (
    fractional_days,
    predict_per_fold,
    previous_row,
    waves,
)
from recollect.recall.task import Fold, ScoringTask
from recollect.reviews import ReviewLog

__all__ = ["HalfLife", "fit_half_life", "half_life_features", "half_life_recall"]

PRIOR_MEAN = np.array([0.0, 2.0, -0.5])
"""``[3]`` log2 days: bias, and weights of √(1 + recalls) and √(1 + failures)."""

PRIOR_SPREAD = np.array([5.0, 2.0, 2.0])
"""``[3]`` standard deviations of the prior."""

_LOG_2 = float(np.log(2.0))
_MAX_LOG2_DAYS = 16.0  # beyond a lifetime, or below a second: nothing to tell apart
_MIN_ELAPSED_DAYS = 1.0 / 86_400
_MIN_HAZARD, _MAX_HAZARD = 1e-12, 700.0


class HalfLife:
    """Half-life regression fitted to each fold's train rows."""

    name = "half-life"
    columns = ("p_half_life",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_half_life": [m]}``."""
        features = half_life_features(task.log)
        elapsed = fractional_days(task.log)
        recalled = task.log.recalled

        def predict_fold(fold: Fold) -> NDArray[np.float64]:
            train, test = fold.train_rows, fold.test_rows
            weights = fit_half_life(features[train], elapsed[train], recalled[train])
            return half_life_recall(weights, features[test], elapsed[test])

        return {"p_half_life": predict_per_fold(task, predict_fold)}


def half_life_features(log: ReviewLog) -> NDArray[np.float64]:
    """``[n, 3]`` before each review: 1, √(1 + recalls), √(1 + failures) of the card so far."""
    before = previous_row(log.card_id)
    recalls, failures = np.zeros(len(log)), np.zeros(len(log))
    for position, rows in enumerate(waves(log)):
        if position:
            last = before[rows]
            recalls[rows] = recalls[last] + log.recalled[last]
            failures[rows] = failures[last] + ~log.recalled[last]
    return np.column_stack([np.ones(len(log)), np.sqrt(1.0 + recalls), np.sqrt(1.0 + failures)])


def half_life_recall(
    weights: NDArray[np.float64], features: NDArray[np.float64], elapsed_days: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Recall ``[m]`` for ``features`` ``[m, 3]`` after ``elapsed_days`` ``[m]``."""
    return np.exp(-_hazard(weights, features, elapsed_days))


def fit_half_life(
    features: NDArray[np.float64],
    elapsed_days: NDArray[np.float64],
    recalled: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Weights ``[3]`` of highest posterior probability; the prior's mean without any review.

    The loss is convex (a complementary log-log regression), so the start does not matter.
    """
    from scipy.optimize import minimize

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        # -log p is the hazard u itself, -log(1 - p) is -log(1 - e^-u); du/dθ = -log 2 · u · x.
        hazard = _hazard(weights, features, elapsed_days)
        value = np.where(recalled, hazard, -np.log(-np.expm1(-hazard))).sum()
        slope = np.where(recalled, hazard, -hazard / np.expm1(hazard))
        deviation = (weights - PRIOR_MEAN) / PRIOR_SPREAD
        gradient = -_LOG_2 * (features.T @ slope) + deviation / PRIOR_SPREAD
        return float(value + 0.5 * deviation @ deviation), gradient

    return np.asarray(minimize(loss, PRIOR_MEAN, jac=True, method="L-BFGS-B").x)


def _hazard(
    weights: NDArray[np.float64], features: NDArray[np.float64], elapsed_days: NDArray[np.float64]
) -> NDArray[np.float64]:
    """-log of recall, log 2 · Δ / h, kept within what can be represented."""
    log2_days = np.clip(features @ weights, -_MAX_LOG2_DAYS, _MAX_LOG2_DAYS)
    elapsed = np.maximum(elapsed_days, _MIN_ELAPSED_DAYS)
    return np.clip(_LOG_2 * elapsed * np.exp2(-log2_days), _MIN_HAZARD, _MAX_HAZARD)
