"""Opening a collection, making it where there is none."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, Engine, select

from recollect.collection import changes, engine, migrating, schema
from recollect.collection.backups import KEPT_BACKUPS, Backup, back_up, write_backup
from recollect.collection.blob_folder import BlobFolder
from recollect.collection.codecs import deck_row, settings_row
from recollect.collection.failures import damaged, failures
from recollect.collection.places import Place, default_place, place_of
from recollect.collection.presets import preset_row
from recollect.collection.rows import Change, Deck, Preset, Settings
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError
from recollect.reviews.days import DayBoundary

__all__ = ["Collection", "now_ms", "open_collection"]

_SQLITE_HEAD = b"SQLite format 3\0"


def now_ms() -> int:
    """The time, ms since 1970."""
    return time.time_ns() // 1_000_000


class Collection:
    """Notes, cards and reviews in a database. :func:`open_collection` makes one.

    Usable from several threads at once; one of them writes at a time. ``with`` closes it.

    Attributes:
        place: where it is.
        clock: gives the time, ms since 1970.
        random_bytes: gives that many random bytes.
        revision: the version of its tables.
    """

    def __init__(
        self,
        place: Place,
        database: Engine,
        clock: Callable[[], int],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self.place = place
        self.clock = clock
        self.random_bytes = random_bytes
        self.revision = migrating.NEWEST
        self._engine = database

    @contextmanager
    def transaction(self, title: str | None) -> Iterator[Transaction]:
        """Change the collection: all that the block writes, or nothing if it raises.

        When the block has ended, the change is on the disk.

        Args:
            title: what the change is called on the undo list, such as ``"Add note"``. None for
                what cannot be taken back: it empties the list.

        Raises:
            CollectionLockedError: another program is writing, and was for five seconds.
            CollectionError: the disk is full, the file cannot be written, ...
        """
        with self._writing() as transaction:
            if title is not None:
                transaction.change_id = changes.next_change_id(transaction)
            yield transaction
            changes.record(transaction, title)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """Look at the collection; the block sees it as it is at its beginning.

        Raises:
            CollectionError: it cannot be read.
        """
        with failures(self.place):
            connection = engine.reading(self._engine)
            try:
                yield self._transaction(connection, writable=False)
            finally:
                connection.close()

    def changes(self) -> list[Change]:
        """What can be taken back or made again, newest first."""
        with self.reading() as transaction:
            return changes.list_changes(transaction)

    def undo(self, expected: int | None = None) -> Change | None:
        """Take the newest change back.

        Args:
            expected: number of the change that is meant, if that matters.

        Returns:
            The change; None if there is nothing to take back.

        Raises:
            CollectionError: another change than the expected one is the newest.
        """
        with self._writing() as transaction:
            return changes.undo(transaction, expected)

    def redo(self, expected: int | None = None) -> Change | None:
        """Make the change again that was taken back last; see :meth:`undo`."""
        with self._writing() as transaction:
            return changes.redo(transaction, expected)

    def back_up(self, reason: str = "manual", keep: int = KEPT_BACKUPS) -> Backup:
        """Make a backup in the folder beside the collection, and delete the oldest ones.

        Args:
            reason: before what: letters and hyphens, in the file's name.
            keep: how many backups for this reason stay, this one included.

        Raises:
            CollectionError: the disk is full, the folder cannot be written, ...
            CollectionDamagedError: the collection is damaged: older backups are left alone.
        """
        with self.reading() as transaction:
            return back_up(self.place, transaction, reason, self.revision, keep)

    def write_backup(self, target: Path) -> None:
        """Write one file that holds everything, media included, for either database.

        Raises:
            CollectionError: it could not be written; a file that was there is as it was.
        """
        with self.reading() as transaction:
            write_backup(transaction, target, self.revision)

    def close(self) -> None:
        """Give the database back; a collection that is used again opens it again."""
        with failures(self.place):
            self._engine.dispose()

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _writing(self) -> Iterator[Transaction]:
        with failures(self.place):
            connection = engine.writing(self._engine)
            try:
                transaction = self._transaction(connection, writable=True)
                yield transaction
                if transaction.blobs is not None:
                    transaction.blobs.sync()  # before the rows that need them
                connection.commit()
            finally:
                connection.close()

    def _transaction(self, connection: Connection, *, writable: bool) -> Transaction:
        media = self.place.media
        return Transaction(
            connection,
            now_ms=self.clock(),
            random_bytes=self.random_bytes,
            writable=writable,
            blobs=None if media is None else BlobFolder(media),
        )


def open_collection(
    where: str | Path | Place | None = None,
    *,
    create: bool = True,
    day_boundary: DayBoundary | None = None,
    clock: Callable[[], int] = now_ms,
    random_bytes: Callable[[int], bytes] = os.urandom,
) -> Collection:
    """Open a collection; a new one is made whole or not at all, an older one brought up to date.

    Args:
        where: a path or a URL; None for ``$RECOLLECT_COLLECTION`` or the user's data folder.
        create: make one where there is none.
        day_boundary: the learner's day in a new one; default UTC and 4 h.
        clock: gives the time, ms since 1970.
        random_bytes: gives that many random bytes.

    Raises:
        CollectionError: there is none, or the place cannot be used.
        CollectionDamagedError: the file is damaged.
        CollectionVersionError: a newer Recollect made it.
        CollectionLockedError: it must be brought up to date, and another program is writing.
        MissingExtraError: a PostgreSQL URL, and the driver is not installed.
    """
    place = default_place() if where is None else place_of(where)
    _look_at_the_file(place, create)
    with failures(place):
        database = engine.make_engine(place)
        collection = Collection(place, database, clock, random_bytes)
        try:
            _bring_up_to_date(collection, create, day_boundary or DayBoundary())
        except BaseException:
            database.dispose()
            raise
    return collection


def _look_at_the_file(place: Place, create: bool) -> None:
    """What can be said without SQLite, which would make a file wherever it is asked to open one."""
    path = place.path
    if path is None:
        return
    try:
        if path.is_dir():
            raise CollectionError(f"{path}: a folder; name the file of a collection")
        if not path.exists():
            if not create:
                raise _none_there(place)
            path.parent.mkdir(parents=True, exist_ok=True)
            return
        with path.open("rb") as stream:
            head = stream.read(len(_SQLITE_HEAD))
    except OSError as error:
        raise CollectionError(
            f"{path}: the collection cannot be opened ({error.strerror}); "
            "check the folder and its permissions"
        ) from error
    if head and head != _SQLITE_HEAD:
        raise damaged(place, "it does not begin as an SQLite file does")


def _none_there(place: Place) -> CollectionError:
    return CollectionError(f"{place}: there is no collection; import something to start one")


def _bring_up_to_date(collection: Collection, create: bool, day_boundary: DayBoundary) -> None:
    place = collection.place
    with collection.reading() as transaction:
        found = migrating.revision_of(transaction.connection, place)
    if found == migrating.NEWEST:
        return
    if found is None and not create:
        raise _none_there(place)
    if found is not None:
        collection.revision = found
        collection.back_up("migration")
        collection.revision = migrating.NEWEST
    elif place.path is not None:
        _use_write_ahead_log(place)
    maker = engine.make_engine(place, foreign_keys=False)
    try:
        with Collection(place, maker, collection.clock, collection.random_bytes)._writing() as w:
            found = migrating.revision_of(w.connection, place)  # another may have been quicker
            if found != migrating.NEWEST:
                migrating.migrate(w.connection)
            if found is None:
                _fill(w, day_boundary)
    finally:
        maker.dispose()
        collection.close()  # what it had open is of a file that was empty, or had other tables


def _use_write_ahead_log(place: Place) -> None:
    """Readers and the writer do not wait for each other; kept in the file from then on."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(place.url.database or "", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL").fetchall()  # to the end, or it is not kept


def _fill(transaction: Transaction, day_boundary: DayBoundary) -> None:
    """What every collection has from the beginning."""
    if transaction.execute(select(schema.settings.c.id)).first() is not None:
        return
    settings = Settings(
        created_at_ms=transaction.now_ms,
        time_zone=day_boundary.time_zone,
        rollover_hour=day_boundary.rollover_hour,
        fuzz_seed=int.from_bytes(transaction.random_bytes(4), "big"),
    )
    transaction.insert(schema.settings, [settings_row(settings)])
    transaction.insert(schema.presets, [preset_row(Preset(1, "Default"))])
    transaction.insert(schema.decks, [deck_row(Deck(1, "Default"))])
    transaction.steps.clear()
