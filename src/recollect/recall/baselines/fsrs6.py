"""FSRS-6 as a baseline: with its defaults, and fitted through the published ``fsrs-rs-python``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import MissingExtraError
from recollect.recall.baselines.fsrs6_equations import Fsrs6Parameters, fsrs6_recall
from recollect.recall.baselines.support import (
    clip_probability,
    days_for_scoring,
    predict_per_fold,
)
from recollect.recall.task import Fold, ScoringTask
from recollect.reviews import ReviewLog

__all__ = ["Fsrs6", "Fsrs6Default", "fit_fsrs6", "training_items"]

_MAX_PRIOR_REVIEWS = 64
_MIN_ITEMS = 8


class Fsrs6Default:
    """FSRS-6 with the parameters that every new user starts with."""

    name = "fsrs-6-default"
    columns = ("p_fsrs_6_default",)

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_fsrs_6_default": [m]}``."""
        elapsed = days_for_scoring(task)
        recall = fsrs6_recall(task.log, Fsrs6Parameters(), task.scored_rows, elapsed)
        return {"p_fsrs_6_default": clip_probability(recall)}


class Fsrs6:
    """FSRS-6 with parameters fitted to each fold's train rows.

    Raises:
        MissingExtraError: on construction, when ``fsrs-rs-python`` is not installed.
    """

    name = "fsrs-6"
    columns = ("p_fsrs_6",)

    def __init__(self) -> None:
        _fsrs_rs()

    def predict(self, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
        """Probabilities of recall, ``{"p_fsrs_6": [m]}``."""
        elapsed = days_for_scoring(task)
        items = training_items(task.log)

        def predict_fold(fold: Fold) -> NDArray[np.float64]:
            parameters = fit_fsrs6(task.log, fold.train_rows, items)
            return fsrs6_recall(task.log, parameters, fold.test_rows, elapsed)

        return {"p_fsrs_6": predict_per_fold(task, predict_fold)}


def training_items(log: ReviewLog) -> dict[int, Any]:
    """What ``fsrs-rs-python`` trains on: one item for each review on a later study day.

    An item is the card's history up to and including that review, same-day reviews among it.
    Reviews with more than 64 before them are left out, as the FSRS tools do.

    Args:
        log: ``n`` reviews.

    Returns:
        ``{row: FSRSItem}`` in the order of the log.

    Raises:
        MissingExtraError: ``fsrs-rs-python`` is not installed.
    """
    fsrs = _fsrs_rs()
    ratings, elapsed = log.rating.tolist(), np.maximum(log.elapsed_days, 0).tolist()
    history: dict[int, list[Any]] = {}
    items: dict[int, Any] = {}
    for row, card in enumerate(log.card_id.tolist()):
        reviews = history.setdefault(card, [])
        if len(reviews) > _MAX_PRIOR_REVIEWS:
            continue
        reviews.append(fsrs.FSRSReview(ratings[row], elapsed[row]))
        if elapsed[row] > 0:
            items[row] = fsrs.FSRSItem(reviews)
    return items


def fit_fsrs6(
    log: ReviewLog, train_rows: NDArray[np.int64], items: dict[int, Any] | None = None
) -> Fsrs6Parameters:
    """Fit the 21 parameters with ``fsrs-rs``, the way the srs-benchmark does.

    That is: initial stabilities fitted per first grade, then Adam (rate 0.04, 5 epochs, batches
    of 512, cosine schedule) with a Gaussian prior around the defaults and weights
    ``0.25 + 0.75 x^3`` that favour recent reviews (``x`` runs from 0 to 1 through the log).
    Its ``benchmark`` entry is used: ``compute_parameters`` sets aside reviews at rare intervals
    and gave slightly worse predictions, and so did grouping the reviews by card for speed.

    Args:
        log: ``n`` reviews.
        train_rows: ``[a]`` rows to learn from, ascending.
        items: what :func:`training_items` gave for the log, to save making them again.

    Returns:
        Fitted parameters; the defaults where there is too little to learn from.

    Raises:
        MissingExtraError: ``fsrs-rs-python`` is not installed.
    """
    fsrs = _fsrs_rs()
    items = training_items(log) if items is None else items
    chosen = [items[row] for row in train_rows.tolist() if row in items]
    # Initial stabilities come from each card's first review on a later day: there must be some.
    if len(chosen) < _MIN_ITEMS or all(item.long_term_review_cnt() != 1 for item in chosen):
        return Fsrs6Parameters()
    values = fsrs.FSRS(parameters=[]).benchmark(chosen)
    if not np.all(np.isfinite(values)):
        return Fsrs6Parameters()
    return Fsrs6Parameters.from_list(values)


def _fsrs_rs() -> Any:
    try:
        import fsrs_rs_python
    except ImportError as error:
        raise MissingExtraError("fsrs", "the fitted FSRS-6 baseline") from error
    return fsrs_rs_python
