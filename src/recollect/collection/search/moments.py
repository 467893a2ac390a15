"""The present of a search, and when study days begin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from recollect.reviews.days import DayBoundary

__all__ = ["Present"]

_EPOCH = date(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = -700_000, 2_900_000  # what a date can say, with room for every zone


@dataclass(frozen=True)
class Present:
    """Now, for a learner.

    Attributes:
        now_ms: ms since 1970.
        boundary: where the learner's days part.
    """

    now_ms: int
    boundary: DayBoundary

    @property
    def today(self) -> int:
        """The study day, days since 1970."""
        return self.boundary.day_of(self.now_ms)

    def start_ms(self, day: int) -> int:
        """When a study day begins, ms since 1970."""
        known = min(max(day, _FIRST_DAY), _LAST_DAY)
        hour = time(self.boundary.rollover_hour)
        local = datetime.combine(_EPOCH + timedelta(days=known), hour, self.boundary.zone)
        since = local.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
        return since // timedelta(milliseconds=1)

    def days_ago_ms(self, days: int) -> int:
        """When the first of the last days, today included, began."""
        return self.start_ms(self.today - days + 1)
