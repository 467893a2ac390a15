"""Studying: what comes next, what an answer does, and how it is taken back. State in, state out.

A :class:`Session` is a plain value. All that matters is in the collection the moment an answer is
given: a session that is lost, paused or begun anew on another device goes on where it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from recollect.collection import Collection, cards, decks, tags
from recollect.collection.presets import get_preset
from recollect.collection.reviews import append_review, reviews_of_cards
from recollect.collection.rows import Card, Change, Preset, ReviewEntry, ReviewKind, Settings
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError
from recollect.reviews import Rating
from recollect.scheduling.days import day_of
from recollect.scheduling.foresight import Foreseer, Foresight
from recollect.scheduling.fuzz import fuzz_share
from recollect.scheduling.intervals import whole_days
from recollect.scheduling.queue import (
    LEARN_AHEAD_MS,
    Plan,
    ReviewOrder,
    is_due,
    next_learning,
    plan_day,
    waiting,
)
from recollect.scheduling.standing import moved, put, standing_of
from recollect.scheduling.steps import preview
from recollect.study.faces import Faces, faces_of
from recollect.study.wording import answer_line

__all__ = [
    "ANSWER",
    "LEECH",
    "Answered",
    "Done",
    "Session",
    "Shown",
    "answer",
    "begin",
    "bury",
    "look_ahead",
    "next_card",
    "ranked",
    "suspend",
    "undo",
]

ANSWER = "Answer card"
"""What an answer is called on the undo list."""
LEECH = "leech"
"""The tag of notes that are forgotten again and again."""

_RANKED = 512
"""Reviews that the memory puts in order; those behind them stay as they are."""
_LONGEST_ANSWER_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Done:
    """What was done with a card in this session, and which change of the collection it was.

    Attributes:
        change_id: number of the change.
        card_id: which card.
        rating: of an answer; 0 where the card was suspended or put off.
    """

    change_id: int
    card_id: int
    rating: int


@dataclass(frozen=True)
class Session:
    """Where studying stands.

    Attributes:
        deck_id: the deck that is studied, with all within it; None for all.
        plan: what is left of the day's cards.
        started_ms: when it began.
        limit: answers after which it ends, if it does.
        order: of the reviews.
        done: what was done so far, oldest first; what was taken back is gone.
        first: card that comes before all others, because something was taken back.
    """

    deck_id: int | None
    plan: Plan
    started_ms: int
    limit: int | None = None
    order: ReviewOrder = "forgotten"
    done: tuple[Done, ...] = ()
    first: int | None = None

    @property
    def answers(self) -> int:
        """Answers so far."""
        return sum(one.rating > 0 for one in self.done)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is expected of a card that is shown.

    Attributes:
        by: name of the scheduler.
        foresight: recall, and for how long each answer would hold.
        intervals: ``[4]`` that each answer gives: days, or seconds where negative.
    """

    by: str
    foresight: Foresight
    intervals: tuple[int, ...]


@dataclass(frozen=True)
class Shown:
    """A card that is put to the learner.

    Attributes:
        card: as it is stored.
        entries: its past, oldest first.
        faces: its two sides.
        preset: how its deck is studied.
        settings: of the collection.
        why: it comes: ``new``, ``due``, ``learning`` or ``learning ahead``.
        shown_at_ms: when.
        left: new cards, cards in learning and reviews that are left today, this one included.
        prospect: what is expected; None before :func:`look_ahead`.
    """

    card: Card
    entries: tuple[ReviewEntry, ...]
    faces: Faces
    preset: Preset
    settings: Settings
    why: str
    shown_at_ms: int
    left: tuple[int, int, int]
    prospect: Prospect | None = None


@dataclass(frozen=True)
class Answered:
    """What came of an answer.

    Attributes:
        entry: in the review log.
        card: as it is stored now.
        change_id: to take it back.
        leech: whether it became a leech by this answer.
        buried: how many cards of the same note were put off until tomorrow.
        line: what was expected and how it moved, in words.
    """

    entry: ReviewEntry
    card: Card
    change_id: int
    leech: bool
    buried: int
    line: str


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
        today = day_of(get_settings(transaction).day_boundary, transaction.now_ms)
        new_day = session.plan.day != today
        if new_day:
            plan = plan_day(transaction, session.deck_id, order=session.order)
            session = replace(session, plan=plan)
    if new_day and foreseer is not None:
        session = ranked(collection, session, foreseer)
    with collection.reading() as transaction:
        session, card, why = _choose(transaction, session, today)
        if card is None:
            return session, None
        return session, _shown(transaction, session, card, why)


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
        today = day_of(get_settings(transaction).day_boundary, transaction.now_ms)
        cards.bury_cards(transaction, [shown.card.id], today + 1)
        return _with_done(session, transaction, shown)


def _with_done(session: Session, transaction: Transaction, shown: Shown) -> Session:
    assert transaction.change_id is not None
    done = Done(transaction.change_id, shown.card.id, 0)
    return replace(session, done=(*session.done, done), first=None)


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
    learning = next_learning(transaction, deck_ids, now_ms)
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
    ahead = next_learning(transaction, deck_ids, now_ms + LEARN_AHEAD_MS)
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


def _shown(transaction: Transaction, session: Session, card: Card, why: str) -> Shown:
    entries = tuple(reviews_of_cards(transaction, [card.id]))
    learning, _ = waiting(transaction, session.plan.deck_ids)
    return Shown(
        card=card,
        entries=entries,
        faces=faces_of(transaction, card),
        preset=_preset(transaction, card),
        settings=get_settings(transaction),
        why=why,
        shown_at_ms=max(transaction.now_ms, entries[-1].answered_at_ms if entries else 0),
        left=(len(session.plan.new), learning, len(session.plan.reviews)),
    )


def _preset(transaction: Transaction, card: Card) -> Preset:
    deck = decks.get_deck(transaction, card.home_deck_id)
    return get_preset(transaction, deck.preset_id or 1)


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
            reason=_reason(shown, prospect, rating, day_of(boundary, answered_at_ms)),
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
        buried = _bury_siblings(transaction, card, day_of(boundary, answered_at_ms))
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
