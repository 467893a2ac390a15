"""What every model of recall is asked: probabilities for the same rows, from the past only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recollect.reviews import ReviewLog

__all__ = ["Fold", "RecallModel", "ScoringTask"]


@dataclass(frozen=True, eq=False)
class Fold:
    """One split of a learner's eligible rows in time.

    Attributes:
        train_rows: ``[a]`` eligible row numbers of the log, all before the test rows.
        test_rows: ``[b]`` row numbers that are scored with what the train rows taught.
    """

    train_rows: NDArray[np.int64]
    test_rows: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ScoringTask:
    """One learner's log with the rows to predict.

    Attributes:
        log: the whole log, oldest first (rows past the per-card limit already left out).
        folds: the time-series splits; their test rows are disjoint and ascending.
        same_day: whether same-day reviews are scored too (then elapsed seconds count,
            in fractional days; otherwise whole study days).
    """

    log: ReviewLog
    folds: tuple[Fold, ...]
    same_day: bool = False

    @property
    def scored_rows(self) -> NDArray[np.int64]:
        """``[m]`` all test rows, ascending."""
        if not self.folds:
            return np.zeros(0, dtype=np.int64)
        return np.concatenate([fold.test_rows for fold in self.folds])


@runtime_checkable
class RecallModel(Protocol):
    """A model that can be scored.

    ``predict`` returns for each of its columns one probability of recall per scored row, in the
    order of ``task.scored_rows``. For a row it may use the learner's earlier reviews for state,
    and for parameters only what came before the row's fold.
    """

    name: str
    columns: tuple[str, ...]

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{column: [m]}``."""
        ...
