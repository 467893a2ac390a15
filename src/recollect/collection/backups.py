"""Backups beside the collection: made before anything risky, the newest kept.

Of an SQLite collection a backup is an image of the file, made while others may be writing and
compressed; of a PostgreSQL one a portable zip (:mod:`recollect.collection.dumps`), its media beside
it, each content once for all backups. :func:`write_backup` makes one file that holds everything.
"""

from __future__ import annotations

import re
import secrets
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import zstandard

from recollect.collection.blob_folder import BlobFolder
from recollect.collection.blobs import BlobTable
from recollect.collection.dumps import write_dump
from recollect.collection.failures import BUSY_TIMEOUT_MS, damaged
from recollect.collection.files import made_folder, replaced, told
from recollect.collection.places import Place
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError

__all__ = [
    "KEPT_BACKUPS",
    "Backup",
    "back_up",
    "backup_media",
    "list_backups",
    "unpack_image",
    "write_backup",
]

KEPT_BACKUPS = 10
"""How many backups of each kind, such as those before imports, are kept."""

_NAME = re.compile(
    r"(?P<day>\d{8})-(?P<time>\d{6})-(?P<ms>\d{3})-(?P<reason>[a-z-]+)\.(db\.zst|zip)"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_WRITING = "the backup cannot be written"
_LARGEST_MEDIA = 1 << 40


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup in the folder beside the collection.

    Attributes:
        path: the file.
        made_at_ms: when it was made.
        reason: before what, such as ``import``, or ``manual``.
        size_bytes: of the file.
    """

    path: Path
    made_at_ms: int
    reason: str
    size_bytes: int


def list_backups(place: Place) -> list[Backup]:
    """The backups in the folder beside a collection, newest first; other files are left out."""
    found = []
    with told(place.backups, "the backups cannot be listed"):
        for path in place.backups.iterdir() if place.backups.is_dir() else ():
            named = _NAME.fullmatch(path.name)
            if named is not None and path.is_file():
                with suppress(ValueError):
                    made_at_ms = _time_of(named)
                    size = path.stat().st_size
                    found.append(Backup(path, made_at_ms, named["reason"], size))
    return sorted(found, key=lambda backup: backup.made_at_ms, reverse=True)


def back_up(
    place: Place,
    transaction: Transaction,
    reason: str,
    revision: str,
    keep: int = KEPT_BACKUPS,
) -> Backup:
    """Make a backup in the folder beside the collection, and delete the oldest ones.

    Args:
        place: where the collection is.
        transaction: to read with; gives the time.
        reason: before what: letters and hyphens, in the file's name.
        revision: the version of the collection's tables.
        keep: how many backups for this reason stay, this one included: many imports leave the
            one alone that was made by hand.

    Raises:
        CollectionError: the disk is full, the folder cannot be written, ...
        CollectionDamagedError: the collection is damaged: older backups are left alone.
    """
    if re.fullmatch("[a-z-]+", reason) is None:
        raise CollectionError(f"the reason of a backup is letters and hyphens, not {reason!r}")
    newest = next((backup.made_at_ms for backup in list_backups(place)), 0)
    made_at_ms = max(transaction.now_ms, newest + 1)
    suffix = "zip" if place.path is None else "db.zst"
    moment = _EPOCH + timedelta(milliseconds=made_at_ms)
    name = f"{moment:%Y%m%d-%H%M%S}-{made_at_ms % 1000:03d}-{reason}.{suffix}"
    with told(place.backups, _NO_WRITING):
        path = made_folder(place.backups) / name
        if place.path is None:
            with replaced(path) as draft:
                write_dump(transaction, draft, revision=revision, with_media=False)
            _copy_media(transaction, backup_media(place))
        else:
            _write_image(place, path)
        like = [backup for backup in list_backups(place) if backup.reason == reason]
        for old in like[max(keep, 1) :]:
            old.path.unlink(missing_ok=True)
        return Backup(path, made_at_ms, reason, path.stat().st_size)


def write_backup(transaction: Transaction, target: Path, revision: str) -> None:
    """Write a backup that holds everything, media included, for either database.

    Raises:
        CollectionError: it could not be written; a file that was there is as it was.
    """
    with told(target, _NO_WRITING), replaced(target) as draft:
        write_dump(transaction, draft, revision=revision, with_media=True)


def backup_media(place: Place) -> BlobFolder:
    """The contents of media that backups of a PostgreSQL collection need."""
    return BlobFolder(place.backups / "media")


def unpack_image(source: Path, target: Path) -> None:
    """Unpack the image of an SQLite collection.

    Raises:
        zstandard.ZstdError: it is damaged.
        OSError: it could not be read or written.
    """
    with source.open("rb") as packed, target.open("wb") as unpacked:
        zstandard.ZstdDecompressor().copy_stream(packed, unpacked)


def _write_image(place: Place, path: Path) -> None:
    image = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        timeout = BUSY_TIMEOUT_MS / 1000
        with (
            closing(sqlite3.connect(str(place.path), timeout=timeout)) as source,
            closing(sqlite3.connect(image, isolation_level=None)) as target,
        ):
            source.backup(target, progress=_patience(), sleep=0.05)
            target.execute("PRAGMA journal_mode = DELETE").fetchall()
            problem = target.execute("PRAGMA quick_check(1)").fetchone()[0]
        if problem != "ok":
            raise damaged(place, problem)
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        size = image.stat().st_size
        with replaced(path) as draft, image.open("rb") as plain, draft.open("wb") as packed:
            packer.copy_stream(plain, packed, size=size)
    finally:
        for leftover in (image, image.with_name(image.name + "-journal")):
            with suppress(OSError):
                leftover.unlink(missing_ok=True)


def _patience() -> Callable[[int, int, int], None]:
    """Ends a copy that another program keeps from beginning; it would wait for ever."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000

    def progress(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorname = "SQLITE_BUSY"
            raise error

    return progress


def _copy_media(transaction: Transaction, target: BlobFolder) -> None:
    source = BlobTable(transaction)
    there = target.sizes()
    for sha256, size in source.sizes().items():
        if there.get(sha256) != size:
            target.add(BytesIO(source.read(sha256)), _LARGEST_MEDIA)
    target.sync()


def _time_of(named: re.Match[str]) -> int:
    moment = datetime.strptime(named["day"] + named["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(milliseconds=1) + int(named["ms"])
