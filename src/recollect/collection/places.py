"""Where a collection is: a file with its companions, or a PostgreSQL database."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from recollect.errors import CollectionError

__all__ = ["Place", "default_place", "place_of"]

_POSTGRESQL = ("postgresql", "postgres", "postgresql+psycopg")


@dataclass(frozen=True)
class Place:
    """Where a collection is.

    Attributes:
        url: for SQLAlchemy.
        path: the SQLite file; None for PostgreSQL.
        backups: folder of the automatic backups.
    """

    url: URL
    path: Path | None
    backups: Path

    @property
    def media(self) -> Path | None:
        """Folder of the media; None where they are kept in the database."""
        return None if self.path is None else self.path.with_name(self.path.name + ".media")

    def __str__(self) -> str:
        """The path, or the URL without its password."""
        if self.path is not None:
            return str(self.path)
        return self.url.set(drivername="postgresql").render_as_string(hide_password=True)


def default_place() -> Place:
    """``$RECOLLECT_COLLECTION``, or ``collection.db`` in the user's data folder."""
    chosen = os.environ.get("RECOLLECT_COLLECTION")
    return place_of(chosen or _data_folder() / "collection.db")


def place_of(where: str | Path | Place) -> Place:
    """The place that a path or a URL names.

    Args:
        where: a path of an SQLite file, or ``postgresql://user:password@host/database``.

    Raises:
        CollectionError: a URL that is none, or of another database.
    """
    if isinstance(where, Place):
        return where
    if isinstance(where, str) and "://" in where:
        return _place_of_url(where)
    path = Path(where).expanduser().absolute()
    url = URL.create("sqlite", database=str(path))
    return Place(url, path, path.with_name(path.name + ".backups"))


def _place_of_url(text: str) -> Place:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise CollectionError(
            f"{_without_password(text)}: not a URL of a collection; "
            "use a path or postgresql://user@host/database"
        ) from error
    if url.drivername == "sqlite" and url.database:
        return place_of(Path(url.database))
    if url.drivername not in _POSTGRESQL or not url.database:
        raise CollectionError(
            f"{_without_password(text)}: not a URL of a collection; "
            "use a path or postgresql://user@host/database"
        )
    folder = _data_folder() / "backups" / f"{url.host or 'local'}-{url.database}"
    return Place(url.set(drivername="postgresql+psycopg"), None, folder)


def _data_folder() -> Path:
    import platformdirs

    return platformdirs.user_data_path("recollect", appauthor=False)


def _without_password(text: str) -> str:
    scheme, _, rest = text.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
