"""FSRS-7 as a baseline: with its defaults, fitted, and fitted with weight on recent reviews.

Elapsed times are fractional days in both modes: the model has no separate rule for the same day.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.fsrs7_equations import fsrs7_recall
from recollect.recall.baselines.fsrs7_parameters import DEFAULTS
from recollect.recall.baselines.support import (
    clip_probability,
    fractional_days,
    predict_per_fold,
)
from recollect.recall.task import Fold, ScoringTask

__all__ = ["Fsrs7", "Fsrs7Default", "Fsrs7Recency"]


class Fsrs7Default:
    """FSRS-7 with the parameters that every new user starts with."""

    name = "fsrs-7-default"
    columns: tuple[str, ...] = ("p_fsrs_7_default",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_fsrs_7_default": [m]}``."""
        elapsed = fractional_days(task.log)
        recall = fsrs7_recall(task.log, DEFAULTS, task.scored_rows, elapsed)
        return {"p_fsrs_7_default": clip_probability(recall)}


class Fsrs7:
    """FSRS-7 fitted to each fold's train rows, all weighted alike."""

    name = "fsrs-7"
    columns: tuple[str, ...] = ("p_fsrs_7",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_fsrs_7": [m]}``."""
        return {"p_fsrs_7": _predict_fitted(task, np.ones)}


class Fsrs7Recency:
    """FSRS-7 fitted to each fold's train rows, the latest of them weighted most."""

    name = "fsrs-7-recency"
    columns: tuple[str, ...] = ("p_fsrs_7_recency",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_fsrs_7_recency": [m]}``."""
        from recollect.recall.baselines.fsrs7_fit import recency_weights

        return {"p_fsrs_7_recency": _predict_fitted(task, recency_weights)}


def _predict_fitted(
    task: ScoringTask, weights: Callable[[int], NDArray[np.float64]]
) -> NDArray[np.float64]:
    from recollect.recall.baselines.fsrs7_fit import fit_fsrs7

    elapsed = fractional_days(task.log)

    def predict_fold(fold: Fold) -> NDArray[np.float64]:
        rows = fold.train_rows
        parameters = fit_fsrs7(task.log, rows, elapsed, weights(rows.size))
        return fsrs7_recall(task.log, parameters, fold.test_rows, elapsed)

    return predict_per_fold(task, predict_fold)
