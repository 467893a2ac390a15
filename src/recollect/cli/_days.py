"""Study days as dates."""

from __future__ import annotations

from datetime import date, timedelta

__all__ = ["iso_day"]

_FIRST = date(1970, 1, 1)


def iso_day(day: int) -> str:
    """The date of a study day, days since 1970, such as ``2026-12-01``."""
    return (_FIRST + timedelta(days=int(day))).isoformat()
