"""A package of Anki, open for reading: its catalogue, rows of notes, cards and reviews, media."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from recollect.anki.catalogue import Catalogue
from recollect.anki.media_map import PackedMedia, read_media_map
from recollect.anki.schemas import read_catalogue, read_config
from recollect.errors import PackageError
from recollect.reviews.anki_opening import (
    MAX_COLLECTION_BYTES,
    has_plain_table,
    opened_collection,
    unpacked,
)
from recollect.reviews.messages import one_line

__all__ = ["CardRow", "NoteRow", "Package", "ReviewRow", "open_package"]

_CHUNK = 5_000


class NoteRow(NamedTuple):
    """A row of ``notes``; whatever types the cells have."""

    id: Any
    guid: Any
    mid: Any
    mod: Any
    tags: Any
    flds: Any
    flags: Any
    data: Any


class CardRow(NamedTuple):
    """A row of ``cards``; whatever types the cells have, except in ``data``."""

    id: Any
    nid: Any
    did: Any
    ord: Any
    mod: Any
    type: Any
    queue: Any
    due: Any
    ivl: Any
    factor: Any
    reps: Any
    lapses: Any
    left: Any
    odue: Any
    odid: Any
    flags: Any
    data: Any


class ReviewRow(NamedTuple):
    """A row of ``revlog``; whatever types the cells have."""

    id: Any
    cid: Any
    ease: Any
    ivl: Any
    last_ivl: Any
    factor: Any
    time: Any
    type: Any


_TABLES: dict[str, tuple[str, ...]] = {
    "col": ("id", "crt"),
    "notes": NoteRow._fields,
    "cards": CardRow._fields,
    "revlog": ("id", "cid", "ease", "ivl", "lastIvl", "factor", "time", "type"),
}


@dataclass(frozen=True)
class Package:
    """An open package.

    Attributes:
        path: the file.
        connection: to our copy of its collection.
        catalogue: its note types, decks and presets.
        media: its pictures and sounds.
        created_s: when its collection was made, s since 1970: a moment of day 0.
        creation_offset_minutes: minutes west of UTC then and there, if that was noted.
        notes_count: rows of notes.
        cards_count: rows of cards.
        reviews_count: rows of the review log.
    """

    path: Path
    connection: sqlite3.Connection
    catalogue: Catalogue
    media: tuple[PackedMedia, ...]
    created_s: int
    creation_offset_minutes: int | None
    notes_count: int
    cards_count: int
    reviews_count: int

    def notes(self) -> Iterator[list[NoteRow]]:
        """The notes in order of their id, some thousands at a time."""
        for rows in self._rows("notes"):
            yield [NoteRow._make(row) for row in rows]

    def cards(self) -> Iterator[list[CardRow]]:
        """The cards in order of their id, some thousands at a time."""
        for rows in self._rows("cards"):
            yield [CardRow._make(row) for row in rows]

    def reviews(self) -> Iterator[list[tuple[Any, ...]]]:
        """The review log in order of its ids, some thousands at a time; see :class:`ReviewRow`."""
        return self._rows("revlog")

    def decks_with_cards(self) -> set[int]:
        """Ids of the decks to which cards belong."""
        query = "SELECT DISTINCT CASE odid WHEN 0 THEN did ELSE odid END FROM cards"
        with self._failing("cards"):
            return {row[0] for row in self.connection.execute(query)}

    def last_reviews(self) -> dict[int, int]:
        """Id of the newest entry of each card."""
        query = "SELECT cid, max(id) FROM revlog GROUP BY cid"
        with self._failing("revlog"):
            rows = self.connection.execute(query).fetchall()
        return {card: last for card, last in rows if isinstance(card, int) and type(last) is int}

    def _rows(self, table: str) -> Iterator[list[tuple[Any, ...]]]:
        query = f"SELECT {', '.join(_TABLES[table])} FROM {table} ORDER BY id"
        with self._failing(table):
            cursor = self.connection.execute(query)
        while True:
            with self._failing(table):
                rows = cursor.fetchmany(_CHUNK)
            if not rows:
                return
            yield rows

    @contextmanager
    def _failing(self, table: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            raise PackageError(
                f"{self.path}: {table} cannot be read ({one_line(error)}); "
                "in Anki, run Tools > Check Database, then export again; nothing was imported"
            ) from error


@contextmanager
def open_package(path: Path, *, max_bytes: int = MAX_COLLECTION_BYTES) -> Iterator[Package]:
    """Open an .apkg, .colpkg or ``collection.anki2`` for the length of the block.

    Args:
        path: the file; it stays untouched.
        max_bytes: refuse a collection larger than this when unpacked.

    Raises:
        PackageError: not a package, damaged, of an unknown version, or not readable.
    """
    with ExitStack() as stack:
        try:
            found = stack.enter_context(unpacked(path, max_bytes=max_bytes))
            connection = stack.enter_context(opened_collection(found.database))
            package = _package(path, connection, read_media_map(path, found))
        except OSError as error:
            raise PackageError(f"{path}: cannot be read ({error.strerror or error})") from error
        except sqlite3.Error as error:
            raise PackageError(
                f"{path}: not a readable Anki collection ({one_line(error)})"
            ) from error
        yield package


def _package(path: Path, connection: sqlite3.Connection, media: tuple[PackedMedia, ...]) -> Package:
    try:
        for table, columns in _TABLES.items():
            if not has_plain_table(connection, table, columns):
                raise PackageError(
                    f"{path}: an SQLite file, but not an Anki collection (no {table})"
                )
        counts = [
            connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("notes", "cards", "revlog")
        ]
        row = connection.execute("SELECT crt FROM col").fetchone()
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise PackageError(f"{path}: not a readable Anki collection ({one_line(error)})") from error
    try:
        catalogue = read_catalogue(connection)
    except PackageError as error:
        raise PackageError(f"{path}: {error}") from error
    offset = read_config(connection).get("creationOffset")
    return Package(
        path=path,
        connection=connection,
        catalogue=catalogue,
        media=media,
        created_s=_whole_or_zero(row),
        creation_offset_minutes=offset if type(offset) is int and abs(offset) <= 1440 else None,
        notes_count=counts[0],
        cards_count=counts[1],
        reviews_count=counts[2],
    )


def _whole_or_zero(row: tuple[Any, ...] | None) -> int:
    """When the collection was made; what is no time of this century's computers is 0."""
    made = row[0] if row else 0
    return made if type(made) is int and 0 <= made < 4_102_444_800 else 0
