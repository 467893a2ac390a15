"""Putting a collection file and its media into a zip, as an Anki package."""

from __future__ import annotations

import hashlib
import html
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

import zstandard

from recollect.anki.media_files import REFERENCE, stored_media
from recollect.anki.protobuf import field
from recollect.collection import Place, Transaction

__all__ = ["MediaOut", "write_package"]

_CHUNK = 1 << 20
_IN_STYLE = re.compile(r"""url\(\s*+["']?([^"')\n]{1,300})["']?\s*+\)""", re.IGNORECASE)
_WHEN = (1980, 1, 1, 0, 0, 0)
"""Time of the files in the zip: the same collection gives the same bytes."""


class MediaOut:
    """The media that some texts name, or all.

    Attributes:
        count: how many were written.
        missing: names that the texts have and the collection has not.
    """

    def __init__(
        self, transaction: Transaction, place: Place, texts: Iterable[str], everything: bool
    ) -> None:
        self.count = 0
        self.missing: list[str] = []
        self._transaction = transaction
        self._place = place
        self._everything = everything
        self._names: set[str] = set()
        for text in texts:
            self._names |= _names_in(text)

    def files(self) -> Iterator[tuple[str, Path | bytes]]:
        """Name and content of each, in order of their names."""
        found = set()
        names = None if self._everything else self._names
        for name, _, content in stored_media(self._transaction, self._place, names):
            if content is not None:
                found.add(name)
                self.count += 1
                yield name, content
        self.missing = sorted(name for name in self._names - found if not _is_address(name))


def write_package(target: Path, database: Path, media: MediaOut, *, latest: bool) -> None:
    """Write the zip.

    Args:
        target: the file.
        database: the collection.
        media: its pictures and sounds.
        latest: pack with zstd, and say so, as Anki 2.1.50 and later does.
    """
    with zipfile.ZipFile(target, "w") as package:
        if latest:
            _add(package, "meta", field(1, 3), zipfile.ZIP_STORED)
            _add_packed(package, "collection.anki21b", database)
            names = bytearray()
            for number, (name, content) in enumerate(media.files()):
                size, digest = _add_packed(package, str(number), content)
                entry = field(1, name) + field(2, size) + field(3, digest)
                names += field(1, entry)
            listed = zstandard.ZstdCompressor().compress(bytes(names))
            _add(package, "media", listed, zipfile.ZIP_STORED)
            return
        _add(package, "collection.anki2", database, zipfile.ZIP_DEFLATED)
        listing: dict[str, str] = {}
        for number, (name, content) in enumerate(media.files()):
            _add(package, str(number), content, zipfile.ZIP_STORED)
            listing[str(number)] = name
        _add(package, "media", json.dumps(listing).encode(), zipfile.ZIP_STORED)


def _add(package: zipfile.ZipFile, name: str, content: Path | bytes, method: int) -> None:
    with package.open(_member(name, method), "w", force_zip64=True) as out:
        for chunk in _chunks(content):
            out.write(chunk)


def _add_packed(package: zipfile.ZipFile, name: str, content: Path | bytes) -> tuple[int, bytes]:
    """Add a file packed with zstd; returns its size and SHA-1, as Anki lists them."""
    digest, size = hashlib.sha1(usedforsecurity=False), 0
    packer = zstandard.ZstdCompressor().compressobj()
    with package.open(_member(name, zipfile.ZIP_STORED), "w", force_zip64=True) as out:
        for chunk in _chunks(content):
            digest.update(chunk)
            size += len(chunk)
            out.write(packer.compress(chunk))
        out.write(packer.flush())
    return size, digest.digest()


def _member(name: str, method: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, _WHEN)
    member.compress_type = method
    return member


def _chunks(content: Path | bytes) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _names_in(text: str) -> set[str]:
    found = set(_IN_STYLE.findall(text))
    for match in REFERENCE.finditer(text):
        found.add(match["name"] or match["double"] or match["single"] or match["bare"] or "")
    found.discard("")
    return found | {html.unescape(name) for name in found} | {unquote(name) for name in found}


def _is_address(name: str) -> bool:
    return name.startswith(("http:", "https:", "data:", "file:", "//", "{{")) or "%" in name
