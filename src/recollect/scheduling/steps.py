"""The phases of a card: new, learning, review, relearning; and what each answer makes of it.

A new card goes through the learning steps of its preset, a forgotten one through the relearning
steps; an answer at the last step, or Easy at any, sends it to review, where the memory decides on
the interval. Hard repeats a step: the first halfway to the second, or half as long again if there
is only one, as users of Anki are used to.
"""

from __future__ import annotations

from collections.abc import Sequence

from recollect.collection.rows import Preset
from recollect.reviews import Rating
from recollect.reviews.days import DayBoundary
from recollect.scheduling.standing import Standing, moved

__all__ = ["RATINGS", "answered", "interval_after", "preview"]

RATINGS = (Rating.AGAIN, Rating.HARD, Rating.GOOD, Rating.EASY)

_SECONDS_PER_MINUTE = 60
_HARD_ALONE = 1.5
_MOST_ADDED_MINUTES = 1_440.0


def answered(
    standing: Standing,
    rating: int,
    preset: Preset,
    review_days: Sequence[int],
    answered_at_ms: int,
    boundary: DayBoundary,
) -> Standing:
    """Where a card stands after an answer.

    Args:
        standing: before.
        rating: 1 Again to 4 Easy.
        preset: with the steps.
        review_days: ``[4]`` interval in days that each answer gives a card in review.
        answered_at_ms: when.
        boundary: the learner's day.
    """
    interval = interval_after(standing, rating, preset, review_days)
    return moved(standing, rating, interval, answered_at_ms, boundary)


def preview(standing: Standing, preset: Preset, review_days: Sequence[int]) -> tuple[int, ...]:
    """``[4]`` the interval that each answer gives: days, or seconds where negative."""
    return tuple(interval_after(standing, rating, preset, review_days) for rating in RATINGS)


def interval_after(
    standing: Standing, rating: int, preset: Preset, review_days: Sequence[int]
) -> int:
    """The interval that an answer gives; arguments as for :func:`answered`.

    Returns:
        Days, or seconds where negative.
    """
    in_review = review_days[rating - 1]
    if standing.phase == "review":
        again = rating == Rating.AGAIN and bool(preset.relearning_steps_minutes)
        return _seconds(preset.relearning_steps_minutes[0]) if again else in_review
    relearns = standing.phase == "relearning"
    steps = preset.relearning_steps_minutes if relearns else preset.learning_steps_minutes
    if not steps or rating == Rating.EASY:
        return in_review
    at = min(standing.step or 0, len(steps) - 1)
    if rating == Rating.AGAIN:
        return _seconds(steps[0])
    if rating == Rating.HARD:
        return _seconds(_hard_minutes(steps, at))
    return in_review if at + 1 >= len(steps) else _seconds(steps[at + 1])


def _hard_minutes(steps: Sequence[float], at: int) -> float:
    if at > 0:
        return steps[at]
    if len(steps) > 1:
        return (steps[0] + max(steps[0], steps[1])) / 2
    return min(steps[0] * _HARD_ALONE, steps[0] + _MOST_ADDED_MINUTES)


def _seconds(minutes: float) -> int:
    return -max(round(minutes * _SECONDS_PER_MINUTE), 1)
