"""Text files of any encoding that programs save: UTF-8 with and without a mark, UTF-16."""

from __future__ import annotations

import codecs
from pathlib import Path

from recollect.errors import PackageError

__all__ = ["MAX_TEXT_BYTES", "read_text"]

MAX_TEXT_BYTES = 256 * 1024**2
"""A larger text file is refused."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, ""),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOK_AT = 4_096


def read_text(path: Path) -> str:
    """The text of a file.

    Raises:
        PackageError: it cannot be read, is too large, or in another encoding.
    """
    try:
        if path.stat().st_size > MAX_TEXT_BYTES:
            limit = MAX_TEXT_BYTES // 1024**2
            raise PackageError(f"{path}: a text file of more than {limit} MiB, refused; split it")
        data = path.read_bytes()
    except OSError as error:
        raise PackageError(f"{path}: cannot be read ({error.strerror or error})") from error
    mark, encoding = next((found for found in _MARKS if data.startswith(found[0])), (b"", ""))
    data = data[len(mark) :]
    encoding = encoding or _guessed(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        row = data[: error.start].count(b"\n") + 1
        raise PackageError(
            f"{path}, row {row}: not text in {encoding.upper()} "
            f"(byte {data[error.start]:#04x}); save it as UTF-8, then import it again"
        ) from error
    if "\0" in text:
        raise PackageError(f"{path}: not a text file; save it as text in UTF-8")
    return text


def _guessed(data: bytes) -> str:
    """UTF-16 without a mark has zeros in every other place, as long as it is mostly ASCII."""
    even, odd = data[:_LOOK_AT:2].count(0), data[1:_LOOK_AT:2].count(0)
    half = min(len(data), _LOOK_AT) // 2
    if half and odd > 0.4 * half and not even:
        return "utf-16-le"
    if half and even > 0.4 * half and not odd:
        return "utf-16-be"
    return "utf-8"
