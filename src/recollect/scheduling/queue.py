"""What comes next: learning cards that are due, then reviews of the day, then new cards.

The plan of a day is worked out once, when studying begins, and each card is looked up again before
it is shown; whatever else changes the collection meanwhile, no card is shown that is not due.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from recollect.collection import decks, schema
from recollect.collection.presets import list_presets
from recollect.collection.rows import Card, Deck, Phase, Preset
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.reviews.days import DayBoundary
from recollect.scheduling.days import day_begins_ms

__all__ = [
    "LEARN_AHEAD_MS",
    "Limits",
    "Plan",
    "ReviewOrder",
    "is_due",
    "limits_of",
    "next_learning",
    "plan_day",
    "preset_of",
    "studied_on",
    "waiting",
]

LEARN_AHEAD_MS = 20 * 60_000
"""When nothing else is left, learning cards may come this much early."""

ReviewOrder = Literal["forgotten", "day"]
"""``forgotten``: most likely forgotten first. ``day``: longest due first."""

_cards, _reviews, _voided = schema.cards, schema.reviews, schema.voided_reviews
_DAY_PHASES: tuple[Phase, ...] = ("review", "learning", "relearning")
_STEP_PHASES: tuple[Phase, ...] = ("learning", "relearning")
_PRIME = 1_000_003
_CHUNK = 500


@dataclass(frozen=True)
class Plan:
    """What a day holds for a deck.

    Attributes:
        day: the study day.
        deck_ids: the deck and all within it.
        reviews: numbers of the cards in review that are due, in order.
        new: numbers of the new cards, in order.
    """

    day: int
    deck_ids: tuple[int, ...]
    reviews: tuple[int, ...] = ()
    new: tuple[int, ...] = ()


@dataclass
class Limits:
    """How many cards each deck of a tree may still show today; counts down as they are taken.

    Attributes:
        around: for each deck, itself and the decks of the tree that it lies in.
        new: left for each deck.
        reviews: left for each deck.
    """

    around: dict[int, tuple[int, ...]]
    new: dict[int, int]
    reviews: dict[int, int]

    def take(self, deck_id: int, left: dict[int, int]) -> bool:
        """Take one card of a deck, if all decks around it have one left."""
        decks_around = self.around[deck_id]
        if any(left[number] <= 0 for number in decks_around):
            return False
        for number in decks_around:
            left[number] -= 1
        return True


@dataclass(frozen=True)
class Studied:
    """What was answered today, by home deck.

    Attributes:
        new: cards answered for the first time ever.
        reviews: answers to cards in review.
    """

    new: Counter[int] = field(default_factory=Counter)
    reviews: Counter[int] = field(default_factory=Counter)


def plan_day(
    transaction: Transaction,
    deck_id: int | None,
    *,
    order: ReviewOrder = "forgotten",
) -> Plan:
    """Choose the cards of the day.

    Args:
        transaction: to read with.
        deck_id: a deck, with all within it; None for all.
        order: of the reviews; for ``forgotten``, those first whose interval is exceeded by the
            greatest factor.

    Raises:
        UnknownNameError: there is no such deck.
    """
    boundary = get_settings(transaction).day_boundary
    today = boundary.day_of(transaction.now_ms)
    every = decks.list_decks(transaction)
    tree = every if deck_id is None else decks.deck_tree(transaction, deck_id)
    presets = {preset.id: preset for preset in list_presets(transaction)}
    limits = limits_of(transaction, every, presets, boundary)  # also of the decks around it
    by_id = {deck.id: deck for deck in tree}
    buries = {deck.id: preset_of(deck, presets).bury_siblings for deck in tree}
    notes: set[int] = set()
    chosen = list(
        _take(_due(transaction, by_id, today, order), limits, limits.reviews, buries, notes)
    )
    new = list(_take(_new(transaction, tree, presets, today), limits, limits.new, buries, notes))
    return Plan(today, tuple(by_id), tuple(chosen), tuple(new))


def next_learning(
    transaction: Transaction, deck_ids: Iterable[int], today: int, until_ms: int
) -> int | None:
    """The learning card of the decks that is due first, if that is before a moment."""
    query = (
        select(_cards.c.id)
        .where(
            _cards.c.deck_id.in_(deck_ids),
            _cards.c.phase.in_(_STEP_PHASES),
            _cards.c.due_at_ms <= until_ms,
            _shown(today),
        )
        .order_by(_cards.c.due_at_ms, _cards.c.id)
        .limit(1)
    )
    return transaction.execute(query).scalar()


def waiting(
    transaction: Transaction, deck_ids: Iterable[int], today: int
) -> tuple[int, int | None]:
    """How many learning cards of the decks come back within the day, and when the first does."""
    query = select(func.count(), func.min(_cards.c.due_at_ms)).where(
        _cards.c.deck_id.in_(deck_ids),
        _cards.c.phase.in_(_STEP_PHASES),
        _cards.c.due_at_ms.is_not(None),
        _shown(today),
    )
    count, first_ms = transaction.execute(query).one()
    return int(count), first_ms


def is_due(card: Card, today: int, now_ms: int, ahead_ms: int = 0) -> bool:
    """Whether a card may be shown now."""
    if card.suspended or (card.buried_until_day or 0) > today:
        return False
    if card.phase == "new":
        return True
    if card.due_at_ms is not None:
        return card.due_at_ms <= now_ms + ahead_ms
    return card.due_day is not None and card.due_day <= today


def preset_of(deck: Deck, presets: dict[int, Preset]) -> Preset:
    """How the cards of a deck are studied; the first preset where the deck says nothing."""
    return presets[deck.preset_id or 1]


def limits_of(
    transaction: Transaction,
    tree: Sequence[Deck],
    presets: dict[int, Preset],
    boundary: DayBoundary,
) -> Limits:
    """What the presets of decks leave for today, after what was answered already."""
    today = boundary.day_of(transaction.now_ms)
    studied = studied_on(transaction, boundary, today)
    around = {
        deck.id: tuple(
            other.id
            for other in tree
            if deck.name == other.name or deck.name.startswith(other.name + decks.SEPARATOR)
        )
        for deck in tree
    }
    new = {deck.id: preset_of(deck, presets).new_per_day for deck in tree}
    reviews = {deck.id: preset_of(deck, presets).reviews_per_day for deck in tree}
    for deck_id, decks_around in around.items():
        for number in decks_around:
            new[number] -= studied.new[deck_id]
            reviews[number] -= studied.reviews[deck_id]
    return Limits(around, new, reviews)


def studied_on(transaction: Transaction, boundary: DayBoundary, day: int) -> Studied:
    """What was answered on a study day: not later, where a clock was wrong."""
    begins_ms = day_begins_ms(boundary, day)
    home = func.coalesce(_cards.c.original_deck_id, _cards.c.deck_id)
    query = (
        select(_reviews.c.card_id, home, _reviews.c.kind)
        .join(_cards, _cards.c.id == _reviews.c.card_id)
        .where(
            _reviews.c.id >= begins_ms,
            _reviews.c.id < day_begins_ms(boundary, day + 1),
            _reviews.c.rating > 0,
            _reviews.c.id.not_in(select(_voided.c.review_id)),
        )
    )
    studied, learnt = Studied(), {}
    for card_id, deck_id, kind in transaction.execute(query):
        if kind == "review":
            studied.reviews[deck_id] += 1
        elif kind == "learning":
            learnt[card_id] = deck_id
    old = _old(transaction, learnt, begins_ms)
    studied.new.update(deck_id for card_id, deck_id in learnt.items() if card_id not in old)
    return studied


def _old(transaction: Transaction, card_ids: Iterable[int], begins_ms: int) -> set[int]:
    """Those of the cards that were answered before the day began."""
    wanted = list(card_ids)
    found: set[int] = set()
    for at in range(0, len(wanted), _CHUNK):
        query = select(_reviews.c.card_id).where(
            _reviews.c.card_id.in_(wanted[at : at + _CHUNK]),
            _reviews.c.id < begins_ms,
            _reviews.c.rating > 0,
            _reviews.c.id.not_in(select(_voided.c.review_id)),
        )
        found.update(transaction.execute(query.distinct()).scalars())
    return found


def _shown(today: int) -> ColumnElement[bool]:
    buried = _cards.c.buried_until_day
    return and_(~_cards.c.suspended, or_(buried.is_(None), buried <= today))


_Candidate = tuple[int, int, int]
"""Card, note, deck."""


def _take(
    candidates: Iterable[_Candidate],
    limits: Limits,
    left: dict[int, int],
    buries: dict[int, bool],
    notes: set[int],
) -> Iterator[int]:
    """The candidates that the limits let pass, one of a note where siblings are buried."""
    for card_id, note_id, deck_id in candidates:
        if buries[deck_id] and note_id in notes:
            continue
        if limits.take(deck_id, left):
            notes.add(note_id)
            yield card_id


def _due(
    transaction: Transaction, by_id: dict[int, Deck], today: int, order: ReviewOrder
) -> list[_Candidate]:
    query = select(
        _cards.c.id, _cards.c.note_id, _cards.c.deck_id, _cards.c.due_day, _cards.c.interval_days
    ).where(
        _cards.c.deck_id.in_(by_id),
        _cards.c.phase.in_(_DAY_PHASES),
        _cards.c.due_day <= today,
        _shown(today),
    )

    def by_day(row: Any) -> tuple[float, int]:
        return float(row[3]), row[0]

    def by_factor(row: Any) -> tuple[float, int]:
        interval = max(row[4], 1)
        return -(today - row[3] + interval) / interval, row[0]

    key = by_day if order == "day" else by_factor
    return [tuple(row[:3]) for row in sorted(transaction.execute(query), key=key)]


def _new(
    transaction: Transaction, tree: Sequence[Deck], presets: dict[int, Preset], today: int
) -> Iterator[_Candidate]:
    """New cards deck by deck, in the order that its preset says; read as far as they are taken."""
    for deck in tree:
        if preset_of(deck, presets).new_per_day <= 0:
            continue
        query = select(_cards.c.id, _cards.c.note_id, _cards.c.deck_id).where(
            _cards.c.deck_id == deck.id, _cards.c.phase == "new", _shown(today)
        )
        query = _in_order(transaction, query, preset_of(deck, presets), today)
        for row in transaction.execute(query.execution_options(yield_per=_CHUNK)):
            yield row[0], row[1], row[2]


def _in_order(
    transaction: Transaction, query: Select[Any], preset: Preset, today: int
) -> Select[Any]:
    if preset.new_order == "position":
        return query.order_by(_cards.c.position, _cards.c.id)
    # The same all day, another on the next.
    seed = (get_settings(transaction).fuzz_seed + today) % _PRIME
    scattered = (((_cards.c.id % _PRIME) + seed) * 7_919) % _PRIME
    return query.order_by((scattered * scattered) % _PRIME, _cards.c.id)
