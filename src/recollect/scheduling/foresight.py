"""What a scheduler must say of a card, whatever it is built on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from recollect.collection.rows import ReviewEntry
from recollect.reviews.days import DayBoundary

__all__ = ["Foreseer", "Foresight"]


@dataclass(frozen=True, slots=True)
class Foresight:
    """A card just before it is answered.

    Attributes:
        recall: chance of recall now; None where nothing is known, as of a new card.
        days: ``[4]`` days from now until recall falls to the target, after each answer.
        days_without: days from the last answer until it fell or falls there without this one;
            None for a new card.
    """

    recall: float | None
    days: tuple[float, ...]
    days_without: float | None = None


@runtime_checkable
class Foreseer(Protocol):
    """Looks ahead from a card's entries in the review log.

    Attributes:
        name: for the reasons that are stored with answers.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    def foresee(
        self, entries: Sequence[ReviewEntry], at_ms: int, target: float, boundary: DayBoundary
    ) -> Foresight:
        """Look ahead.

        Args:
            entries: all of the card's entries that count, oldest first.
            at_ms: when it is shown; not before the last of them.
            target: recall at which it is to be due again.
            boundary: the learner's day.
        """
        ...

    def recall(
        self,
        entries: Mapping[int, Sequence[ReviewEntry]],
        at_ms: int,
        boundary: DayBoundary,
    ) -> dict[int, float]:
        """Chance of recall at a moment, by card; cards of which nothing is known are left out."""
        ...
