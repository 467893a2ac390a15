"""Writing so that nobody ever sees half a file."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recollect.errors import OutputError
from recollect.reviews.messages import one_line

__all__ = ["replaced_file", "replaced_folder"]


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """A path to write to, next to ``path``; it takes its place when the block ends well.

    Raises:
        OutputError: the file could not be written; an older one is still as it was.
    """
    draft = _draft(path)
    try:
        yield draft
        os.replace(draft, path)
    except OSError as error:
        raise OutputError(
            f"{path}: could not be written ({one_line(error.strerror or error)})"
        ) from error
    finally:
        with suppress(OSError):  # such as a name too long, which was told already
            draft.unlink(missing_ok=True)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """A new folder to fill; it becomes ``path`` when the block ends well.

    Raises:
        OutputError: ``path`` exists and is not an empty folder, or could not be written.
    """
    draft = _draft(path)
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise OutputError(f"{path}: already exists; name a new folder or an empty one")
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        yield draft
        if path.exists():
            path.rmdir()
        os.replace(draft, path)
    except OSError as error:
        raise OutputError(
            f"{path}: could not be written ({one_line(error.strerror or error)})"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
