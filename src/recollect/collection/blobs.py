"""Where the contents of media are kept: a folder, or the database."""

from __future__ import annotations

import hashlib
from io import BytesIO

from sqlalchemy import delete, func, select

from recollect.collection import schema
from recollect.collection.blob_folder import BlobFolder, Source, copy_counted
from recollect.collection.transaction import Transaction
from recollect.errors import CollectionError

__all__ = ["BlobFolder", "BlobTable", "Blobs", "blobs_of"]


class BlobTable:
    """Contents in the database, for collections that are no file."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def path(self, sha256: str) -> None:
        """There is no file to give to another program."""

    def add(self, source: Source, limit_bytes: int) -> tuple[str, int]:
        """Keep a content; see :meth:`BlobFolder.add`."""
        target = BytesIO()
        sha256, size = copy_counted(source, target, limit_bytes)
        table = schema.media_blobs
        query = select(table.c.sha256).where(table.c.sha256 == sha256)
        if self._transaction.execute(query).first() is None:
            self._transaction.insert(table, [(sha256, target.getvalue())])
        return sha256, size

    def read(self, sha256: str) -> bytes:
        """A content; see :meth:`BlobFolder.read`."""
        table = schema.media_blobs
        query = select(table.c.content).where(table.c.sha256 == sha256)
        content = self._transaction.execute(query).scalar()
        if content is None:
            raise CollectionError(f"the media {sha256} cannot be read: it is not in the database")
        return content

    def sizes(self) -> dict[str, int]:
        """Size in bytes of every content, by fingerprint."""
        table = schema.media_blobs
        query = select(table.c.sha256, func.length(table.c.content))
        return {row[0]: row[1] for row in self._transaction.execute(query)}

    def fingerprint(self, sha256: str) -> str:
        """The fingerprint that a content has, which should be its name."""
        return hashlib.sha256(self.read(sha256)).hexdigest()

    def sync(self) -> None:
        """The database sees to it."""

    def delete(self, sha256: str) -> None:
        """Delete a content for good."""
        table = schema.media_blobs
        self._transaction.connection.execute(delete(table).where(table.c.sha256 == sha256))


Blobs = BlobFolder | BlobTable


def blobs_of(transaction: Transaction) -> Blobs:
    """The contents of a collection's media."""
    return BlobTable(transaction) if transaction.blobs is None else transaction.blobs
