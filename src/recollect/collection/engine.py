"""How we talk to the two databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from recollect.collection.failures import BUSY_TIMEOUT_MS
from recollect.collection.places import Place

__all__ = ["APPLICATION_ID", "is_sqlite", "make_engine", "reading", "writing"]

APPLICATION_ID = 0x5265436F
"""Tells our SQLite files from those of other programs: the letters ReCo."""

_BEGIN = "recollect_begin"
_WRITER_LOCK = 0x5265436F
_WAL_LIMIT_BYTES = 64 * 1024**2
_CACHE_KIB = 32 * 1024


def is_sqlite(connection: Connection) -> bool:
    """Whether the database is SQLite."""
    return connection.dialect.name == "sqlite"


def make_engine(place: Place, *, foreign_keys: bool = True) -> Engine:
    """An engine with our settings; nothing is opened yet.

    SQLite: foreign keys checked, an answer on the disk before the transaction ends
    (``synchronous = FULL``), five seconds of patience with another writer. A transaction begins
    when we say so: ``BEGIN IMMEDIATE`` where it is going to write, so that it never fails half-way
    for want of the lock.

    Args:
        place: where the collection is.
        foreign_keys: False while tables are being rebuilt; SQLite only.
    """
    if place.path is None:
        return create_engine(place.url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    engine = create_engine(place.url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})

    @event.listens_for(engine, "connect")
    def settle(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # no transactions of the driver's own
        for pragma in (
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            "synchronous = FULL",
            "trusted_schema = OFF",
            f"journal_size_limit = {_WAL_LIMIT_BYTES}",
            f"cache_size = -{_CACHE_KIB}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))

    return engine


def writing(engine: Engine) -> Connection:
    """A connection in a transaction that nobody else's writing can interfere with.

    One writer at a time, on either database: whoever comes second waits five seconds.
    """
    connection = engine.connect()
    try:
        if is_sqlite(connection):
            connection = connection.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})
            connection.begin()
        else:
            connection.begin()
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")
            connection.exec_driver_sql(
                f"SELECT pg_advisory_xact_lock({_WRITER_LOCK}, hashtext(current_schema()))"
            )
    except BaseException:
        connection.close()
        raise
    return connection


def reading(engine: Engine) -> Connection:
    """A connection in a transaction that sees the collection as it is now, and stays so."""
    connection = engine.connect()
    try:
        if not is_sqlite(connection):
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        connection.begin()
    except BaseException:
        connection.close()
        raise
    return connection
