"""Pictures and sounds: their names in fields, and the contents they stand for.

A name is a row; its content is kept once, whatever its names, under its fingerprint. Taking a name
away leaves the content until nothing can need it: no name, no change that can be taken back, no
backup of a time when it was needed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote

from sqlalchemy import select

from recollect.collection import schema
from recollect.collection.blob_folder import Source
from recollect.collection.blobs import BlobTable, blobs_of
from recollect.collection.changes import media_in_changes
from recollect.collection.codecs import clean_text, media_from, media_row
from recollect.collection.files import told
from recollect.collection.markup import Tag, parts, unescape
from recollect.collection.note_types import list_note_types
from recollect.collection.notes import iterate_notes
from recollect.collection.rows import MediaFile
from recollect.collection.transaction import Transaction
from recollect.errors import UnknownNameError

__all__ = [
    "MAX_MEDIA_BYTES",
    "MediaReport",
    "add_media",
    "clean_media_name",
    "find_media",
    "list_media",
    "media_names",
    "media_path",
    "media_report",
    "read_media",
    "remove_media",
    "sweep_media",
]

MAX_MEDIA_BYTES = 1024**3
"""The largest content that is taken; in PostgreSQL, which keeps it in a row, the same."""

_FORBIDDEN = re.compile(r'[\\/:*?"<>|^\[\]]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_LONGEST_BYTES = 120
_SOUND = re.compile(r"\[sound:([^\]\n]{1,300})\]")
_CSS_URL = re.compile(r"url\(\s*[\"']?([^\"')\n]{1,300})[\"']?\s*\)")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")
_SOURCES = {"img": "src", "audio": "src", "video": "src", "source": "src", "embed": "src"} | {
    "object": "data",
    "track": "src",
}
_DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class MediaReport:
    """Which media are needed and which are there.

    Attributes:
        missing: for each name that a note or note type shows and that is not there, the numbers of
            the notes (none for a note type).
        unused: what is there and shown nowhere; names that begin with ``_`` are never unused.
    """

    missing: dict[str, tuple[int, ...]]
    unused: tuple[MediaFile, ...]


def add_media(
    transaction: Transaction,
    name: str,
    content: bytes | Path | Source,
    *,
    limit_bytes: int = MAX_MEDIA_BYTES,
) -> MediaFile:
    """Keep a picture or sound.

    Args:
        transaction: to write with.
        name: as fields are to call it; what no file can be called is left out.
        content: the bytes, a file to read them from, or a stream.
        limit_bytes: refuse what is larger.

    Returns:
        The file. Where the name is taken by another content, it gets a part of its fingerprint
        into its name.

    Raises:
        CollectionError: it is too large, or cannot be read or written.
    """
    if isinstance(content, Path):
        with told(content, "the media file cannot be read"), content.open("rb") as opened:
            return add_media(transaction, name, opened, limit_bytes=limit_bytes)
    stream = BytesIO(content) if isinstance(content, bytes) else content
    sha256, size = blobs_of(transaction).add(stream, limit_bytes)
    wanted = clean_media_name(name)
    there = find_media(transaction, wanted)
    if there is not None and there.sha256 != sha256:
        stem, dot, suffix = wanted.rpartition(".")
        stem, suffix = (stem, dot + suffix) if stem else (wanted, "")
        wanted = clean_media_name(f"{stem}-{sha256[:16]}{suffix}")
        there = find_media(transaction, wanted)
    if there is not None:
        return there
    file = MediaFile(wanted, sha256, size)
    transaction.insert(schema.media, [media_row(file)])
    return file


def find_media(transaction: Transaction, name: str) -> MediaFile | None:
    """The file of that name, or None."""
    row = transaction.execute(select(schema.media).where(schema.media.c.name == name)).first()
    return None if row is None else media_from(row)


def list_media(transaction: Transaction) -> list[MediaFile]:
    """All files, by name."""
    query = select(schema.media).order_by(schema.media.c.name)
    return [media_from(row) for row in transaction.execute(query)]


def read_media(transaction: Transaction, name: str) -> bytes:
    """The content of the file of that name.

    Raises:
        UnknownNameError: there is none.
        CollectionError: its content is not there.
    """
    return blobs_of(transaction).read(_named(transaction, name).sha256)


def media_path(transaction: Transaction, name: str) -> Path | None:
    """Where the content of a file is, named by its fingerprint; None where it is in the database.

    Raises:
        UnknownNameError: there is no such file.
    """
    return blobs_of(transaction).path(_named(transaction, name).sha256)


def remove_media(transaction: Transaction, names: Iterable[str]) -> int:
    """Take names away; :func:`sweep_media` takes contents. Returns how many there were."""
    return transaction.delete(schema.media, "name", names)


def media_report(transaction: Transaction) -> MediaReport:
    """Look through all notes and note types for the media that they show."""
    used: dict[str, list[int]] = {}
    for note in iterate_notes(transaction):
        for text in note.fields:
            if "<" in text or "[sound:" in text:
                for name in media_names(text):
                    used.setdefault(name, []).append(note.id)
    for kind in list_note_types(transaction):
        texts = [kind.css, *(side for t in kind.templates for side in (t.question, t.answer))]
        for name in (name for text in texts for name in media_names(text) if "{{" not in name):
            used.setdefault(name, [])
    files = list_media(transaction)
    there = {file.name for file in files}
    return MediaReport(
        missing={name: tuple(used[name]) for name in sorted(set(used) - there)},
        unused=tuple(
            file for file in files if file.name not in used and not file.name.startswith("_")
        ),
    )


def sweep_media(transaction: Transaction, oldest_backup_ms: int | None = None) -> int:
    """Delete contents that nothing can need any more.

    In a folder they are first put aside, and deleted by a later sweep when no backup is left from
    the time before that.

    Args:
        transaction: to write with.
        oldest_backup_ms: when the oldest backup that there is was made; None if there is none.

    Returns:
        How many bytes were freed.

    Raises:
        CollectionError: a file cannot be moved or deleted.
    """
    blobs = blobs_of(transaction)
    needed = {file.sha256 for file in list_media(transaction)} | media_in_changes(transaction)
    loose = {sha256: size for sha256, size in blobs.sizes().items() if sha256 not in needed}
    freed = 0
    if isinstance(blobs, BlobTable):
        for sha256, size in loose.items():
            blobs.delete(sha256)
            freed += size
        return freed
    for sha256, since_ms in blobs.discarded().items():
        if sha256 in needed:
            blobs.bring_back(sha256)
        elif oldest_backup_ms is None or since_ms < oldest_backup_ms:
            freed += blobs.delete_discarded(sha256)
    for sha256 in loose:
        blobs.discard(sha256, transaction.now_ms)
    blobs.remove_drafts(transaction.now_ms - _DAY_MS)
    return freed


def media_names(text: str) -> set[str]:
    """Names of the files that some HTML or CSS shows; addresses on the web are none."""
    return {
        name
        for given in _mentioned(text)
        if not _SCHEME.match(given)
        for name in [unicodedata.normalize("NFC", unquote(given) if "%" in given else given)]
    }


def clean_media_name(name: str) -> str:
    """The name as a file can be called on any system: NFC, at most 120 bytes of UTF-8."""
    cleaned = unicodedata.normalize("NFC", clean_text(name))
    cleaned = "".join(c for c in cleaned if unicodedata.category(c) not in ("Cc", "Cs"))
    cleaned = _FORBIDDEN.sub("", cleaned).strip().rstrip(". ")
    if _RESERVED.match(cleaned):
        cleaned = "_" + cleaned
    stem, dot, suffix = cleaned.rpartition(".")
    if not stem or len(suffix.encode()) > _LONGEST_BYTES // 2:
        stem, suffix = cleaned, ""
    else:
        suffix = dot + suffix
    room = _LONGEST_BYTES - len(suffix.encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    return (stem + suffix).strip() or "unnamed"


def _named(transaction: Transaction, name: str) -> MediaFile:
    file = find_media(transaction, name)
    if file is None:
        raise UnknownNameError("media file", name)
    return file


def _mentioned(text: str) -> Iterator[str]:
    for found in _SOUND.finditer(text):
        yield unescape(found[1])
    for found in _CSS_URL.finditer(text):
        yield found[1].strip()
    if "<" not in text:
        return
    for part in parts(text):
        if isinstance(part, Tag) and (source := _SOURCES.get(part.name)) is not None:
            name = part.attributes.get(source, "").strip()
            if name:
                yield name
