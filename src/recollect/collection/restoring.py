"""Bringing a collection back from a backup, without destroying the present one.

The backup is first unpacked beside the collection, examined and brought to the present version.
Then the present collection is backed up, or put aside if it is damaged, and only then replaced:
in one transaction of the database, so that programs that have it open see the one or the other.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import zstandard
from sqlalchemy import delete, func, select

from recollect.collection import engine, migrating, schema
from recollect.collection.backups import Backup, back_up, backup_media, unpack_image
from recollect.collection.blob_folder import BlobFolder
from recollect.collection.blobs import blobs_of
from recollect.collection.dumps import is_dump, open_dump
from recollect.collection.failures import failures
from recollect.collection.files import made_folder, sync_folder, told
from recollect.collection.opening import Collection, now_ms, open_collection
from recollect.collection.places import Place, place_of
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionDamagedError, CollectionVersionError
from recollect.reviews.messages import one_line

__all__ = ["Restored", "restore"]

_NO_READING = "the backup cannot be read"
_NO_WRITING = "the collection cannot be written"
_COMPANIONS = ("", "-wal", "-shm")
_LARGEST_MEDIA = 1 << 40
_CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Restored:
    """What was brought back, and where the former collection is.

    Attributes:
        notes: how many notes the collection has now.
        cards: how many cards.
        reviews: how many reviews.
        missing_media: how many media files it names whose content is nowhere to be found.
        former: backup of the collection that was there; None if there was none, or it was damaged.
        put_aside: where the file of a damaged collection was moved.
    """

    notes: int
    cards: int
    reviews: int
    missing_media: int
    former: Backup | None
    put_aside: Path | None


def restore(where: str | Path | Place, backup: Path) -> Restored:
    """Replace a collection by a backup of it or of another.

    Args:
        where: the collection; there need be none.
        backup: an image or a zip.

    Raises:
        CollectionDamagedError: the backup is damaged, or is none.
        CollectionVersionError: a newer Recollect made the backup.
        CollectionLockedError: another program is writing to the collection.
        CollectionError: something could not be read or written. In each case the present
            collection is as it was.
    """
    place = place_of(where)
    with told(backup, _NO_READING):
        backup.stat()
    with _workshop(place) as folder:
        draft = place_of(folder / "collection.db")
        _unpack(backup, draft)
        former, put_aside = None, None
        with open_collection(draft, create=False) as source:
            if place.path is None or place.path.exists():
                former = _replace(source, place)
        if former is None:
            put_aside = _put_in_place(draft, Path(str(place.path)))
        with open_collection(place, create=False) as target:
            return _finish(target, backup, former, put_aside)


@contextmanager
def _workshop(place: Place) -> Iterator[Path]:
    """A folder for drafts, on the disk of the collection so that they can be moved into place."""
    if place.path is None:
        with tempfile.TemporaryDirectory(prefix="recollect-") as folder:
            yield Path(folder)
        return
    with told(place.path, _NO_WRITING):
        made = made_folder(place.path.parent) / f".restore-{secrets.token_hex(4)}.tmp"
        made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _unpack(backup: Path, draft: Place) -> None:
    """The backup as an SQLite collection of whatever version, examined."""
    if is_dump(backup):
        _load_dump(backup, draft)
    else:
        path = Path(str(draft.path))
        try:
            with told(path, "the backup cannot be unpacked"):
                unpack_image(backup, path)
        except zstandard.ZstdError as error:
            raise _bad(backup, one_line(error)) from error
    with failures(draft), closing(sqlite3.connect(str(draft.path))) as connection:
        try:
            _examine(connection)
        except (ValueError, sqlite3.DatabaseError) as error:
            raise _bad(backup, one_line(error)) from error


def _examine(connection: sqlite3.Connection) -> None:
    """ValueError unless it is a sound collection."""
    if connection.execute("PRAGMA application_id").fetchone()[0] != engine.APPLICATION_ID:
        raise ValueError("no collection of Recollect")
    kinds = {row[0] for row in connection.execute("SELECT type FROM sqlite_master")}
    if not kinds <= {"table", "index"}:
        raise ValueError("it has triggers or views, which no collection has")
    problem = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if problem != "ok":
        raise ValueError(problem)
    loose = connection.execute("PRAGMA foreign_key_check").fetchone()
    if loose is not None:
        raise ValueError(f"a row of {loose[0]} points to nothing")
    if connection.execute("SELECT count(*) FROM settings").fetchone()[0] != 1:
        raise ValueError("it has no settings")


def _load_dump(backup: Path, draft: Place) -> None:
    maker = engine.make_engine(draft, foreign_keys=False)
    try:
        with open_dump(backup) as dump, failures(draft), maker.connect() as connection:
            connection.begin()
            migrating.migrate(connection, dump.revision)
            dump.load(connection)
            connection.commit()
            media = BlobFolder(Path(str(draft.media)))
            for sha256, content in dump.media():
                found, _ = media.add(content, _LARGEST_MEDIA)
                if found != sha256:
                    raise ValueError(f"the media {sha256} is another")
    finally:
        maker.dispose()


def _replace(source: Collection, place: Place) -> Backup | None:
    """Put all of one collection into another, at once; nobody writes to it in the meantime.

    Returns:
        A backup of the other as it was; None, and nothing was done, if its file is damaged.
    """
    try:
        with (
            open_collection(place) as target,
            source.reading() as reader,
            target.transaction(None) as writer,
        ):
            former = back_up(place, writer, "restore", target.revision)
            for name in schema.DERIVED:
                writer.connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
            for table in reversed(schema.metadata.sorted_tables):
                if table is not schema.media_blobs:
                    writer.connection.execute(delete(table))
            for table in schema.metadata.sorted_tables:
                if table not in (schema.media_blobs, schema.changes):
                    for part in reader.execute(select(table)).partitions(_CHUNK):
                        writer.insert(table, map(tuple, part))
                        writer.steps.clear()
            _copy_blobs(reader, writer)
    except (CollectionDamagedError, CollectionVersionError):
        if place.path is None:
            raise
        return None
    return former


def _put_in_place(draft: Place, path: Path) -> Path | None:
    """Move the draft to where no collection is, or a damaged one.

    Returns:
        Where the damaged one was put, if there was one.
    """
    with failures(draft), closing(sqlite3.connect(str(draft.path))) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    came, folder = Path(str(draft.media)), Path(str(place_of(path).media))
    with told(path, _NO_WRITING):
        with Path(str(draft.path)).open("rb") as written:
            os.fsync(written.fileno())
        for content in came.glob("??/*"):
            to = made_folder(folder / content.parent.name) / content.name
            if not to.exists():
                os.replace(content, to)
        put_aside = _put_aside(path)
        os.replace(str(draft.path), path)
        sync_folder(path.parent)
    return put_aside


def _put_aside(path: Path) -> Path | None:
    """Move a collection's files out of the way; returns where the main one is now.

    Its write-ahead log goes too, even alone: it would be taken for that of the new one.
    """
    aside = path.with_name(f"{path.stem}.damaged-{now_ms()}{path.suffix}")
    moved = []
    for companion in _COMPANIONS:
        with suppress(FileNotFoundError):
            os.replace(f"{path}{companion}", f"{aside}{companion}")
            moved.append(companion)
    return aside if "" in moved else None


def _copy_blobs(reader: Transaction, writer: Transaction) -> None:
    source, target = blobs_of(reader), blobs_of(writer)
    for sha256 in source.sizes():
        path = source.path(sha256)
        if path is not None:
            with told(path, _NO_READING), path.open("rb") as content:
                target.add(content, _LARGEST_MEDIA)


def _finish(
    target: Collection, backup: Path, former: Backup | None, put_aside: Path | None
) -> Restored:
    """Look for contents that did not come with the backup, and count."""
    with target.transaction(None) as transaction:
        transaction.connection.execute(delete(schema.changes))
        blobs = blobs_of(transaction)
        there = set(blobs.sizes())
        missing = 0
        for sha256 in transaction.execute(select(schema.media.c.sha256).distinct()).scalars():
            if sha256 in there or (isinstance(blobs, BlobFolder) and blobs.bring_back(sha256)):
                continue
            found = next((f for f in _elsewhere(target.place, backup, sha256) if f.is_file()), None)
            if found is None:
                missing += 1
                continue
            with told(found, _NO_READING), found.open("rb") as content:
                blobs.add(content, _LARGEST_MEDIA)
        counts = [
            transaction.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (schema.notes, schema.cards, schema.reviews)
        ]
    return Restored(counts[0], counts[1], counts[2], missing, former, put_aside)


def _elsewhere(place: Place, backup: Path, sha256: str) -> Iterator[Path]:
    """Where a content may be: beside the backup, or beside the collection that it is of."""
    beside = backup.absolute().parent
    for folder in (beside / "media", beside.with_suffix(".media"), backup_media(place).folder):
        yield BlobFolder(folder).path(sha256)


def _bad(backup: Path, what: str) -> CollectionDamagedError:
    return CollectionDamagedError(
        f"{backup}: the backup is damaged, or none ({what}); choose another"
    )
