"""Studying: what comes next, and how it is taken back. State in, state out.

A :class:`~recollect.study.state.Session` is a plain value. All that matters is in the collection
the moment an answer is given: a session that is lost, paused or begun anew on another device goes
on where it was.
"""

from __future__ import annotations

from dataclasses import replace

from recollect.collection import Collection, cards, decks
from recollect.collection.presets import get_preset
from recollect.collection.reviews import reviews_of_cards
from recollect.collection.rows import Card, Change, Preset, ReviewEntry, Settings
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.scheduling.foresight import Foreseer
from recollect.scheduling.fuzz import fuzz_share
from recollect.scheduling.intervals import whole_days
from recollect.scheduling.queue import (
    LEARN_AHEAD_MS,
    ReviewOrder,
    is_due,
    next_learning,
    plan_day,
    waiting,
)
from recollect.scheduling.standing import standing_of
from recollect.scheduling.steps import preview
from recollect.study.faces import faces_of
from recollect.study.state import Done, Prospect, Session, Shown

__all__ = ["begin", "bury", "look_ahead", "next_card", "ranked", "suspend", "undo"]

_RANKED = 512
"""Reviews that the memory puts in order; those behind them stay as they are."""


def begin(
    collection: Collection,
    *,
    deck_id: int | None = None,
    limit: int | None = None,
    order: ReviewOrder = "forgotten",
) -> Session:
    """Begin to study, or go on.

    Args:
        collection: with the cards.
        deck_id: a deck, with all within it; None for all.
        limit: answers after which it ends.
        order: of the reviews; :func:`ranked` refines ``forgotten``.

    Raises:
        UnknownNameError: there is no such deck.
    """
    with collection.reading() as transaction:
        plan = plan_day(transaction, deck_id, order=order)
        return Session(deck_id, plan, transaction.now_ms, limit, order)


def ranked(collection: Collection, session: Session, foreseer: Foreseer) -> Session:
    """Put those of the next 512 reviews first that are most likely forgotten by now.

    Without it they come by how far their interval is exceeded. In the order of days, nothing
    changes.
    """
    if session.order != "forgotten":
        return session
    some = session.plan.reviews[:_RANKED]
    with collection.reading() as transaction:
        entries: dict[int, list[ReviewEntry]] = {number: [] for number in some}
        for entry in reviews_of_cards(transaction, some):
            entries[entry.card_id].append(entry)
        boundary = get_settings(transaction).day_boundary
        recall = foreseer.recall(entries, transaction.now_ms, boundary)
    in_order = sorted(some, key=lambda number: recall.get(number, 1.0))
    reviews = (*in_order, *session.plan.reviews[_RANKED:])
    return replace(session, plan=replace(session.plan, reviews=reviews))


def next_card(
    collection: Collection, session: Session, foreseer: Foreseer | None = None
) -> tuple[Session, Shown | None]:
    """The card that comes next; None if there is none, or the limit is reached.

    Args:
        collection: with the cards.
        session: where studying stands.
        foreseer: orders the reviews when a new study day has begun.
    """
    if session.limit is not None and session.answers >= session.limit:
        return session, None
    with collection.reading() as transaction:
        settings = get_settings(transaction)
        today = settings.day_boundary.day_of(transaction.now_ms)
        if session.plan.day == today:
            return _next(transaction, session, settings, today)
        plan = plan_day(transaction, session.deck_id, order=session.order)
        session = replace(session, plan=plan)
    if foreseer is not None:
        session = ranked(collection, session, foreseer)
    with collection.reading() as transaction:
        return _next(transaction, session, settings, today)


def look_ahead(shown: Shown, foreseer: Foreseer) -> Shown:
    """The same card with what is expected of it; needs no collection."""
    boundary = shown.settings.day_boundary
    foresight = foreseer.foresee(
        shown.entries, shown.shown_at_ms, shown.preset.desired_retention, boundary
    )
    answers = sum(entry.rating > 0 for entry in shown.entries)
    share = fuzz_share(shown.settings.fuzz_seed, shown.card.id, answers)
    days = whole_days(foresight.days, shown.preset, share)
    intervals = preview(standing_of(shown.card), shown.preset, days)
    return replace(shown, prospect=Prospect(foreseer.name, foresight, intervals))


def undo(collection: Collection, session: Session) -> tuple[Session, Change | None]:
    """Take the newest change of the collection back; a card whose answer it was comes again.

    Returns:
        The change, None if there is none.
    """
    change = collection.undo()
    if change is None:
        return session, None
    mine = next((done for done in session.done if done.change_id == change.id), None)
    if mine is None:
        return session, change
    done = tuple(one for one in session.done if one is not mine)
    return replace(session, done=done, first=mine.card_id), change


def suspend(collection: Collection, session: Session, shown: Shown) -> Session:
    """Never show a card again, until the learner says otherwise."""
    with collection.transaction("Suspend card") as transaction:
        cards.suspend_cards(transaction, [shown.card.id])
        return _with_done(session, transaction, shown)


def bury(collection: Collection, session: Session, shown: Shown) -> Session:
    """Put a card off until tomorrow."""
    with collection.transaction("Bury card") as transaction:
        today = get_settings(transaction).day_boundary.day_of(transaction.now_ms)
        cards.bury_cards(transaction, [shown.card.id], today + 1)
        return _with_done(session, transaction, shown)


def _with_done(session: Session, transaction: Transaction, shown: Shown) -> Session:
    assert transaction.change_id is not None
    done = Done(transaction.change_id, shown.card.id, 0)
    return replace(session, done=(*session.done, done), first=None)


def _next(
    transaction: Transaction, session: Session, settings: Settings, today: int
) -> tuple[Session, Shown | None]:
    session, card, why = _choose(transaction, session, today)
    if card is None:
        return session, None
    return session, _shown(transaction, session, card, why, settings, today)


def _choose(
    transaction: Transaction, session: Session, today: int
) -> tuple[Session, Card | None, str]:
    now_ms = transaction.now_ms
    if session.first is not None:
        found = cards.get_cards(transaction, [session.first])
        if found and is_due(found[0], today, now_ms, LEARN_AHEAD_MS):
            return session, found[0], _why(found[0])
        session = replace(session, first=None)
    deck_ids = session.plan.deck_ids
    learning = next_learning(transaction, deck_ids, today, now_ms)
    if learning is not None:
        return session, cards.get_card(transaction, learning), "learning"
    plan = session.plan
    found_at, card = _first_due(transaction, plan.reviews, "review", today)
    plan = replace(plan, reviews=plan.reviews[found_at:])
    if card is None:
        found_at, card = _first_due(transaction, plan.new, "new", today)
        plan = replace(plan, new=plan.new[found_at:])
    session = replace(session, plan=plan)
    if card is not None:
        return session, card, _why(card)
    ahead = next_learning(transaction, deck_ids, today, now_ms + LEARN_AHEAD_MS)
    if ahead is not None:
        return session, cards.get_card(transaction, ahead), "learning ahead"
    return session, None, ""


def _first_due(
    transaction: Transaction, planned: tuple[int, ...], phase: str, today: int
) -> tuple[int, Card | None]:
    """The first planned card that is still what it was planned as, and where; else the end."""
    for at, number in enumerate(planned):
        found = cards.get_cards(transaction, [number])
        if (
            found
            and (found[0].phase == "new") == (phase == "new")
            and found[0].due_at_ms is None
            and is_due(found[0], today, transaction.now_ms)
        ):
            return at, found[0]
    return len(planned), None


def _why(card: Card) -> str:
    return {"new": "new", "review": "due"}.get(card.phase, "learning")


def _shown(
    transaction: Transaction,
    session: Session,
    card: Card,
    why: str,
    settings: Settings,
    today: int,
) -> Shown:
    entries = tuple(reviews_of_cards(transaction, [card.id]))
    learning, _ = waiting(transaction, session.plan.deck_ids, today)
    return Shown(
        card=card,
        entries=entries,
        faces=faces_of(transaction, card),
        preset=_preset(transaction, card),
        settings=settings,
        why=why,
        shown_at_ms=max(transaction.now_ms, entries[-1].answered_at_ms if entries else 0),
        left=(len(session.plan.new), learning, len(session.plan.reviews)),
    )


def _preset(transaction: Transaction, card: Card) -> Preset:
    deck = decks.get_deck(transaction, card.home_deck_id)
    return get_preset(transaction, deck.preset_id or 1)
