"""What the baselines share: passes over a log, per-fold prediction, probabilities in range."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from recollect.recall.task import Fold, ScoringTask
from recollect.reviews import ReviewLog
from recollect.reviews.days import MS_PER_DAY
from recollect.reviews.log import previous_row

__all__ = [
    "PROBABILITY_MARGIN",
    "clip_probability",
    "days_for_scoring",
    "fractional_days",
    "predict_per_fold",
    "previous_row",
    "task_rows",
    "waves",
]

PROBABILITY_MARGIN = 1e-4
"""Predictions stay this far from 0 and 1, so that one surprise cannot cost more than 9.2 nats."""

_SECONDS_PER_DAY = MS_PER_DAY / 1000


def clip_probability(
    probability: NDArray[np.float64], margin: float = PROBABILITY_MARGIN
) -> NDArray[np.float64]:
    """``[m]`` probabilities moved into ``[margin, 1 - margin]``."""
    return np.clip(probability, margin, 1.0 - margin)


def task_rows(task: ScoringTask) -> NDArray[np.int64]:
    """``[a]`` every train or test row of a task, ascending."""
    if not task.folds:
        return np.zeros(0, dtype=np.int64)
    rows = [part for fold in task.folds for part in (fold.train_rows, fold.test_rows)]
    return np.unique(np.concatenate(rows))


def fractional_days(log: ReviewLog) -> NDArray[np.float64]:
    """``[n]`` days, with fraction, since each card's previous review; 0 on its first.

    Whole study days where the log does not know the time of day.
    """
    known = log.time_of_day_known
    elapsed = log.elapsed_seconds / _SECONDS_PER_DAY if known else log.elapsed_days
    return np.maximum(np.asarray(elapsed, dtype=np.float64), 0.0)


def days_for_scoring(task: ScoringTask) -> NDArray[np.float64]:
    """``[n]`` as :func:`fractional_days` where same-day reviews are scored, else whole days."""
    if task.same_day:
        return fractional_days(task.log)
    return np.maximum(task.log.elapsed_days, 0).astype(np.float64)


def waves(log: ReviewLog) -> Iterator[NDArray[np.int64]]:
    """Row numbers of all first reviews, then of all second reviews, and so on.

    The rows of one wave belong to different cards, so a recurrence over each card's reviews
    can be computed for all cards at once, one wave after the other.
    """
    index = log.review_index
    order = np.argsort(index, kind="stable").astype(np.int64)
    sizes = np.bincount(index) if len(log) else np.zeros(0, dtype=np.int64)
    start = 0
    for size in sizes:
        yield order[start : start + size]
        start += size


def predict_per_fold(
    task: ScoringTask, predict_fold: Callable[[Fold], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """``[m]`` the folds' predictions for their test rows, one after the other, clipped.

    Args:
        task: what to score.
        predict_fold: gives ``[b]`` probabilities for the fold's test rows.
    """
    parts = [predict_fold(fold) for fold in task.folds]
    return clip_probability(np.concatenate(parts)) if parts else np.zeros(0)
