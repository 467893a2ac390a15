"""Reading the review log of an Anki package (.apkg, .colpkg) or collection file.

How they are opened, and what is refused: :mod:`recollect.reviews.anki_opening`.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recollect.errors import LogError, LogFormatError, PackageError
from recollect.reviews.anki_opening import (
    MAX_COLLECTION_BYTES,
    has_plain_table,
    opened_collection,
    unpacked,
)
from recollect.reviews.messages import one_line
from recollect.reviews.rows import RawRows

__all__ = ["MAX_COLLECTION_BYTES", "read_anki_rows"]

_REVLOG = ("id", "cid", "ease", "factor", "time", "type")
_CARDS = ("id", "nid", "did", "odid")
_COLUMNS = {
    "cid": "card_id",
    "id": "review_time",
    "ease": "ease",
    "type": "type",
    "factor": "factor",
    "time": "review_duration",
}


def read_anki_rows(path: Path, *, max_bytes: int = MAX_COLLECTION_BYTES) -> RawRows:
    """The review log of a package, or of a bare ``collection.anki2`` (``.anki21``, ``.anki21b``).

    Args:
        path: the file; it stays untouched.
        max_bytes: refuse a collection larger than this when unpacked.

    Raises:
        LogFormatError: not an Anki package, damaged, or made by a version that we do not know.
    """
    try:
        with unpacked(path, max_bytes=max_bytes) as found:
            return _read_database(found.database, path)
    except PackageError as error:
        raise LogFormatError(str(error)) from error


def _read_database(database: Path, path: Path) -> RawRows:
    try:
        with opened_collection(database) as connection:
            entries, failures = _table(connection, "revlog", _REVLOG, path)
            cards, _ = _table(connection, "cards", _CARDS, path)
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        raise LogFormatError(
            f"{path}: not a readable Anki collection ({one_line(error)})"
        ) from error
    except OSError as error:
        raise LogError(f"{path}: could not be unpacked for reading ({one_line(error)})") from error
    note_id, deck_id = _notes_and_decks(entries["cid"], cards)
    columns = {ours: entries[theirs] for theirs, ours in _COLUMNS.items()}
    return RawRows(
        file=str(path),
        row_number=np.arange(1, entries["id"].shape[0] + 1),
        columns=columns | {"note_id": note_id, "deck_id": deck_id},
        failures={ours: failures[theirs] for theirs, ours in _COLUMNS.items() if failures[theirs]},
        spelling={ours: f"revlog.{theirs}" for theirs, ours in _COLUMNS.items()},
    )


def _table(
    connection: sqlite3.Connection, table: str, names: tuple[str, ...], path: Path
) -> tuple[dict[str, NDArray[np.int64]], dict[str, dict[int, object]]]:
    """Integer columns of a table in order of id, and cells that hold something else."""
    if not has_plain_table(connection, table, names):
        raise LogFormatError(f"{path}: an SQLite file, but not an Anki collection (no {table})")
    cursor = connection.execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY id")
    parts: list[NDArray[np.int64]] = []
    failures: dict[str, dict[int, object]] = {name: {} for name in names}
    start = 0
    while rows := cursor.fetchmany(100_000):
        parts.append(_integers(rows, names, failures, start))
        start += len(rows)
    values = np.concatenate(parts) if parts else np.zeros((0, len(names)), dtype=np.int64)
    return {name: values[:, at].copy() for at, name in enumerate(names)}, failures


def _integers(
    rows: list[tuple[object, ...]],
    names: tuple[str, ...],
    failures: dict[str, dict[int, object]],
    start: int,
) -> NDArray[np.int64]:
    """``[rows, columns]``; SQLite columns can hold values of any type, whatever they declare."""
    if all(type(cell) is int for row in rows for cell in row):
        return np.array(rows, dtype=np.int64)
    values = np.full((len(rows), len(names)), -1, dtype=np.int64)
    for index, row in enumerate(rows):
        for at, cell in enumerate(row):
            if type(cell) is int:
                values[index, at] = cell
            else:
                failures[names[at]][start + index] = cell
    return values


def _notes_and_decks(
    card_id: NDArray[np.int64], cards: dict[str, NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """``[n]`` note and home deck of each entry's card, -1 where the card was deleted."""
    if not cards["id"].size:
        unknown = np.full(card_id.shape[0], -1, dtype=np.int64)
        return unknown, unknown.copy()
    at = np.minimum(np.searchsorted(cards["id"], card_id), cards["id"].size - 1)
    known = cards["id"][at] == card_id
    # While a card sits in a filtered deck, odid is the deck it belongs to.
    home = np.where(cards["odid"] != 0, cards["odid"], cards["did"])
    return np.where(known, cards["nid"][at], -1), np.where(known, home[at], -1)
