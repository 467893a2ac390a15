"""Importing a file whatever it is: its first bytes say whether it is a package."""

from __future__ import annotations

import os
from pathlib import Path

from recollect.anki.importing import Tell, import_package, silent
from recollect.anki.summary import ImportSummary
from recollect.anki.text_importing import import_text
from recollect.collection import Collection
from recollect.errors import PackageError
from recollect.reviews.anki_opening import ZSTD_HEAD

__all__ = ["import_file", "is_package"]

_PACKAGE_HEADS = (b"PK\x03\x04", b"PK\x05\x06", b"SQLite format 3\0", ZSTD_HEAD)
_PACKAGE_NAMES = (".apkg", ".colpkg", ".anki2", ".anki21", ".anki21b", ".zip")


def import_file(
    collection: Collection,
    path: str | os.PathLike[str],
    *,
    deck: str | None = None,
    header: bool | None = None,
    dry_run: bool = False,
    tell: Tell = silent,
) -> ImportSummary:
    """Import a package or a text file; see ``import_package`` and ``import_text``.

    Args:
        collection: where to import.
        path: the file.
        deck: for text files: where notes go that do not name their deck.
        header: for CSV files: whether the first row is a header; None to find out.
        dry_run: find out what would happen, and write nothing.
        tell: told of progress.

    Raises:
        PackageError: the file cannot be read; nothing was imported.
        CollectionError: the collection cannot be written; nothing was imported.
    """
    file = Path(path)
    if is_package(file):
        return import_package(collection, file, dry_run=dry_run, tell=tell)
    return import_text(collection, file, deck=deck, header=header, dry_run=dry_run, tell=tell)


def is_package(path: Path) -> bool:
    """Whether a file is a package or a collection of Anki, going by its first bytes.

    Raises:
        PackageError: it cannot be read, is empty, or is called a package and is none.
    """
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise PackageError(f"{path}: cannot be read ({error.strerror or error})") from error
    if not head:
        raise PackageError(f"{path}: the file is empty")
    if head.startswith(_PACKAGE_HEADS):
        return True
    if path.suffix.lower() in _PACKAGE_NAMES:
        raise PackageError(
            f"{path}: not an Anki package, although it is called so; it may be cut off: "
            "get it again"
        )
    return False
