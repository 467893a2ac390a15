"""Notes of a package, found in the collection by their guid or added to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Table, select

from recollect.anki.catalogue import CARRIED, sound_name, text, whole
from recollect.anki.media_files import renamed_references
from recollect.anki.merging_types import sound_id
from recollect.anki.package import NoteRow
from recollect.anki.summary import ImportSummary
from recollect.collection import Note, NoteType, Transaction, notes, schema
from recollect.collection.ids import free_ids
from recollect.collection.schema import LONGEST_NAME

__all__ = ["MAX_NOTE_CHARACTERS", "NoteMerge", "Numbers"]

MAX_NOTE_CHARACTERS = 5_000_000
"""A note with longer fields in all is left out and counted."""

_BATCH_CHARACTERS = 20_000_000
_LATEST_S = 4_102_444_800  # 2100
_FIELD_SEPARATOR = "\x1f"


class Numbers:
    """Numbers for new rows of a table: those wanted, where they are free."""

    def __init__(self, transaction: Transaction, table: Table) -> None:
        self._transaction = transaction
        self._table = table
        self._start = 0

    def choose(self, wanted: Sequence[Any]) -> list[int]:
        """A number for each wanted one: itself, if it is sound and free.

        The rows are added before the next numbers are chosen.
        """
        sound = {number for number in wanted if sound_id(number)}
        free = sound - {row[0] for row in self._taken(sorted(sound))}
        chosen: list[int | None] = []
        for number in wanted:
            mine = sound_id(number) and number in free
            chosen.append(number if mine else None)
            if mine:
                free.discard(number)  # the first to want it has it
        others = free_ids(
            self._transaction,
            self._table,
            chosen.count(None),
            start=self._start,
            besides=sound,
        )
        if others:
            self._start = others[-1] + 1
        rest = iter(others)
        return [next(rest) if number is None else number for number in chosen]

    def _taken(self, numbers: list[int]) -> Iterator[Sequence[Any]]:
        column = self._table.c.id
        for start in range(0, len(numbers), 2_000):
            part = numbers[start : start + 2_000]
            yield from self._transaction.execute(select(column).where(column.in_(part)))


@dataclass
class NoteMerge:
    """Merges notes, some thousands at a time.

    Attributes:
        transaction: to write with.
        types: our note type for each of the package's.
        renamed: media that have another name here.
        summary: where it is counted.
        number_of: number of the note here, by its number in the package.
        type_of: our note type of each note, by its number here.
        here_before: numbers of the notes that were here.
        other_type: those of them whose note type here is another.
    """

    transaction: Transaction
    types: Mapping[int, NoteType]
    renamed: Mapping[str, str]
    summary: ImportSummary
    number_of: dict[int, int] = field(default_factory=dict)
    type_of: dict[int, NoteType] = field(default_factory=dict)
    here_before: set[int] = field(default_factory=set)
    other_type: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._numbers = Numbers(self.transaction, schema.notes)
        self._guids: set[str] = set()

    def merge(self, rows: Sequence[NoteRow]) -> None:
        """Add or update the notes of these rows."""
        found = [note for note in map(self._note, rows) if note is not None]
        batch: list[Note] = []
        size = 0
        for note in found:
            size += sum(map(len, note.fields))
            batch.append(note)
            if size > _BATCH_CHARACTERS:
                self._merge(batch)
                batch, size = [], 0
        self._merge(batch)

    def _note(self, row: NoteRow) -> Note | None:
        """The note of a row, with the package's number and our note type; None to leave it out."""
        skipped = self.summary.skipped
        if type(row.id) is not int or not isinstance(row.flds, str | int | float):
            skipped["notes whose row is damaged"] += 1
            return None
        note_type = self.types.get(row.mid) if type(row.mid) is int else None
        if note_type is None:
            skipped["notes of a note type that is not in the package"] += 1
            return None
        flds = text(row.flds)
        if len(flds) > MAX_NOTE_CHARACTERS:
            skipped[f"notes of more than {MAX_NOTE_CHARACTERS:,} characters"] += 1
            return None
        guid = sound_name(row.guid) if len(text(row.guid)) <= LONGEST_NAME else ""
        if not guid:
            guid = f"anki-{row.id}"
            self.summary.mended["notes without a usable guid, given one"] += 1
        if guid in self._guids:
            skipped["notes whose guid another note of the package has"] += 1
            return None
        self._guids.add(guid)
        kept = {name: getattr(row, name) for name in ("flags", "data") if getattr(row, name)}
        sound = {name: value for name, value in kept.items() if type(value) in (int, str)}
        return Note(
            id=row.id,
            guid=guid,
            note_type_id=note_type.id,
            fields=self._fields(flds, len(note_type.fields)),
            tags=self._tags(text(row.tags)),
            modified_at_ms=whole(row.mod, 0, 0, _LATEST_S) * 1000,
            extra={CARRIED: sound} if sound else {},
        )

    def _fields(self, flds: str, count: int) -> tuple[str, ...]:
        texts = flds.split(_FIELD_SEPARATOR)
        if len(texts) != count:
            self.summary.mended["notes with too many or too few fields"] += 1
            rest = " ".join(texts[count - 1 :])
            texts = [*texts[: count - 1], rest] if len(texts) > count else texts
            texts += [""] * (count - len(texts))
        if self.renamed:
            texts = [renamed_references(item, self.renamed) for item in texts]
        return tuple(texts)

    def _tags(self, tags: str) -> tuple[str, ...]:
        if not tags:
            return ()
        found = [sound_name(tag) for tag in tags.split()]
        kept = tuple(tag for tag in found if 0 < len(tag) < LONGEST_NAME - 20)
        if len(kept) != len(found):
            self.summary.skipped["tags longer than a name can be"] += len(found) - len(kept)
        return kept

    def _merge(self, batch: list[Note]) -> None:
        if not batch:
            return
        there = notes.find_guids(self.transaction, [note.guid for note in batch])
        new = [note for note in batch if note.guid not in there]
        numbers = self._numbers.choose([note.id for note in new])
        known_types = {item.id: item for item in self.types.values()}
        notes.add_notes(
            self.transaction,
            [replace(note, id=number) for note, number in zip(new, numbers, strict=True)],
        )
        self.summary.notes.added += len(new)
        for note, number in zip(new, numbers, strict=True):
            self.number_of[note.id] = number
            self.type_of[number] = known_types[note.note_type_id]
        ours = {note.id: note for note in notes.get_notes(self.transaction, list(there.values()))}
        changed = []
        for note in batch:
            if note.guid not in there:
                continue
            here = ours[there[note.guid]]
            self.number_of[note.id] = here.id
            self.here_before.add(here.id)
            self.type_of[here.id] = known_types[note.note_type_id]
            if here.note_type_id != note.note_type_id:
                self.other_type.add(here.id)
                self.summary.skipped["notes that have another note type here"] += 1
            elif note.modified_at_ms > here.modified_at_ms:
                changed.append(replace(note, id=here.id))
            else:
                self.summary.notes.unchanged += 1
        updated = notes.update_notes(self.transaction, changed)
        self.summary.notes.updated += updated
        self.summary.notes.unchanged += len(changed) - updated
