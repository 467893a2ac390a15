"""The review log of one learner: columns with units, in chronological order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recollect.errors import LogError
from recollect.reviews.days import MS_PER_DAY, DayBoundary

__all__ = ["Rating", "Review", "ReviewLog", "ReviewState"]


class Rating(IntEnum):
    """The learner's grade of their own recall. ``AGAIN`` is a failure, the others successes."""

    AGAIN = 1
    HARD = 2
    GOOD = 3
    EASY = 4


class ReviewState(IntEnum):
    """The scheduler's phase of a card when it was reviewed."""

    UNKNOWN = -1
    NEW = 0
    LEARNING = 1
    REVIEW = 2
    RELEARNING = 3
    FILTERED = 4


@dataclass(frozen=True)
class Review:
    """One review, as a row of a :class:`ReviewLog`. ``-1`` stands for "not known" or "first"."""

    card_id: int
    review_time_ms: int
    rating: Rating
    state: ReviewState
    duration_ms: int
    day_offset: int
    elapsed_days: int
    elapsed_seconds: float


@dataclass(frozen=True, eq=False)
class ReviewLog:
    """All reviews of one learner, one NumPy column per quantity, oldest first.

    Build it with :meth:`from_columns`, which sorts, checks and derives. All columns have
    shape ``[n]``.

    Attributes:
        card_id: which card.
        review_time_ms: when, in ms since the Unix epoch (or since an origin of the log's own,
            where dates were removed).
        rating: 1-4, see :class:`Rating`.
        state: see :class:`ReviewState`; -1 unknown.
        duration_ms: time to answer; -1 unknown.
        day_offset: study day, counted from the first day of the log.
        elapsed_days: study days since the card's previous review; -1 on its first.
        elapsed_seconds: seconds since the card's previous review; -1 on its first.
        note_id: note the card was made from (siblings share it); -1 unknown.
        deck_id: deck of the card; -1 unknown.
        learner_id: name of the learner within the source.
        source: where the log was read from.
        time_of_day_known: whether times within a day are real (some data sets hold only days).
        day_boundary: how days were told apart.
    """

    card_id: NDArray[np.int64]
    review_time_ms: NDArray[np.int64]
    rating: NDArray[np.int8]
    state: NDArray[np.int8]
    duration_ms: NDArray[np.int64]
    day_offset: NDArray[np.int32]
    elapsed_days: NDArray[np.int32]
    elapsed_seconds: NDArray[np.float64]
    note_id: NDArray[np.int64]
    deck_id: NDArray[np.int64]
    learner_id: str = "1"
    source: str = ""
    time_of_day_known: bool = True
    day_boundary: DayBoundary = field(default_factory=DayBoundary)

    @classmethod
    def from_columns(
        cls,
        card_id: ArrayLike,
        review_time_ms: ArrayLike,
        rating: ArrayLike,
        *,
        state: ArrayLike | None = None,
        duration_ms: ArrayLike | None = None,
        note_id: ArrayLike | None = None,
        deck_id: ArrayLike | None = None,
        day_offset: ArrayLike | None = None,
        learner_id: str = "1",
        source: str = "",
        time_of_day_known: bool = True,
        day_boundary: DayBoundary | None = None,
    ) -> ReviewLog:
        """Sort by time (ties keep their order), check, and derive the elapsed columns.

        Args:
            card_id: ``[n]`` integers.
            review_time_ms: ``[n]`` integers, ms since the Unix epoch.
            rating: ``[n]`` integers 1-4.
            state: ``[n]`` -1..4, default unknown.
            duration_ms: ``[n]``, default unknown.
            note_id: ``[n]``, default unknown.
            deck_id: ``[n]``, default unknown.
            day_offset: ``[n]`` study days, when the source already counted them;
                derived from ``review_time_ms`` and ``day_boundary`` otherwise.
            learner_id: name of the learner.
            source: where the columns come from, for messages.
            time_of_day_known: False when times within a day are made up.
            day_boundary: time zone and rollover hour; default UTC and 4 h.

        Raises:
            LogError: columns of different lengths or a rating outside 1-4. Readers check rows
                one by one first and raise the more precise ``BadRowError``.
        """
        boundary = day_boundary or DayBoundary()
        times = np.asarray(review_time_ms, dtype=np.int64)
        n = times.shape[0]

        def column(values: ArrayLike | None, dtype: type, name: str) -> NDArray[np.generic]:
            array: NDArray[np.generic] = (
                np.full(n, -1, dtype=dtype) if values is None else np.asarray(values, dtype=dtype)
            )
            if array.shape != (n,):
                raise LogError(f"{source or 'log'}: column {name} has {array.shape}, not ({n},)")
            return array

        columns = {
            "card_id": column(card_id, np.int64, "card_id"),
            "rating": column(rating, np.int8, "rating"),
            "state": column(state, np.int8, "state"),
            "duration_ms": column(duration_ms, np.int64, "duration_ms"),
            "note_id": column(note_id, np.int64, "note_id"),
            "deck_id": column(deck_id, np.int64, "deck_id"),
        }
        grades = columns["rating"]
        if n and not bool(np.all((grades >= 1) & (grades <= 4))):  # type: ignore[operator]
            raise LogError(f"{source or 'log'}: ratings must be 1 (Again) to 4 (Easy)")
        order = np.argsort(times, kind="stable")
        times = times[order]
        ordered = {name: values[order] for name, values in columns.items()}
        if day_offset is None:
            days = boundary.day_number(times)
        else:
            days = np.asarray(column(day_offset, np.int64, "day_offset")[order], dtype=np.int64)
        if n:
            days = days - days[0]
        previous = previous_row(np.asarray(ordered["card_id"], dtype=np.int64))
        first = previous < 0
        elapsed_days = np.where(first, -1, np.maximum(days - days[previous], 0))
        elapsed_seconds = np.where(first, -1.0, (times - times[previous]) / 1000.0)
        return cls(
            review_time_ms=times,
            day_offset=days.astype(np.int32),
            elapsed_days=elapsed_days.astype(np.int32),
            elapsed_seconds=elapsed_seconds,
            learner_id=learner_id,
            source=source,
            time_of_day_known=time_of_day_known,
            day_boundary=boundary,
            **ordered,  # type: ignore[arg-type]
        )

    def __len__(self) -> int:
        return int(self.card_id.shape[0])

    def __iter__(self) -> Iterator[Review]:
        for row in range(len(self)):
            yield self.review(row)

    def review(self, row: int) -> Review:
        """The review at a row of the log (0-based)."""
        return Review(
            card_id=int(self.card_id[row]),
            review_time_ms=int(self.review_time_ms[row]),
            rating=Rating(int(self.rating[row])),
            state=ReviewState(int(self.state[row])),
            duration_ms=int(self.duration_ms[row]),
            day_offset=int(self.day_offset[row]),
            elapsed_days=int(self.elapsed_days[row]),
            elapsed_seconds=float(self.elapsed_seconds[row]),
        )

    @property
    def recalled(self) -> NDArray[np.bool_]:
        """``[n]`` whether the answer was recalled (any grade but Again)."""
        return self.rating > int(Rating.AGAIN)

    @property
    def review_index(self) -> NDArray[np.int32]:
        """``[n]`` how many earlier reviews the card had (0 on its first)."""
        return occurrence_index(self.card_id)

    @property
    def time_days(self) -> NDArray[np.float64]:
        """``[n]`` days, with fraction, since the first review of the log."""
        if not len(self):
            return np.zeros(0)
        return (self.review_time_ms - self.review_time_ms[0]) / MS_PER_DAY

    @property
    def hour_of_day(self) -> NDArray[np.float64]:
        """``[n]`` local hour, 0 up to 24."""
        return (self.day_boundary.local_ms(self.review_time_ms) % MS_PER_DAY) / 3_600_000

    def select(self, rows: NDArray[np.bool_] | NDArray[np.integer]) -> ReviewLog:
        """A log of some of the rows, with elapsed times derived afresh.

        Args:
            rows: boolean mask ``[n]`` or integer row numbers.
        """
        return ReviewLog.from_columns(
            self.card_id[rows],
            self.review_time_ms[rows],
            self.rating[rows],
            state=self.state[rows],
            duration_ms=self.duration_ms[rows],
            note_id=self.note_id[rows],
            deck_id=self.deck_id[rows],
            day_offset=self.day_offset[rows],
            learner_id=self.learner_id,
            source=self.source,
            time_of_day_known=self.time_of_day_known,
            day_boundary=self.day_boundary,
        )

    def named(self, learner_id: str) -> ReviewLog:
        """The same log under another learner name."""
        return replace(self, learner_id=learner_id)


def occurrence_index(ids: NDArray[np.int64]) -> NDArray[np.int32]:
    """``[n]`` for each row, how many earlier rows hold the same id."""
    n = ids.shape[0]
    order = np.argsort(ids, kind="stable")
    sorted_ids = ids[order]
    starts = np.r_[True, sorted_ids[1:] != sorted_ids[:-1]] if n else np.zeros(0, bool)
    first = np.maximum.accumulate(np.where(starts, np.arange(n), 0))
    index = np.empty(n, dtype=np.int32)
    index[order] = np.arange(n) - first
    return index


def previous_row(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """``[n]`` row of the previous occurrence of the same id, -1 where there is none."""
    n = ids.shape[0]
    order = np.argsort(ids, kind="stable")
    previous = np.full(n, -1, dtype=np.int64)
    if n > 1:
        same = ids[order][1:] == ids[order][:-1]
        previous[order[1:][same]] = order[:-1][same]
    return previous
