"""Importing text files and the built-in sample: notes, of which cards are made."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import and_, select

from recollect.anki.catalogue import sound_name
from recollect.anki.csv_notes import read_csv_notes
from recollect.anki.importing import Tell, import_transaction, silent
from recollect.anki.markdown_notes import read_markdown_notes
from recollect.anki.sample_notes import sample_notes
from recollect.anki.stock_types import STOCK_BY_NAME, made_type, named_fields_type
from recollect.anki.summary import ImportSummary
from recollect.anki.text_notes import TextFile, TextNote
from recollect.anki.text_reading import read_text
from recollect.collection import (
    Card,
    Collection,
    Note,
    NoteType,
    Transaction,
    cards,
    decks,
    note_types,
    notes,
    schema,
)
from recollect.collection.codecs import fields_from
from recollect.collection.rendering import card_ordinals
from recollect.collection.schema import LONGEST_NAME
from recollect.collection.stock import STOCK
from recollect.collection.tags import clean_tags
from recollect.errors import NoteError, PackageError

__all__ = ["import_sample", "import_text"]

_MARKDOWN = (".md", ".markdown")
_CHUNK = 1_000


def import_text(
    collection: Collection,
    path: str | os.PathLike[str],
    *,
    deck: str | None = None,
    header: bool | None = None,
    dry_run: bool = False,
    tell: Tell = silent,
) -> ImportSummary:
    """Import notes from a CSV, a TSV or, by its name, a Markdown file.

    Notes are the same by guid where the file has guids, else by note type and first field; what
    is there is updated, and keeps its cards and their history.

    Args:
        collection: where to import.
        path: the file.
        deck: for notes that do not name theirs; default: what the file says, or the first deck.
        header: whether the first row of a CSV is a header; None to find out.
        dry_run: find out what would happen, and write nothing.
        tell: told of progress.

    Returns:
        What was added, updated, left as it was, or out, and why.

    Raises:
        PackageError: the file cannot be read; the message names row and column.
        CollectionError: the collection cannot be written; nothing was imported.
    """
    file = Path(path)
    text = read_text(file)
    summary = ImportSummary(str(file), dry_run)
    with import_transaction(collection, file.name, summary) as transaction:
        if file.suffix.lower() in _MARKDOWN:
            found = read_markdown_notes(file, text)
        else:
            names = transaction.execute(select(schema.fields.c.name).distinct()).scalars()
            found = read_csv_notes(file, text, known_names=set(names), header=header)
        _TextMerge(transaction, file, found, deck, summary, tell).merge()
    return summary


def import_sample(
    collection: Collection,
    *,
    deck: str | None = None,
    dry_run: bool = False,
    tell: Tell = silent,
) -> ImportSummary:
    """Import the built-in sample deck, with no history; see :func:`import_text`."""
    summary = ImportSummary("the built-in sample", dry_run)
    with import_transaction(collection, "the sample", summary) as transaction:
        merge = _TextMerge(transaction, Path("sample"), sample_notes(deck), None, summary, tell)
        merge.merge()
    return summary


class _TextMerge:
    """Merges the notes of a text file into a collection."""

    def __init__(
        self,
        transaction: Transaction,
        path: Path,
        found: TextFile,
        deck: str | None,
        summary: ImportSummary,
        tell: Tell,
    ) -> None:
        self.transaction = transaction
        self.path = path
        self.found = found
        self.summary = summary
        self.tell = tell
        self.deck = deck or found.deck
        self._decks: dict[str, int] = {}
        self._types: dict[str, NoteType] = {}
        self._met: set[object] = set()
        self._position = cards.next_position(transaction)

    def merge(self) -> None:
        """Add or update the notes.

        Raises:
            PackageError: a row does not fit its note type, or its deck or note type is none.
        """
        if self.found.blank_rows:
            self.summary.skipped["rows with an empty first field"] += self.found.blank_rows
        by_type: dict[int, list[TextNote]] = {}
        for item in self.found.notes:
            by_type.setdefault(self._type_for(item).id, []).append(item)
        done = 0
        for type_id, every in by_type.items():
            note_type = note_types.get_note_type(self.transaction, type_id)
            here = _First(self.transaction, note_type)
            for start in range(0, len(every), _CHUNK):
                batch = every[start : start + _CHUNK]
                self._merge(
                    note_type, here, [(item, self._note(item, note_type)) for item in batch]
                )
                done += len(batch)
                self.tell(done, len(self.found.notes), "notes")

    def _note(self, item: TextNote, note_type: NoteType) -> Note:
        """The note of a row; without a number, and a guid only if the row has one."""
        extra = [text for text in item.fields[len(note_type.fields) :] if text.strip()]
        if extra:
            count = len(note_type.fields)
            raise PackageError(
                f"{self.path}, row {item.row}, column {count + 1}: the note type "
                f"{note_type.name!r} has {count} fields, found {extra[0][:40]!r} besides"
            )
        return Note(
            id=0,
            guid=sound_name(item.guid) if len(item.guid) < LONGEST_NAME else "",
            note_type_id=note_type.id,
            fields=self._ordered(item.fields, note_type),
            tags=clean_tags(tag for tag in map(sound_name, item.tags) if tag),
            modified_at_ms=self.transaction.now_ms,
        )

    def _ordered(self, texts: Sequence[str], note_type: NoteType) -> tuple[str, ...]:
        """Fields in the order of the note type: by name where the header has its names."""
        names = [name.casefold() for name in note_type.field_names]
        columns = [name.casefold() for name in self.found.columns]
        if columns and set(columns) <= set(names):
            given = dict(zip(columns, texts, strict=False))
            return tuple(given.get(name, "") for name in names)
        kept = tuple(texts[: len(names)])
        return kept + ("",) * (len(names) - len(kept))

    def _type_for(self, item: TextNote) -> NoteType:
        name = item.note_type or self.found.note_type
        key = name.casefold() or f"\0{len(item.fields)} {self._is_cloze(item)}"
        if key not in self._types:
            self._types[key] = self._named_type(item, name) if name else self._usual_type(item)
        return self._types[key]

    def _named_type(self, item: TextNote, name: str) -> NoteType:
        known = note_types.list_note_types(self.transaction)
        there = next((found for found in known if found.name.casefold() == name.casefold()), None)
        if there is not None:
            return there
        stock = STOCK_BY_NAME.get(name.casefold())
        if stock is not None:
            return self._made(stock)
        if self.found.columns:
            return self._made(named_fields_type(sound_name(name), self.found.columns))
        names = ", ".join(found.name for found in known[:12]) or "none yet"
        raise PackageError(
            f"{self.path}, row {item.row}: no note type named {name[:80]!r}; there are: {names}"
        )

    def _usual_type(self, item: TextNote) -> NoteType:
        """A note type that has the columns, or front and back, or one of its own."""
        if self._is_cloze(item):
            return self._made(STOCK["cloze"])
        columns = self.found.columns
        wanted = {name.casefold() for name in columns}
        if columns:
            for known in note_types.list_note_types(self.transaction):
                if wanted == {name.casefold() for name in known.field_names}:
                    return known
        if len(item.fields) <= 2:
            return self._made(STOCK["basic"])
        names = columns or ["Front", "Back", *(f"Field {n}" for n in range(3, 501))]
        return self._made(named_fields_type(sound_name(self.path.stem), names[: len(item.fields)]))

    def _is_cloze(self, item: TextNote) -> bool:
        return len(item.fields) <= 2 and "{{c1::" in item.fields[0]

    def _made(self, wanted: NoteType) -> NoteType:
        try:
            made, is_new = made_type(self.transaction, wanted)
        except NoteError as error:
            raise PackageError(f"{self.path}: {error}") from error
        self.summary.note_types.added += is_new
        self.summary.note_types.unchanged += not is_new
        return made

    def _deck_for(self, item: TextNote) -> int:
        name = item.deck or self.deck
        if not name:
            return 1
        if name not in self._decks:
            try:
                there = decks.find_deck(self.transaction, name)
                if there is not None and there.is_filtered:
                    raise PackageError(
                        f"{self.path}, row {item.row}: the deck {there.name!r} only borrows "
                        "cards; name another"
                    )
                self._decks[name] = decks.make_deck(self.transaction, name).id
            except NoteError as error:
                raise PackageError(f"{self.path}, row {item.row}: {error}") from error
            self.summary.decks.added += there is None
            self.summary.decks.unchanged += there is not None
        return self._decks[name]

    def _merge(
        self, note_type: NoteType, first: _First, batch: list[tuple[TextNote, Note]]
    ) -> None:
        """Add or update the notes of one type."""
        there = self._there(first, batch)
        new: list[tuple[TextNote, Note]] = []
        changed: list[tuple[TextNote, Note]] = []
        for item, note in batch:
            key = note.guid or (note_type.id, note.fields[0].strip())
            if key in self._met:
                self.summary.skipped["rows that another row says again"] += 1
                continue
            self._met.add(key)
            here = there.get(key)
            if here is None:
                new.append((item, note))
            elif here.note_type_id != note_type.id:
                self.summary.skipped["notes that have another note type here"] += 1
            elif here.fields == note.fields and set(note.tags) <= set(here.tags):
                self.summary.notes.unchanged += 1
            else:
                tags = clean_tags((*here.tags, *note.tags))
                changed.append((item, replace(note, id=here.id, guid=here.guid, tags=tags)))
        notes.update_notes(self.transaction, [note for _, note in changed])
        self.summary.notes.updated += len(changed)
        self._add_notes(new, first)
        self._add_cards(note_type, changed)

    def _there(self, first: _First, batch: list[tuple[TextNote, Note]]) -> dict[object, Note]:
        """Notes that are here, by guid where the row has one, else by type and first field."""
        guids = [note.guid for _, note in batch if note.guid]
        by_guid = notes.find_guids(self.transaction, guids)
        texts = [note.fields[0].strip() for _, note in batch if not note.guid]
        by_text = {text: first.number_of(text) for text in texts}
        wanted = [*by_guid.values(), *(number for number in by_text.values() if number)]
        found = {note.id: note for note in notes.get_notes(self.transaction, wanted)}
        there: dict[object, Note] = {guid: found[number] for guid, number in by_guid.items()}
        for text, number in by_text.items():
            if number:
                there[(first.note_type.id, text)] = found[number]
        return there

    def _add_notes(self, new: list[tuple[TextNote, Note]], first: _First) -> None:
        numbers = notes.number_notes(self.transaction, len(new))
        added = [
            (item, replace(note, id=number, guid=note.guid or notes.new_guid(self.transaction)))
            for (item, note), number in zip(new, numbers, strict=True)
        ]
        notes.add_notes(self.transaction, [note for _, note in added])
        self.summary.notes.added += len(added)
        self._add_cards(first.note_type, added)

    def _add_cards(self, note_type: NoteType, every: list[tuple[TextNote, Note]]) -> None:
        """Make the cards that are not there yet."""
        here = cards.cards_of_notes(self.transaction, [note.id for _, note in every])
        there = {(card.note_id, card.ordinal) for card in here}
        new: list[Card] = []
        for item, note in every:
            missing = [
                ordinal
                for ordinal in card_ordinals(note_type, note.fields)
                if (note.id, ordinal) not in there
            ]
            deck_id = self._deck_for(item) if missing else 1
            place = self._position
            new += [Card(0, note.id, deck_id, ordinal=at, position=place) for at in missing]
            self._position += bool(missing)
        numbers = cards.number_cards(self.transaction, len(new))
        self.summary.cards.added += cards.add_cards(
            self.transaction,
            [replace(card, id=number) for card, number in zip(new, numbers, strict=True)],
        )


class _First:
    """Finds notes of a type by their first field."""

    def __init__(self, transaction: Transaction, note_type: NoteType) -> None:
        self.note_type = note_type
        self._transaction = transaction
        self._numbers: dict[str, int] | None = None

    def number_of(self, text: str) -> int | None:
        """Number of the oldest note with that first field."""
        if self._numbers is None:
            self._numbers = {}
            notes_, versions = schema.notes, schema.note_versions
            query = (
                select(notes_.c.id, versions.c.fields)
                .join(
                    versions,
                    and_(versions.c.note_id == notes_.c.id, versions.c.version == notes_.c.version),
                )
                .where(notes_.c.note_type_id == self.note_type.id)
                .order_by(notes_.c.id)
            )
            for number, fields in self._transaction.execute(query):
                self._numbers.setdefault(fields_from(fields)[0].strip(), number)
        return self._numbers.get(text)
