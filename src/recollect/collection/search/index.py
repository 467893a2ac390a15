"""The texts that are searched, kept beside the notes' versions so that they are made only once.

The table is made of ``note_versions`` alone and can be dropped at any time. Versions are only ever
added, so it is complete when it has been made of as many of them as there are; what it lacks is
looked at all the same (:meth:`TextIndex.missing`), so that a search is right without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Exists,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    inspect,
    select,
)

from recollect.collection import schema
from recollect.collection.codecs import fields_from
from recollect.collection.opening import Collection as Opened
from recollect.collection.search.texts import searched_text, without_marks
from recollect.collection.transaction import Transaction, chunks
from recollect.errors import CollectionError

__all__ = [
    "SEPARATOR",
    "NoteText",
    "TextIndex",
    "look_at",
    "pending",
    "present",
    "refresh",
    "texts",
]

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

    @property
    def without_marks(self) -> str:
        """The text without combining marks."""
        return self.text if self.plain is None else self.plain


@dataclass(frozen=True, slots=True)
class TextIndex:
    """What there is of texts in a transaction.

    Attributes:
        exists: whether the table is there.
        missing: present texts of notes that are not in the table, by the notes' type.
    """

    exists: bool
    missing: tuple[tuple[int, NoteText], ...]


def look_at(transaction: Transaction) -> TextIndex:
    """What the table holds, and the texts that it lacks."""
    known, there = _counts(transaction)
    if known == there:
        return TextIndex(True, ())
    rows = list(_lacking(transaction, with_table=known is not None, present_only=True))
    types = {
        row[0]: row[1]
        for chunk in chunks((row[0] for row in rows), _CHUNK)
        for row in transaction.execute(
            select(_notes.c.id, _notes.c.note_type_id).where(_notes.c.id.in_(chunk))
        )
    }
    missing = ((types[row[0]], NoteText.of(row[0], row[2])) for row in rows)
    return TextIndex(known is not None, tuple(missing))


def pending(collection: Opened, *, few: int = _FEW) -> int:
    """How many texts :func:`refresh` would add."""
    with collection.reading() as transaction:
        known, there = _counts(transaction)
    missing = there - (known or 0)
    return 0 if missing <= few else missing


def refresh(collection: Opened, *, few: int = _FEW) -> int:
    """Bring the table up to date, where it is worth it; a search does without as well.

    Args:
        collection: to write to; one that only can be read stays as it is.
        few: up to so many texts may be missing.

    Returns:
        How many were added.
    """
    if not pending(collection, few=few):
        return 0
    try:
        with collection.transaction(None) as transaction:
            return _refresh(transaction)
    except CollectionError:
        return 0


def present(table: Table = texts, note_types: Collection[int] | None = None) -> Exists:
    """That a row of the table is of the present version of a note (of one of those types)."""
    same = (_notes.c.id == table.c.note_id) & (_notes.c.version == table.c.version)
    query = select(_notes.c.id).where(same)
    if note_types is not None:
        query = query.where(_notes.c.note_type_id.in_(sorted(note_types)))
    return query.exists()


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
