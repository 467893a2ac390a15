"""Decks, and decks within decks: the levels of a name are separated by ``::``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import or_, select

from recollect.collection import schema
from recollect.collection.cards import card_values, delete_cards, update_cards
from recollect.collection.codecs import card_from, clean_name, deck_from, deck_row
from recollect.collection.ids import free_ids
from recollect.collection.rows import Deck
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError, UnknownNameError

__all__ = [
    "SEPARATOR",
    "add_deck",
    "clean_deck_name",
    "deck_tree",
    "delete_decks",
    "find_deck",
    "get_deck",
    "list_decks",
    "make_deck",
    "rename_deck",
    "update_deck",
]

SEPARATOR = "::"

_decks = schema.decks


def list_decks(transaction: Transaction) -> list[Deck]:
    """All decks, a deck before those within it."""
    decks = [deck_from(row) for row in transaction.execute(select(_decks))]
    return sorted(decks, key=lambda deck: [part.casefold() for part in deck.name.split(SEPARATOR)])


def get_deck(transaction: Transaction, deck_id: int) -> Deck:
    """The deck of that number.

    Raises:
        UnknownNameError: there is none.
    """
    row = transaction.execute(select(_decks).where(_decks.c.id == deck_id)).first()
    if row is None:
        raise UnknownNameError("deck", deck_id)
    return deck_from(row)


def find_deck(transaction: Transaction, name: str) -> Deck | None:
    """The deck of that full name, or None."""
    query = select(_decks).where(_decks.c.name == clean_deck_name(name))
    row = transaction.execute(query).first()
    return None if row is None else deck_from(row)


def deck_tree(transaction: Transaction, deck_id: int) -> list[Deck]:
    """A deck and all within it, a deck before those within it.

    Raises:
        UnknownNameError: there is no such deck.
    """
    top = get_deck(transaction, deck_id).name
    return [deck for deck in list_decks(transaction) if _is_within(deck.name, top)]


def add_deck(transaction: Transaction, deck: Deck) -> Deck:
    """Add a deck, and the decks around it that are not there; number 0 takes a free one.

    Raises:
        CollectionError: the name is taken.
    """
    name = clean_deck_name(deck.name)
    if find_deck(transaction, name) is not None:
        raise CollectionError(f"there is a deck named {name!r} already")
    _make_parents(transaction, name)
    number = deck.id or free_ids(transaction, _decks, 1)[0]
    added = replace(deck, id=number, name=name)
    transaction.insert(_decks, [deck_row(added)])
    return added


def make_deck(transaction: Transaction, name: str) -> Deck:
    """The deck of that name, added if it is not there."""
    return find_deck(transaction, name) or add_deck(transaction, Deck(0, name))


def update_deck(transaction: Transaction, deck: Deck) -> None:
    """Put a deck in the place of the one with its number; see :func:`rename_deck` for its name.

    Raises:
        UnknownNameError: there is none.
        CollectionError: it has another name.
    """
    if get_deck(transaction, deck.id).name != deck.name:
        raise CollectionError(f"the deck {deck.name!r} has another name; rename it")
    transaction.update(_decks, [deck_row(deck)])


def rename_deck(transaction: Transaction, deck_id: int, name: str) -> None:
    """Give a deck another full name; the decks within it come along.

    Raises:
        UnknownNameError: there is no such deck.
        CollectionError: the name is taken, or is within the deck itself.
    """
    tree = deck_tree(transaction, deck_id)
    old, new = get_deck(transaction, deck_id).name, clean_deck_name(name)
    if new == old:
        return
    if _is_within(new, old):
        raise CollectionError(f"the deck {old!r} cannot be put within itself")
    renamed = [
        replace(deck, name=clean_deck_name(new + deck.name.removeprefix(old))) for deck in tree
    ]
    taken = {deck.name for deck in list_decks(transaction)} - {deck.name for deck in tree}
    clash = next((deck.name for deck in renamed if deck.name in taken), None)
    if clash is not None:
        raise CollectionError(f"there is a deck named {clash!r} already")
    _make_parents(transaction, new)
    transaction.update(_decks, [deck_row(deck) for deck in renamed])


def delete_decks(transaction: Transaction, deck_ids: Iterable[int]) -> int:
    """Delete decks with all within them and their cards; a filtered deck gives its cards back.

    Returns:
        How many cards were deleted; notes that have none left go with them.

    Raises:
        UnknownNameError: there is no such deck.
        CollectionError: the first deck, which stays.
    """
    gone = {deck.id: deck for top in deck_ids for deck in deck_tree(transaction, top)}
    if 1 in gone:
        raise CollectionError("the first deck stays; rename it, or delete its cards")
    inside = or_(schema.cards.c.deck_id.in_(gone), schema.cards.c.original_deck_id.in_(gone))
    found = [card_from(row) for row in transaction.execute(card_values().where(inside))]
    given_back = [
        replace(card, deck_id=card.home_deck_id, original_deck_id=None)
        for card in found
        if card.home_deck_id not in gone
    ]
    update_cards(transaction, given_back)
    lost = [card.id for card in found if card.home_deck_id in gone]
    delete_cards(transaction, lost)
    transaction.delete(_decks, "id", gone)
    return len(lost)


def clean_deck_name(name: str) -> str:
    """A full name with clean parts, empty ones left out.

    Raises:
        NoteError: nothing is left, or it is too long.
    """
    parts = (part.strip() for part in name.split(SEPARATOR))
    return clean_name(SEPARATOR.join(part for part in parts if part), "deck")


def _is_within(name: str, top: str) -> bool:
    return name == top or name.startswith(top + SEPARATOR)


def _make_parents(transaction: Transaction, name: str) -> None:
    parent = name.rpartition(SEPARATOR)[0]
    if parent:
        make_deck(transaction, parent)
