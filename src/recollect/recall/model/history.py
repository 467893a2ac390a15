"""What a log says of each review before it happens: the card's past and the learner's day.

Everything here is counted, not modelled: NumPy, vectorised over the whole log. Nothing in a
row depends on the row's own outcome or answer time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.recall.model.grouping import order_by_group, previous_in_group
from recollect.reviews import ReviewLog

__all__ = ["History", "answer_scores", "history_of", "usual_answers"]

_FIRST_INTERVAL = -4.0
"""Stands for the log interval before a card's second review."""
_USUAL_LOG_SECONDS = np.log(7.0)
_USUAL_VARIANCE = 0.6
_PRIOR_ANSWERS = 5.0
_ANSWER_MS_BOUNDS = (200.0, 120_000.0)
_MOST_SHOWN_MS = 3_600_000.0
"""A longer answer time is a card left lying, not looked at."""
_SESSION_GAP_DAYS = 0.5 / 24
_LEAST_ELAPSED_DAYS = 1.0 / 86_400


@dataclass(frozen=True, eq=False)
class History:
    """Columns of shape ``[n]``, one entry per review of the log.

    Attributes:
        card: number of the card, by first appearance.
        deck: number of the deck.
        note: number of the note; a card whose note is not known has one of its own.
        rating: 0 (Again) to 3 (Easy); the outcome.
        recalled: the outcome, 0 or 1.
        reviews: earlier reviews of the card.
        elapsed_days: days with fraction from the card's previous answer to the moment it was
            shown again (0 on its first review).
        same_day: the card was already reviewed on this study day.
        answer_time: standard score of this answer's log time within the learner so far; 0 unknown.
        last_answer_time: the same of the card's previous review.
        lapses: earlier failures of the card.
        streak: successes since its last failure.
        last_rating: of its previous review, -1 none.
        first_rating: of its first review, -1 none.
        previous_interval: log days between its two previous reviews.
        days_studied: earlier study days on which it was reviewed.
        steps_last_day: reviews on the last of them.
        is_first_of_day: no earlier review of the card on this study day.
        new_today: cards first met earlier on this day.
        session_reviews: earlier reviews since the last break of half an hour.
        hour: local hour at which the card was shown, 0-24.
        time_days: days from the first review to the moment the card was shown.
    """

    card: NDArray[np.int32]
    deck: NDArray[np.int32]
    note: NDArray[np.int32]
    rating: NDArray[np.int32]
    recalled: NDArray[np.float32]
    reviews: NDArray[np.float32]
    elapsed_days: NDArray[np.float32]
    same_day: NDArray[np.bool_]
    answer_time: NDArray[np.float32]
    last_answer_time: NDArray[np.float32]
    lapses: NDArray[np.float32]
    streak: NDArray[np.float32]
    last_rating: NDArray[np.int32]
    first_rating: NDArray[np.int32]
    previous_interval: NDArray[np.float32]
    days_studied: NDArray[np.float32]
    steps_last_day: NDArray[np.float32]
    is_first_of_day: NDArray[np.bool_]
    new_today: NDArray[np.float32]
    session_reviews: NDArray[np.float32]
    hour: NDArray[np.float32]
    time_days: NDArray[np.float64]


def history_of(log: ReviewLog) -> History:
    """Count a log's history."""
    card = _numbered(log.card_id)
    previous = previous_in_group(card)
    first = previous < 0
    recalled = log.recalled
    answer_time = _answer_times(log)
    shown_days = log.time_days - np.clip(log.duration_ms, 0, _MOST_SHOWN_MS) / 86_400_000.0
    elapsed = np.where(
        first, 0.0, np.maximum(shown_days - log.time_days[previous], _LEAST_ELAPSED_DAYS)
    )
    rating = log.rating.astype(np.int32) - 1
    by_card = _CardOrder(card)
    same_day = ~first & (log.elapsed_days == 0)
    return History(
        card=card,
        deck=_numbered(log.deck_id),
        note=_numbered_notes(log, card),
        rating=rating,
        recalled=recalled.astype(np.float32),
        reviews=by_card.count_before(np.ones(len(log), bool)),
        elapsed_days=elapsed.astype(np.float32),
        same_day=same_day,
        answer_time=answer_time,
        last_answer_time=np.where(first, 0.0, answer_time[previous]).astype(np.float32),
        lapses=by_card.count_before(~recalled),
        streak=by_card.run_before(recalled),
        last_rating=np.where(first, -1, rating[previous]).astype(np.int32),
        first_rating=np.where(first, -1, by_card.first_value(rating)).astype(np.int32),
        previous_interval=_previous_interval(log, previous, elapsed),
        days_studied=by_card.count_before(~same_day) - same_day,
        steps_last_day=by_card.run_length_before(~same_day),
        is_first_of_day=~same_day,
        time_days=shown_days,
        **_learner_columns(log, first, shown_days),
    )


def _numbered(ids: NDArray[np.int64]) -> NDArray[np.int32]:
    """Ids as 0, 1, 2, ... in order of first appearance."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    rank = np.empty(first.shape[0], dtype=np.int32)
    rank[np.argsort(first, kind="stable")] = np.arange(first.shape[0], dtype=np.int32)
    return rank[inverse]


def _numbered_notes(log: ReviewLog, card: NDArray[np.int32]) -> NDArray[np.int32]:
    known = _numbered(log.note_id).astype(np.int64)
    return _numbered(np.where(log.note_id == -1, -1 - card.astype(np.int64), known))


def _answer_times(log: ReviewLog) -> NDArray[np.float32]:
    """Standard score of each log answer time against the learner's earlier ones."""
    mean, deviation = usual_answers(log.duration_ms)
    return answer_scores(log.duration_ms, mean[:-1], deviation[:-1])


def usual_answers(
    duration_ms: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation of the learner's earlier log answer times.

    Args:
        duration_ms: ``[n]`` answer times, oldest first; 0 or less where unknown.

    Returns:
        ``[n + 1]`` each, before every answer and after the last.
    """
    known = duration_ms > 0
    value = _log_answer(duration_ms)
    count = _before(known.astype(np.float64)) + _PRIOR_ANSWERS
    squares = _before(value**2) + _PRIOR_ANSWERS * _USUAL_VARIANCE
    mean = _before(value) / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0.05))


def answer_scores(
    duration_ms: NDArray[np.int64], mean: NDArray[np.float64], deviation: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Standard score of answer times, 0 where unknown; all ``[n]``."""
    score = np.where(duration_ms > 0, (_log_answer(duration_ms) - mean) / deviation, 0.0)
    return np.clip(score, -3.0, 3.0).astype(np.float32)


def _log_answer(duration_ms: NDArray[np.int64]) -> NDArray[np.float64]:
    seconds = np.clip(duration_ms, *_ANSWER_MS_BOUNDS) / 1000.0
    return np.where(duration_ms > 0, np.log(seconds) - _USUAL_LOG_SECONDS, 0.0)


def _before(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(1), np.cumsum(values)])


def _previous_interval(
    log: ReviewLog, previous: NDArray[np.int64], elapsed: NDArray[np.float64]
) -> NDArray[np.float32]:
    before: NDArray[np.int64] = previous[previous]
    known = (previous >= 0) & (before >= 0)
    interval = np.where(known, np.log(elapsed[previous] + 0.01), _FIRST_INTERVAL)
    return np.where(previous < 0, 0.0, interval).astype(np.float32)


def _learner_columns(
    log: ReviewLog, first: NDArray[np.bool_], shown_days: NDArray[np.float64]
) -> dict[str, NDArray[np.float32]]:
    day = log.day_offset.astype(np.int64)
    start = np.r_[True, day[1:] != day[:-1]] if len(log) else np.zeros(0, bool)
    gap = np.r_[10.0, shown_days[1:] - log.time_days[:-1]] if len(log) else np.zeros(0)
    new_session = gap > _SESSION_GAP_DAYS
    answer_hours = (log.time_days - shown_days) * 24.0
    return {
        "new_today": _count_since(first, start),
        "session_reviews": _count_since(np.ones(len(log), bool), new_session),
        "hour": ((log.hour_of_day - answer_hours) % 24.0).astype(np.float32),
    }


def _count_since(event: NDArray[np.bool_], start: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Events earlier than each row, from the row's latest start on (the start row included)."""
    if not event.size:
        return np.zeros(0, np.float32)
    before: NDArray[np.int64] = np.cumsum(event) - event
    origin = np.maximum.accumulate(np.where(start, np.arange(event.size), 0))
    return (before - before[origin]).astype(np.float32)


class _CardOrder:
    """Running counts along each card's reviews."""

    def __init__(self, card: NDArray[np.int32]) -> None:
        self.order = order_by_group(card)
        ordered = card[self.order]
        n = card.shape[0]
        start = np.r_[True, ordered[1:] != ordered[:-1]] if n else np.zeros(0, bool)
        self.start = np.maximum.accumulate(np.where(start, np.arange(n), 0))

    def _back(self, ordered: NDArray[np.generic]) -> NDArray[np.float32]:
        out = np.empty(ordered.shape[0], dtype=np.float32)
        out[self.order] = ordered
        return out

    def first_value(self, values: NDArray[np.int32]) -> NDArray[np.float32]:
        """Each card's value at its first review."""
        return self._back(values[self.order][self.start])

    def count_before(self, event: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Earlier reviews of the card with the event."""
        happened = event[self.order].astype(np.int64)
        total = np.cumsum(happened) - happened
        return self._back(total - total[self.start])

    def run_before(self, event: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Length of the unbroken run of the event that ends just before each review."""
        happened = event[self.order]
        at = np.arange(happened.shape[0])
        last_break = np.maximum.accumulate(np.where(happened, -1, at)) if at.size else at
        previous_break = np.r_[-1, last_break[:-1]] if at.size else at
        return self._back(at - np.maximum(previous_break + 1, self.start))

    def run_length_before(self, begins: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Length of the block (opened where ``begins``) that the card's previous review is in."""
        at = np.arange(begins.shape[0])
        if not at.size:
            return np.zeros(0, np.float32)
        opened = np.maximum.accumulate(np.where(begins[self.order], at, 0))
        length = at - np.maximum(np.r_[0, opened[:-1]], self.start)
        return self._back(length)
