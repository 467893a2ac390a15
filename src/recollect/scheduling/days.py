"""When a study day begins."""

from __future__ import annotations

from recollect.reviews.days import MS_PER_DAY, DayBoundary

__all__ = ["day_begins_ms"]

_FARTHEST_MS = 30 * 3_600_000
"""No zone is farther from UTC than this, rollover included."""


def day_begins_ms(boundary: DayBoundary, day: int) -> int:
    """First ms of a study day, also where clocks are changed."""
    low = day * MS_PER_DAY - _FARTHEST_MS
    high = day * MS_PER_DAY + 2 * _FARTHEST_MS
    while low < high:
        middle = (low + high) // 2
        if boundary.day_of(middle) >= day:
            high = middle
        else:
            low = middle + 1
    return low
