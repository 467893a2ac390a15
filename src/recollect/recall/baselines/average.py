"""The learner's average recall so far: what any model must beat to have said something."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.support import predict_per_fold
from recollect.recall.task import Fold, ScoringTask

__all__ = ["Average"]

_PRIOR_RECALL = 0.9
"""Used while there is no train row; the retention that schedulers aim for."""


class Average:
    """One constant per fold: the share of its train rows that were recalled."""

    name = "average"
    columns = ("p_average",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_average": [m]}``."""
        recalled = task.log.recalled

        def predict_fold(fold: Fold) -> NDArray[np.float64]:
            rows = fold.train_rows
            mean = float(recalled[rows].mean()) if rows.size else _PRIOR_RECALL
            return np.full(fold.test_rows.size, mean)

        return {"p_average": predict_per_fold(task, predict_fold)}
