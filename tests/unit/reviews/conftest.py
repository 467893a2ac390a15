"""Makes Anki collections and packages to read."""

from __future__ import annotations

import os
import sqlite3
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

REPOSITORY = Path(__file__).parents[3]

# Tables as Anki declares them, apart from columns that no review log needs.
_SCHEMA = """
CREATE TABLE col (id integer PRIMARY KEY, ver integer NOT NULL);
CREATE TABLE cards (
  id integer PRIMARY KEY, nid integer NOT NULL, did integer NOT NULL, ord integer NOT NULL,
  odid integer NOT NULL, data text NOT NULL
);
CREATE TABLE revlog (
  id integer PRIMARY KEY, cid integer NOT NULL, usn integer NOT NULL, ease integer NOT NULL,
  ivl integer NOT NULL, lastIvl integer NOT NULL, factor integer NOT NULL,
  time integer NOT NULL, type integer NOT NULL
);
CREATE TABLE decks (id integer PRIMARY KEY, name text NOT NULL {collation});
CREATE UNIQUE INDEX idx_decks_name ON decks (name);
"""

Entry = tuple[int, int, int, int, int, int]  # id, cid, ease, factor, time, type
Card = tuple[int, int, int, int]  # id, nid, did, odid


def write_collection(
    path: Path, entries: Sequence[Entry], cards: Sequence[Card], schema: int = 11
) -> Path:
    """An SQLite collection; schema 18 has the collation that only Anki knows."""
    with closing(sqlite3.connect(path)) as db:
        db.create_collation("unicase", lambda a, b: (a > b) - (a < b))
        if schema == 18:
            db.execute("PRAGMA journal_mode = wal")
        db.executescript(_SCHEMA.format(collation="COLLATE unicase" if schema == 18 else ""))
        db.execute("INSERT INTO col VALUES (1, ?)", (schema,))
        db.executemany("INSERT INTO decks VALUES (?, ?)", [(1, "Default"), (2, "Spanish")])
        db.executemany("INSERT INTO cards VALUES (?, ?, ?, 0, ?, '{}')", cards)
        db.executemany(
            "INSERT INTO revlog (id, cid, usn, ease, ivl, lastIvl, factor, time, type) "
            "VALUES (?, ?, -1, ?, 1, 1, ?, ?, ?)",
            entries,
        )
        db.commit()
        if schema == 18:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def write_package(path: Path, kind: str, entries: Sequence[Entry], cards: Sequence[Card]) -> Path:
    """A package of kind ``legacy1``, ``legacy2`` or ``latest``."""
    schema = 18 if kind == "latest" else 11
    real = write_collection(path.with_suffix(".real"), entries, cards, schema).read_bytes()
    placeholder = write_collection(path.with_suffix(".placeholder"), [(5, 5, 1, 1, 1, 0)], [])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        if kind == "legacy1":
            package.writestr("collection.anki2", real)
            package.writestr("media", "{}")
            return path
        package.writestr("meta", b"\x08\x02" if kind == "legacy2" else b"\x08\x03")
        package.writestr("collection.anki2", placeholder.read_bytes())
        if kind == "legacy2":
            package.writestr("collection.anki21", real)
        else:
            packer = zstandard.ZstdCompressor().compressobj()  # size not stated, as in Anki's
            package.writestr("collection.anki21b", packer.compress(real) + packer.flush())
        package.writestr("media", b"")
    return path


@pytest.fixture
def collection() -> Callable[..., Path]:
    return write_collection


@pytest.fixture
def package() -> Callable[..., Path]:
    return write_package


@pytest.fixture(scope="session")
def anki_folder() -> Path:
    return REPOSITORY / "tests" / "data" / "anki"


@pytest.fixture(scope="session")
def real_data() -> Path:
    folder = Path(os.environ.get("RECOLLECT_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder} (set RECOLLECT_DATA)")
    return folder
