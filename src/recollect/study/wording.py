"""Intervals and expectations in words."""

from __future__ import annotations

from recollect.reviews import Rating
from recollect.scheduling.foresight import Foresight

__all__ = ["answer_line", "days_in_words", "interval_in_words", "short_interval"]

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_MONTH_DAYS, _YEAR_DAYS = 30.44, 365.25


def short_interval(interval: int) -> str:
    """An interval for a button, ``10m``, ``4d``, ``2.5mo``; days, or seconds if negative."""
    if interval < 0:
        seconds = -interval
        if seconds < _HOUR:
            return f"{max(round(seconds / _MINUTE), 1)}m" if seconds >= _MINUTE else f"{seconds}s"
        return f"{seconds / _HOUR:.3g}h" if seconds < _DAY else f"{seconds / _DAY:.3g}d"
    if interval < 2 * _MONTH_DAYS:
        return f"{interval}d"
    if interval < _YEAR_DAYS:
        return f"{interval / _MONTH_DAYS:.2g}mo"
    return f"{interval / _YEAR_DAYS:.2g}y"


def interval_in_words(interval: int) -> str:
    """An interval in words: ``in 10 minutes``, ``tomorrow``, ``in 3 months``."""
    if interval < 0:
        seconds = -interval
        if seconds < 90:
            return f"in {seconds} seconds"
        if seconds < 2 * _HOUR:
            return f"in {round(seconds / _MINUTE)} minutes"
        if seconds < 2 * _DAY:
            return f"in {round(seconds / _HOUR)} hours"
        return f"in {round(seconds / _DAY)} days"
    return "tomorrow" if interval == 1 else f"in {days_in_words(float(interval))}"


def days_in_words(days: float) -> str:
    """A number of days in words: ``a day``, ``12 days``, ``2.5 months``, ``3 years``."""
    if days < 1.5:
        return "a day"
    if days < 2 * _MONTH_DAYS:
        return f"{round(days)} days"
    if days < 1.5 * _YEAR_DAYS:
        return f"{days / _MONTH_DAYS:.2g} months"
    years = days / _YEAR_DAYS
    return f"{years:.2g} years" if years < 10 else f"{round(years)} years"


def answer_line(foresight: Foresight, rating: int, interval: int, target: float) -> str:
    """What was expected of an answer, and how far it moved the card.

    Args:
        foresight: before the answer.
        rating: that was given.
        interval: that was given: days, or seconds where negative.
        target: desired recall.
    """
    next_time = f"next {interval_in_words(interval)}"
    if foresight.recall is None or foresight.days_without is None:
        return (
            f"First met; {next_time}" if foresight.days_without is None else next_time.capitalize()
        )
    recalled = rating > Rating.AGAIN
    surprise = foresight.recall if not recalled else 1.0 - foresight.recall
    outcome = "recalled" if recalled else "forgotten"
    how = ", a surprise" if surprise > 0.5 else ""
    before, after = foresight.days_without, foresight.days[rating - 1]
    share = f"{target:.0%}".replace("%", " %")
    return (
        f"Expected {foresight.recall:.0%}".replace("%", " %")
        + f" recall; {outcome}{how}. Recall now stays above {share} for {days_in_words(after)} "
        f"(before: {days_in_words(before)}); {next_time}"
    )
