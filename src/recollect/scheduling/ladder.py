"""Fixed multiples of the last interval: a scheduler that knows nothing of memory.

The plainest rule that has been in use (Leitner 1972; Pimsleur 1967): every success makes the
interval longer by the same factor, a failure sends the card back to the first rung. It needs no
JAX and no history of the learner; other schedulers are compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recollect.collection.rows import ReviewEntry
from recollect.reviews.days import DayBoundary
from recollect.scheduling.foresight import Foresight

__all__ = ["Ladder"]


@dataclass(frozen=True, slots=True)
class Ladder:
    """A ladder of intervals.

    Attributes:
        first_days: intervals of a card that leaves the learning steps.
        factors: by which an answer multiplies the last interval; 0 begins anew.
        name: for the reasons that are stored with answers.
    """

    first_days: tuple[float, float, float, float] = (1.0, 1.0, 1.0, 4.0)
    factors: tuple[float, float, float, float] = (0.0, 1.2, 2.5, 3.5)
    name: str = "ladder"

    def foresee(
        self, entries: Sequence[ReviewEntry], at_ms: int, target: float, boundary: DayBoundary
    ) -> Foresight:
        """See :class:`~recollect.scheduling.foresight.Foreseer`; the target is of no account."""
        last = entries[-1].interval_after if entries else 0
        if last <= 0:
            return Foresight(None, self.first_days)
        days = tuple(max(last * factor, 1.0) for factor in self.factors)
        return Foresight(None, days, float(last))

    def recall(
        self,
        entries: Mapping[int, Sequence[ReviewEntry]],
        at_ms: int,
        boundary: DayBoundary,
    ) -> dict[int, float]:
        """Nothing: a ladder does not know."""
        return {}
