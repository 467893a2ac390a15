"""Note types, decks and presets out of a collection of schema 11 or 18.

Schema 11 keeps them as JSON in the only row of ``col``; schema 18 (15 and later) in tables of
their own, with the rest as small protobuf messages.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

from recollect.anki.catalogue import (
    Catalogue,
    deck_from_form,
    note_type_from_form,
    preset_from_form,
    whole,
)
from recollect.anki.forms import (
    CARD_TEMPLATE,
    COMMON,
    DECK,
    FIELD,
    NOTE_TYPE,
    PRESET,
    Key,
    read_form,
)
from recollect.anki.protobuf import Message, parse
from recollect.collection import Deck, NoteType, Preset
from recollect.errors import PackageError
from recollect.reviews.anki_opening import has_plain_table
from recollect.reviews.messages import one_line

__all__ = ["read_catalogue", "read_config"]

Forms = dict[int, dict[str, Any]]

_MOST = 20_000
"""No package has as many decks, note types or fields."""

_LONGEST_BLOB = 8 * 1024**2
_NO_FORMS = (sqlite3.Error, ValueError, RecursionError)
_REQUIREMENTS = ("none", "any", "all")
_KEPT_APART = {
    "note type": ("notetypes", ("id", "name", "mtime_secs", "config")),
    "field": ("fields", ("ntid", "ord", "name", "config")),
    "template": ("templates", ("ntid", "ord", "name", "config")),
    "deck": ("decks", ("id", "name", "mtime_secs", "common", "kind")),
    "preset": ("deck_config", ("id", "name", "mtime_secs", "config")),
}


def read_catalogue(connection: sqlite3.Connection) -> Catalogue:
    """The note types, decks and presets of a collection.

    Raises:
        PackageError: they are damaged; the message lacks the file's name.
    """
    try:
        if all(has_plain_table(connection, *known) for known in _KEPT_APART.values()):
            models, decks, presets = _forms_18(connection)
        else:
            models, decks, presets = _forms_11(connection)
    except _NO_FORMS as error:
        raise PackageError(f"its note types or decks are damaged ({one_line(error)})") from error
    return _catalogue(models, decks, presets)


def read_config(connection: sqlite3.Connection) -> dict[str, Any]:
    """Settings of the collection, by name; only those that are JSON."""
    found: dict[str, Any] = {}
    try:
        if has_plain_table(connection, "config", ("KEY", "val")):
            rows = connection.execute(f"SELECT KEY, val FROM config LIMIT {_MOST}").fetchall()
            for name, value in rows:
                if isinstance(value, bytes | str) and len(value) < _LONGEST_BLOB:
                    found[str(name)] = _json(value)
            return found
        return _object(_json(_col(connection, "conf") or "{}"))
    except _NO_FORMS:
        return found


def _catalogue(models: Forms, decks: Forms, presets: Forms) -> Catalogue:
    note_types: dict[int, NoteType] = {}
    for number, form in models.items():
        note_type = note_type_from_form(number, form)
        if note_type is not None:
            note_types[number] = note_type
    filtered = frozenset(number for number, form in decks.items() if form.get("dyn") in (1, True))
    ours: dict[int, Deck] = {
        number: deck_from_form(number, form)
        for number, form in decks.items()
        if number not in filtered
    }
    settings: dict[int, Preset] = {
        number: preset_from_form(number, form)
        for number, form in presets.items()
        if not form.get("dyn")
    }
    return Catalogue(note_types, ours, filtered, settings)


def _forms_11(connection: sqlite3.Connection) -> tuple[Forms, Forms, Forms]:
    found: list[Forms] = []
    for column in ("models", "decks", "dconf"):
        loaded = _object(_json(_col(connection, column) or "{}"))
        forms: Forms = {}
        if len(loaded) > _MOST:
            raise PackageError(f"more than {_MOST} {column}, refused")
        for key, form in loaded.items():
            if isinstance(form, dict) and key.lstrip("-").isdecimal() and len(key) < 20:
                forms[int(key)] = form
        found.append(forms)
    models, decks, presets = found
    return models, decks, presets


def _forms_18(connection: sqlite3.Connection) -> tuple[Forms, Forms, Forms]:
    models: Forms = {}
    for number, name, mod, config in _rows(connection, "note type"):
        form = read_form(config, NOTE_TYPE)
        form["req"] = [_requirement(parse(raw)) for raw in config.raw(8)]
        models[number] = form | {"name": name, "mod": mod, "flds": [], "tmpls": []}
    for kind, key, table in (("field", "flds", FIELD), ("template", "tmpls", CARD_TEMPLATE)):
        keys: tuple[Key, ...] = table
        for number, order, name, config in _rows(connection, kind):
            if number in models:
                form = read_form(config, keys) | {"name": name, "ord": order}
                models[number][key].append(form)
    decks: Forms = {}
    for number, name, mod, common, kind in _rows(connection, "deck"):
        normal, dynamic = kind.raw(1), kind.raw(2)
        form = read_form(common, COMMON) | {"name": name, "mod": mod, "dyn": int(bool(dynamic))}
        decks[number] = form | (read_form(parse(normal[-1]), DECK) if normal else {})
    presets = {
        number: read_form(config, PRESET) | {"name": name, "mod": mod}
        for number, name, mod, config in _rows(connection, "preset")
    }
    return models, decks, presets


def _rows(connection: sqlite3.Connection, kind: str) -> Iterator[tuple[Any, ...]]:
    """Rows of a table with their ids as numbers and their blobs as messages."""
    table, columns = _KEPT_APART[kind]
    blobs = {at for at, name in enumerate(columns) if name in ("config", "common", "kind")}
    cursor = connection.execute(
        f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1, 2 LIMIT {_MOST + 1}"
    )
    for count, row in enumerate(cursor):
        if count == _MOST:
            raise PackageError(f"more than {_MOST} rows of {table}, refused")
        if not isinstance(row[0], int):
            continue
        for at in blobs:
            if isinstance(row[at], bytes) and len(row[at]) > _LONGEST_BLOB:
                raise PackageError(f"a {kind} of more than {_LONGEST_BLOB} bytes")
        yield tuple(
            (parse(cell) if isinstance(cell, bytes) else Message()) if at in blobs else cell
            for at, cell in enumerate(row)
        )


def _requirement(message: Message) -> list[Any]:
    """Which fields a card needs, as schema 11 says it."""
    kind = _REQUIREMENTS[whole(message.whole(2), 0, 0, 2)]
    packed = b"".join(message.raw(3))
    single = [value for _, value in message.get(3, ()) if isinstance(value, int)]
    # Numbers of fields are below 128: a byte each.
    return [message.whole(1), kind, single or list(packed)]


def _col(connection: sqlite3.Connection, column: str) -> str:
    row = connection.execute(f"SELECT {column} FROM col").fetchone()
    return row[0] if row and isinstance(row[0], str) else ""


def _json(text: str | bytes) -> Any:
    return json.loads(text, parse_constant=lambda _: None)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
