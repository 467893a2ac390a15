"""The texts that are searched, kept beside the notes' versions so that they are made only once.

The table is made of ``note_versions`` alone and can be dropped at any time. Versions are only ever
added, so it is complete when it has been made of as many of them as there are; what it lacks is
looked at all the same (:meth:`TextIndex.missing`), so that a search is right without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, func, inspect, select

from recollect.collection import schema
from recollect.collection.codecs import fields_from
from recollect.collection.opening import Collection
from recollect.collection.search.texts import searched_text, without_marks
from recollect.collection.transaction import Transaction, chunks
from recollect.errors import CollectionError

__all__ = ["SEPARATOR", "NoteText", "TextIndex", "look_at", "present", "refresh", "texts"]

SEPARATOR = "\x1f"
"""Between the fields of a text; none of them has it, for it counts as space."""

_FORMAT = 1  # of the texts; another one makes them all anew
_CHUNK = 2_000
_FEW = 200

_metadata = MetaData()
texts = Table(
    "search_texts",
    _metadata,
    Column("note_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("plain", Text, nullable=True),
)
_state = Table(
    "search_state",
    _metadata,
    Column("format", Integer, primary_key=True, autoincrement=False),
    Column("versions", BigInteger, nullable=False),
)
_versions, _notes = schema.note_versions, schema.notes


@dataclass(frozen=True, slots=True)
class NoteText:
    """What of a note is searched.

    Attributes:
        note_id: the note.
        text: its fields, folded, with :data:`SEPARATOR` between them.
        plain: the same without combining marks; None where there are none.
    """

    note_id: int
    text: str
    plain: str | None

    @classmethod
    def of(cls, note_id: int, fields: str) -> NoteText:
        """Of the fields as ``note_versions`` keeps them."""
        text = SEPARATOR.join(map(searched_text, fields_from(fields)))
        plain = SEPARATOR.join(map(without_marks, text.split(SEPARATOR)))
        return cls(note_id, text, None if plain == text else plain)

    def fields(self, *, ignore_marks: bool) -> list[str]:
        """The texts of the fields."""
        text = self.plain if ignore_marks and self.plain is not None else self.text
        return text.split(SEPARATOR)


@dataclass(frozen=True, slots=True)
class TextIndex:
    """What there is of texts in a transaction.

    Attributes:
        exists: whether the table is there.
        missing: present texts of notes that are not in the table.
    """

    exists: bool
    missing: tuple[NoteText, ...]


def look_at(transaction: Transaction) -> TextIndex:
    """What the table holds, and the texts that it lacks."""
    known, there = _counts(transaction)
    if known == there:
        return TextIndex(True, ())
    missing = _lacking(transaction, with_table=known is not None, present_only=True)
    return TextIndex(known is not None, tuple(NoteText.of(row[0], row[2]) for row in missing))


def refresh(collection: Collection, *, few: int = _FEW) -> int:
    """Bring the table up to date, where it is worth it; a search does without as well.

    Args:
        collection: to write to; one that only can be read stays as it is.
        few: up to so many texts may be missing.

    Returns:
        How many were added.
    """
    with collection.reading() as transaction:
        known, there = _counts(transaction)
    if there - (known or 0) <= few:
        return 0
    try:
        with collection.transaction(None) as transaction:
            return _refresh(transaction)
    except CollectionError:
        return 0


def present(table: Table = texts) -> Any:
    """That a row of the table is of the note's present version."""
    same = (_notes.c.id == table.c.note_id) & (_notes.c.version == table.c.version)
    return select(_notes.c.id).where(same).exists()


def _counts(transaction: Transaction) -> tuple[int | None, int]:
    """Of how many versions the table was made, None if it is not there, and how many there are."""
    there = transaction.execute(select(func.count()).select_from(_versions)).scalar_one()
    if not inspect(transaction.connection).has_table(_state.name):
        return None, there
    query = select(_state.c.versions).where(_state.c.format == _FORMAT)
    return transaction.execute(query).scalar(), there


def _lacking(
    transaction: Transaction, *, with_table: bool, present_only: bool
) -> Iterator[tuple[int, int, str]]:
    query = select(_versions.c.note_id, _versions.c.version, _versions.c.fields)
    if with_table:
        same = (texts.c.note_id == _versions.c.note_id) & (texts.c.version == _versions.c.version)
        query = query.where(~select(texts.c.note_id).where(same).exists())
    if present_only:
        query = query.where(present(_versions))
    for part in transaction.execute(query).partitions(_CHUNK):
        yield from (tuple(row) for row in part)


def _refresh(transaction: Transaction) -> int:
    connection = transaction.connection
    known, there = _counts(transaction)
    if known is None:
        _metadata.drop_all(connection)
        _metadata.create_all(connection)
    count = 0
    for chunk in chunks(_lacking(transaction, with_table=True, present_only=False), _CHUNK):
        rows = []
        for note_id, version, fields in chunk:
            found = NoteText.of(note_id, fields)
            rows.append(
                {"note_id": note_id, "version": version, "text": found.text, "plain": found.plain}
            )
        connection.execute(texts.insert(), rows)
        count += len(rows)
    connection.execute(_state.delete())
    connection.execute(_state.insert(), {"format": _FORMAT, "versions": there})
    return count
