"""Bringing the tables of a collection to the present version."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, inspect, text

from recollect.collection.engine import APPLICATION_ID, is_sqlite
from recollect.collection.places import Place
from recollect.errors import CollectionDamagedError, CollectionError, CollectionVersionError

__all__ = ["FOLDER", "NEWEST", "REVISIONS", "migrate", "revision_of"]

FOLDER = Path(__file__).parent / "migrations"

REVISIONS = ("0001",)
"""All versions of the tables, oldest first; written out, so that opening needs no Alembic."""

NEWEST = REVISIONS[-1]

_ALEMBIC_IS_ONE = Lock()


def revision_of(connection: Connection, place: Place) -> str | None:
    """The version of the tables; None where there are none yet.

    Raises:
        CollectionError: a database of another program.
        CollectionVersionError: a newer version than we know.
    """
    tables = set(inspect(connection).get_table_names())
    if is_sqlite(connection):
        application = connection.exec_driver_sql("PRAGMA application_id").scalar_one()
        ours = application == APPLICATION_ID or not (tables or application)
    else:
        ours = "alembic_version" in tables or "notes" not in tables
    if not ours:
        raise CollectionError(
            f"{place}: a database, but not a collection of Recollect; name another place"
        )
    if "alembic_version" not in tables:
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and found not in REVISIONS:
        raise CollectionVersionError(
            f"{place}: made by a newer Recollect (tables of version {found}, "
            f"this one knows {NEWEST}); update Recollect; the collection was left as it is"
        )
    return found


def migrate(connection: Connection, revision: str = NEWEST) -> None:
    """Bring the tables to a version, within the connection's transaction.

    Args:
        connection: in a writing transaction; on SQLite with foreign keys off, since tables
            are rebuilt.
        revision: which version; not an older one than it has.

    Raises:
        CollectionDamagedError: rows are left that point nowhere.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    with _ALEMBIC_IS_ONE:
        command.upgrade(config, revision)
    if is_sqlite(connection):
        connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        loose = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if loose is not None:
            raise CollectionDamagedError(
                f"the collection could not be brought to version {NEWEST}: "
                f"a row of {loose[0]} points to nothing; nothing was changed"
            )
