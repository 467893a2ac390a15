"""Notes together with the cards that they make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from recollect.collection.cards import (
    add_cards,
    cards_of_notes,
    next_position,
    number_cards,
)
from recollect.collection.note_types import list_note_types
from recollect.collection.notes import (
    add_notes,
    get_notes,
    iterate_notes,
    new_guid,
    number_notes,
    update_notes,
)
from recollect.collection.rendering import card_ordinals
from recollect.collection.rows import Card, Note, NoteType
from recollect.collection.transaction import Transaction, chunks

__all__ = [
    "Made",
    "add_note",
    "add_notes_with_cards",
    "edit_notes",
    "find_blank_cards",
    "make_missing_cards",
]

_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Made:
    """How many notes and cards were made."""

    notes: int
    cards: int


def add_note(
    transaction: Transaction,
    note_type: NoteType,
    fields: Iterable[str],
    deck_id: int,
    tags: Iterable[str] = (),
) -> Note:
    """Add one note with its cards.

    Args:
        transaction: to write with.
        note_type: one of the collection's.
        fields: HTML, one for each of its fields.
        deck_id: where the cards go.
        tags: of the note.

    Raises:
        NoteError: another number of fields than the note type has, or a tag too long.
        CollectionError: there is no such deck.
    """
    note = Note(
        id=number_notes(transaction, 1)[0],
        guid=new_guid(transaction),
        note_type_id=note_type.id,
        fields=tuple(fields),
        tags=tuple(tags),
        modified_at_ms=transaction.now_ms,
    )
    add_notes_with_cards(transaction, [note], deck_id)
    return get_notes(transaction, [note.id])[0]


def add_notes_with_cards(transaction: Transaction, notes: Iterable[Note], deck_id: int) -> Made:
    """Add notes, any number of them, streamed, with their cards, new and in this order.

    Args:
        transaction: to write with.
        notes: with numbers and guids that are free.
        deck_id: where the cards go.

    Raises:
        NoteError: a note is not sound.
        CollectionError: a number or guid is taken, or there is no such deck.
    """
    kinds = {kind.id: kind for kind in list_note_types(transaction)}
    position = next_position(transaction)
    note_count = card_count = 0
    for chunk in chunks(notes, _CHUNK):
        note_count += add_notes(transaction, chunk)
        wanted: list[Card] = []
        for note in chunk:
            made = card_ordinals(kinds[note.note_type_id], note.fields)
            wanted += [Card(0, note.id, deck_id, ordinal=at, position=position) for at in made]
            position += 1
        card_count += _add_numbered(transaction, wanted)
    return Made(note_count, card_count)


def edit_notes(transaction: Transaction, notes: Iterable[Note]) -> Made:
    """Put notes in the place of those with their numbers, and make the cards that are new.

    Cards that the note no longer makes stay, with their history: see :func:`find_blank_cards`.

    Args:
        transaction: to write with.
        notes: as they are to be; they are said to be changed now.

    Returns:
        How many notes changed and how many cards were made.

    Raises:
        UnknownNameError: there is no such note.
        NoteError: a note is not sound.
    """
    note_count = card_count = 0
    for chunk in chunks(notes, _CHUNK):
        there = {note.id: note for note in get_notes(transaction, [note.id for note in chunk])}
        edited = []
        for note in chunk:
            before = there.get(note.id)
            if before is None or _differs(note, before):
                edited.append(replace(note, modified_at_ms=transaction.now_ms))
        note_count += update_notes(transaction, edited)
        card_count += make_missing_cards(transaction, [note.id for note in chunk])
    return Made(note_count, card_count)


def make_missing_cards(transaction: Transaction, note_ids: Iterable[int]) -> int:
    """Make the cards that notes should have and have not, beside those that they have.

    Returns:
        How many were made.
    """
    kinds = {kind.id: kind for kind in list_note_types(transaction)}
    position = next_position(transaction)
    count = 0
    for chunk in chunks(note_ids, _CHUNK):
        there: dict[int, list[Card]] = {}
        for card in cards_of_notes(transaction, chunk):
            there.setdefault(card.note_id, []).append(card)
        wanted: list[Card] = []
        for note in get_notes(transaction, chunk):
            present = there.get(note.id, [])
            ordinals = {card.ordinal for card in present}
            deck_id = present[0].home_deck_id if present else 1
            missing = set(card_ordinals(kinds[note.note_type_id], note.fields)) - ordinals
            wanted += [
                Card(0, note.id, deck_id, ordinal=at, position=position) for at in sorted(missing)
            ]
            position += bool(missing)
        count += _add_numbered(transaction, wanted)
    return count


def find_blank_cards(transaction: Transaction) -> list[int]:
    """Numbers of the cards that their notes no longer make, ascending.

    The only card of a note is not among them.
    """
    kinds = {kind.id: kind for kind in list_note_types(transaction)}
    found: list[int] = []
    for chunk in chunks(iterate_notes(transaction), _CHUNK):
        made = {
            note.id: set(card_ordinals(kinds[note.note_type_id], note.fields)) for note in chunk
        }
        cards = cards_of_notes(transaction, made)
        found.extend(card.id for card in cards if card.ordinal not in made[card.note_id])
    return sorted(found)


def _differs(note: Note, before: Note) -> bool:
    same = replace(note, version=before.version, modified_at_ms=before.modified_at_ms)
    return same != before


def _add_numbered(transaction: Transaction, wanted: list[Card]) -> int:
    numbers = number_cards(transaction, len(wanted))
    numbered = (replace(card, id=number) for card, number in zip(wanted, numbers, strict=True))
    return add_cards(transaction, numbered)
