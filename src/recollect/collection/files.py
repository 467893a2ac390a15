"""Writing files of a collection so that nothing is ever half there."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recollect.errors import CollectionError
from recollect.reviews.messages import one_line

__all__ = ["made_folder", "replaced", "sync_folder", "told"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def told(path: Path, what: str) -> Iterator[None]:
    """What the system refuses in the block, as one line.

    Args:
        path: of the file or folder.
        what: what cannot be done, such as ``"the backup cannot be written"``.

    Raises:
        CollectionError: the system refused.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise CollectionError(f"{path}: {what}: the disk is full; make room") from error
        why = one_line(error.strerror or error)
        raise CollectionError(f"{path}: {what} ({why})") from error


def made_folder(folder: Path) -> Path:
    """The folder, made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A path to write to, beside ``path``; it takes its place for good when the block ends well.

    Raises:
        OSError: it could not be written; what was there is as it was.
    """
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        yield draft
        with draft.open("rb") as written:
            os.fsync(written.fileno())
        os.replace(draft, path)
        sync_folder(path.parent)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; not every system can, and needs to."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
