"""Reading the review log of an Anki package (.apkg, .colpkg) or collection file.

A package is a zip. Which collection inside counts (``rslib/src/import_export/package`` of Anki):
version 3 ("latest") has ``meta`` and ``collection.anki21b``, SQLite compressed with zstd;
version 2 has ``collection.anki21``; version 1 has only ``collection.anki2``. Newer packages
carry a ``collection.anki2`` too, with a single card that asks to update Anki: never read it
when one of the others, or ``meta``, is there.

Packages come from anywhere, so nothing in them is trusted: sizes are bounded while unpacking,
only the collection is unpacked, into a temporary folder, under a name of ours, and SQL only
runs against plain tables.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import numpy as np
import zstandard
from numpy.typing import NDArray

from recollect.errors import LogError, LogFormatError
from recollect.reviews.messages import one_line
from recollect.reviews.rows import RawRows

__all__ = ["MAX_COLLECTION_BYTES", "read_collection_rows", "read_package_rows"]

MAX_COLLECTION_BYTES = 4 * 1024**3
_META_LIMIT = 1024
# A zstd block of 4 bytes can stand for 128 KiB: feed little at a time to bound each step.
_ZSTD_STEP = 2048
_COPY_STEP = 1 << 20
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


def read_package_rows(path: Path, *, max_bytes: int = MAX_COLLECTION_BYTES) -> RawRows:
    """The review log of a package.

    Args:
        path: the .apkg or .colpkg file.
        max_bytes: refuse a collection larger than this when unpacked.

    Raises:
        LogFormatError: not an Anki package, damaged, or made by a version that we do not know.
    """
    with tempfile.TemporaryDirectory(prefix="recollect-") as folder:
        database = Path(folder) / "collection.sqlite"
        try:
            with zipfile.ZipFile(path) as package:
                name = _collection_name(package, path)
                with package.open(_member(package, name, path)) as packed:
                    stream = cast(BufferedIOBase, packed)
                    _unpack(stream, database, name.endswith("b"), max_bytes, path)
        except (
            zipfile.BadZipFile,
            zlib.error,
            zstandard.ZstdError,
            EOFError,
            RuntimeError,
            ValueError,
            OverflowError,
        ) as error:
            raise LogFormatError(f"{path}: the package is damaged ({one_line(error)})") from error
        return _read_database(database, path)


def read_collection_rows(path: Path, *, max_bytes: int = MAX_COLLECTION_BYTES) -> RawRows:
    """The review log of a bare ``collection.anki2`` (or ``.anki21``, ``.anki21b``).

    The file is copied first, with its write-ahead log where it has one: it stays untouched,
    and Anki may be running.

    Raises:
        LogFormatError: not an Anki collection, or damaged.
    """
    with tempfile.TemporaryDirectory(prefix="recollect-") as folder:
        database = Path(folder) / "collection.sqlite"
        with path.open("rb") as stream:
            packed = stream.read(4) == zstandard.MAGIC_NUMBER.to_bytes(4, "little")
            stream.seek(0)
            try:
                _unpack(stream, database, packed, max_bytes, path)
            except zstandard.ZstdError as error:
                raise LogFormatError(
                    f"{path}: the collection is damaged ({one_line(error)})"
                ) from error
        write_ahead = path.with_name(path.name + "-wal")
        if not packed and write_ahead.is_file():
            shutil.copyfile(write_ahead, database.with_name(database.name + "-wal"))
        return _read_database(database, path)


def _collection_name(package: zipfile.ZipFile, path: Path) -> str:
    names = set(package.namelist())
    expected = None
    if "meta" in names:
        with package.open(_member(package, "meta", path)) as stream:
            version = _package_version(stream.read(_META_LIMIT))
        expected = {2: "collection.anki21", 3: "collection.anki21b"}.get(version)
        if expected is None:
            raise LogFormatError(
                f"{path}: an Anki package of version {version}, which we do not know; "
                "export it again with 'Support older Anki versions' ticked"
            )
    elif "collection.anki21b" in names:
        expected = "collection.anki21b"
    elif "collection.anki21" in names:
        expected = "collection.anki21"
    elif "collection.anki2" in names:
        expected = "collection.anki2"
    if expected is None:
        raise LogFormatError(f"{path}: a zip file, but not an Anki package (.apkg or .colpkg)")
    if expected not in names:
        raise LogFormatError(f"{path}: the Anki package is damaged ({expected} is missing)")
    return expected


def _package_version(meta: bytes) -> int:
    """Field 1 of the protobuf message ``PackageMetadata``: 08 and the version."""
    return meta[1] if len(meta) >= 2 and meta[0] == 0x08 and meta[1] < 0x80 else 0


def _member(package: zipfile.ZipFile, name: str, path: Path) -> zipfile.ZipInfo:
    member = package.getinfo(name)
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise LogFormatError(f"{path}: {name} is packed in a way that Anki does not use")
    if member.flag_bits & 0x1:
        raise LogFormatError(f"{path}: {name} is encrypted; export the package without a password")
    return member


def _unpack(
    packed: BufferedIOBase, database: Path, compressed: bool, max_bytes: int, path: Path
) -> None:
    """Copy a stream to a file, through zstd if compressed, refusing to exceed ``max_bytes``."""
    chunks = _zstd_chunks(packed, path) if compressed else _plain_chunks(packed)
    size = 0
    with database.open("wb") as out:
        for chunk in chunks:
            size += len(chunk)
            if size > max_bytes:
                raise LogFormatError(
                    f"{path}: the collection unpacks to more than {max_bytes} bytes, refused"
                )
            out.write(chunk)


def _plain_chunks(packed: BufferedIOBase) -> Iterator[bytes]:
    while chunk := packed.read(_COPY_STEP):
        yield chunk


def _zstd_chunks(packed: BufferedIOBase, path: Path) -> Iterator[bytes]:
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    while chunk := packed.read(_ZSTD_STEP):
        yield unpacker.decompress(chunk)
        if unpacker.eof:
            return
    raise LogFormatError(f"{path}: the collection is damaged (it ends too early)")


@contextmanager
def _opened(database: Path) -> Iterator[sqlite3.Connection]:
    """Our own copy of a collection, for reading only."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # Anki's own ordering of text; schema 18 does not open without it.
        connection.create_collation("unicase", _compare_caseless)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        yield connection


def _compare_caseless(a: str, b: str) -> int:
    x, y = a.casefold(), b.casefold()
    return (x > y) - (x < y)


def _read_database(database: Path, path: Path) -> RawRows:
    try:
        with _opened(database) as connection:
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
    kind = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    # A view or virtual table of that name could compute for ever.
    plain = kind is not None and str(kind[0]).upper().startswith("CREATE TABLE")
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    if not plain or not present.issuperset(names):
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
