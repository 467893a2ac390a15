"""Note types: which fields a note has, and how its cards look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from recollect.collection import schema
from recollect.collection.cards import delete_cards
from recollect.collection.codecs import clean_name, clean_text, from_json, to_json
from recollect.collection.ids import free_ids
from recollect.collection.notes import get_notes, update_notes
from recollect.collection.rows import Field, NoteType, Template
from recollect.collection.transaction import Transaction, chunks
from recollect.errors import CollectionError, NoteError, UnknownNameError

__all__ = [
    "add_note_type",
    "delete_note_type",
    "find_note_type",
    "get_note_type",
    "list_note_types",
    "update_note_type",
]

_types, _fields, _templates = schema.note_types, schema.fields, schema.templates
_CHUNK = 2_000
_FORBIDDEN_IN_FIELDS = frozenset(':{}"')
_LEADING = ("#", "/", "^")


def list_note_types(transaction: Transaction) -> list[NoteType]:
    """All note types, by name."""
    rows = transaction.execute(select(_types).order_by(_types.c.name)).all()
    return _whole(transaction, rows)


def get_note_type(transaction: Transaction, note_type_id: int) -> NoteType:
    """The note type of that number.

    Raises:
        UnknownNameError: there is none.
    """
    rows = transaction.execute(select(_types).where(_types.c.id == note_type_id)).all()
    if not rows:
        raise UnknownNameError("note type", note_type_id)
    return _whole(transaction, rows)[0]


def find_note_type(transaction: Transaction, name: str) -> NoteType | None:
    """The note type of that name, or None."""
    cleaned = clean_name(name, "note type")
    rows = transaction.execute(select(_types).where(_types.c.name == cleaned)).all()
    return _whole(transaction, rows)[0] if rows else None


def add_note_type(transaction: Transaction, note_type: NoteType) -> NoteType:
    """Add a note type; number 0 takes a free one.

    Raises:
        NoteError: it has no field or no template, or two of one name.
        CollectionError: its name or number is taken.
    """
    cleaned = _cleaned(note_type)
    if find_note_type(transaction, cleaned.name) is not None:
        raise CollectionError(f"there is a note type named {cleaned.name!r} already")
    number = cleaned.id or free_ids(transaction, _types, 1)[0]
    added = replace(cleaned, id=number)
    transaction.insert(_types, [_row(added)])
    _insert_parts(transaction, added)
    return added


def update_note_type(
    transaction: Transaction,
    note_type: NoteType,
    *,
    fields_from: Sequence[int | None] | None = None,
    templates_from: Sequence[int | None] | None = None,
) -> None:
    """Put a note type in the place of the one with its number.

    Args:
        transaction: to write with.
        note_type: as it is to be.
        fields_from: for each of its fields, the place that it had before, or None for a new,
            empty one; may be left out if there are as many as before. Notes are moved along.
        templates_from: the same for its templates; cards of those that are gone are deleted,
            cards of new ones are not made here.

    Raises:
        UnknownNameError: there is none.
        NoteError: it has no field or no template, two of one name, or the maps do not fit.
        CollectionError: its name is taken.
    """
    cleaned = _cleaned(note_type)
    before = get_note_type(transaction, cleaned.id)
    other = find_note_type(transaction, cleaned.name)
    if other is not None and other.id != cleaned.id:
        raise CollectionError(f"there is a note type named {cleaned.name!r} already")
    fields_map = _checked_map(fields_from, len(cleaned.fields), len(before.fields), "fields")
    cards_map = _checked_map(
        templates_from, len(cleaned.templates), len(before.templates), "templates"
    )
    if cleaned != before:
        transaction.delete(_fields, "note_type_id", [cleaned.id])
        transaction.delete(_templates, "note_type_id", [cleaned.id])
        transaction.update(_types, [_row(cleaned)])
        _insert_parts(transaction, cleaned)
    if fields_map != list(range(len(before.fields))):
        _move_fields(transaction, cleaned.id, fields_map)
    if cleaned.kind == "normal" and cards_map != list(range(len(before.templates))):
        _move_cards(transaction, cleaned.id, cards_map)


def delete_note_type(transaction: Transaction, note_type_id: int) -> None:
    """Delete a note type that no note has.

    Raises:
        CollectionError: some note has it.
    """
    query = select(schema.notes.c.id).where(schema.notes.c.note_type_id == note_type_id)
    if transaction.execute(query.limit(1)).first() is not None:
        name = get_note_type(transaction, note_type_id).name
        raise CollectionError(f"there are notes of the type {name!r}; delete them first")
    for table, column in ((_fields, "note_type_id"), (_templates, "note_type_id"), (_types, "id")):
        transaction.delete(table, column, [note_type_id])


def _whole(transaction: Transaction, rows: Sequence[Any]) -> list[NoteType]:
    ids = [row[0] for row in rows]
    fields: dict[int, list[Field]] = {}
    templates: dict[int, list[Template]] = {}
    for row in sorted(transaction.rows(_fields, "note_type_id", ids)):
        fields.setdefault(row[0], []).append(Field(row[2], from_json(row[3])))
    for row in sorted(transaction.rows(_templates, "note_type_id", ids)):
        template = Template(row[2], row[3], row[4], from_json(row[5]))
        templates.setdefault(row[0], []).append(template)
    return [
        NoteType(
            id=row[0],
            name=row[1],
            kind=row[2],
            fields=tuple(fields.get(row[0], ())),
            templates=tuple(templates.get(row[0], ())),
            css=row[3],
            extra=from_json(row[4]),
            modified_at_ms=row[5],
        )
        for row in rows
    ]


def _row(note_type: NoteType) -> tuple[Any, ...]:
    return (
        note_type.id,
        note_type.name,
        note_type.kind,
        note_type.css,
        to_json(note_type.extra),
        note_type.modified_at_ms,
    )


def _insert_parts(transaction: Transaction, note_type: NoteType) -> None:
    transaction.insert(
        _fields,
        [
            (note_type.id, at, field.name, to_json(field.extra))
            for at, field in enumerate(note_type.fields)
        ],
    )
    transaction.insert(
        _templates,
        [
            (note_type.id, at, item.name, item.question, item.answer, to_json(item.extra))
            for at, item in enumerate(note_type.templates)
        ],
    )


def _cleaned(note_type: NoteType) -> NoteType:
    name = clean_name(note_type.name, "note type")
    if note_type.kind not in ("normal", "cloze"):
        raise NoteError(f"note type {name!r}: a kind is normal or cloze, not {note_type.kind!r}")
    if not note_type.fields or not note_type.templates:
        raise NoteError(f"note type {name!r}: it needs a field and a template")
    if note_type.kind == "cloze" and len(note_type.templates) != 1:
        raise NoteError(f"note type {name!r}: a cloze type has one template")
    fields = tuple(replace(f, name=_field_name(f.name, name)) for f in note_type.fields)
    templates = tuple(
        replace(
            item,
            name=clean_name(item.name, "template"),
            question=clean_text(item.question),
            answer=clean_text(item.answer),
        )
        for item in note_type.templates
    )
    for kind, names in (
        ("fields", [f.name for f in fields]),
        ("templates", [item.name for item in templates]),
    ):
        twice = next((item for item in names if names.count(item) > 1), None)
        if twice is not None:
            raise NoteError(f"note type {name!r}: two {kind} are named {twice!r}")
    css = clean_text(note_type.css)
    return replace(note_type, name=name, fields=fields, templates=templates, css=css)


def _field_name(name: str, note_type: str) -> str:
    cleaned = clean_name(name, "field")
    if _FORBIDDEN_IN_FIELDS & set(cleaned) or cleaned.startswith(_LEADING):
        raise NoteError(
            f"note type {note_type!r}: the field {cleaned!r} cannot be named in a template; "
            'leave out : { } " and a leading # / ^'
        )
    return cleaned


def _checked_map(
    given: Sequence[int | None] | None, after: int, before: int, what: str
) -> list[int | None]:
    if given is None:
        if after != before:
            raise NoteError(f"{before} {what} before, {after} now: say which is which")
        return list(range(before))
    sources = [source for source in given if source is not None]
    known = all(0 <= source < before for source in sources)
    if len(given) != after or not known or len(set(sources)) != len(sources):
        raise NoteError(f"the map of {what} does not fit: {list(given)}")
    return list(given)


def _move_fields(transaction: Transaction, note_type_id: int, sources: list[int | None]) -> None:
    query = select(schema.notes.c.id).where(schema.notes.c.note_type_id == note_type_id)
    for chunk in chunks(transaction.execute(query).scalars().all(), _CHUNK):
        moved = [
            replace(
                note,
                fields=tuple("" if at is None else note.fields[at] for at in sources),
                modified_at_ms=transaction.now_ms,
            )
            for note in get_notes(transaction, chunk)
        ]
        update_notes(transaction, moved)


def _move_cards(transaction: Transaction, note_type_id: int, sources: list[int | None]) -> None:
    """Cards keep their template: ordinals follow it, in two steps so that none meets another."""
    query = select(schema.cards).join(schema.notes, schema.notes.c.id == schema.cards.c.note_id)
    rows = transaction.execute(query.where(schema.notes.c.note_type_id == note_type_id)).all()
    at = list(schema.cards.columns).index(schema.cards.c.ordinal)
    now = {source: place for place, source in enumerate(sources) if source is not None}
    delete_cards(transaction, [row[0] for row in rows if row[at] not in now])
    moving = [row for row in rows if row[at] in now and now[row[at]] != row[at]]
    aside = [(*row[:at], -1 - now[row[at]], *row[at + 1 :]) for row in moving]
    transaction.update(schema.cards, aside)
    transaction.update(schema.cards, [(*row[:at], -1 - row[at], *row[at + 1 :]) for row in aside])
