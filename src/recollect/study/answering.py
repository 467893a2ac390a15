"""An answer: the entry in the review log and the card's new state, in one change."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recollect.collection import Collection, cards, tags
from recollect.collection.reviews import append_review
from recollect.collection.rows import Card, ReviewEntry, ReviewKind
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError
from recollect.reviews import Rating
from recollect.scheduling.queue import is_due
from recollect.scheduling.standing import moved, put, standing_of
from recollect.study.state import Answered, Done, Prospect, Session, Shown
from recollect.study.wording import answer_line

__all__ = ["ANSWER", "LEECH", "answer"]

ANSWER = "Answer card"
"""What an answer is called on the undo list."""
LEECH = "leech"
"""The tag of notes that are forgotten again and again."""

_LONGEST_ANSWER_MS = 3_600_000


def answer(
    collection: Collection,
    session: Session,
    shown: Shown,
    rating: int,
    *,
    duration_ms: int,
    typed: str | None = None,
) -> tuple[Session, Answered]:
    """Grade a card: the entry in the log and the card's new state, in one change.

    Args:
        collection: with the card.
        session: where studying stands.
        shown: the card, from :func:`next_card`.
        rating: 1 Again to 4 Easy.
        duration_ms: from showing the card to the grade.
        typed: what the learner typed, if they did.

    Raises:
        CollectionError: the card was answered or changed elsewhere since it was shown, or there
            is no such rating. Nothing is stored.
    """
    if shown.prospect is None:
        raise CollectionError(f"card {shown.card.id} was graded before the scheduler looked at it")
    if rating not in tuple(Rating):
        raise CollectionError(f"a grade is a number from 1 (Again) to 4 (Easy), not {rating}")
    with collection.transaction(ANSWER) as transaction:
        card = cards.get_card(transaction, shown.card.id)
        if standing_of(card) != standing_of(shown.card) or card.suspended:
            raise CollectionError(
                f"card {card.id} was answered or changed elsewhere since it was shown; "
                "nothing was stored; look at it again"
            )
        answered = _answer(transaction, card, shown, shown.prospect, rating, duration_ms, typed)
    done = Done(answered.change_id, card.id, rating)
    return replace(session, done=(*session.done, done), first=None), answered


def _answer(
    transaction: Transaction,
    card: Card,
    shown: Shown,
    prospect: Prospect,
    rating: int,
    duration_ms: int,
    typed: str | None,
) -> Answered:
    boundary, preset = shown.settings.day_boundary, shown.preset
    last_ms = shown.entries[-1].answered_at_ms if shown.entries else 0
    answered_at_ms = max(transaction.now_ms, last_ms + 1)  # also where the clock was put back
    before, interval = standing_of(card), prospect.intervals[rating - 1]
    after = moved(before, rating, interval, answered_at_ms, boundary)
    kind: ReviewKind = "learning" if card.phase == "new" else card.phase
    entry = append_review(
        transaction,
        ReviewEntry(
            id=answered_at_ms,
            card_id=card.id,
            answered_at_ms=answered_at_ms,
            rating=rating,
            kind=kind,
            duration_ms=min(max(duration_ms, 0), _LONGEST_ANSWER_MS),
            typed=typed,
            interval_before=shown.entries[-1].interval_after if shown.entries else 0,
            interval_after=interval,
            predicted_recall=prospect.foresight.recall,
            reason=_reason(shown, prospect, rating, boundary.day_of(answered_at_ms)),
        ),
    )
    lapses = sum(one.kind == "review" and one.rating == Rating.AGAIN for one in shown.entries)
    is_lapse = kind == "review" and rating == Rating.AGAIN
    leech = is_lapse and _is_leech(lapses + 1, preset.leech_threshold)
    stored = put(card, after)
    if after.phase == "review" and card.original_deck_id is not None:
        stored = replace(stored, deck_id=card.home_deck_id, original_deck_id=None)
    if leech:
        tags.add_tags(transaction, [card.note_id], [LEECH])
        stored = replace(stored, suspended=preset.leech_suspends)
    cards.update_cards(transaction, [stored])
    buried = 0
    if preset.bury_siblings:
        buried = _bury_siblings(transaction, card, boundary.day_of(answered_at_ms))
    assert transaction.change_id is not None
    line = answer_line(prospect.foresight, rating, interval, preset.desired_retention)
    return Answered(entry, stored, transaction.change_id, leech, buried, line)


def _reason(shown: Shown, prospect: Prospect, rating: int, today: int) -> dict[str, Any]:
    """Why the card came, and why it comes again when it does; stored with the answer."""
    reason: dict[str, Any] = {
        "why": shown.why,
        "by": prospect.by,
        "desired_retention": shown.preset.desired_retention,
        "exact_days": round(prospect.foresight.days[rating - 1], 2),
    }
    if shown.card.due_day is not None:
        reason["days_overdue"] = today - shown.card.due_day
    return reason


def _is_leech(lapses: int, threshold: int) -> bool:
    """At the threshold, and again at every half of it."""
    if threshold <= 0 or lapses < threshold:
        return False
    return (lapses - threshold) % max((threshold + 1) // 2, 1) == 0


def _bury_siblings(transaction: Transaction, card: Card, today: int) -> int:
    """Put off what else of the note would come today."""
    found = [
        other.id
        for other in cards.cards_of_notes(transaction, [card.note_id])
        if other.id != card.id and other.due_at_ms is None and is_due(other, today, 0)
    ]
    return cards.bury_cards(transaction, found, today + 1) if found else 0
