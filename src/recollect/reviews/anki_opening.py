"""Opening Anki packages (.apkg, .colpkg) and collection files without trusting them.

A package is a zip. Which collection inside counts (``rslib/src/import_export/package`` of Anki):
version 3 ("latest") has ``meta`` and ``collection.anki21b``, SQLite compressed with zstd;
version 2 has ``collection.anki21``; version 1 has only ``collection.anki2``. Newer packages
carry a ``collection.anki2`` too, with a single card that asks to update Anki: never read it
when one of the others, or ``meta``, is there.

Packages come from anywhere, so nothing in them is trusted: what is unpacked is bounded in bytes
and in proportion to the file, it goes to names of ours in a temporary folder, and SQL only runs
against plain tables, on values of a bounded length.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import cast

import zstandard

from recollect.errors import PackageError
from recollect.reviews.messages import one_line

__all__ = [
    "DAMAGE",
    "MAX_COLLECTION_BYTES",
    "ZSTD_HEAD",
    "Unpacked",
    "damaged_package",
    "has_plain_table",
    "member_of",
    "opened_collection",
    "stream_chunks",
    "unpacked",
]

MAX_COLLECTION_BYTES = 4 * 1024**3
"""No collection is unpacked to more."""

MAX_EXPANSION = 200
FREE_EXPANSION_BYTES = 256 * 1024**2
"""What unpacks to more than 200 times the file and 256 MiB is a bomb."""

LONGEST_VALUE_BYTES = 64 * 1024**2
"""No text in a collection is read that is longer."""

ZSTD_HEAD = zstandard.MAGIC_NUMBER.to_bytes(4, "little")
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    zstandard.ZstdError,
    EOFError,
    RuntimeError,
    ValueError,
    OverflowError,
)
"""What reading a damaged zip or zstd stream raises."""

_META_LIMIT = 1024
# A zstd block of 4 bytes can stand for 128 KiB: feed little at a time to bound each step.
_ZSTD_STEP = 2048
_COPY_STEP = 1 << 20


@dataclass(frozen=True)
class Unpacked:
    """A package whose collection lies unpacked in a temporary folder.

    Attributes:
        database: our copy of the collection.
        package: the open zip; None for a bare collection file.
        version: of the package, 1 to 3; 0 for a bare collection file.
    """

    database: Path
    package: zipfile.ZipFile | None
    version: int


@contextmanager
def unpacked(path: Path, *, max_bytes: int = MAX_COLLECTION_BYTES) -> Iterator[Unpacked]:
    """Unpack the collection of a package, or copy a bare one, for the length of the block.

    A bare file is copied with its write-ahead log where it has one: it stays untouched, and Anki
    may be running.

    Args:
        path: an .apkg or .colpkg file, or a ``collection.anki2``, ``.anki21`` or ``.anki21b``.
        max_bytes: refuse a collection larger than this when unpacked.

    Raises:
        PackageError: not an Anki package, damaged, or made by a version that we do not know.
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(4)
        size = file.seek(0, 2)
    most = min(max_bytes, MAX_EXPANSION * size + FREE_EXPANSION_BYTES)
    with tempfile.TemporaryDirectory(prefix="recollect-") as folder:
        database = Path(folder) / "collection.sqlite"
        if head[:2] != b"PK":
            _copy_bare(path, database, head == ZSTD_HEAD, most)
            yield Unpacked(database, None, 0)
            return
        with _zip_of(path) as package:
            try:
                name, version = _collection_name(package, path)
                with package.open(member_of(package, name, path)) as packed:
                    stream = cast(BufferedIOBase, packed)
                    _unpack(stream, database, name.endswith("b"), most, path)
            except DAMAGE as error:
                raise damaged_package(path, error) from error
            yield Unpacked(database, package, version)


def damaged_package(path: Path, error: object) -> PackageError:
    """The error for a package that is no sound zip or zstd stream."""
    return PackageError(f"{path}: the package is damaged ({one_line(error)})")


def member_of(package: zipfile.ZipFile, name: str, path: Path) -> zipfile.ZipInfo:
    """A file in a package.

    Raises:
        PackageError: it is not there, is encrypted, or packed in a way that Anki does not use.
    """
    try:
        member = package.getinfo(name)
    except KeyError as error:
        raise PackageError(f"{path}: the Anki package is damaged ({name} is missing)") from error
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise PackageError(f"{path}: {name} is packed in a way that Anki does not use")
    if member.flag_bits & 0x1:
        raise PackageError(f"{path}: {name} is encrypted; export the package without a password")
    return member


def stream_chunks(packed: BufferedIOBase, compressed: bool, path: Path) -> Iterator[bytes]:
    """What a stream holds, a little at a time, through zstd if compressed.

    Raises:
        PackageError: the compressed data end too early.
    """
    if not compressed:
        while chunk := packed.read(_COPY_STEP):
            yield chunk
        return
    unpacker = zstandard.ZstdDecompressor().decompressobj()
    while chunk := packed.read(_ZSTD_STEP):
        yield unpacker.decompress(chunk)
        if unpacker.eof:
            return
    raise PackageError(f"{path}: the collection is damaged (it ends too early)")


@contextmanager
def opened_collection(database: Path) -> Iterator[sqlite3.Connection]:
    """Our own copy of a collection, for reading only."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # Anki's own ordering of text; schema 18 does not open without it.
        connection.create_collation("unicase", _compare_caseless)
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE_BYTES)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        yield connection


def has_plain_table(connection: sqlite3.Connection, table: str, columns: tuple[str, ...]) -> bool:
    """Whether there is a table of that name with these columns.

    A view, a virtual table or a computed column could compute for ever, and does not count.
    """
    kind = connection.execute(
        "SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    plain = kind is not None and str(kind[0]).upper().startswith("CREATE TABLE")
    present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
    return plain and present.issuperset(columns)


@contextmanager
def _zip_of(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        package = zipfile.ZipFile(path)
    except DAMAGE as error:
        raise damaged_package(path, error) from error
    with package:
        yield package


def _copy_bare(path: Path, database: Path, compressed: bool, most: int) -> None:
    with path.open("rb") as stream:
        try:
            _unpack(stream, database, compressed, most, path)
        except zstandard.ZstdError as error:
            raise PackageError(f"{path}: the collection is damaged ({one_line(error)})") from error
    write_ahead = path.with_name(path.name + "-wal")
    if not compressed and write_ahead.is_file():
        shutil.copyfile(write_ahead, database.with_name(database.name + "-wal"))


def _collection_name(package: zipfile.ZipFile, path: Path) -> tuple[str, int]:
    names = set(package.namelist())
    expected, version = "", 0
    if "meta" in names:
        with package.open(member_of(package, "meta", path)) as stream:
            version = _package_version(stream.read(_META_LIMIT))
        expected = {2: "collection.anki21", 3: "collection.anki21b"}.get(version, "")
        if not expected:
            raise PackageError(
                f"{path}: an Anki package of version {version}, which we do not know; "
                "export it again with 'Support older Anki versions' ticked"
            )
    for number, name in ((3, "collection.anki21b"), (2, "collection.anki21")):
        if not expected and name in names:
            expected, version = name, number
    if not expected and "collection.anki2" in names:
        expected, version = "collection.anki2", 1
    if not expected:
        raise PackageError(f"{path}: a zip file, but not an Anki package (.apkg or .colpkg)")
    return expected, version


def _package_version(meta: bytes) -> int:
    """Field 1 of the protobuf message ``PackageMetadata``: 08 and the version."""
    return meta[1] if len(meta) >= 2 and meta[0] == 0x08 and meta[1] < 0x80 else 0


def _unpack(
    packed: BufferedIOBase, database: Path, compressed: bool, max_bytes: int, path: Path
) -> None:
    """Copy a stream to a file, through zstd if compressed, refusing to exceed ``max_bytes``."""
    size = 0
    with database.open("wb") as out:
        for chunk in stream_chunks(packed, compressed, path):
            size += len(chunk)
            if size > max_bytes:
                raise PackageError(
                    f"{path}: the collection unpacks to more than {max_bytes} bytes, refused"
                )
            out.write(chunk)


def _compare_caseless(a: str, b: str) -> int:
    x, y = a.casefold(), b.casefold()
    return (x > y) - (x < y)
