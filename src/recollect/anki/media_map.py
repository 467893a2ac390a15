"""Pictures and sounds in a package: which member of the zip is which file.

Members are called 0, 1, 2, ...; ``media`` says what they are: in versions 1 and 2 a JSON object
``{"0": "name"}``, in version 3 a zstd-packed protobuf message, each of its entries (field 1) with
a name (1) and a size (2), in the order of the members, which are packed with zstd as well.
"""

from __future__ import annotations

import json
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import cast

from recollect.anki.protobuf import parse
from recollect.errors import PackageError
from recollect.reviews.anki_opening import (
    DAMAGE,
    ZSTD_HEAD,
    Unpacked,
    damaged_package,
    member_of,
    stream_chunks,
)

__all__ = [
    "MAX_MEDIA_BYTES",
    "MAX_MEDIA_FILES",
    "MAX_MEDIA_FILE_BYTES",
    "PackedMedia",
    "media_name",
    "read_media_map",
]

MAX_MEDIA_FILES = 200_000
"""A package with more is refused."""

MAX_MEDIA_FILE_BYTES = 256 * 1024**2
"""A larger file is left out and counted."""

MAX_MEDIA_BYTES = 16 * 1024**3
"""A package whose media unpack to more is refused."""

LONGEST_MEDIA_NAME = 255
_MAP_LIMIT = 64 * 1024**2
_FORBIDDEN = frozenset('/\\:*?"<>|\0')


@dataclass(frozen=True)
class PackedMedia:
    """A file in a package, or beside a collection.

    Attributes:
        name: what the fields of notes call it, as the package says; None where that is no name.
        path: the package, or the file itself.
        package: the zip; None for a file beside a collection.
        member: what it is called in the zip.
        compressed: whether it is packed with zstd.
    """

    name: str | None
    path: Path
    package: zipfile.ZipFile | None = None
    member: str = ""
    compressed: bool = False

    def chunks(self) -> Iterator[bytes]:
        """Its content, a little at a time.

        Raises:
            PackageError: it is damaged.
        """
        try:
            if self.package is None:
                with self.path.open("rb") as file:
                    yield from stream_chunks(file, False, self.path)
                return
            with self.package.open(member_of(self.package, self.member, self.path)) as packed:
                stream = cast(BufferedIOBase, packed)
                yield from stream_chunks(stream, self.compressed, self.path)
        except DAMAGE as error:
            raise damaged_package(self.path, error) from error


def media_name(name: str) -> str | None:
    """A name as it is kept: Unicode NFC; None if it is no plain name of a file."""
    kept = unicodedata.normalize("NFC", name)
    plain = kept.isprintable() and not (_FORBIDDEN & set(kept)) and kept == kept.strip()
    if not plain or kept in ("", ".", "..") or len(kept.encode()) > LONGEST_MEDIA_NAME:
        return None
    return kept


def read_media_map(path: Path, found: Unpacked) -> tuple[PackedMedia, ...]:
    """The media of a package; for a bare collection, the files in the folder beside it.

    Raises:
        PackageError: the map is damaged, or has too many files.
    """
    if found.package is None:
        return _beside(path)
    if "media" not in found.package.namelist():
        return ()
    raw = _read_map(path, found.package)
    try:
        if found.version == 3:
            names = {str(at): entry for at, entry in enumerate(_entries(raw))}
        else:
            loaded = json.loads(raw)
            names = loaded if isinstance(loaded, dict) else {}
    except (ValueError, RecursionError, PackageError) as error:
        raise damaged_package(path, f"the list of media: {error}") from error
    if len(names) > MAX_MEDIA_FILES:
        raise PackageError(f"{path}: more than {MAX_MEDIA_FILES} media files, refused")
    present = set(found.package.namelist())
    return tuple(
        PackedMedia(
            media_name(name) if isinstance(name, str) else None,
            path,
            found.package,
            member,
            compressed=found.version == 3,
        )
        for member, name in names.items()
        if member.isdecimal() and member in present
    )


def _read_map(path: Path, package: zipfile.ZipFile) -> bytes:
    try:
        with package.open(member_of(package, "media", path)) as packed:
            stream = cast(BufferedIOBase, packed)
            compressed = stream.read(4) == ZSTD_HEAD
        with package.open("media") as packed:
            stream = cast(BufferedIOBase, packed)
            raw = bytearray()
            for chunk in stream_chunks(stream, compressed, path):
                raw += chunk
                if len(raw) > _MAP_LIMIT:
                    raise PackageError(f"{path}: the list of media is too long, refused")
    except DAMAGE as error:
        raise damaged_package(path, error) from error
    return bytes(raw)


def _entries(raw: bytes) -> Iterator[str]:
    for entry in parse(raw).raw(1):
        yield parse(entry).text(1)


def _beside(path: Path) -> tuple[PackedMedia, ...]:
    """Anki keeps ``collection.media`` beside ``collection.anki2``; links are not followed."""
    folder = path.with_name("collection.media")
    if path.stem != "collection" or not folder.is_dir() or folder.is_symlink():
        return ()
    files = sorted(file for file in folder.iterdir() if file.is_file() and not file.is_symlink())
    if len(files) > MAX_MEDIA_FILES:
        raise PackageError(f"{folder}: more than {MAX_MEDIA_FILES} media files, refused")
    return tuple(PackedMedia(media_name(file.name), file) for file in files)
