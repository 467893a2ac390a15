"""Which reviews are scored, and what may be learnt before each: the srs-benchmark protocol.

The rules are those of open-spaced-repetition/srs-benchmark (README, ``features/base.py`` and
``utils.py``), stated here as facts and implemented afresh:

- ratings 1-4 only, and at most 128 reviews of a card (the earliest);
- a card's first review is never scored, there is nothing to predict it from;
- day mode: only reviews at least one study day after the card's previous one are scored;
  same-day mode: all reviews at least one whole second after it (that data set counts seconds
  in integers, so shorter gaps are zero there);
- the eligible reviews, in order of time, are cut by a time-series split: with *k* splits of
  *n* rows, the last ``k * (n // (k + 1))`` rows are scored, each fold with all earlier eligible
  rows for training.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.task import Fold, ScoringTask
from recollect.reviews import Rating, ReviewLog

__all__ = [
    "BinFeatures",
    "ScoringOptions",
    "bin_features",
    "eligible_rows",
    "kept_rows",
    "scoring_task",
    "time_series_split",
]

_SECOND_DAY = 2
_OUTLIER_SHARE = 0.05
_OUTLIER_MIN_COUNT = 20
_RARE_GAP_COUNT = 6
_LONG_GAP_DAYS = 100
_LONG_GAP_DAYS_AFTER_EASY = 365


@dataclass(frozen=True)
class ScoringOptions:
    """How a log becomes a scoring task.

    Attributes:
        same_day: score same-day reviews too.
        splits: number of time-series folds.
        max_reviews_per_card: later reviews of a card are left out.
        drop_outliers: leave out cards with an unusual first gap, as srs-benchmark's day mode
            does (its figures are on such rows). Not defined for same-day mode.
    """

    same_day: bool = False
    splits: int = 5
    max_reviews_per_card: int = 128
    drop_outliers: bool = False

    def __post_init__(self) -> None:
        if self.splits < 1:
            raise ParameterError(f"splits is {self.splits}; at least 1 is needed")
        if self.max_reviews_per_card < 2:
            raise ParameterError(
                f"max_reviews_per_card is {self.max_reviews_per_card}; at least 2 are needed, "
                "because a card's first review is not scored"
            )
        if self.same_day and self.drop_outliers:
            raise ParameterError(
                "drop_outliers goes with day mode only: leave out same_day or drop_outliers"
            )


@dataclass(frozen=True, eq=False)
class BinFeatures:
    """What the bins of RMSE(bins) are made from, one value a row.

    Attributes:
        elapsed_days: ``[m]`` study days since the card's previous review.
        review_number: ``[m]`` 1 + number of the card's reviews so far, this one included,
            that fell on a later study day than the one before (upstream's ``i``).
        lapses: ``[m]`` failures of the card before this review. In day mode a failure on the
            first review or on the same study day does not count; in same-day mode all count.
    """

    elapsed_days: NDArray[np.int64]
    review_number: NDArray[np.int64]
    lapses: NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.elapsed_days.shape[0])

    def at(self, rows: NDArray[np.int64]) -> BinFeatures:
        """The features of some rows."""
        return BinFeatures(self.elapsed_days[rows], self.review_number[rows], self.lapses[rows])


def scoring_task(
    log: ReviewLog,
    *,
    same_day: bool = False,
    splits: int = 5,
    max_reviews_per_card: int = 128,
    drop_outliers: bool = False,
) -> ScoringTask:
    """The rows of a learner's log to predict, and the folds.

    Args:
        log: one learner's reviews, oldest first.
        same_day: score same-day reviews too.
        splits: number of folds.
        max_reviews_per_card: later reviews of a card are left out of the task's log.
        drop_outliers: see :class:`ScoringOptions`.

    Raises:
        NotEnoughDataError: no reviews, or fewer eligible ones than ``splits + 1``.
        ParameterError: an option that makes no sense.
    """
    options = ScoringOptions(same_day, splits, max_reviews_per_card, drop_outliers)
    if not len(log):
        raise NotEnoughDataError(f"learner {log.learner_id}: there are no reviews in the log")
    kept = kept_rows(log, options.max_reviews_per_card)
    trimmed = log if kept.shape[0] == len(log) else log.select(kept)
    eligible = eligible_rows(trimmed, options)
    if eligible.shape[0] < splits + 1:
        gap = "a second" if same_day else "a study day"
        raise NotEnoughDataError(
            f"learner {log.learner_id}: {eligible.shape[0]} of {len(log)} reviews can be scored "
            f"(repeat reviews at least {gap} after the card's previous one); "
            f"{splits} splits need at least {splits + 1}"
        )
    folds = tuple(
        Fold(train_rows=eligible[:start], test_rows=eligible[start:stop])
        for start, stop in time_series_split(eligible.shape[0], splits)
    )
    return ScoringTask(log=trimmed, folds=folds, same_day=same_day)


def time_series_split(rows: int, splits: int) -> list[tuple[int, int]]:
    """Start and stop of each test fold; everything before the start is its training set.

    The same folds as scikit-learn's ``TimeSeriesSplit(splits)``: equal folds at the end, and
    the remainder of the division goes to the first training set.

    Raises:
        NotEnoughDataError: fewer rows than ``splits + 1``.
    """
    if rows < splits + 1:
        raise NotEnoughDataError(f"{rows} rows for {splits} splits; at least {splits + 1} needed")
    size = rows // (splits + 1)
    first = rows - splits * size
    return [(first + fold * size, first + (fold + 1) * size) for fold in range(splits)]


def kept_rows(log: ReviewLog, max_reviews_per_card: int) -> NDArray[np.int64]:
    """Row numbers of the log that are within the limit of reviews a card."""
    return np.flatnonzero(log.review_index < max_reviews_per_card).astype(np.int64)


def eligible_rows(log: ReviewLog, options: ScoringOptions) -> NDArray[np.int64]:
    """Row numbers that may be trained on or scored, ascending."""
    if options.same_day:
        eligible = log.elapsed_seconds >= 1.0
    else:
        eligible = log.elapsed_days > 0
        if options.drop_outliers:
            eligible &= ~np.isin(log.card_id, _outlier_cards(log))
    return np.flatnonzero(eligible).astype(np.int64)


def bin_features(log: ReviewLog, *, same_day: bool = False) -> BinFeatures:
    """The features of RMSE(bins) for every row of a log (``[n]`` each)."""
    later_day = log.elapsed_days > 0
    again = log.rating == int(Rating.AGAIN)
    failed = again if same_day else again & later_day
    return BinFeatures(
        elapsed_days=np.maximum(log.elapsed_days, 0).astype(np.int64),
        review_number=_running_count(log.card_id, later_day) + 1,
        lapses=_running_count(log.card_id, failed) - failed,
    )


def _running_count(card_id: NDArray[np.int64], flag: NDArray[np.bool_]) -> NDArray[np.int64]:
    """For each row, how many rows of its card up to and including it are flagged."""
    order = np.argsort(card_id, kind="stable")
    cards = card_id[order]
    total = np.cumsum(flag[order], dtype=np.int64)
    starts = np.flatnonzero(np.r_[True, cards[1:] != cards[:-1]]) if cards.size else order
    before = total[starts] - flag[order][starts]
    lengths = np.diff(np.r_[starts, cards.shape[0]])
    count = np.empty(cards.shape[0], dtype=np.int64)
    count[order] = total - np.repeat(before, lengths)
    return count


def _outlier_cards(log: ReviewLog) -> NDArray[np.int64]:
    """Cards whose first gap of a day or more is unusual for their first rating.

    The rule of fsrs-optimizer (``remove_outliers``): per first rating, lengths of the gap are
    taken from the rarest (longest first among equals); they go while fewer than 5 % of the
    cards, or 20, would have gone, and after that only when fewer than 6 cards share the length
    or it exceeds 100 days (365 after Easy). All later reviews of the card go with it.
    """
    features = bin_features(log)
    second_day = (features.review_number == _SECOND_DAY) & (log.elapsed_days > 0)
    cards, first_rows = np.unique(log.card_id, return_index=True)
    first_rating = log.rating[first_rows][np.searchsorted(cards, log.card_id[second_day])]
    gaps, gap_cards = log.elapsed_days[second_day], log.card_id[second_day]
    outliers = []
    for rating in np.unique(first_rating):
        mine = first_rating == rating
        long_gap = _LONG_GAP_DAYS_AFTER_EASY if rating == Rating.EASY else _LONG_GAP_DAYS
        bad = _outlier_gaps(gaps[mine], long_gap)
        outliers.append(gap_cards[mine][np.isin(gaps[mine], bad)])
    return np.concatenate(outliers) if outliers else np.zeros(0, dtype=np.int64)


def _outlier_gaps(gaps: NDArray[np.int32], long_gap_days: int) -> list[int]:
    lengths, counts = np.unique(gaps, return_counts=True)
    limit = max(gaps.shape[0] * _OUTLIER_SHARE, _OUTLIER_MIN_COUNT)
    removed = 0
    bad = []
    for position in np.lexsort((-lengths, counts)):
        length, count = int(lengths[position]), int(counts[position])
        within = removed + count < limit
        if within or count < _RARE_GAP_COUNT or length > long_gap_days:
            bad.append(length)
            removed += count
    return bad
