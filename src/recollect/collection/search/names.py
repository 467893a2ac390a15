"""From the names in a query to the numbers of what is so called."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from sqlalchemy import select

from recollect.collection import schema
from recollect.collection.decks import SEPARATOR
from recollect.collection.search.patterns import Glob
from recollect.collection.search.texts import fold
from recollect.collection.transaction import Transaction

__all__ = [
    "comparable",
    "deck_ids",
    "field_positions",
    "is_named",
    "is_named_or_within",
    "named_templates",
    "note_type_ids",
    "preset_ids",
]

_FILTERED = "filtered"
_Key = TypeVar("_Key")


def comparable(name: str) -> str:
    """A name as names are compared: without case, runs of space as one."""
    return fold(" ".join(name.split()))


def is_named(pattern: Glob) -> Callable[[str], bool]:
    """Tells whether a name matches."""
    matches = pattern.matcher(fold)
    return lambda name: matches(comparable(name))


def is_named_or_within(
    matches: Callable[[str], bool], name: str, prepared: Callable[[str], str] = comparable
) -> bool:
    """Whether a name with levels, or one of those around it, matches."""
    parts = prepared(name).split(SEPARATOR)
    return any(matches(SEPARATOR.join(parts[: end + 1])) for end in range(len(parts)))


def deck_ids(transaction: Transaction, pattern: Glob) -> list[int]:
    """Decks of that name and those within them; for ``filtered`` the filtered ones."""
    decks = schema.decks.c
    rows = transaction.execute(select(decks.id, decks.name, decks.is_filtered)).all()
    if pattern.text.lower() == _FILTERED:
        return [row.id for row in rows if row.is_filtered]
    matches = pattern.matcher(fold)
    return [row.id for row in rows if is_named_or_within(matches, row.name)]


def preset_ids(transaction: Transaction, pattern: Glob) -> list[int]:
    """Presets of that name."""
    matches = is_named(pattern)
    rows = transaction.execute(select(schema.presets.c.id, schema.presets.c.name))
    return [number for number, name in rows if matches(name)]


def note_type_ids(transaction: Transaction, pattern: Glob) -> list[int]:
    """Note types of that name."""
    matches = is_named(pattern)
    rows = transaction.execute(select(schema.note_types.c.id, schema.note_types.c.name))
    return [number for number, name in rows if matches(name)]


def field_positions(transaction: Transaction, pattern: Glob) -> dict[tuple[int, ...], list[int]]:
    """Places of the fields of that name, and the note types that have them there."""
    matches = is_named(pattern)
    fields = schema.fields.c
    rows = transaction.execute(select(fields.note_type_id, fields.position, fields.name))
    places: dict[int, list[int]] = {}
    for number, position, name in rows:
        if matches(name):
            places.setdefault(number, []).append(position)
    return _turned((number, tuple(sorted(found))) for number, found in places.items())


def named_templates(transaction: Transaction, pattern: Glob) -> dict[int | None, list[int]]:
    """Ordinals of the templates of that name, and their note types; None for all ordinals."""
    matches = is_named(pattern)
    templates, types = schema.templates.c, schema.note_types.c
    query = select(templates.note_type_id, templates.position, templates.name, types.kind).join(
        schema.note_types, types.id == templates.note_type_id
    )
    return _turned(
        (row.note_type_id, None if row.kind == "cloze" else row.position)
        for row in transaction.execute(query)
        if matches(row.name)
    )


def _turned(pairs: Iterable[tuple[int, _Key]]) -> dict[_Key, list[int]]:
    numbers: dict[_Key, list[int]] = {}
    for number, key in pairs:
        numbers.setdefault(key, []).append(number)
    return numbers
