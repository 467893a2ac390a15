"""Every exception that Recollect raises on purpose.

::

    RecollectError
    ├── LogError            a review log cannot be used
    │   ├── LogFormatError  the file is not in any format that we read
    │   └── BadRowError     one row is wrong: file, row, column, what was expected
    ├── ParameterError      a parameter file or value is wrong or of another version
    ├── DataFileError       a data set of an experiment is missing or damaged
    ├── NotEnoughDataError  too few reviews for what was asked
    ├── MissingExtraError   an optional dependency is needed; says what to install
    ├── UnknownNameError    no model, card or learner of that name; lists what there is
    ├── OutputError         a result could not be written
    ├── CollectionError     a collection cannot be opened, read or changed
    │   ├── CollectionLockedError   another program is writing to it
    │   ├── CollectionDamagedError  the file or the database behind it is damaged
    │   ├── CollectionVersionError  a newer Recollect made it
    │   └── NoteError               a note, a note type or a template is not sound
    ├── EncoderError        a model that makes keys of texts cannot be used
    ├── SearchError         a query is not understood, or takes too long; points to where
    └── PackageError        a package of cards cannot be read or written

Each message is one line: what is wrong, where, and what to do. That of a SearchError is followed by
the query and a pointer to the place in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "BadRowError",
    "CollectionDamagedError",
    "CollectionError",
    "CollectionLockedError",
    "CollectionVersionError",
    "DataFileError",
    "EncoderError",
    "LogError",
    "LogFormatError",
    "MissingExtraError",
    "NotEnoughDataError",
    "NoteError",
    "OutputError",
    "PackageError",
    "ParameterError",
    "RecollectError",
    "SearchError",
    "UnknownNameError",
]


class RecollectError(Exception):
    """Base of every error that Recollect raises on purpose."""


class LogError(RecollectError):
    """A review log cannot be used."""


class LogFormatError(LogError):
    """A file is not in any format that Recollect reads, or is damaged as a whole."""


class BadRowError(LogError):
    """One row of a log is wrong.

    Args:
        file: the file as the user named it.
        row: 1-based row number as an editor shows it (a CSV header is row 1).
        column: name of the column.
        expected: what the column should hold.
        found: what it held.
    """

    def __init__(self, file: str, row: int, column: str, expected: str, found: object) -> None:
        self.file = file
        self.row = row
        self.column = column
        self.expected = expected
        self.found = found
        shown = repr(found)
        if len(shown) > 60:
            shown = shown[:57] + "..."
        super().__init__(
            f"{file}, row {row}, column {column}: expected {expected}, found {shown}; "
            "correct the row, or pass --skip-bad-rows to leave such rows out and count them"
        )


class ParameterError(RecollectError):
    """A parameter file or value is wrong, or was written by an incompatible version."""


class DataFileError(RecollectError):
    """A data set that an experiment reads is missing, damaged or of another form."""


class NotEnoughDataError(RecollectError):
    """Too few reviews for what was asked."""


class MissingExtraError(RecollectError):
    """An optional dependency is needed.

    Args:
        extra: name of the extra, as in ``pip install 'recollect[extra]'``.
        purpose: what needs it, as the subject of the sentence.
    """

    def __init__(self, extra: str, purpose: str) -> None:
        self.extra = extra
        super().__init__(f"{purpose} needs an optional part: pip install 'recollect[{extra}]'")


class UnknownNameError(RecollectError):
    """No model, card or learner has that name.

    Args:
        kind: what was looked for ("model", "card", ...).
        name: the name that was not found.
        known: names that exist; the one that the name may be a slip of is shown, or the first few.
    """

    def __init__(self, kind: str, name: object, known: Iterable[object] = ()) -> None:
        names = [str(item) for item in known]
        shown = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
        near = get_close_matches(str(name).lower(), names, n=1)
        many = len(names) > 12
        hint = f"; there are: {shown}" if names else ""
        if many and near:
            hint = f"; did you mean {near[0]}?"
        super().__init__(f"no {kind} named {name!r}{hint}")


class OutputError(RecollectError):
    """A result could not be written; nothing is left half-written."""


class CollectionError(RecollectError):
    """A collection cannot be opened, read or changed; nothing of the change was kept."""


class CollectionLockedError(CollectionError):
    """Another program, or another window of this one, is writing to the collection."""


class CollectionDamagedError(CollectionError):
    """The collection's file, or the database that holds it, is damaged."""


class CollectionVersionError(CollectionError):
    """The collection was made by a newer Recollect than this one."""


class NoteError(CollectionError):
    """A note, a note type or a template is not sound."""


class PackageError(RecollectError):
    """A package of cards cannot be read or written."""


class EncoderError(RecollectError):
    """A model that makes keys of texts is not there, or cannot be used."""


class SearchError(RecollectError):
    """A query is not understood, asks for what is not there, or takes too long.

    Args:
        message: one line: what is wrong, and what to do.
        query: what the user wrote.
        start: the first character of the place that is wrong.
        end: the character behind it.
    """

    def __init__(self, message: str, query: str, start: int, end: int) -> None:
        self.message = message
        self.query = query
        self.start = start
        self.end = end
        super().__init__(f"{message}\n{_pointed_at(query, start, end)}")


_WIDEST = 76


def _pointed_at(query: str, start: int, end: int) -> str:
    """A line of the query and one that points to a part of it; what is far from it is cut off."""
    shown = "".join(char if char.isprintable() else " " for char in query)
    start = min(start, len(shown))
    end = max(min(end, len(shown), start + _WIDEST // 2), start)
    before, part, behind = shown[:start], shown[start:end], shown[end:]
    if _cells(before) > _WIDEST // 2:
        before = "..." + before[-_WIDEST // 4 :]
    behind = behind[: _WIDEST // 4] + "..." if _cells(behind) > _WIDEST // 2 else behind
    pointer = " " * _cells(before) + "^" * max(_cells(part), 1)
    return f"  {before}{part}{behind}\n  {pointer}"


def _cells(text: str) -> int:
    """Columns that a text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
