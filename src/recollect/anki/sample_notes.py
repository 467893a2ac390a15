"""The built-in sample deck as notes: a fact asked one way, or both."""

from __future__ import annotations

import html

from recollect.anki.text_notes import TextFile, TextNote
from recollect.sample.deck import SampleCard, load_deck

__all__ = ["sample_notes"]


def sample_notes(deck: str | None = None) -> TextFile:
    """The sample's facts; each has a guid of its own, so that it is there once.

    Args:
        deck: around the sample's decks; None for none.
    """
    facts: dict[int, list[SampleCard]] = {}
    for card in load_deck():
        facts.setdefault(card.note_id, []).append(card)
    notes = []
    for number, cards in sorted(facts.items()):
        cards.sort(key=lambda card: card.direction == "reverse")
        name = cards[0].deck if deck is None else f"{deck}::{cards[0].deck}"
        texts = [part for card in cards for part in (card.prompt, card.answer)]
        notes.append(
            TextNote(
                row=number,
                fields=tuple(html.escape(text, quote=False) for text in texts),
                tags=("sample", cards[0].kind),
                deck=name,
                note_type="Both ways" if len(cards) == 2 else "Basic",
                guid=f"recollect-sample-{number}",
            )
        )
    return TextFile(tuple(notes))
