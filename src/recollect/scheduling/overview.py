"""How much there is to do: by deck today, and by day ahead."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, select

from recollect.collection import decks, schema
from recollect.collection.presets import list_presets
from recollect.collection.rows import Deck
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.scheduling.queue import _shown, limits_of

__all__ = ["DeckToday", "DueDay", "decks_today", "due_by_day"]

_cards = schema.cards


@dataclass(frozen=True, slots=True)
class DeckToday:
    """What a deck and all within it hold for today.

    Attributes:
        deck: which.
        new: new cards that may still come, by the daily limits.
        learning: cards in (re)learning steps that come back within the day.
        review: cards in review that may still come, by the daily limits.
        cards: all cards.
    """

    deck: Deck
    new: int
    learning: int
    review: int
    cards: int


@dataclass(frozen=True, slots=True)
class DueDay:
    """What becomes due on a day.

    Attributes:
        day: study day, days since 1970.
        reviews: cards that are due; today, all that have become due until now.
        learning: cards in steps, today only.
        overdue: of the reviews today, those that were due earlier.
    """

    day: int
    reviews: int
    learning: int = 0
    overdue: int = 0


def decks_today(transaction: Transaction) -> list[DeckToday]:
    """All decks, a deck before those within it. Siblings that will be buried are still counted."""
    boundary = get_settings(transaction).day_boundary
    today = boundary.day_of(transaction.now_ms)
    tree = decks.list_decks(transaction)
    presets = {preset.id: preset for preset in list_presets(transaction)}
    limits = limits_of(transaction, tree, presets, boundary)
    shown = _shown(today)
    new = _counted(transaction, _cards.c.phase == "new", shown)
    review = _counted(
        transaction,
        _cards.c.phase.in_(("review", "learning", "relearning")),
        _cards.c.due_day <= today,
        shown,
    )
    steps = _counted(
        transaction,
        _cards.c.phase.in_(("learning", "relearning")),
        _cards.c.due_at_ms.is_not(None),
        shown,
    )
    every = _counted(transaction)
    capped_new = _capped(tree, new, limits.new)
    capped_review = _capped(tree, review, limits.reviews)
    inside = _within(tree)
    return [
        DeckToday(
            deck,
            capped_new[deck.id],
            sum(steps[number] for number in inside[deck.id]),
            capped_review[deck.id],
            sum(every[number] for number in inside[deck.id]),
        )
        for deck in tree
    ]


def due_by_day(transaction: Transaction, days: int, deck_id: int | None = None) -> list[DueDay]:
    """What becomes due today and on the days after, if every card is answered when it is due.

    Args:
        transaction: to read with.
        days: how many, today included.
        deck_id: a deck, with all within it; None for all.

    Raises:
        UnknownNameError: there is no such deck.
    """
    today = get_settings(transaction).day_boundary.day_of(transaction.now_ms)
    chosen = [~_cards.c.suspended]
    if deck_id is not None:
        inside = [deck.id for deck in decks.deck_tree(transaction, deck_id)]
        chosen.append(_cards.c.deck_id.in_(inside))
    due_day = _cards.c.due_day
    query = select(due_day, func.count()).where(due_day < today + days, *chosen)
    counts: Counter[int] = Counter()
    overdue = 0
    for day, count in transaction.execute(query.group_by(due_day)):
        counts[max(day, today)] += count
        overdue += count if day < today else 0
    steps = select(func.count()).where(_cards.c.due_at_ms.is_not(None), *chosen)
    learning = int(transaction.execute(steps).scalar_one())
    rest = [DueDay(day, counts[day]) for day in range(today + 1, today + days)]
    return [DueDay(today, counts[today], learning, overdue), *rest][:days]


def _counted(transaction: Transaction, *conditions: object) -> Counter[int]:
    query = select(_cards.c.deck_id, func.count()).where(*conditions)  # type: ignore[arg-type]
    rows = transaction.execute(query.group_by(_cards.c.deck_id))
    return Counter(dict(tuple(row) for row in rows))


def _within(tree: list[Deck]) -> dict[int, list[int]]:
    return {
        deck.id: [
            other.id
            for other in tree
            if other.name == deck.name or other.name.startswith(deck.name + decks.SEPARATOR)
        ]
        for deck in tree
    }


def _capped(tree: list[Deck], own: Counter[int], left: dict[int, int]) -> dict[int, int]:
    """What a deck can show: its own cards and what the decks within it can, up to its limit."""
    by_name = {deck.name: deck.id for deck in tree}
    total = {deck.id: own[deck.id] for deck in tree}
    for deck in reversed(tree):
        total[deck.id] = max(min(total[deck.id], left[deck.id]), 0)
        parent = by_name.get(deck.name.rpartition(decks.SEPARATOR)[0])
        if parent is not None:
            total[parent] += total[deck.id]
    return total
