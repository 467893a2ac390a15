"""Media of a package into the collection: kept by content, found by name.

A file of the same name but other content is given a name of its own, ``dot-1f0a….svg``, the same
at every import; fields of notes that name it are rewritten.
"""

from __future__ import annotations

import hashlib
import html
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, unquote

from sqlalchemy import select

from recollect.anki.media_map import (
    LONGEST_MEDIA_NAME,
    MAX_MEDIA_BYTES,
    MAX_MEDIA_FILE_BYTES,
    PackedMedia,
)
from recollect.anki.summary import ImportSummary
from recollect.collection import Place, Transaction, schema
from recollect.collection.blob_folder import BlobFolder
from recollect.errors import CollectionError, PackageError

__all__ = ["REFERENCE", "MediaMerge", "renamed_references", "stored_media"]

REFERENCE = re.compile(
    r"(?P<sound>\[sound:)(?P<name>[^\]\n]{1,300})\]"
    r"""|(?P<attribute>\b(?:src|data)\s*=\s*)(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'"""
    r"|(?P<bare>[^\s>\"']+))",
    re.IGNORECASE,
)
"""Where a field names a file: ``[sound:a.mp3]``, ``<img src="a.png">``, ``<object data=...>``."""


class MediaMerge:
    """Adds media within a transaction; what was written is removed again if that fails.

    Attributes:
        renamed: name in the package -> name in the collection, where they differ.
    """

    def __init__(self, transaction: Transaction, place: Place, dry_run: bool) -> None:
        self.renamed: dict[str, str] = {}
        self._transaction = transaction
        self._folder = place.media
        self._dry_run = dry_run
        self._written: list[Path] = []
        rows = transaction.execute(select(schema.media)).all()
        self._known: dict[str, str] = {row[0]: row[1] for row in rows}
        self._bytes_left = MAX_MEDIA_BYTES

    def add(self, file: PackedMedia, summary: ImportSummary) -> None:
        """Add a file, or leave it out if it cannot be kept.

        Raises:
            PackageError: it is damaged, or the package's media are too large.
            CollectionError: it cannot be written.
        """
        if file.name is None:
            summary.skipped["media whose name is no plain file name"] += 1
            return
        with self._draft() as draft:
            digest, size = self._unpack(file, draft)
            if size < 0:
                limit = MAX_MEDIA_FILE_BYTES // 1024**2
                summary.skipped[f"media larger than {limit} MiB"] += 1
                return
            name = self._name_for(file.name, digest)
            if name != file.name:
                self.renamed[file.name] = name
                summary.mended["media renamed, as another file has the name"] += 1
            known = self._known.get(name) == digest
            kept = self._keep(draft, digest, mending=known)
            if known:
                summary.media.unchanged += 1
                if kept:
                    summary.mended["media whose content was lost or damaged"] += 1
                return
        self._transaction.insert(schema.media, [(name, digest, size)])
        self._known[name] = digest
        summary.media.added += 1

    def forget(self) -> None:
        """Remove what was written: the transaction failed."""
        for path in self._written:
            with suppress(OSError):
                path.unlink(missing_ok=True)

    def _name_for(self, name: str, digest: str) -> str:
        if self._known.get(name, digest) == digest:
            return name
        stem, dot, ending = name.rpartition(".") if "." in name[1:] else (name, "", "")
        tail = f"-{digest[:16]}{dot}{ending}"
        while len((stem + tail).encode()) > LONGEST_MEDIA_NAME and stem:
            stem = stem[:-1]
        return stem + tail

    @contextmanager
    def _draft(self) -> Iterator[Path | None]:
        if self._dry_run or self._folder is None:
            yield None
            return
        draft = self._folder / f".{secrets.token_hex(8)}.tmp"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            yield draft
        except OSError as error:
            raise CollectionError(
                f"{self._folder}: media cannot be written ({error.strerror or error}); "
                "nothing was imported"
            ) from error
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def _unpack(self, file: PackedMedia, draft: Path | None) -> tuple[str, int]:
        """Fingerprint and size of a file, -1 where it is too large; its bytes go to the draft."""
        digest, size = hashlib.sha256(), 0
        self._held = bytearray()
        with draft.open("wb") if draft else _nowhere() as out:
            for chunk in file.chunks():
                size += len(chunk)
                self._bytes_left -= len(chunk)
                if self._bytes_left < 0:
                    raise PackageError(
                        f"{file.path}: its media unpack to more than "
                        f"{MAX_MEDIA_BYTES // 1024**3} GiB, refused; nothing was imported"
                    )
                if size > MAX_MEDIA_FILE_BYTES:
                    return "", -1
                digest.update(chunk)
                if out is not None:
                    out.write(chunk)
                elif not self._dry_run:
                    self._held += chunk
        return digest.hexdigest(), size

    def _keep(self, draft: Path | None, digest: str, *, mending: bool) -> bool:
        """Have a content in its place; whether it had to be put there."""
        if self._dry_run:
            return False
        if draft is None or self._folder is None:
            there = schema.media_blobs.c.sha256 == digest
            query = select(schema.media_blobs.c.sha256).where(there)
            if self._transaction.execute(query).first() is not None:
                return False
            self._transaction.insert(schema.media_blobs, [(digest, bytes(self._held))])
            return True
        home = BlobFolder(self._folder).path(digest)
        if home.is_file() and BlobFolder(self._folder).fingerprint(digest) == digest:
            return False
        home.parent.mkdir(exist_ok=True)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(draft, home)
        if not mending:  # what was mended stays, whatever becomes of the import
            self._written.append(home)
        return True


def stored_media(
    transaction: Transaction, place: Place, names: Iterable[str] | None = None
) -> Iterator[tuple[str, int, Path | bytes | None]]:
    """Media of the collection in order of their names: name, size, and where the content is.

    Args:
        transaction: to read with.
        place: of the collection.
        names: only these; all where None.

    Yields:
        A path, or the bytes where they are in the database, or None where they are missing.
    """
    wanted = None if names is None else set(names)
    query = select(schema.media).order_by(schema.media.c.name)
    for name, digest, size in transaction.execute(query).all():
        if wanted is not None and name not in wanted:
            continue
        if place.media is not None:
            path = place.media / digest[:2] / digest
            yield name, size, path if path.is_file() else None
            continue
        blob = schema.media_blobs.c.content
        row = transaction.execute(select(blob).where(schema.media_blobs.c.sha256 == digest)).first()
        yield name, size, None if row is None else bytes(row[0])


def renamed_references(text: str, renamed: Mapping[str, str]) -> str:
    """A field in which renamed media have their new names."""

    def new_name(match: re.Match[str]) -> str:
        kind = "name" if match["sound"] else match.lastgroup or "bare"
        old = match[kind]
        for decode, encode in ((str, str), (html.unescape, html.escape), (unquote, quote)):
            found = renamed.get(decode(old))
            if found is not None:
                start, end = match.span(kind)
                start, end = start - match.start(), end - match.start()
                return match[0][:start] + encode(found) + match[0][end:]
        return match[0]

    return REFERENCE.sub(new_name, text)


@contextmanager
def _nowhere() -> Iterator[None]:
    yield None
