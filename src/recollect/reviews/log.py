"""The review log of one learner: columns with units, in chronological order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recollect.errors import LogError, UnknownNameError
from recollect.reviews.days import MS_PER_DAY, DayBoundary
from recollect.reviews.rating import Rating, ReviewState

__all__ = ["Review", "ReviewLog"]


# The years that a calendar can name: 1 to 9999.
_FIRST_MS, _LAST_MS = -62_135_510_400_000, 253_402_214_400_000
_MAX_DAYS = (_LAST_MS - _FIRST_MS) // MS_PER_DAY + 1


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
        card_names: where the source names cards with words, the name of card number ``i``
            at ``card_names[i]``; otherwise None, and a card's number is its name.
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
    card_names: tuple[str, ...] | None = None

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
        card_names: tuple[str, ...] | None = None,
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
            card_names: names of the cards, see :class:`ReviewLog`.

        Raises:
            LogError: columns of different lengths, values that are not integers, a rating
                outside 1-4 or a time outside the years 1-9999. Readers check rows one by one
                first and raise the more precise ``BadRowError``.
        """
        where = source or "log"
        boundary = day_boundary or DayBoundary()
        times = _integers(review_time_ms, None, "review_time_ms", where)
        n = times.shape[0]
        if n and (int(times.min()) < _FIRST_MS or int(times.max()) > _LAST_MS):
            raise LogError(f"{where}: review times must be milliseconds since 1970, years 1-9999")

        def column(values: ArrayLike | None, name: str) -> NDArray[np.int64]:
            if values is None:
                return np.full(n, -1, dtype=np.int64)
            return _integers(values, n, name, where)

        grades = column(rating, "rating")
        if n and (int(grades.min()) < 1 or int(grades.max()) > 4):
            raise LogError(f"{where}: ratings must be 1 (Again) to 4 (Easy)")
        states = column(state, "state")
        if n and (int(states.min()) < -1 or int(states.max()) > 4):
            raise LogError(f"{where}: states must be -1 (unknown) to 4 (filtered)")
        order = np.argsort(times, kind="stable")
        times = times[order]
        cards = column(card_id, "card_id")[order]
        if day_offset is None:
            days = boundary.day_number(times)
        else:
            days = column(day_offset, "day_offset")[order]
        if n:
            days = days - days[0]
            if int(np.abs(days).max()) > _MAX_DAYS:
                raise LogError(f"{where}: column day_offset spans more days than there are")
        previous = previous_row(cards)
        first = previous < 0
        elapsed_days = np.where(first, -1, np.maximum(days - days[previous], 0))
        elapsed_seconds = np.where(first, -1.0, (times - times[previous]) / 1000.0)
        return cls(
            card_id=cards,
            review_time_ms=times,
            rating=grades[order].astype(np.int8),
            state=states[order].astype(np.int8),
            duration_ms=column(duration_ms, "duration_ms")[order],
            day_offset=days.astype(np.int32),
            elapsed_days=elapsed_days.astype(np.int32),
            elapsed_seconds=elapsed_seconds,
            note_id=column(note_id, "note_id")[order],
            deck_id=column(deck_id, "deck_id")[order],
            learner_id=learner_id,
            source=source,
            time_of_day_known=time_of_day_known,
            day_boundary=boundary,
            card_names=card_names,
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
            card_names=self.card_names,
        )

    def card_name(self, card_id: int) -> str:
        """The card's name as the source gives it."""
        return str(card_id) if self.card_names is None else self.card_names[card_id]

    def find_card(self, name: str) -> int:
        """The ``card_id`` of the card of that name.

        Raises:
            UnknownNameError: the log holds no review of such a card.
        """
        known = np.unique(self.card_id)
        if self.card_names is not None:
            if name in self.card_names and self.card_names.index(name) in known:
                return self.card_names.index(name)
        elif name.strip().lstrip("-").isdecimal() and int(name) in known:
            return int(name)
        raise UnknownNameError("card", name, (self.card_name(int(card)) for card in known[:13]))

    def named(self, learner_id: str) -> ReviewLog:
        """The same log under another learner name."""
        return replace(self, learner_id=learner_id)


def _integers(values: ArrayLike, length: int | None, name: str, where: str) -> NDArray[np.int64]:
    """``[n]`` values as int64; LogError unless they are whole numbers in one dimension."""
    array = np.asarray(values)
    if array.ndim != 1 or (length is not None and array.shape[0] != length):
        wanted = "one dimension" if length is None else f"shape ({length},)"
        raise LogError(f"{where}: column {name} has shape {array.shape}, not {wanted}")
    whole = array.dtype.kind in "iu" or (
        array.dtype.kind == "f" and bool(np.all(np.isfinite(array) & (array == np.floor(array))))
    )
    if not whole or (array.size and not -(2**63) <= array.min() <= array.max() < 2**63):
        raise LogError(f"{where}: column {name} holds values that are not whole numbers")
    return array.astype(np.int64)


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
