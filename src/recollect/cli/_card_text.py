"""A card in a line of text, and what a table says of when it comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from recollect.cli._moments import format_moment
from recollect.cli._tables import NONE

if TYPE_CHECKING:
    from recollect.collection import Card, Note, NoteType, Transaction

__all__ = [
    "CardTexts",
    "day_text",
    "due_text",
    "front_text",
    "interval_text",
    "line_of",
    "state_text",
]

_EPOCH = date(1970, 1, 1)


class CardTexts:
    """Notes, note types and decks of some cards, read at once.

    Args:
        transaction: to read with.
        cards: which.
    """

    def __init__(self, transaction: Transaction, cards: Iterable[Card]) -> None:
        from recollect.collection import decks, note_types, notes

        note_ids = sorted({card.note_id for card in cards})
        self.notes: Mapping[int, Note] = {
            note.id: note for note in notes.get_notes(transaction, note_ids)
        }
        self.types = {one.id: one for one in note_types.list_note_types(transaction)}
        self.decks = {deck.id: deck.name for deck in decks.list_decks(transaction)}

    def front(self, card: Card) -> str:
        """See :func:`front_text`."""
        note = self.notes[card.note_id]
        return front_text(card, note, self.types[note.note_type_id], self.deck(card))

    def deck(self, card: Card) -> str:
        """Name of the deck that the card belongs to."""
        return self.decks[card.home_deck_id]


def front_text(card: Card, note: Note, note_type: NoteType, deck: str) -> str:
    """What the card asks, as one line; the first field where that is nothing to read."""
    from recollect.collection.rendering import TYPE_MARK, render_card

    question = render_card(note_type, note, card, deck).question
    return line_of(question.replace(TYPE_MARK, "")) or line_of(note.fields[0])


def line_of(html: str) -> str:
    """HTML as one line of text, without what could command the terminal."""
    from recollect.collection.plain_text import html_to_text

    return " ".join(html_to_text(html).split())


def state_text(card: Card, today: int) -> str:
    """``review``, ``new, suspended``, ``learning, buried``."""
    if card.suspended:
        return f"{card.phase}, suspended"
    if card.buried_until_day is not None and card.buried_until_day > today:
        return f"{card.phase}, buried"
    return card.phase


def due_text(card: Card, zone: ZoneInfo) -> str:
    """A day, a time while learning, or ``#12`` for a new card's place."""
    if card.phase == "new":
        return NONE if card.position is None else f"#{card.position}"
    if card.due_at_ms is not None:
        return format_moment(card.due_at_ms, zone)
    return NONE if card.due_day is None else day_text(card.due_day)


def day_text(day: int) -> str:
    """ISO date of a study day."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def interval_text(interval: int) -> str:
    """An interval as Anki writes it: days, or seconds where negative."""
    if interval >= 0:
        return f"{interval:,} d" if interval else NONE
    minutes = -interval / 60
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"
