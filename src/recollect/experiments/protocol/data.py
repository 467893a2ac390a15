"""Where experiments find real data, and how they read it."""

from __future__ import annotations

import csv
import gzip
import struct
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import DataFileError

__all__ = ["NO_DATA", "DataFolder", "read_idx", "read_table"]

_IDX_UNSIGNED_BYTE = 8
_MISSING = frozenset({"", "NA", "NaN", "nan"})


class DataFolder:
    """A folder with one folder for each data set; any of them may be missing.

    Args:
        root: the folder, or None for no real data at all.
    """

    def __init__(self, root: Path | None) -> None:
        self.root = root

    def has(self, name: str) -> bool:
        """Whether the data set ``name`` is there."""
        return self.root is not None and (self.root / name).is_dir()

    def folder(self, name: str) -> Path:
        """The folder of a data set.

        Raises:
            DataFileError: it is not there.
        """
        if self.root is None:
            raise DataFileError(f"the data set {name} is needed; name its folder with --data DIR")
        if not self.has(name):
            raise DataFileError(f"{self.root / name}: no such folder; it should hold {name}")
        return self.root / name


NO_DATA = DataFolder(None)
"""No real data: experiments run on what is built in."""


def read_table(
    path: Path,
    columns: Mapping[str, type],
    *,
    delimiter: str = ",",
    encoding: str = "utf-8-sig",
) -> dict[str, NDArray[Any]]:
    """Columns of a CSV or TSV file with a header, gzipped or not.

    Args:
        path: the file; ``.gz`` is unpacked while reading.
        columns: what to read: names of columns with ``float``, ``int`` or ``str``. Missing
            numbers (empty or ``NA``) are NaN for ``float`` and an error for ``int``.
        delimiter: what separates columns.
        encoding: how text is stored.

    Returns:
        Arrays of equal length by column name.

    Raises:
        DataFileError: the file cannot be read, lacks a column, or holds something else there.
    """
    texts: dict[str, list[str]] = {name: [] for name in columns}
    try:
        with _open_text(path, encoding) as file:
            reader = csv.reader(file, delimiter=delimiter)
            header = next(reader, [])
            places = _places(path, header, tuple(columns))
            for row in reader:
                if not row:
                    continue
                if len(row) <= max(places.values()):
                    raise DataFileError(
                        f"{path}, row {reader.line_num}: {len(row)} columns, expected at least "
                        f"{max(places.values()) + 1}"
                    )
                for name, place in places.items():
                    texts[name].append(row[place])
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise DataFileError(f"{path}: cannot be read as a table ({error})") from error
    if columns and not texts[next(iter(columns))]:
        raise DataFileError(f"{path}: has a head and no rows")
    return {name: _typed(path, name, texts[name], kind) for name, kind in columns.items()}


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Images or labels of the MNIST family: the idx format, gzipped or not.

    Returns:
        Array with the shape that the file's head gives.

    Raises:
        DataFileError: the file cannot be read or is not of unsigned bytes.
    """
    try:
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise DataFileError(f"{path}: cannot be read ({error})") from error
    if len(content) < 4 or content[:3] != bytes((0, 0, _IDX_UNSIGNED_BYTE)):
        raise DataFileError(f"{path}: not an idx file of unsigned bytes")
    axes = content[3]
    start = 4 + 4 * axes
    if len(content) < start:
        raise DataFileError(f"{path}: ends in its head")
    shape = struct.unpack(f">{axes}I", content[4:start])
    if len(content) - start != int(np.prod(shape, dtype=np.int64)):
        raise DataFileError(f"{path}: {len(content) - start} bytes do not fill the shape {shape}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _open_text(path: Path, encoding: str) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding=encoding, newline="")
    return path.open(encoding=encoding, newline="")


def _places(path: Path, header: Sequence[str], wanted: Sequence[str]) -> dict[str, int]:
    names = [name.strip() for name in header]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise DataFileError(
            f"{path}: no column {missing[0]!r}; there are: {', '.join(names[:20]) or 'none'}"
        )
    return {name: names.index(name) for name in wanted}


def _typed(path: Path, column: str, texts: list[str], kind: type) -> NDArray[Any]:
    if kind is str:
        return np.array(texts, dtype=np.str_)
    if kind is float:
        texts = ["nan" if text.strip() in _MISSING else text for text in texts]
    try:
        return np.array(texts, dtype=np.str_).astype(np.float64 if kind is float else np.int64)
    except (ValueError, OverflowError):
        for number, text in enumerate(texts):
            try:
                kind(text)
            except ValueError:
                raise DataFileError(
                    f"{path}, row {number + 2}, column {column}: expected a number, found {text!r}"
                ) from None
        raise DataFileError(f"{path}, column {column}: holds what is no number") from None
