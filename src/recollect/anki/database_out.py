"""Writing a collection file as Anki has it: schema 11, or 18 with its tables and blobs."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recollect.anki.forms import CARD_TEMPLATE, COMMON, DECK, FIELD, NOTE_TYPE, PRESET, write_form
from recollect.anki.protobuf import field
from recollect.collection.markup import parts, unescape

__all__ = ["CollectionHead", "note_values", "opened_new", "write_rows"]

_SHARED = """
CREATE TABLE col (id integer PRIMARY KEY, crt integer NOT NULL, mod integer NOT NULL,
  scm integer NOT NULL, ver integer NOT NULL, dty integer NOT NULL, usn integer NOT NULL,
  ls integer NOT NULL, conf text NOT NULL, models text NOT NULL, decks text NOT NULL,
  dconf text NOT NULL, tags text NOT NULL);
CREATE TABLE notes (id integer PRIMARY KEY, guid text NOT NULL, mid integer NOT NULL,
  mod integer NOT NULL, usn integer NOT NULL, tags text NOT NULL, flds text NOT NULL,
  sfld integer NOT NULL, csum integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE cards (id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL,
  ord integer NOT NULL, mod integer NOT NULL, usn integer NOT NULL, type integer NOT NULL,
  queue integer NOT NULL, due integer NOT NULL, ivl integer NOT NULL, factor integer NOT NULL,
  reps integer NOT NULL, lapses integer NOT NULL, left integer NOT NULL, odue integer NOT NULL,
  odid integer NOT NULL, flags integer NOT NULL, data text NOT NULL);
CREATE TABLE revlog (id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL,
  ease integer NOT NULL, ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL,
  time integer NOT NULL, type integer NOT NULL);
"""
_GRAVES_11 = (
    "CREATE TABLE graves (usn integer NOT NULL, oid integer NOT NULL, type integer NOT NULL);"
)
_ONLY_18 = """
CREATE TABLE graves (oid integer NOT NULL, type integer NOT NULL, usn integer NOT NULL,
  PRIMARY KEY (oid, type)) WITHOUT ROWID;
CREATE TABLE deck_config (id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL);
CREATE TABLE config (KEY text NOT NULL PRIMARY KEY, usn integer NOT NULL,
  mtime_secs integer NOT NULL, val blob NOT NULL) WITHOUT ROWID;
CREATE TABLE fields (ntid integer NOT NULL, ord integer NOT NULL,
  name text NOT NULL COLLATE unicase, config blob NOT NULL, PRIMARY KEY (ntid, ord)) WITHOUT ROWID;
CREATE TABLE templates (ntid integer NOT NULL, ord integer NOT NULL,
  name text NOT NULL COLLATE unicase, mtime_secs integer NOT NULL, usn integer NOT NULL,
  config blob NOT NULL, PRIMARY KEY (ntid, ord)) WITHOUT ROWID;
CREATE TABLE notetypes (id integer NOT NULL PRIMARY KEY, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, config blob NOT NULL);
CREATE TABLE decks (id integer PRIMARY KEY NOT NULL, name text NOT NULL COLLATE unicase,
  mtime_secs integer NOT NULL, usn integer NOT NULL, common blob NOT NULL, kind blob NOT NULL);
CREATE TABLE tags (tag text NOT NULL PRIMARY KEY COLLATE unicase, usn integer NOT NULL,
  collapsed boolean NOT NULL, config blob NULL) WITHOUT ROWID;
CREATE UNIQUE INDEX idx_fields_name_ntid ON fields (name, ntid);
CREATE UNIQUE INDEX idx_templates_name_ntid ON templates (name, ntid);
CREATE UNIQUE INDEX idx_notetypes_name ON notetypes (name);
CREATE UNIQUE INDEX idx_decks_name ON decks (name);
CREATE INDEX idx_templates_usn ON templates (usn);
CREATE INDEX idx_notetypes_usn ON notetypes (usn);
CREATE INDEX idx_graves_pending ON graves (usn);
"""
_INDEXES = """
CREATE INDEX ix_notes_usn ON notes (usn);
CREATE INDEX ix_cards_usn ON cards (usn);
CREATE INDEX ix_revlog_usn ON revlog (usn);
CREATE INDEX ix_cards_nid ON cards (nid);
CREATE INDEX ix_cards_sched ON cards (did, queue, due);
CREATE INDEX ix_revlog_cid ON revlog (cid);
CREATE INDEX ix_notes_csum ON notes (csum);
"""
_INDEXES_18 = """
CREATE INDEX idx_notes_mid ON notes (mid);
CREATE INDEX idx_cards_odid ON cards (odid) WHERE odid != 0;
"""
_REQUIREMENTS = ("none", "any", "all")
Form = dict[str, Any]


@dataclass(frozen=True)
class CollectionHead:
    """What a collection file says besides its rows.

    Attributes:
        created_s: when it was made, s since 1970: the beginning of day 0.
        modified_ms: when it was changed last.
        config: settings, by name.
        models: note types, in the form of schema 11.
        decks: the same for decks.
        presets: the same for presets.
    """

    created_s: int
    modified_ms: int
    config: Mapping[str, Any]
    models: list[Form]
    decks: list[Form]
    presets: list[Form]


@contextmanager
def opened_new(path: Path, head: CollectionHead, *, latest: bool) -> Iterator[sqlite3.Connection]:
    """A new collection file to fill; it is whole when the block has ended.

    Args:
        path: of the file.
        head: what it says besides its rows.
        latest: schema 18 instead of 11.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.create_collation("unicase", _compare_caseless)
        # The file is new: nobody misses it if the machine goes down.
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.executescript(_SHARED + (_ONLY_18 if latest else _GRAVES_11))
        connection.execute("BEGIN")
        _write_head(connection, head, latest)
        yield connection
        connection.execute("COMMIT")
        connection.executescript(_INDEXES + (_INDEXES_18 if latest else ""))


def write_rows(
    connection: sqlite3.Connection, table: str, rows: Iterable[Sequence[Any]], width: int
) -> None:
    """Add rows to a table."""
    marks = ", ".join("?" * width)
    connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


def note_values(fields: tuple[str, ...], sort_field: int) -> tuple[str, str, int]:
    """Anki's ``flds``, ``sfld`` (for sorting) and ``csum`` (for finding duplicates)."""
    texts = [text.replace("\x1f", " ") for text in fields]
    first = _plain(texts[0])
    checksum = int(hashlib.sha1(first.encode(), usedforsecurity=False).hexdigest()[:8], 16)
    return "\x1f".join(texts), _plain(texts[sort_field]) if sort_field else first, checksum


def _plain(text: str) -> str:
    if "<" not in text and "&" not in text:
        return text
    kept = []
    for part in parts(text):
        if isinstance(part, str):
            kept.append(part)
        elif part.name == "img" and part.attributes.get("src"):
            kept.append(f" {part.attributes['src']} ")
    return unescape("".join(kept)).replace("\xa0", " ").strip()


def _write_head(connection: sqlite3.Connection, head: CollectionHead, latest: bool) -> None:
    texts: tuple[str, ...] = ("", "", "", "", "")
    if not latest:
        lists = (head.models, head.decks, head.presets)
        by_id = [json.dumps({str(form["id"]): form for form in forms}) for forms in lists]
        texts = (json.dumps(dict(head.config)), *by_id, "{}")
    schema = 18 if latest else 11
    moments = (head.created_s, head.modified_ms, head.modified_ms)
    write_rows(connection, "col", [(1, *moments, schema, 0, 0, 0, *texts)], 13)
    if latest:
        _write_tables(connection, head)


def _write_tables(connection: sqlite3.Connection, head: CollectionHead) -> None:
    config = [(name, -1, 0, json.dumps(value).encode()) for name, value in head.config.items()]
    write_rows(connection, "config", config, 4)
    apart = ("id", "name", "mod", "usn")
    for form in head.models:
        kept = write_form(form, NOTE_TYPE, (*apart, "flds", "tmpls", "req", "did", "tags", "vers"))
        kept += b"".join(map(_requirement, form["req"]))
        row = (form["id"], form["name"], form["mod"], -1, kept)
        write_rows(connection, "notetypes", [row], 5)
        fields = [
            (form["id"], at, item["name"], write_form(item, FIELD, ("name", "ord", "media")))
            for at, item in enumerate(form["flds"])
        ]
        write_rows(connection, "fields", fields, 4)
        number, own = form["id"], ("name", "ord")
        templates = [
            (number, at, item["name"], form["mod"], -1, write_form(item, CARD_TEMPLATE, own))
            for at, item in enumerate(form["tmpls"])
        ]
        write_rows(connection, "templates", templates, 6)
    for form in head.decks:
        normal = {key.name: form[key.name] for key in DECK if form.get(key.name) is not None}
        common = {key.name: form[key.name] for key in COMMON}
        name = form["name"].replace("::", "\x1f")
        kind = field(1, write_form(normal, DECK))
        blobs = (write_form(common, COMMON), kind)
        write_rows(connection, "decks", [(form["id"], name, form["mod"], -1, *blobs)], 6)
    for form in head.presets:
        kept = write_form(form, PRESET, (*apart, "dyn"))
        row = (form["id"], form["name"], form["mod"], -1, kept)
        write_rows(connection, "deck_config", [row], 5)


def _requirement(requirement: object) -> bytes:
    match requirement:
        case [int(card), str(kind), [*fields]] if kind in _REQUIREMENTS:
            numbers = bytes(item for item in fields if type(item) is int and 0 <= item < 128)
            inner = field(1, card) + field(2, _REQUIREMENTS.index(kind)) + field(3, numbers)
            return field(8, inner)
    return b""


def _compare_caseless(a: str, b: str) -> int:
    x, y = a.casefold(), b.casefold()
    return (x > y) - (x < y)
