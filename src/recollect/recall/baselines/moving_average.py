"""A running average of the learner's recall on the logit scale.

The model MOVING-AVG of the srs-benchmark (open-spaced-repetition): one number ``x``, predicted
recall ``sigmoid(x)``, and a gradient step of the log loss after every eligible review,
``x += 0.3 (y - p)`` from ``x = 1.2``. It knows nothing of cards or time, yet follows the
learner's form from one review to the next.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.support import clip_probability, task_rows
from recollect.recall.task import ScoringTask

__all__ = ["MovingAverage"]


class MovingAverage:
    """Logistic running average over the eligible rows in review order.

    Args:
        start_logit: logit of recall before the first review.
        step: learning rate of the gradient step.
    """

    name = "moving-average"
    columns = ("p_moving_average",)

    def __init__(self, start_logit: float = 1.2, step: float = 0.3) -> None:
        self.start_logit = start_logit
        self.step = step

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_moving_average": [m]}``."""
        rows = task_rows(task)
        logit = self.start_logit
        path: list[float] = []
        for recalled in task.log.recalled[rows].tolist():
            probability = 1.0 / (1.0 + math.exp(-logit))
            path.append(probability)
            logit += self.step * (recalled - probability)
        position = np.searchsorted(rows, task.scored_rows)
        return {"p_moving_average": clip_probability(np.asarray(path)[position])}
