"""Where a card stands, and how an entry of the review log moves it.

Where a card stands follows from its entries alone: each says which interval was given, and the
phase and the step follow from the answer. What is stored with a card is only kept for speed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from recollect.collection.rows import Card, Phase, ReviewEntry
from recollect.reviews import Rating
from recollect.reviews.days import DayBoundary

__all__ = ["NEW", "Standing", "moved", "put", "standing_after", "standing_of"]

_MS_PER_SECOND = 1_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a card stands.

    Attributes:
        phase: ``new``, ``learning``, ``review`` or ``relearning``.
        step: which (re)learning step it is in, from 0; None outside of them.
        interval_days: the present interval; 1 while relearning, 0 before there is one.
        due_at_ms: when it is due, if that is on the day of the answer.
        due_day: on which study day it is due otherwise.
    """

    phase: Phase = "new"
    step: int | None = None
    interval_days: int = 0
    due_at_ms: int | None = None
    due_day: int | None = None


NEW = Standing()
"""A card that nobody has answered."""


def standing_of(card: Card) -> Standing:
    """Where a card stands, as it is stored."""
    return Standing(card.phase, card.step, card.interval_days, card.due_at_ms, card.due_day)


def put(card: Card, standing: Standing) -> Card:
    """The card where it stands now; its place among the new cards is kept."""
    return replace(
        card,
        phase=standing.phase,
        step=standing.step,
        interval_days=standing.interval_days,
        due_at_ms=standing.due_at_ms,
        due_day=standing.due_day,
    )


def moved(
    standing: Standing, rating: int, interval: int, answered_at_ms: int, boundary: DayBoundary
) -> Standing:
    """Where a card stands after an answer.

    Args:
        standing: before.
        rating: 1 Again to 4 Easy.
        interval: that was given, as in the log: days, or seconds where negative.
        answered_at_ms: when.
        boundary: the learner's day.
    """
    return _due(_stepped(standing, rating, interval), interval, answered_at_ms, boundary)


def standing_after(entries: Iterable[ReviewEntry], boundary: DayBoundary) -> Standing | None:
    """Where a card stands after all its entries that count, oldest first.

    Returns:
        None if there is no entry that says anything.
    """
    standing, last = NEW, None
    for entry in entries:
        if entry.kind == "filtered" and entry.ease_factor == 0:
            continue  # cramming: the card stays where it is
        standing, last = _after(standing, entry), entry
    if last is None:
        return None
    if standing.phase == "new":
        return NEW
    return _due(standing, last.interval_after, last.answered_at_ms, boundary)


def _after(standing: Standing, entry: ReviewEntry) -> Standing:
    if entry.rating > 0 and entry.kind not in ("manual", "rescheduled"):
        if standing.phase == "new" and entry.kind in ("review", "relearning"):
            # It came here with a state but without the log of how it got there.
            standing = Standing("review" if entry.kind == "review" else "relearning")
        return _stepped(standing, entry.rating, entry.interval_after)
    if entry.interval_after > 0:
        return Standing("review", None, entry.interval_after)
    if entry.interval_after < 0:
        return Standing("learning", 0, 0)
    return NEW


def _stepped(standing: Standing, rating: int, interval: int) -> Standing:
    if interval > 0:
        return Standing("review", None, interval)
    lapsed = standing.phase in ("review", "relearning")
    step = standing.step or 0
    if rating == Rating.AGAIN or standing.phase == "review":
        step = 0
    elif rating > Rating.HARD:
        step += 1
    return Standing("relearning" if lapsed else "learning", step, 1 if lapsed else 0)


def _due(standing: Standing, interval: int, answered_at_ms: int, boundary: DayBoundary) -> Standing:
    today = boundary.day_of(answered_at_ms)
    if interval > 0:
        return replace(standing, due_at_ms=None, due_day=today + interval)
    due_at_ms = answered_at_ms - interval * _MS_PER_SECOND
    due_day = boundary.day_of(due_at_ms)
    if due_day > today:
        return replace(standing, due_at_ms=None, due_day=due_day)
    return replace(standing, due_at_ms=due_at_ms, due_day=None)
