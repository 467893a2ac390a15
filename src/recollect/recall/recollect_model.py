"""The recall model as it is scored: instant and curve, refitted at every split."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recollect.recall.defaults import Defaults, load_defaults
from recollect.recall.fitting import own_traces
from recollect.recall.personalise import OwnTraces, personalise
from recollect.recall.task import ScoringTask

__all__ = ["RecollectModel"]

_LEAST, _MOST = 1e-5, 1.0 - 1e-5


class RecollectModel:
    """Both predictions of the recall model.

    At each split the learner's own traces are fitted to what came before it, as the rivals'
    parameters are; in between only the one-pass memory learns. The curve of a card rests on what
    was known at its previous review or at the start of the split, whichever is later.

    Args:
        defaults: shared parameters; those that come with the package by default. For a learner
            who had a part in them, the set fitted without that learner is used.
        fit: whether to fit the learner's own traces; without it there is only the one pass.
        strict: foretell each curve at the card's previous review and never afresh at a split;
            nothing is fitted then, as a fit would know later reviews.
    """

    name = "recollect"
    columns: tuple[str, ...] = ("p_recollect_instant", "p_recollect_curve")

    def __init__(
        self, defaults: Defaults | None = None, *, fit: bool = True, strict: bool = False
    ) -> None:
        self.defaults = defaults or load_defaults()
        self.fit = fit and not strict
        self.strict = strict

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_recollect_instant": [m], "p_recollect_curve": [m]}``."""
        shared = self.defaults.parameters_for(task.log)
        starts = [int(fold.test_rows[0]) for fold in task.folds if fold.test_rows.size]
        own: list[OwnTraces] = []
        if self.fit:
            traces = None
            for row in starts:
                traces = own_traces(task.log, shared, before_row=row, start=traces)
                own.append(OwnTraces(row, traces))
        seen = personalise(task.log, shared, own=own, refreshed_at=() if self.strict else starts)
        rows = task.scored_rows
        return {
            "p_recollect_instant": np.clip(seen.instant[rows], _LEAST, _MOST),
            "p_recollect_curve": np.clip(seen.curve[rows], _LEAST, _MOST),
        }
