"""Cards of a package, found in the collection by note and ordinal or added to it.

Where a card is in both, the side with the later review has the word on when it is due; with the
same reviews, the later modification, and a card that was changed here stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import func, select

from recollect.anki.merging_notes import NoteMerge, Numbers
from recollect.anki.package import CardRow
from recollect.anki.scheduling import (
    as_new,
    card_from_row,
    carried_of,
    changed_here,
    with_fingerprint,
)
from recollect.anki.summary import ImportSummary
from recollect.collection import Card, Deck, Preset, Transaction, cards, schema

__all__ = ["CardMerge", "last_reviews_here"]

_MOST_CLOZES = 500
_FIRST_DECK = 1


def last_reviews_here(transaction: Transaction) -> dict[int, int]:
    """Number of the newest answer of each card, of those that count."""
    reviews, voided = schema.reviews, schema.voided_reviews
    query = (
        select(reviews.c.card_id, func.max(reviews.c.id))
        .where(reviews.c.id.not_in(select(voided.c.review_id)))
        .group_by(reviews.c.card_id)
    )
    return {row[0]: row[1] for row in transaction.execute(query)}


@dataclass
class CardMerge:
    """Merges cards, some thousands at a time.

    Attributes:
        transaction: to write with.
        notes: what became of the notes.
        decks: our deck for each of the package's.
        preset_of: preset of each of our decks.
        day_0: the day, since 1970, that is the package's day 0.
        today: our number of the present day.
        last_there: newest review of each card in the package.
        last_here: newest review of each card in the collection.
        summary: where it is counted.
        number_of: number of the card here, by its number in the package.
    """

    transaction: Transaction
    notes: NoteMerge
    decks: Mapping[int, Deck]
    preset_of: Mapping[int, Preset]
    day_0: int
    today: int
    last_there: Mapping[int, int]
    last_here: Mapping[int, int]
    summary: ImportSummary
    number_of: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._numbers = Numbers(self.transaction, schema.cards)
        self._seen: set[tuple[int, int]] = set()

    def merge(self, rows: Sequence[CardRow]) -> None:
        """Add or update the cards of these rows."""
        found = [card for card in map(self._card, rows) if card is not None]
        before = {card.note_id for card in found} & self.notes.here_before
        there = {
            (card.note_id, card.ordinal): card
            for card in cards.cards_of_notes(self.transaction, before)
        }
        new = [card for card in found if (card.note_id, card.ordinal) not in there]
        kept_out = [card for card in new if card.note_id in self.notes.other_type]
        if kept_out:
            self.summary.skipped["cards of notes that have another note type here"] += len(kept_out)
            new = [card for card in new if card.note_id not in self.notes.other_type]
        numbers = self._numbers.choose([card.id for card in new])
        added = []
        for card, number in zip(new, numbers, strict=True):
            self.number_of[card.id] = number
            added.append(with_fingerprint(card if number == card.id else replace(card, id=number)))
        self.summary.cards.added += cards.add_cards(self.transaction, added)
        changed = []
        for card in found:
            here = there.get((card.note_id, card.ordinal))
            if here is None:
                continue
            self.number_of[card.id] = here.id
            theirs = with_fingerprint(replace(card, id=here.id))
            if self._theirs_counts(card, here) and theirs != here:
                changed.append(theirs)
            else:
                self.summary.cards.unchanged += 1
        self.summary.cards.updated += cards.update_cards(self.transaction, changed)

    def _theirs_counts(self, theirs: Card, here: Card) -> bool:
        last_there = self.last_there.get(theirs.id, 0)
        last_here = self.last_here.get(here.id, 0)
        if last_there != last_here:
            return last_there > last_here
        if changed_here(here):
            return False
        if theirs.phase == "new" != here.phase and not last_there:
            return False  # exported without scheduling
        return carried_of(theirs).get("mod", 0) >= carried_of(here).get("mod", 0)

    def _card(self, row: CardRow) -> Card | None:
        """The card of a row, with the package's number and our note and deck; None to skip it."""
        skipped = self.summary.skipped
        keys: tuple[Any, ...] = (row.id, row.nid, row.did, row.ord, row.odid)
        if not all(type(cell) is int for cell in keys):
            skipped["cards whose row is damaged"] += 1
            return None
        note_id = self.notes.number_of.get(row.nid)
        if note_id is None:
            skipped["cards of a note that is not there"] += 1
            return None
        note_type = self.notes.type_of[note_id]
        most = _MOST_CLOZES if note_type.kind == "cloze" else len(note_type.templates)
        if not 0 <= row.ord < most:
            skipped["cards of no template"] += 1
            return None
        if (note_id, row.ord) in self._seen:
            skipped["cards that are twice in the package"] += 1
            return None
        self._seen.add((note_id, row.ord))
        deck = self.decks.get(row.odid or row.did)
        if deck is None:
            self.summary.mended["cards of no deck, put into the first"] += 1
        deck_id = deck.id if deck else _FIRST_DECK
        card = card_from_row(
            row,
            note_id=note_id,
            deck_id=deck_id,
            day_0=self.day_0,
            preset=self.preset_of[deck_id],
            today=self.today,
        )
        if card is None:
            self.summary.mended["cards due at no time, taken as new"] += 1
            return as_new(row, note_id=note_id, deck_id=deck_id)
        if row.odid:
            self.summary.mended["cards in filtered decks, taken home"] += 1
        return card
