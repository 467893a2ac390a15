"""What a database says when it fails, as one line that says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from recollect.collection.places import Place
from recollect.errors import (
    CollectionDamagedError,
    CollectionError,
    CollectionLockedError,
    MissingExtraError,
)
from recollect.reviews.messages import one_line

__all__ = ["BUSY_TIMEOUT_MS", "damaged", "failures"]

BUSY_TIMEOUT_MS = 5_000
"""How long to wait for another writer."""

# By the beginning of the name of SQLite's result code, and of PostgreSQL's SQLSTATE.
_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40001", "40P01")
_DAMAGED = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")
_FULL = ("SQLITE_FULL", "SQLITE_IOERR_SHMSIZE", "53100")  # no room for the log's shared memory
_READ_ONLY = ("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH", "25006", "42501")
_NO_OPENING = ("SQLITE_CANTOPEN",)
_DISK = ("SQLITE_IOERR", "58030")
_GONE = ("57P", "08")
_SIGN_IN = ("28", "3D000")
_REFUSED = ("SQLITE_CONSTRAINT", "23")
_TOO_BIG = ("SQLITE_TOOBIG", "22", "54")


@contextmanager
def failures(place: Place) -> Iterator[None]:
    """Turn whatever the database raises in the block into an error of ours.

    Raises:
        CollectionLockedError: another program is writing.
        CollectionDamagedError: the file or database is damaged.
        CollectionError: anything else, such as a full disk.
        MissingExtraError: PostgreSQL without its driver.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.split(".")[0] == "psycopg":
            raise MissingExtraError("postgres", "a collection in PostgreSQL") from error
        raise
    except DBAPIError as error:
        raise _ours(place, error.orig or error) from error
    except sqlite3.Error as error:
        raise _ours(place, error) from error
    except Exception as error:
        if getattr(error, "sqlstate", "") == "":
            raise
        raise _ours(place, error) from error


def damaged(place: Place, what: str) -> CollectionDamagedError:
    """The error for a damaged collection."""
    return CollectionDamagedError(
        f"{place}: the collection is damaged ({one_line(what)}); "
        "it was left as it is; bring back a backup with: recollect restore --latest"
    )


def _ours(place: Place, error: BaseException) -> CollectionError:
    code = str(getattr(error, "sqlite_errorname", None) or getattr(error, "sqlstate", None) or "")
    if code.startswith(_LOCKED):
        seconds = BUSY_TIMEOUT_MS // 1000
        return CollectionLockedError(
            f"{place}: another program is writing to the collection (waited {seconds} s); "
            "close it or wait, then try again; nothing was changed"
        )
    if code.startswith(_DAMAGED):
        return damaged(place, str(error))
    return CollectionError(f"{place}: {_problem(code, error)}")


def _problem(code: str, error: BaseException) -> str:
    said = one_line(error)
    if code.startswith(_FULL):
        return "the disk is full; make room and try again; nothing was changed"
    if code.startswith(_READ_ONLY):
        return f"the collection cannot be written ({said}); check its permissions"
    if code.startswith(_NO_OPENING):
        return f"the collection cannot be opened ({said}); check the folder and its permissions"
    if code.startswith(_DISK):
        return f"the disk could not be read or written ({said}); nothing was changed"
    if code.startswith(_SIGN_IN):
        return f"the database let us not in ({said}); check the URL"
    if code.startswith(_GONE) or not code:
        return f"the database does not answer ({said}); check that it runs, then try again"
    if code.startswith(_REFUSED):
        return f"the collection refuses the change ({said}); nothing was changed"
    if code.startswith(_TOO_BIG):
        return f"a value does not fit ({said}); nothing was changed"
    return f"the database failed ({said}); nothing was changed"
