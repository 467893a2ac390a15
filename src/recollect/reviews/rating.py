"""What a learner can answer, and in which phase a card was."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Rating", "ReviewState"]


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
