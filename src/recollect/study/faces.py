"""The two sides of a card, as HTML and as text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from recollect.collection import decks, note_types, notes
from recollect.collection.plain_text import html_to_text
from recollect.collection.rendering import TypeIn, render_card
from recollect.collection.rows import Card
from recollect.collection.transaction import Transaction

__all__ = ["Faces", "faces_of"]

_LINE = re.compile(r"<hr\b([^<>]*+)>", re.IGNORECASE)
_IS_ANSWER = re.compile(r"\bid\s*+=\s*+[\"']?answer\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Faces:
    """What is shown of a card.

    Attributes:
        front: HTML of the question; sanitise it before a browser gets it.
        back: HTML of the answer, which usually repeats the question; the same.
        css: style of both.
        type_in: what the template asks to type, if it does.
    """

    front: str
    back: str
    css: str
    type_in: TypeIn | None

    @property
    def front_text(self) -> str:
        """The question as plain text."""
        return html_to_text(self.front)

    @property
    def back_text(self) -> str:
        """The answer as plain text."""
        return html_to_text(self.back)

    @property
    def answer_text(self) -> str:
        """The answer without the question, as plain text."""
        lines = [line for line in _LINE.finditer(self.back) if _IS_ANSWER.search(line[1])]
        alone = self.back[lines[-1].end() :] if lines else self.back
        return html_to_text(alone.removeprefix(self.front))


def faces_of(transaction: Transaction, card: Card) -> Faces:
    """Render a card.

    Raises:
        UnknownNameError: its note or deck is gone.
    """
    note = notes.get_note(transaction, card.note_id)
    note_type = note_types.get_note_type(transaction, note.note_type_id)
    deck = decks.get_deck(transaction, card.home_deck_id)
    shown = render_card(note_type, note, card, deck.name)
    return Faces(shown.question, shown.answer, shown.css, shown.type_in)
