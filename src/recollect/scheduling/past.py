"""Entries of the collection's review log as a :class:`~recollect.reviews.ReviewLog`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from recollect.collection.rows import ReviewEntry
from recollect.collection.schema import REVIEW_KINDS
from recollect.reviews import ReviewLog
from recollect.reviews.days import DayBoundary
from recollect.reviews.rules import attempts

__all__ = ["log_of_entries"]

_KIND_NUMBERS = {kind: number for number, kind in enumerate(REVIEW_KINDS)}


def log_of_entries(entries: Sequence[ReviewEntry], boundary: DayBoundary) -> ReviewLog:
    """The answers among entries, by the rules that hold for logs of Anki.

    Args:
        entries: all entries of some cards that count, oldest first.
        boundary: the learner's day.
    """
    values = np.array(
        [
            (
                entry.card_id,
                entry.rating,
                _KIND_NUMBERS[entry.kind],
                entry.ease_factor,
                entry.answered_at_ms,
                entry.duration_ms,
            )
            for entry in entries
        ],
        dtype=np.int64,
    ).reshape(-1, 6)
    values = values[attempts(*values[:, :4].T).keep]
    return ReviewLog.from_columns(
        values[:, 0],
        values[:, 4],
        values[:, 1],
        duration_ms=values[:, 5],
        day_boundary=boundary,
        source="the collection",
    )
