"""Cards: reading them and changing when and where they are studied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Select, func, select

from recollect.collection import schema
from recollect.collection.codecs import card_from, card_row
from recollect.collection.ids import free_ids
from recollect.collection.rows import Card
from recollect.collection.transaction import Transaction, chunks
from recollect.errors import CollectionError, UnknownNameError

__all__ = [
    "add_cards",
    "bury_cards",
    "card_values",
    "cards_of_notes",
    "delete_cards",
    "flag_cards",
    "get_card",
    "get_cards",
    "iterate_cards",
    "move_cards",
    "next_position",
    "number_cards",
    "suspend_cards",
    "update_cards",
]

_cards = schema.cards
_CHUNK = 2_000
_FLAGS = range(8)


def card_values() -> Select[Any]:
    """A query for whole cards; each row is for :func:`~recollect.collection.codecs.card_from`."""
    return select(_cards)


def get_card(transaction: Transaction, card_id: int) -> Card:
    """The card of that number.

    Raises:
        UnknownNameError: there is none.
    """
    row = transaction.execute(select(_cards).where(_cards.c.id == card_id)).first()
    if row is None:
        raise UnknownNameError("card", card_id)
    return card_from(row)


def get_cards(transaction: Transaction, card_ids: Iterable[int]) -> list[Card]:
    """The cards of those numbers, in that order; those that are not there are left out."""
    wanted = list(card_ids)
    found = {row[0]: card_from(row) for row in transaction.rows(_cards, "id", wanted)}
    return [found[number] for number in wanted if number in found]


def cards_of_notes(transaction: Transaction, note_ids: Iterable[int]) -> list[Card]:
    """The cards of notes, by note and ordinal."""
    found = [card_from(row) for row in transaction.rows(_cards, "note_id", note_ids)]
    return sorted(found, key=lambda card: (card.note_id, card.ordinal))


def iterate_cards(transaction: Transaction) -> Iterator[Card]:
    """All cards in order of their number, a few at a time."""
    result = transaction.execute(card_values().order_by(_cards.c.id))
    for part in result.partitions(_CHUNK):
        yield from map(card_from, part)


def number_cards(transaction: Transaction, count: int) -> list[int]:
    """Numbers for new cards."""
    return free_ids(transaction, _cards, count)


def next_position(transaction: Transaction) -> int:
    """The place behind all new cards."""
    last = transaction.execute(select(func.max(_cards.c.position))).scalar_one()
    return (last or 0) + 1


def add_cards(transaction: Transaction, cards: Iterable[Card]) -> int:
    """Add cards, any number of them, streamed; their notes and decks must be there.

    Returns:
        How many there were.

    Raises:
        CollectionError: a number, or a note's ordinal, is taken.
    """
    return transaction.insert(_cards, map(card_row, cards))


def update_cards(transaction: Transaction, cards: Iterable[Card]) -> int:
    """Put cards in the place of those with their numbers.

    Returns:
        How many were different.

    Raises:
        UnknownNameError: there is no such card.
    """
    return transaction.update(_cards, map(card_row, cards))


def delete_cards(transaction: Transaction, card_ids: Iterable[int]) -> int:
    """Delete cards, and the notes that have none left; their reviews stay in the log.

    Returns:
        How many cards there were.
    """
    from recollect.collection.notes import delete_notes

    wanted = list(card_ids)
    note_ids = {row[1] for row in transaction.rows(_cards, "id", wanted)}
    count = transaction.delete(_cards, "id", wanted)
    still = {row[1] for row in transaction.rows(_cards, "note_id", note_ids)}
    delete_notes(transaction, note_ids - still)
    return count


def move_cards(transaction: Transaction, card_ids: Iterable[int], deck_id: int) -> int:
    """Put cards into a deck; those in a filtered deck leave it.

    Returns:
        How many were moved.

    Raises:
        UnknownNameError: there is no such deck.
        CollectionError: the deck is filtered.
    """
    query = select(schema.decks.c.is_filtered).where(schema.decks.c.id == deck_id)
    is_filtered = transaction.execute(query).scalar()
    if is_filtered is None:
        raise UnknownNameError("deck", deck_id)
    if is_filtered:
        raise CollectionError("a filtered deck only borrows cards; choose another deck")
    return _change(transaction, card_ids, deck_id=deck_id, original_deck_id=None)


def suspend_cards(transaction: Transaction, card_ids: Iterable[int], suspended: bool = True) -> int:
    """Never show cards again, or do show them; returns how many changed."""
    return _change(transaction, card_ids, suspended=suspended)


def bury_cards(transaction: Transaction, card_ids: Iterable[int], until_day: int | None) -> int:
    """Do not show cards before a day (days since 1970), or do; returns how many changed."""
    return _change(transaction, card_ids, buried_until_day=until_day)


def flag_cards(transaction: Transaction, card_ids: Iterable[int], flag: int) -> int:
    """Mark cards with a colour, 1 to 7, or with none, 0; returns how many changed.

    Raises:
        CollectionError: another number.
    """
    if flag not in _FLAGS:
        raise CollectionError(f"a flag is a number from 0 (none) to 7, not {flag}")
    return _change(transaction, card_ids, flag=flag)


def _change(transaction: Transaction, card_ids: Iterable[int], **values: Any) -> int:
    count = 0
    for chunk in chunks(card_ids, _CHUNK):
        there = [card_from(row) for row in transaction.rows(_cards, "id", chunk)]
        count += update_cards(transaction, [replace(card, **values) for card in there])
    return count
