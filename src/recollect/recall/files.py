"""Whole files or nothing: results appear under their name only when complete."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recollect.errors import OutputError

__all__ = ["whole_file"]


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """The name of a temporary file beside ``path`` that takes its name when the block ends well.

    Folders are made as needed. When the block raises, the temporary file is removed and
    whatever was at ``path`` stays. The temporary name keeps the suffix, since some writers
    choose the format by it.

    Raises:
        OutputError: the folder or file cannot be written.
    """
    target = Path(path)
    part = target.with_name(f".{target.stem}.{secrets.token_hex(6)}.part{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(target)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise OutputError(
            f"{target}: cannot be written ({reason}); choose another place or free room"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
