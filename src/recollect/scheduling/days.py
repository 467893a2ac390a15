"""Study days: which one a moment falls on, and when one begins."""

from __future__ import annotations

import numpy as np

from recollect.reviews.days import MS_PER_DAY, DayBoundary

__all__ = ["day_begins_ms", "day_of"]

_FARTHEST_MS = 30 * 3_600_000
"""No zone is farther from UTC than this, rollover included."""


def day_of(boundary: DayBoundary, moment_ms: int) -> int:
    """Number of the study day, days since 1970 in the learner's count."""
    return int(boundary.day_number(np.array([moment_ms], dtype=np.int64))[0])


def day_begins_ms(boundary: DayBoundary, day: int) -> int:
    """First ms of a study day, also where clocks are changed."""
    low = day * MS_PER_DAY - _FARTHEST_MS
    high = day * MS_PER_DAY + 2 * _FARTHEST_MS
    while low < high:
        middle = (low + high) // 2
        if day_of(boundary, middle) >= day:
            high = middle
        else:
            low = middle + 1
    return low
