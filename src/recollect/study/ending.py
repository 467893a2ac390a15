"""How a session ended: what was done in it, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from recollect.collection import Collection, schema
from recollect.scheduling.overview import due_by_day
from recollect.scheduling.queue import waiting
from recollect.study.state import Session
from recollect.study.statistics import Summary, summary

__all__ = ["Ending", "ending"]

_cards = schema.cards


@dataclass(frozen=True, slots=True)
class Ending:
    """How a session ended.

    Attributes:
        summary: what was answered.
        finished: whether nothing is left of today's cards that could be shown now.
        due_now: cards that are left of the plan.
        next_learning_ms: when the next card in a learning step comes back today, if one does.
        now_ms: the moment.
        tomorrow: reviews that are due on the next study day.
        next_day: days until the next study day on which a review is due; None if there is none.
    """

    summary: Summary
    finished: bool
    due_now: int
    next_learning_ms: int | None
    now_ms: int
    tomorrow: int
    next_day: int | None


def ending(collection: Collection, at_start: Session, session: Session) -> Ending:
    """Sum a session up.

    Args:
        collection: that was studied.
        at_start: the session as it began.
        session: as it is now.
    """
    with collection.reading() as transaction:
        deck_ids = session.plan.deck_ids
        done = summary(transaction, at_start.started_ms, deck_ids)
        days = due_by_day(transaction, 2, session.deck_id)
        today = days[0].day
        _, next_ms = waiting(transaction, deck_ids, today)
        first = transaction.execute(
            select(func.min(_cards.c.due_day)).where(
                _cards.c.due_day > today, _cards.c.deck_id.in_(deck_ids), ~_cards.c.suspended
            )
        ).scalar()
        left = len(session.plan.reviews) + len(session.plan.new)
        return Ending(
            summary=done,
            finished=left == 0,
            due_now=left,
            next_learning_ms=next_ms,
            now_ms=transaction.now_ms,
            tomorrow=days[1].reviews,
            next_day=None if first is None else int(first) - today,
        )
