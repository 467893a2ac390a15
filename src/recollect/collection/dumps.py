"""A collection as a zip of JSON lines, from either database and for either.

``manifest.json`` says which version the tables have and how many rows; ``tables/NAME.jsonl`` holds
a row a line, a list of values in the order of the manifest's columns; ``media/SHA256`` holds the
contents of the media. The undo list is left out: it is of no use to another collection.
"""

from __future__ import annotations

import io
import json
import math
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, Float, Integer, Numeric, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import Boolean, TypeEngine

from recollect.collection import schema
from recollect.collection.blobs import BlobTable, blobs_of
from recollect.collection.migrating import REVISIONS
from recollect.collection.transaction import Transaction, chunks
from recollect.errors import CollectionDamagedError, CollectionVersionError
from recollect.reviews.messages import one_line

__all__ = ["Dump", "is_dump", "open_dump", "write_dump"]

_FORMAT = 1
_MANIFEST = "manifest.json"
_LEFT_OUT = schema.DERIVED | {"changes", "media_blobs", "alembic_version"}
_CHUNK = 10_000
_LONGEST_MANIFEST = 1 << 20
# What reading a damaged zip raises; RuntimeError where it claims to be encrypted.
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError)


def write_dump(transaction: Transaction, target: Path, *, revision: str, with_media: bool) -> None:
    """Write a collection as a zip.

    Args:
        transaction: to read with.
        target: the file, written over.
        revision: the version that the tables have.
        with_media: also the contents of the media.

    Raises:
        OSError: it could not be written.
    """
    manifest: dict[str, Any] = {
        "recollect": "collection",
        "format": _FORMAT,
        "tables_version": revision,
        "made_at_ms": transaction.now_ms,
        "tables": {},
    }
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as package:
        for name, columns in _tables(transaction.connection).items():
            with package.open(_member(name), "w", force_zip64=True) as packed:
                rows = _write_rows(transaction, name, columns, packed)
            manifest["tables"][name] = {"columns": columns, "rows": rows}
        if with_media:
            _write_media(transaction, package)
        package.writestr(_MANIFEST, json.dumps(manifest, indent=1))


def is_dump(path: Path) -> bool:
    """Whether a file is a zip."""
    return zipfile.is_zipfile(path)


class Dump:
    """A zip that :func:`write_dump` wrote, open for reading.

    Attributes:
        revision: the version that its tables have.
        made_at_ms: when it was written.
        tables: for each table its columns and how many rows it has.
    """

    def __init__(self, package: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
        self._package = package
        self.revision: str = manifest["tables_version"]
        self.made_at_ms = int(manifest["made_at_ms"])
        self.tables: dict[str, tuple[list[str], int]] = {
            name: (list(table["columns"]), int(table["rows"]))
            for name, table in manifest["tables"].items()
        }

    def load(self, connection: Connection) -> None:
        """Put all rows into empty tables of the same version, in SQLite with foreign keys off.

        Raises:
            ValueError: the rows are not what the tables hold, or not as many as the manifest says.
        """
        reflected = inspect(connection)
        there = set(reflected.get_table_names()) - _LEFT_OUT
        if there != set(self.tables):
            raise ValueError(f"tables {sorted(there ^ set(self.tables))} differ")
        members = set(self._package.namelist())
        missing = sorted(name for name in there if _member(name) not in members)
        if missing:
            raise ValueError(f"{_member(missing[0])} is missing")
        for name, (columns, expected) in self.tables.items():
            types = {column["name"]: column["type"] for column in reflected.get_columns(name)}
            if sorted(types) != sorted(columns):
                raise ValueError(f"the columns of {name} differ")
            found = self._load_table(connection, name, [(c, types[c]) for c in columns])
            if found != expected:
                raise ValueError(f"{name} has {found} rows, not {expected}")

    def _load_table(
        self, connection: Connection, name: str, columns: list[tuple[str, TypeEngine[Any]]]
    ) -> int:
        quote = connection.dialect.identifier_preparer.quote
        names = ", ".join(quote(column) for column, _ in columns)
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {quote(name)} ({names}) VALUES ({marks})"
        kinds = [_python_types(kind) for _, kind in columns]
        count = 0
        for chunk in chunks(self._rows(name, kinds), _CHUNK):
            try:
                connection.exec_driver_sql(sql, chunk)
            except (IntegrityError, OverflowError) as error:
                raise ValueError(f"{name}: {one_line(error)}") from error
            count += len(chunk)
        return count

    def media(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Fingerprint and content of each of the media that were written with it."""
        for member in self._package.infolist():
            folder, _, name = member.filename.partition("/")
            if folder == "media" and name:
                with self._package.open(member) as content:
                    yield name, content

    def _rows(self, name: str, kinds: list[tuple[type, ...]]) -> Iterator[tuple[Any, ...]]:
        with self._package.open(_member(name)) as packed:
            for line in io.TextIOWrapper(packed, encoding="utf-8", newline="\n"):
                row = json.loads(line)
                fits = isinstance(row, list) and len(row) == len(kinds)
                if not fits or not all(map(isinstance, row, kinds)):
                    raise ValueError(f"a row of {name} is not what the table holds")
                yield tuple(row)


@contextmanager
def open_dump(path: Path) -> Iterator[Dump]:
    """Open a zip that :func:`write_dump` wrote; what is wrong with it in the block is told too.

    Raises:
        CollectionDamagedError: it is damaged, or another zip.
        CollectionVersionError: a newer Recollect wrote it.
    """
    try:
        with zipfile.ZipFile(path) as package:
            manifest = _manifest(package)
            if manifest["format"] != _FORMAT or manifest["tables_version"] not in REVISIONS:
                raise CollectionVersionError(
                    f"{path}: the backup was made by a newer Recollect; update Recollect"
                )
            try:
                dump = Dump(package, manifest)
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(f"{_MANIFEST} is incomplete") from error
            yield dump
    except _DAMAGE as error:
        raise CollectionDamagedError(
            f"{path}: the backup is damaged, or none ({one_line(error)}); choose another"
        ) from error


def _member(table: str) -> str:
    return f"tables/{table}.jsonl"


def _manifest(package: zipfile.ZipFile) -> dict[str, Any]:
    if _MANIFEST not in package.namelist():
        raise ValueError("no backup of a collection")
    with package.open(_MANIFEST) as stream:
        manifest = json.loads(stream.read(_LONGEST_MANIFEST))
    if not isinstance(manifest, dict) or manifest.get("recollect") != "collection":
        raise ValueError("no backup of a collection")
    return {"format": None, "tables_version": None} | manifest


def _tables(connection: Connection) -> dict[str, list[str]]:
    """Columns of each table as the database has them, which may be of an older version."""
    reflected = inspect(connection)
    known = list(schema.metadata.tables)
    names = sorted(
        set(reflected.get_table_names()) - _LEFT_OUT,
        key=lambda name: (known.index(name) if name in known else len(known), name),
    )
    return {name: [column["name"] for column in reflected.get_columns(name)] for name in names}


def _write_rows(transaction: Transaction, name: str, columns: list[str], target: Any) -> int:
    connection = transaction.connection
    quote = connection.dialect.identifier_preparer.quote
    keys = inspect(connection).get_pk_constraint(name)["constrained_columns"]
    order = ", ".join(map(quote, keys)) or "1"
    sql = f"SELECT {', '.join(map(quote, columns))} FROM {quote(name)} ORDER BY {order}"
    result = connection.exec_driver_sql(sql, execution_options={"stream_results": True})
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode
    count = 0
    for part in result.partitions(_CHUNK):
        lines = [encode([_plain(value) for value in row]) for row in part]
        target.write(("\n".join(lines) + "\n").encode())
        count += len(lines)
    return count


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _write_media(transaction: Transaction, package: zipfile.ZipFile) -> None:
    blobs = blobs_of(transaction)
    for sha256 in sorted(blobs.sizes()):
        # Pictures and sounds are compressed already.
        member = zipfile.ZipInfo(f"media/{sha256}", (1980, 1, 1, 0, 0, 0))
        with package.open(member, "w", force_zip64=True) as packed:
            if isinstance(blobs, BlobTable):
                shutil.copyfileobj(BytesIO(blobs.read(sha256)), packed)
            else:
                with blobs.path(sha256).open("rb") as content:
                    shutil.copyfileobj(content, packed)


def _python_types(kind: TypeEngine[Any]) -> tuple[type, ...]:
    """What a column can hold, of what JSON can; whether it can be empty the database says."""
    nothing = type(None)
    if isinstance(kind, Boolean | Integer):
        return (int, nothing)
    if isinstance(kind, Numeric | Float):
        return (float, int, nothing)
    return (str, nothing)
