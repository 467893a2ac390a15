"""Notes and all the versions of their fields.

The fields of a note are never written over: each edit adds a version with its fingerprint, and the
note points to the present one. Versions stay when a note is deleted or an edit is taken back.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import and_, func, select

from recollect.collection import schema
from recollect.collection.codecs import (
    clean_name,
    fields_from,
    fields_text,
    from_json,
    sha256_of,
    to_json,
    version_from,
)
from recollect.collection.ids import free_ids
from recollect.collection.rows import Note, NoteVersion
from recollect.collection.tags import clean_tags
from recollect.collection.transaction import Row, Transaction, chunks
from recollect.errors import NoteError, UnknownNameError

__all__ = [
    "add_notes",
    "count_notes",
    "delete_notes",
    "find_guids",
    "get_note",
    "get_notes",
    "iterate_notes",
    "list_versions",
    "new_guid",
    "number_notes",
    "update_notes",
]

_notes, _versions, _tags = schema.notes, schema.note_versions, schema.note_tags
_CHUNK = 2_000
_GUID_BYTES = 9
_present = select(_notes, _versions.c.fields).join_from(
    _notes,
    _versions,
    and_(_versions.c.note_id == _notes.c.id, _versions.c.version == _notes.c.version),
)


def get_note(transaction: Transaction, note_id: int) -> Note:
    """The note of that number.

    Raises:
        UnknownNameError: there is none.
    """
    found = get_notes(transaction, [note_id])
    if not found:
        raise UnknownNameError("note", note_id)
    return found[0]


def get_notes(transaction: Transaction, note_ids: Iterable[int]) -> list[Note]:
    """The notes of those numbers, in that order; those that are not there are left out."""
    wanted = list(note_ids)
    found: dict[int, Note] = {}
    for chunk in chunks(wanted, _CHUNK):
        rows = transaction.execute(_present.where(_notes.c.id.in_(chunk))).all()
        found.update((note.id, note) for note in _with_tags(transaction, rows))
    return [found[number] for number in wanted if number in found]


def iterate_notes(transaction: Transaction) -> Iterator[Note]:
    """All notes in order of their number, a few at a time."""
    result = transaction.execute(_present.order_by(_notes.c.id))
    for part in result.partitions(_CHUNK):
        yield from _with_tags(transaction, part)


def count_notes(transaction: Transaction) -> int:
    """How many notes there are."""
    return transaction.execute(select(func.count()).select_from(_notes)).scalar_one()


def find_guids(transaction: Transaction, guids: Iterable[str]) -> dict[str, int]:
    """Number of the note of each of those guids that is there."""
    found: dict[str, int] = {}
    for chunk in chunks(guids, _CHUNK):
        query = select(_notes.c.guid, _notes.c.id).where(_notes.c.guid.in_(chunk))
        found.update((guid, number) for guid, number in transaction.execute(query))
    return found


def number_notes(transaction: Transaction, count: int) -> list[int]:
    """Numbers for new notes."""
    return free_ids(transaction, _notes, count)


def new_guid(transaction: Transaction) -> str:
    """A guid that no other note will have."""
    return base64.urlsafe_b64encode(transaction.random_bytes(_GUID_BYTES)).decode()


def add_notes(transaction: Transaction, notes: Iterable[Note]) -> int:
    """Add notes, any number of them, streamed; without cards.

    Numbers, guids and modification times are taken as they are. The version continues where a
    deleted note of that number left off; if its last fields were the same, that version is the
    note's again.

    Returns:
        How many there were.

    Raises:
        NoteError: another number of fields than the note type has, or a tag or guid too long.
        CollectionError: a number or guid is taken, or there is no such note type.
    """
    counts = _field_counts(transaction)
    total = 0
    for chunk in chunks(notes, _CHUNK):
        for note in chunk:
            _check_fields(note, counts)
        versions, new = _next_versions(transaction, chunk)
        transaction.insert(_notes, [_row(note, versions[note.id]) for note in chunk])
        transaction.insert(_versions, new)
        transaction.insert(_tags, [(n.id, tag) for n in chunk for tag in clean_tags(n.tags)])
        total += len(chunk)
    return total


def update_notes(transaction: Transaction, notes: Iterable[Note]) -> int:
    """Put notes in the place of those with their numbers; fields that changed make a version.

    Modification times are taken as they are; the versions given are of no account.

    Returns:
        How many notes changed.

    Raises:
        UnknownNameError: there is no such note.
        NoteError: another number of fields than the note type has, or a tag or guid too long.
    """
    counts = _field_counts(transaction)
    total = 0
    for chunk in chunks(notes, _CHUNK):
        there = {note.id: note for note in get_notes(transaction, [note.id for note in chunk])}
        changed = []
        for note in chunk:
            if note.id not in there:
                raise UnknownNameError("note", note.id)
            _check_fields(note, counts)
            cleaned = replace(note, tags=clean_tags(note.tags), version=there[note.id].version)
            if cleaned != there[note.id]:
                changed.append(cleaned)
        versions, new = _next_versions(transaction, changed)
        transaction.insert(_versions, new)
        transaction.update(_notes, [_row(note, versions[note.id]) for note in changed])
        tagged = [note for note in changed if note.tags != there[note.id].tags]
        transaction.delete(_tags, "note_id", [note.id for note in tagged])
        transaction.insert(_tags, [(note.id, tag) for note in tagged for tag in note.tags])
        total += len(changed)
    return total


def delete_notes(transaction: Transaction, note_ids: Iterable[int]) -> int:
    """Delete notes with their cards; reviews and versions stay.

    Returns:
        How many there were.
    """
    ids = list(note_ids)
    transaction.delete(schema.cards, "note_id", ids)
    transaction.delete(_tags, "note_id", ids)
    return transaction.delete(_notes, "id", ids)


def list_versions(transaction: Transaction, note_id: int) -> list[NoteVersion]:
    """All that the fields of a note have been, oldest first."""
    query = select(_versions).where(_versions.c.note_id == note_id).order_by(_versions.c.version)
    return [version_from(row) for row in transaction.execute(query)]


def _with_tags(transaction: Transaction, rows: Sequence[Any]) -> Iterator[Note]:
    tags: dict[int, list[str]] = {}
    for number, tag in transaction.rows(_tags, "note_id", [row[0] for row in rows]):
        tags.setdefault(number, []).append(tag)
    for row in rows:
        yield Note(
            id=row[0],
            guid=row[1],
            note_type_id=row[2],
            fields=fields_from(row[6]),
            tags=tuple(sorted(tags.get(row[0], ()))),
            version=row[3],
            modified_at_ms=row[4],
            extra=from_json(row[5]),
        )


def _row(note: Note, version: int) -> tuple[Any, ...]:
    guid = clean_name(note.guid, "guid")
    extra = to_json(note.extra)
    return (note.id, guid, note.note_type_id, version, note.modified_at_ms, extra)


def _field_counts(transaction: Transaction) -> dict[int, int]:
    query = select(schema.fields.c.note_type_id, func.count()).group_by(
        schema.fields.c.note_type_id
    )
    return {row[0]: row[1] for row in transaction.execute(query)}


def _check_fields(note: Note, counts: dict[int, int]) -> None:
    expected = counts.get(note.note_type_id)
    if expected is None:
        raise NoteError(f"note {note.id}: there is no note type {note.note_type_id}")
    if len(note.fields) != expected:
        raise NoteError(f"note {note.id}: {len(note.fields)} fields, its type has {expected}")


def _next_versions(
    transaction: Transaction, notes: Sequence[Note]
) -> tuple[dict[int, int], list[Row]]:
    """Version of each note, and the rows of those that are not there yet."""
    newest: dict[int, tuple[int, str]] = {}
    ids = [note.id for note in notes]
    for chunk in chunks(ids, _CHUNK):
        query = select(_versions.c.note_id, _versions.c.version, _versions.c.sha256)
        for number, version, sha256 in transaction.execute(
            query.where(_versions.c.note_id.in_(chunk))
        ):
            newest[number] = max(newest.get(number, (0, "")), (version, sha256))
    versions: dict[int, int] = {}
    new: list[Row] = []
    for note in notes:
        text = fields_text(note.fields)
        sha256 = sha256_of(text)
        version, last = newest.get(note.id, (0, ""))
        if sha256 != last:
            version += 1
            new.append((note.id, version, text, sha256, transaction.now_ms))
        versions[note.id] = version
    return versions, new
