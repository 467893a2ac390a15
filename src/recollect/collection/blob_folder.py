"""Contents of media as files, each once, under its fingerprint."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase
from pathlib import Path
from typing import Protocol, runtime_checkable

from recollect.collection.files import made_folder, sync_folder, told
from recollect.errors import CollectionError

__all__ = ["BlobFolder", "Source", "copy_counted"]

_STEP = 1 << 20
_NAME = re.compile(r"[0-9a-f]{64}")
_ONE_BY_ONE = 32
_ASIDE = "unused"
_NO_WRITING = "the media cannot be written"
_NO_READING = "the media cannot be read"


@runtime_checkable
class Source(Protocol):
    """What a content is read from: an open file, or anything else with ``read``."""

    def read(self, size: int, /) -> bytes:
        """So many bytes at most; none at the end."""


class BlobFolder:
    """Contents as files, ``ab/abcd...``, in a folder beside the collection.

    Attributes:
        folder: the folder; it is made when it is first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unsynced: list[Path] = []

    def path(self, sha256: str) -> Path:
        """Where a content is, or would be."""
        return self.folder / sha256[:2] / sha256

    def add(self, source: Source, limit_bytes: int) -> tuple[str, int]:
        """Keep a content; it is there whole or not at all.

        Returns:
            Its fingerprint and its size in bytes.

        Raises:
            CollectionError: it is larger than the limit, or could not be written.
        """
        with told(self.folder, _NO_WRITING):
            draft = made_folder(self.folder) / f".{secrets.token_hex(8)}.tmp"
            try:
                with draft.open("wb") as target:
                    sha256, size = copy_counted(source, target, limit_bytes)
                path = self.path(sha256)
                made_folder(path.parent)
                if not path.exists() or self.fingerprint(sha256) != sha256:
                    os.replace(draft, path)
                    self._unsynced.append(path)
            finally:
                with suppress(OSError):
                    draft.unlink(missing_ok=True)
        return sha256, size

    def read(self, sha256: str) -> bytes:
        """A content.

        Raises:
            CollectionError: it is not there.
        """
        with told(self.folder, _NO_READING):
            if not self.path(sha256).exists():
                self.bring_back(sha256)
            return self.path(sha256).read_bytes()

    def sizes(self) -> dict[str, int]:
        """Size in bytes of every content, by fingerprint."""
        with told(self.folder, _NO_READING):
            return {path.name: path.stat().st_size for path in self._files()}

    def fingerprint(self, sha256: str) -> str:
        """The fingerprint that a content has, which should be its name."""
        with told(self.folder, _NO_READING), self.path(sha256).open("rb") as source:
            return hashlib.file_digest(source, "sha256").hexdigest()

    def sync(self) -> None:
        """Have all that was added on the disk.

        Raises:
            CollectionError: the system refused.
        """
        waiting, self._unsynced = self._unsynced, []
        if not waiting:
            return
        with told(self.folder, _NO_WRITING):
            if len(waiting) > _ONE_BY_ONE and hasattr(os, "sync"):
                os.sync()
                return
            for path in waiting:
                with path.open("rb") as written:
                    os.fsync(written.fileno())
            for folder in {path.parent for path in waiting}:
                sync_folder(folder)
            sync_folder(self.folder)

    def discard(self, sha256: str, now_ms: int) -> None:
        """Put a content aside that nothing needs; reading it brings it back."""
        with told(self.folder, _NO_WRITING):
            aside = made_folder(self.folder / _ASIDE) / sha256
            os.replace(self.path(sha256), aside)
            os.utime(aside, ns=(now_ms * 1_000_000, now_ms * 1_000_000))

    def discarded(self) -> dict[str, int]:
        """When each content that was put aside was, ms since 1970."""
        with told(self.folder, _NO_READING):
            aside = self.folder / _ASIDE
            found = aside.iterdir() if aside.is_dir() else ()
            return {path.name: path.stat().st_mtime_ns // 1_000_000 for path in found}

    def delete_discarded(self, sha256: str) -> int:
        """Delete a content that was put aside; returns its size in bytes."""
        with told(self.folder, _NO_WRITING):
            path = self.folder / _ASIDE / sha256
            size = path.stat().st_size
            path.unlink()
            return size

    def bring_back(self, sha256: str) -> bool:
        """Take a content back that was put aside; returns whether it was."""
        aside = self.folder / _ASIDE / sha256
        if not aside.is_file():
            return False
        with told(self.folder, _NO_WRITING):
            made_folder(self.path(sha256).parent)
            os.replace(aside, self.path(sha256))
        return True

    def remove_drafts(self, before_ms: int) -> None:
        """Delete what was being written when a program ended, if that was before a time."""
        with suppress(OSError):
            for path in self.folder.glob(".*.tmp"):
                if path.stat().st_mtime_ns // 1_000_000 < before_ms:
                    path.unlink()

    def _files(self) -> Iterator[Path]:
        if not self.folder.is_dir():
            return
        for folder in self.folder.iterdir():
            if folder.is_dir() and len(folder.name) == 2:
                yield from (path for path in folder.iterdir() if _NAME.fullmatch(path.name))


def copy_counted(source: Source, target: BufferedIOBase, limit_bytes: int) -> tuple[str, int]:
    """Copy a content; returns its fingerprint and size.

    Raises:
        CollectionError: it is larger than the limit.
    """
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_STEP):
        size += len(chunk)
        if size > limit_bytes:
            raise CollectionError(f"a media file is larger than {limit_bytes // 1024**2} MiB")
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest(), size
