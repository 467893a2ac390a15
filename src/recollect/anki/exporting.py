"""Exporting a collection, or a deck of it, as a package that Anki opens."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import func, select

from recollect.anki.database_out import CollectionHead, note_values, opened_new, write_rows
from recollect.anki.forms_out import deck_form, note_type_form, preset_form
from recollect.anki.importing import Tell, silent, today_of
from recollect.anki.package_out import MediaOut, write_package
from recollect.anki.scheduling import anki_state
from recollect.collection import (
    Card,
    Collection,
    Deck,
    Note,
    NoteType,
    Preset,
    Settings,
    Transaction,
    cards,
    decks,
    note_types,
    notes,
    presets,
    reviews,
    schema,
    settings,
)
from recollect.errors import PackageError, UnknownNameError
from recollect.reviews.atomic import replaced_file

__all__ = ["ExportSummary", "chosen_cards", "export_package"]

_EPOCH = date(1970, 1, 1)
_OF_THE_LEARNER = ("leech", "marked")
"""Tags that say how studying goes, and stay behind without it."""


@dataclass(frozen=True)
class ExportSummary:
    """What was written.

    Attributes:
        path: the file or folder.
        notes: how many.
        cards: how many.
        reviews: entries of the log.
        media: files.
        missing_media: files that notes name but the collection has not; the first hundred.
    """

    path: str
    notes: int = 0
    cards: int = 0
    reviews: int = 0
    media: int = 0
    missing_media: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Chosen:
    """What is exported."""

    decks: list[Deck]
    cards: list[Card]
    note_ids: set[int]
    types: dict[int, NoteType]
    presets: dict[int, Preset]


def export_package(
    collection: Collection,
    path: str | os.PathLike[str],
    *,
    deck: str | None = None,
    with_history: bool = False,
    latest: bool = False,
    tell: Tell = silent,
) -> ExportSummary:
    """Write an .apkg: notes, cards, their note types, decks and media.

    Args:
        collection: what to export.
        path: the file; replaced at once, when all is written.
        deck: only this deck and those within it.
        with_history: with scheduling, presets and the review log; without, all cards are new.
        latest: in the form of Anki 2.1.50 and later, packed with zstd; otherwise in that of
            schema 11, which every Anki opens.
        tell: told of progress.

    Raises:
        UnknownNameError: there is no such deck.
        OutputError: the file cannot be written.
    """
    target = Path(path)
    with (
        collection.reading() as transaction,
        tempfile.TemporaryDirectory(prefix="recollect-") as folder,
        replaced_file(target) as draft,
    ):
        export = _Export(transaction, deck, with_history, tell)
        database = Path(folder) / "collection"
        with opened_new(database, export.head(), latest=latest) as connection:
            write_rows(connection, "notes", export.note_rows(), 11)
            write_rows(connection, "cards", export.card_rows(), 18)
            write_rows(connection, "revlog", export.review_rows(), 9)
        texts = export.texts_with_media()
        media = MediaOut(transaction, collection.place, texts, everything=deck is None)
        write_package(draft, database, media, latest=latest)
        return ExportSummary(
            path=str(target),
            notes=export.notes,
            cards=len(export.chosen.cards),
            reviews=export.reviews,
            media=media.count,
            missing_media=tuple(media.missing[:100]),
        )


def chosen_cards(transaction: Transaction, deck: str | None) -> tuple[list[Deck], list[Card]]:
    """Decks and their cards: those of a deck and all within it, or all.

    Raises:
        UnknownNameError: there is no such deck.
    """
    every = decks.list_decks(transaction)
    if deck is not None:
        top = decks.find_deck(transaction, deck)
        if top is None:
            raise UnknownNameError("deck", deck, [item.name for item in every])
        every = decks.deck_tree(transaction, top.id)
    inside = {item.id for item in every}
    found = [card for card in cards.iterate_cards(transaction) if card.home_deck_id in inside]
    return every, found


class _Export:
    """Gives the rows of an export, one table after the other."""

    def __init__(
        self, transaction: Transaction, deck: str | None, with_history: bool, tell: Tell
    ) -> None:
        self.transaction = transaction
        self.with_history = with_history
        self.chosen = _chosen(transaction, deck)
        self.settings = settings.get_settings(transaction)
        self.today = today_of(transaction)
        self.day_0 = self._first_day()
        self.notes = 0
        self.reviews = 0
        self._tell = tell
        self._done = 0
        self._fields: set[str] = set()
        history = schema.reviews.c.id
        count = transaction.execute(select(func.count(history))).scalar_one() if with_history else 0
        self._total = len(self.chosen.note_ids) + len(self.chosen.cards) + count

    def head(self) -> CollectionHead:
        now_s = self.transaction.now_ms // 1000
        created = _beginning(self.day_0, self.settings)
        config = {
            "activeDecks": [1],
            "curDeck": 1,
            "curModel": min(self.chosen.types, default=1),
            "schedVer": 2,
            "sched2021": True,
            "rollover": self.settings.rollover_hour,
            "creationOffset": -int((created.utcoffset() or timedelta()).total_seconds() // 60),
            "nextPos": max((card.position or 0 for card in self.chosen.cards), default=0) + 1,
            **{"addToCur": True, "collapseTime": 1200, "dueCounts": True, "estTimes": True},
            **{"newSpread": 0, "timeLim": 0, "sortType": "noteFld", "sortBackwards": False},
            **{"dayLearnFirst": False},
        }
        return CollectionHead(
            created_s=int(created.timestamp()),
            modified_ms=self.transaction.now_ms,
            config=config,
            models=_distinct([note_type_form(item) for item in self.chosen.types.values()]),
            decks=_distinct(self._deck_forms(now_s)),
            presets=[preset_form(item, now_s) for item in self._presets()],
        )

    def note_rows(self) -> Iterator[tuple[Any, ...]]:
        for note in notes.iterate_notes(self.transaction):
            if note.id not in self.chosen.note_ids:
                continue
            yield self._note_row(note)
            self.notes += 1
            self._step("notes")

    def card_rows(self) -> Iterator[tuple[Any, ...]]:
        answers = _answers(self.transaction) if self.with_history else {}
        now_s = self.transaction.now_ms // 1000
        preset_of = {deck.id: self.chosen.presets[deck.preset_id or 1] for deck in self._homes()}
        for card in self.chosen.cards:
            self._step("cards")
            key = (card.id, card.note_id, card.home_deck_id, card.ordinal)
            if not self.with_history:
                position = card.position or self._position_before(card)
                yield (*key, now_s, -1, 0, 0, position, *([0] * 8), "")
                continue
            reps, lapses, last_ms = answers.get(card.id, (0, 0, 0))
            state = anki_state(
                card,
                preset_of[card.home_deck_id],
                day_0=self.day_0,
                today=self.today,
                reps=reps,
                lapses=lapses,
                mod_s=last_ms // 1000 or now_s,
            )
            yield (
                *(*key, state.mod, -1, state.type, state.queue, state.due, state.ivl),
                *(state.factor, state.reps, state.lapses, state.left, 0, 0),
                *(state.flags, state.data),
            )

    def review_rows(self) -> Iterator[tuple[Any, ...]]:
        if not self.with_history:
            return
        inside = {card.id for card in self.chosen.cards}
        for entry in reviews.iterate_reviews(self.transaction):
            self._step("reviews")
            if entry.card_id not in inside:
                continue
            self.reviews += 1
            yield (
                *(entry.id, entry.card_id, -1, entry.rating),
                *(entry.interval_after, entry.interval_before, entry.ease_factor),
                *(entry.duration_ms, schema.REVIEW_KINDS.index(entry.kind)),
            )

    def texts_with_media(self) -> Iterable[str]:
        """All texts in which media may be named, of which each is there once."""
        for item in self.chosen.types.values():
            yield item.css
            for template in item.templates:
                yield from (template.question, template.answer)
        yield from self._fields

    def _note_row(self, note: Note) -> tuple[Any, ...]:
        note_type = self.chosen.types[note.note_type_id]
        self._fields.update(text for text in note.fields if "<" in text or "[sound:" in text)
        sort_field = note_type.extra.get("anki", {}).get("sortf", 0)
        in_range = type(sort_field) is int and 0 <= sort_field < len(note.fields)
        joined, sorted_by, checksum = note_values(note.fields, sort_field if in_range else 0)
        tags = note.tags
        if not self.with_history:
            tags = tuple(tag for tag in tags if tag.lower() not in _OF_THE_LEARNER)
        carried = note.extra.get("anki", {})
        flags, data = carried.get("flags", 0), carried.get("data", "")
        return (
            *(note.id, note.guid, note.note_type_id, note.modified_at_ms // 1000, -1),
            f" {' '.join(tags)} " if tags else "",
            *(joined, sorted_by, checksum),
            flags if type(flags) is int else 0,
            data if isinstance(data, str) else "",
        )

    def _position_before(self, card: Card) -> int:
        """Place among the new cards before a card was learnt, where Anki noted it."""
        try:
            found = json.loads(card.extra.get("anki", {}).get("data", "{}")).get("pos", 0)
        except (ValueError, AttributeError):
            return 0
        return found if type(found) is int else 0

    def _homes(self) -> list[Deck]:
        return [deck for deck in self.chosen.decks if not deck.is_filtered]

    def _deck_forms(self, now_s: int) -> list[dict[str, Any]]:
        """The decks, and the first one, which Anki expects in every file."""
        found = [deck for deck in self._homes() if deck.id != 1]
        forms = [deck_form(deck, now_s) for deck in found]
        first = next((deck for deck in self._homes() if deck.id == 1), Deck(1, "Default"))
        forms.insert(0, deck_form(first, now_s))
        if not self.with_history:
            for form in forms:
                form["conf"] = 1
        return forms

    def _presets(self) -> list[Preset]:
        used = {deck.preset_id for deck in self._homes()} | {1}
        first = self.chosen.presets[1]
        return (
            [preset for preset in self.chosen.presets.values() if preset.id in used]
            if self.with_history
            else [Preset(1, first.name)]
        )

    def _first_day(self) -> int:
        """Day 0: before all that happened."""
        boundary = self.settings.day_boundary
        first = self.transaction.execute(select(func.min(schema.reviews.c.id))).scalar_one()
        moments = [self.settings.created_at_ms, *([first] if first else [])]
        return int(boundary.day_number(np.array(moments, dtype=np.int64)).min())

    def _step(self, what: str) -> None:
        self._done += 1
        if self._done % 1_000 == 0 or self._done == self._total:
            self._tell(self._done, self._total, what)


def _chosen(transaction: Transaction, deck: str | None) -> _Chosen:
    ours, found = chosen_cards(transaction, deck)
    note_ids = {card.note_id for card in found}
    used = {
        row[1]
        for row in transaction.execute(select(schema.notes.c.id, schema.notes.c.note_type_id))
        if row[0] in note_ids
    }
    types = {item.id: item for item in note_types.list_note_types(transaction)}
    return _Chosen(
        decks=ours,
        cards=found,
        note_ids=note_ids,
        types={number: item for number, item in types.items() if number in used},
        presets={item.id: item for item in presets.list_presets(transaction)},
    )


def _answers(transaction: Transaction) -> Mapping[int, tuple[int, int, int]]:
    """Answers, lapses and time of the last answer of each card, by the log."""
    log, voided = schema.reviews, schema.voided_reviews
    is_lapse = (log.c.kind == "review") & (log.c.rating == 1)
    query = (
        select(
            log.c.card_id,
            func.count(),
            func.count().filter(is_lapse),
            func.max(log.c.answered_at_ms),
        )
        .where(log.c.rating > 0, log.c.id.not_in(select(voided.c.review_id)))
        .group_by(log.c.card_id)
    )
    return {row[0]: (row[1], row[2], row[3]) for row in transaction.execute(query)}


def _beginning(day: int, own: Settings) -> datetime:
    """When a study day begins where the learner is."""
    if not 0 <= day < 47_482:
        raise PackageError(f"the collection begins on day {day}, which is no date of a log")
    start = datetime.combine(_EPOCH + timedelta(days=day), datetime.min.time())
    local = start.replace(hour=own.rollover_hour, tzinfo=own.day_boundary.zone)
    return local.astimezone(UTC).astimezone(own.day_boundary.zone)


def _distinct(forms: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Names that Anki, for which A is a, can tell apart."""
    taken: set[str] = set()
    for form in forms:
        wanted, number = form["name"], 2
        while form["name"].casefold() in taken:
            form["name"], number = f"{wanted} ({number})", number + 1
        taken.add(form["name"].casefold())
        for part in ("flds", "tmpls"):
            if part in form:
                _distinct(form[part])
    return forms
