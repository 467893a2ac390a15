"""What the review log says of studying: by day, by predicted recall, by interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from recollect.collection import decks, schema
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.reviews.days import DayBoundary
from recollect.scheduling.days import day_begins_ms

__all__ = [
    "INTERVAL_BINS",
    "RECALL_BINS",
    "DayStudied",
    "RecallBin",
    "RetentionBin",
    "StudyNumbers",
    "Summary",
    "study_numbers",
    "summary",
]

RECALL_BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)
"""Edges of the bins of predicted recall."""
INTERVAL_BINS = (1, 2, 4, 8, 15, 31, 91, 366, 1_000_000)
"""Edges of the bins of intervals, days; each begins with its edge."""

_reviews, _voided, _cards = schema.reviews, schema.voided_reviews, schema.cards
_CHUNK = 20_000
_KINDS = {kind: number for number, kind in enumerate(schema.REVIEW_KINDS)}
_REVIEW = _KINDS["review"]
_CRAMMING = _KINDS["filtered"]


@dataclass(frozen=True, slots=True)
class DayStudied:
    """One study day.

    Attributes:
        day: days since 1970.
        answers: all.
        reviews: answers to cards in review.
        recalled: of the reviews.
        expected: sum of the predicted recall of the reviews that have one.
        foretold: how many of the reviews have one.
        new: cards answered for the first time.
        spent_ms: time taken by the answers.
    """

    day: int
    answers: int
    reviews: int
    recalled: int
    expected: float
    foretold: int
    new: int
    spent_ms: int


@dataclass(frozen=True, slots=True)
class RecallBin:
    """Reviews with about the same predicted recall."""

    low: float
    high: float
    reviews: int
    expected: float
    recalled: float


@dataclass(frozen=True, slots=True)
class RetentionBin:
    """Reviews after about the same interval, in days from ``low`` up to below ``high``."""

    low: int
    high: int
    reviews: int
    recalled: float


@dataclass(frozen=True)
class StudyNumbers:
    """All of it.

    Attributes:
        days: days on which something was answered, oldest first.
        calibration: by predicted recall, bins without reviews left out.
        retention: by interval before the review, bins without reviews left out.
        predicted: ``[n]`` predicted recall of each review that has one.
        outcome: ``[n]`` whether it was recalled.
    """

    days: tuple[DayStudied, ...]
    calibration: tuple[RecallBin, ...]
    retention: tuple[RetentionBin, ...]
    predicted: NDArray[np.float64]
    outcome: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Summary:
    """What was done since some moment.

    Attributes:
        answers: how many.
        right: share that was not Again; None without answers.
        spent_ms: time taken by the answers.
        new: cards answered for the first time.
    """

    answers: int
    right: float | None
    spent_ms: int
    new: int


def study_numbers(
    transaction: Transaction, *, deck_id: int | None = None, days: int | None = None
) -> StudyNumbers:
    """Count the log.

    Args:
        transaction: to read with.
        deck_id: a deck, with all within it; None for all, deleted cards included.
        days: only so many study days, today included; None for all.

    Raises:
        UnknownNameError: there is no such deck.
    """
    boundary = get_settings(transaction).day_boundary
    since_ms = None
    if days is not None:
        since_ms = day_begins_ms(boundary, boundary.day_of(transaction.now_ms) - days + 1)
    rows = _rows(transaction, deck_id, since_ms)
    return StudyNumbers(
        days=_by_day(rows, boundary),
        calibration=_by_recall(rows),
        retention=_by_interval(rows),
        predicted=rows.predicted[rows.foretold],
        outcome=rows.recalled[rows.foretold],
    )


def summary(transaction: Transaction, since_ms: int, deck_ids: Sequence[int] = ()) -> Summary:
    """What was answered since a moment, in some decks or in all."""
    query = (
        select(_reviews.c.rating, _reviews.c.duration_ms, _reviews.c.reason)
        .join(_cards, _cards.c.id == _reviews.c.card_id)
        .where(
            _reviews.c.id >= since_ms,
            _reviews.c.rating > 0,
            _reviews.c.id.not_in(select(_voided.c.review_id)),
        )
    )
    if deck_ids:
        query = query.where(_cards.c.deck_id.in_(list(deck_ids)))
    rows = transaction.execute(query).all()
    right = sum(row[0] > 1 for row in rows) / len(rows) if rows else None
    new = sum('"why":"new"' in (row[2] or "") for row in rows)
    return Summary(len(rows), right, sum(row[1] for row in rows), new)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Answers, ``[n]`` each, oldest first."""

    card_id: NDArray[np.int64]
    answered_at_ms: NDArray[np.int64]
    rating: NDArray[np.int64]
    kind: NDArray[np.int64]
    duration_ms: NDArray[np.int64]
    interval_before: NDArray[np.int64]
    predicted: NDArray[np.float64]
    first: NDArray[np.bool_]

    @property
    def recalled(self) -> NDArray[np.bool_]:
        return self.rating > 1

    @property
    def in_review(self) -> NDArray[np.bool_]:
        return self.kind == _REVIEW

    @property
    def foretold(self) -> NDArray[np.bool_]:
        return self.in_review & np.isfinite(self.predicted)


def _rows(transaction: Transaction, deck_id: int | None, since_ms: int | None) -> _Rows:
    query = select(
        _reviews.c.card_id,
        _reviews.c.answered_at_ms,
        _reviews.c.rating,
        _reviews.c.kind,
        _reviews.c.duration_ms,
        _reviews.c.interval_before,
        _reviews.c.predicted_recall,
    ).where(_reviews.c.rating > 0, _reviews.c.id.not_in(select(_voided.c.review_id)))
    if since_ms is not None:
        query = query.where(_reviews.c.id >= since_ms)
    if deck_id is not None:
        inside = [deck.id for deck in decks.deck_tree(transaction, deck_id)]
        query = query.join(_cards, _cards.c.id == _reviews.c.card_id)
        query = query.where(_cards.c.deck_id.in_(inside))
    parts = [
        np.array(
            [
                (*row[:3], _KINDS[row[3]], *row[4:6], np.nan if row[6] is None else row[6])
                for row in part
            ],
            dtype=np.float64,
        )
        for part in transaction.execute(query.order_by(_reviews.c.id)).partitions(_CHUNK)
    ]
    values = np.concatenate(parts) if parts else np.zeros((0, 7))
    # Numbers of ms since 1970 are far below 2**53: exact as floats.
    whole = values[:, :6].astype(np.int64)
    first = np.zeros(len(whole), dtype=np.bool_)
    first[np.unique(whole[:, 0], return_index=True)[1]] = True
    first &= whole[:, 3] == _KINDS["learning"]
    card_id, answered_at_ms, rating, kind, duration_ms, interval = whole.T.copy()
    predicted = values[:, 6].copy()
    return _Rows(card_id, answered_at_ms, rating, kind, duration_ms, interval, predicted, first)


def _by_day(rows: _Rows, boundary: DayBoundary) -> tuple[DayStudied, ...]:
    days, at = np.unique(boundary.day_number(rows.answered_at_ms), return_inverse=True)

    def total(values: NDArray[np.generic]) -> list[float]:
        return np.bincount(at, weights=values.astype(np.float64), minlength=days.size).tolist()

    columns = (
        total(np.ones(at.size)),
        total(rows.in_review),
        total(rows.in_review & rows.recalled),
        total(np.where(rows.foretold, rows.predicted, 0.0)),
        total(rows.foretold),
        total(rows.first),
        total(np.maximum(rows.duration_ms, 0)),
    )
    return tuple(
        DayStudied(
            int(day),
            round(answers),
            round(reviews),
            round(recalled),
            expected,
            round(foretold),
            round(new),
            round(spent),
        )
        for day, answers, reviews, recalled, expected, foretold, new, spent in zip(
            days, *columns, strict=True
        )
    )


def _by_recall(rows: _Rows) -> tuple[RecallBin, ...]:
    predicted, recalled = rows.predicted[rows.foretold], rows.recalled[rows.foretold]
    at = np.clip(np.searchsorted(RECALL_BINS, predicted, side="right") - 1, 0, len(RECALL_BINS) - 2)
    return tuple(
        RecallBin(
            RECALL_BINS[i],
            RECALL_BINS[i + 1],
            int((at == i).sum()),
            float(predicted[at == i].mean()),
            float(recalled[at == i].mean()),
        )
        for i in range(len(RECALL_BINS) - 1)
        if (at == i).any()
    )


def _by_interval(rows: _Rows) -> tuple[RetentionBin, ...]:
    chosen = rows.in_review & (rows.interval_before > 0)
    interval, recalled = rows.interval_before[chosen], rows.recalled[chosen]
    at = np.searchsorted(INTERVAL_BINS, interval, side="right") - 1
    return tuple(
        RetentionBin(
            INTERVAL_BINS[i],
            INTERVAL_BINS[i + 1],
            int((at == i).sum()),
            float(recalled[at == i].mean()),
        )
        for i in range(len(INTERVAL_BINS) - 1)
        if (at == i).any()
    )
