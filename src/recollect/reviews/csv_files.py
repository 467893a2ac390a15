"""Reading the FSRS tools' CSV: one review a row, columns named in a header.

Columns (fsrs-optimizer's README): ``card_id``, ``review_time`` (ms since 1970, or ISO 8601 as
py-fsrs writes it), ``review_rating`` 1-4, and optionally ``review_state`` and
``review_duration`` (ms). ``user_id``, ``note_id`` and ``deck_id`` are read where they are there.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import IO, cast
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from recollect.errors import LogFormatError
from recollect.reviews.cells import is_missing, parse_integers, parse_times
from recollect.reviews.messages import one_line
from recollect.reviews.rows import OPTIONAL, REQUIRED, RawRows, find_columns

__all__ = ["MAX_ROWS", "read_csv_rows"]

MAX_ROWS = 50_000_000
_MAX_LINE = 65_536
_BLOCK = 1 << 20
_CHUNK = 65_536
_WANTED = "a CSV with columns card_id, review_time and review_rating"


def read_csv_rows(path: Path, zone: ZoneInfo, *, max_rows: int = MAX_ROWS) -> RawRows:
    """Read a CSV file, plain or gzipped, UTF-8, separated by comma, semicolon or tab.

    Args:
        path: the file.
        zone: time zone of times that state no offset from UTC.
        max_rows: refuse longer files (a small compressed file can hold any number).

    Raises:
        LogFormatError: not such a CSV.
    """
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == b"\x1f\x8b"
            raw.seek(0)
            stream = gzip.GzipFile(fileobj=raw) if packed else raw
            text = io.TextIOWrapper(cast(IO[bytes], stream), encoding="utf-8-sig")
            return _CsvTable(path, zone, max_rows).read(_blocks(text, path))
    except UnicodeDecodeError as error:
        raise LogFormatError(f"{path}: not text in UTF-8; expected {_WANTED}") from error
    except csv.Error as error:
        raise LogFormatError(f"{path}: not a sound CSV ({one_line(error)})") from error
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise LogFormatError(f"{path}: the gzip file is damaged ({one_line(error)})") from error


class _CsvTable:
    """Columns of one file, collected chunk by chunk to keep few texts in memory at a time."""

    def __init__(self, path: Path, zone: ZoneInfo, max_rows: int) -> None:
        self.path = path
        self.zone = zone
        self.max_rows = max_rows
        self.chunks: dict[str, list[NDArray[np.int64]]] = {}
        self.numeric: list[NDArray[np.bool_]] = []
        self.numbers: list[NDArray[np.int64]] = []
        self.failures: dict[str, dict[int, object]] = {}
        self.broken: dict[int, object] = {}
        self.labels: dict[str, dict[str, int]] = {"user_id": {}}
        self.rows = 0
        self.line = 1

    def read(self, blocks: Iterator[str]) -> RawRows:
        """All rows of the file."""
        start = next(blocks, "")
        text = start.lstrip("\n")
        first, _, rest = text.partition("\n")
        delimiter, header = self._header(first)
        self.position = find_columns(header, (*REQUIRED, *OPTIONAL))
        self.spelling = {name: header[at].strip() for name, at in self.position.items()}
        self.chunks = {name: [] for name in self.position}
        # Rows are counted as an editor shows them: the header is row 1, unless lines are blank.
        self.line = len(start) - len(text) + 2
        for block in chain([rest], blocks):
            if '"' in block:
                # A quoted field can go on in the next block: leave the rest to the csv module.
                self._add_lines(chain([block], blocks), delimiter, len(header))
            elif _is_regular(block, delimiter, len(header)):
                self._add_regular(block, delimiter, len(header))
            else:
                self._add_lines(iter([block]), delimiter, len(header))
        return self._finish()

    def _add_regular(self, block: str, delimiter: str, width: int) -> None:
        """Rows of a block that has no quotes and the same number of fields in every line."""
        cells = block.replace("\n", delimiter).split(delimiter)[:-1]
        numbers = np.arange(len(cells) // width) + self.line
        self._add([cells[at::width] for at in range(width)], numbers)
        self.line += len(cells) // width

    def _add_lines(self, blocks: Iterator[str], delimiter: str, width: int) -> None:
        """Rows of any blocks: quoted, ragged or with blank lines between."""
        lines = chain.from_iterable(map(io.StringIO, blocks))
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while chunk := self._rows(reader):
            numbers = np.flatnonzero([bool(row) for row in chunk]) + self.line
            self.line += len(chunk)
            rows = [row for row in chunk if row]
            for index, row in enumerate(rows):
                if len(row) != width:
                    self.broken[self.rows + index] = f"{len(row)} fields instead of {width}"
                    rows[index] = [""] * width
            if rows:
                self._add(list(zip(*rows, strict=True)), numbers)

    def _rows(self, reader: Iterator[list[str]]) -> list[list[str]]:
        """The next rows; what is quoted and never closed would swallow the rest of the file."""
        rows: list[list[str]] = []
        try:
            rows.extend(islice(reader, _CHUNK))
        except csv.Error as error:
            if "end of data" not in str(error) and "expected after" not in str(error):
                raise
            raise LogFormatError(
                f"{self.path}: row {self.line + len(rows)}: quotation marks do not match "
                f"({one_line(error)}); close or remove the one that is alone"
            ) from error
        return rows

    def _header(self, line: str) -> tuple[str, list[str]]:
        def split(delimiter: str) -> list[str]:
            return next(csv.reader([line], delimiter=delimiter), [])

        known = {d: len(find_columns(split(d), REQUIRED)) for d in ",;\t"}
        delimiter = max(known, key=lambda d: known[d])
        header = split(delimiter)
        missing = [name for name in REQUIRED if name not in find_columns(header, REQUIRED)]
        if len(missing) == len(REQUIRED):
            found = repr(line.strip()[:60]) if line.strip() else "an empty file"
            raise LogFormatError(
                f"{self.path}: not a review log: expected {_WANTED}, found {found}"
            )
        if missing:
            raise LogFormatError(
                f"{self.path}: column {', '.join(missing)} is missing; "
                f"expected {_WANTED}, found {one_line(', '.join(header))}"
            )
        names = [name.strip().lower() for name in header]
        for at in find_columns(header, (*REQUIRED, *OPTIONAL)).values():
            if names.count(names[at]) > 1:
                raise LogFormatError(
                    f"{self.path}: there are {names.count(names[at])} columns "
                    f"{header[at].strip()}; keep the one that is meant"
                )
        return delimiter, header

    def _add(self, cells: Sequence[Sequence[str]], numbers: NDArray[np.int64]) -> None:
        offset = self.rows
        self.rows += numbers.shape[0]
        if self.rows > self.max_rows:
            raise LogFormatError(
                f"{self.path}: more than {self.max_rows} rows; split the file by learner"
            )
        self.numbers.append(numbers)
        for name, at in self.position.items():
            values, failed = self._parse(name, cells[at])
            if name in OPTIONAL:
                failed = {index: cell for index, cell in failed.items() if not is_missing(cell)}
            self.chunks[name].append(values)
            self.failures.setdefault(name, {}).update(
                (offset + index, cell) for index, cell in failed.items()
            )

    def _parse(self, name: str, cells: Sequence[str]) -> tuple[NDArray[np.int64], dict[int, str]]:
        if name == "review_time":
            values, numeric, failed = parse_times(cells, self.zone)
            self.numeric.append(numeric)
            return values, failed
        if name in self.labels:
            return _number_labels(cells, self.labels[name])
        values, failed = parse_integers(cells, fractions=name == "review_duration")
        # Cards may be named by words (fsrs-optimizer allows them): then most of them are.
        if name == "card_id" and not self.chunks[name]:
            present = sum(not is_missing(cell) for cell in failed.values())
            if present * 2 > len(cells):
                return _number_labels(cells, self.labels.setdefault(name, {}))
        return values, failed

    def _finish(self) -> RawRows:
        columns = {
            name: np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int64)
            for name, chunks in self.chunks.items()
        }
        card_names = self.labels.get("card_id")
        return RawRows(
            file=str(self.path),
            row_number=np.concatenate(self.numbers) if self.numbers else np.zeros(0, np.int64),
            learner=columns.pop("user_id", None),
            learner_names=tuple(self.labels["user_id"]),
            columns=columns,
            failures={name: cells for name, cells in self.failures.items() if cells},
            broken=self.broken,
            spelling=self.spelling,
            numeric_time=np.concatenate(self.numeric) if self.numeric else np.zeros(0, np.bool_),
            card_names=None if card_names is None else tuple(card_names),
        )


def _number_labels(
    cells: Sequence[str], labels: dict[str, int]
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Number texts by first appearance; missing ones are -1 and returned as failures."""
    failed: dict[int, str] = {}
    values = np.full(len(cells), -1, dtype=np.int64)
    for index, cell in enumerate(map(str.strip, cells)):
        number = labels.get(cell)
        if number is None:
            if is_missing(cell):
                failed[index] = cell
                continue
            number = labels[cell] = len(labels)
        values[index] = number
    return values, failed


def _is_regular(block: str, delimiter: str, width: int) -> bool:
    """Whether every line has the same number of fields."""
    text = np.frombuffer(block.encode(), dtype=np.uint8)
    ends = text == ord("\n")
    separators = text[ends | (text == ord(delimiter))]
    lines = separators.reshape(-1, width) if separators.size % width == 0 else separators[:0]
    return bool(lines.size and np.all((lines == ord("\n")) == (np.arange(width) == width - 1)))


def _blocks(text: io.TextIOWrapper, path: Path) -> Iterator[str]:
    """Whole lines of bounded total length: a file without line ends must not fill the memory."""
    rest = ""
    while read := text.read(_BLOCK):
        block, end, rest = (rest + read).rpartition("\n")
        if not end and len(rest) > _MAX_LINE:
            raise LogFormatError(f"{path}: a line is too long for a review log; expected {_WANTED}")
        if end:
            yield block + end
    if rest:
        yield rest + "\n"
