"""Reading review logs: CSV, Parquet, Anki. The content decides the format, not the name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from recollect.errors import LogError, LogFormatError, UnknownNameError
from recollect.reviews.anki_packages import read_anki_rows
from recollect.reviews.build import LogReading, ReadOptions, build_logs
from recollect.reviews.csv_files import read_csv_rows
from recollect.reviews.days import DayBoundary
from recollect.reviews.messages import one_line
from recollect.reviews.parquet_files import (
    LAYOUT,
    Partition,
    find_partitions,
    read_parquet_file,
    read_partition,
)
from recollect.reviews.rows import RawRows

__all__ = ["LogReading", "LogSource", "open_logs", "read_log", "read_logs"]

_EXPECTED = (
    "expected a CSV with columns card_id, review_time and review_rating, a Parquet log, "
    "or an Anki package or collection"
)
_OTHER_FORMATS = {
    b"%PDF": "a PDF file",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xff\xfe": "UTF-16 text (save it as UTF-8)",
    b"\xfe\xff": "UTF-16 text (save it as UTF-8)",
    b"\xd0\xcf\x11\xe0": "an Office document (save the table as CSV)",
    b"7z\xbc\xaf": "a 7z archive",
}

_BY_NAME = {
    ".parquet": "a Parquet file",
    ".apkg": "an Anki package",
    ".colpkg": "an Anki package",
    ".anki2": "an Anki collection",
    ".anki21": "an Anki collection",
    ".anki21b": "an Anki collection",
}


@dataclass(frozen=True)
class LogSource:
    """The logs in a file or folder: who is there, and each one's log when asked for.

    Attributes:
        path: the file or folder.
        format: ``"csv"``, ``"parquet"`` or ``"anki"``.
        learner_ids: names of the learners. A file that names none has one, named as the file.
    """

    path: Path
    format: str
    learner_ids: tuple[str, ...]
    _load: Callable[[str], LogReading] = field(repr=False)

    def read(self, learner_id: str) -> LogReading:
        """One learner's log and the report of reading it.

        A folder of Parquet files is read here, one learner at a time; other files were read
        when they were opened.

        Raises:
            UnknownNameError: no such learner.
            LogError: the learner's file cannot be used.
        """
        if learner_id not in self.learner_ids:
            raise UnknownNameError("learner", learner_id, self.learner_ids)
        with _file_errors(self.path):
            return self._load(learner_id)

    def __iter__(self) -> Iterator[LogReading]:
        return map(self.read, self.learner_ids)

    def __len__(self) -> int:
        return len(self.learner_ids)


def open_logs(
    path: str | os.PathLike[str],
    *,
    day_boundary: DayBoundary | None = None,
    skip_bad_rows: bool = False,
) -> LogSource:
    """Find out what a path holds and who is in it.

    Args:
        path: an FSRS tools' CSV, plain or gzipped; a Parquet file or folder in the layout of
            anki-revlogs-10k (needs the ``parquet`` extra); an Anki ``.apkg``, ``.colpkg`` or
            ``collection.anki2``.
        day_boundary: the learner's time zone and rollover hour; default UTC and 4 h. Times in
            a CSV that state no offset from UTC are taken to be in this zone. Where a source
            already counts study days (``day_offset`` in Parquet), its own count is used.
        skip_bad_rows: leave malformed rows out and count them in the report.

    Raises:
        LogFormatError: the path holds no log in a format that we read.
        BadRowError: a row is malformed and ``skip_bad_rows`` is not set.
        LogError: the path does not exist or must not be read.
        MissingExtraError: Parquet without the ``parquet`` extra.
    """
    place = Path(path)
    if "\0" in str(place):
        raise LogError(f"{str(place)!r} is not a path")
    options = ReadOptions(day_boundary or DayBoundary(), skip_bad_rows)
    with _file_errors(place):
        mode = place.stat().st_mode
        if stat.S_ISDIR(mode):
            return _open_folder(place, options)
        if not stat.S_ISREG(mode):
            raise LogFormatError(f"{place}: neither a file nor a folder; {_EXPECTED}")
        return _open_file(place, options)


def read_logs(
    path: str | os.PathLike[str],
    *,
    day_boundary: DayBoundary | None = None,
    skip_bad_rows: bool = False,
    learners: Sequence[str] | None = None,
) -> Iterator[LogReading]:
    """The logs in a file or folder, one learner at a time.

    Args:
        path: see :func:`open_logs`.
        day_boundary: see :func:`open_logs`.
        skip_bad_rows: see :func:`open_logs`.
        learners: read only these, in this order.

    Raises:
        UnknownNameError: a learner that is not there.
        LogError: see :func:`open_logs`.
    """
    source = open_logs(path, day_boundary=day_boundary, skip_bad_rows=skip_bad_rows)
    return map(source.read, source.learner_ids if learners is None else learners)


def read_log(
    path: str | os.PathLike[str],
    learner_id: str | None = None,
    *,
    day_boundary: DayBoundary | None = None,
    skip_bad_rows: bool = False,
) -> LogReading:
    """The log of one learner.

    Args:
        path: see :func:`open_logs`.
        learner_id: which learner; needed only when there are several.
        day_boundary: see :func:`open_logs`.
        skip_bad_rows: see :func:`open_logs`.

    Raises:
        UnknownNameError: no such learner, or several to choose from.
        LogError: see :func:`open_logs`.
    """
    source = open_logs(path, day_boundary=day_boundary, skip_bad_rows=skip_bad_rows)
    if learner_id is None:
        if len(source) != 1:
            shown = ", ".join(source.learner_ids[:12]) + (", ..." if len(source) > 12 else "")
            raise LogError(f"{path}: holds {len(source)} learners; name one of {shown}")
        learner_id = source.learner_ids[0]
    return source.read(learner_id)


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    """Turns what the operating system says about a path into one clear line."""
    try:
        yield
    except FileNotFoundError as error:
        raise LogError(f"{error.filename or path}: no such file or folder") from error
    except PermissionError as error:
        raise LogError(f"{error.filename or path}: no permission to read it") from error
    except OSError as error:
        raise LogError(f"{path}: cannot be read ({one_line(error.strerror or error)})") from error


def _open_folder(folder: Path, options: ReadOptions) -> LogSource:
    os.scandir(folder).close()  # a folder that must not be listed would look empty
    partitions = {part.learner_id: part for part in find_partitions(folder)}
    if not partitions:
        raise LogFormatError(f"{folder}: a folder without logs; expected a file, or {LAYOUT}")
    load = partial(_load_partition, partitions, options)
    return LogSource(folder, "parquet", tuple(partitions), load)


def _load_partition(
    partitions: dict[str, Partition], options: ReadOptions, learner_id: str
) -> LogReading:
    return read_partition(partitions[learner_id], options)


def _open_file(path: Path, options: ReadOptions) -> LogSource:
    with path.open("rb") as stream:
        start = stream.read(16)
    if not start:
        raise LogFormatError(f"{path}: the file is empty; {_EXPECTED}")
    if start.startswith(b"PAR1"):
        return _source(path, "parquet", read_parquet_file(path, options))
    if start.startswith((b"PK", b"SQLite format 3\0", b"\x28\xb5\x2f\xfd")):
        return _source(path, "anki", build_logs(read_anki_rows(path), options, _stem(path)))
    for magic, kind in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise LogFormatError(f"{path}: this is {kind}; {_EXPECTED}")
    raw = _read_text(path, options)
    return _source(path, "csv", build_logs(raw, options, _stem(path)))


def _read_text(path: Path, options: ReadOptions) -> RawRows:
    """What is none of the other formats is a CSV, whatever it is called."""
    try:
        return read_csv_rows(path, options.day_boundary.zone)
    except LogFormatError as error:
        wanted = _BY_NAME.get(path.suffix.lower())
        if wanted is None:
            raise
        raise LogFormatError(
            f"{path}: not {wanted}, although it is called so, and no other review log; "
            "it may be damaged or cut off: get it again"
        ) from error


def _source(path: Path, kind: str, readings: dict[str, LogReading]) -> LogSource:
    return LogSource(path, kind, tuple(readings), readings.__getitem__)


def _stem(path: Path) -> str:
    """``reviews`` of ``reviews.csv.gz``."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
