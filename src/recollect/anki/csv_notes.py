"""Notes from CSV and TSV files, with the directives that Anki writes at their top.

::

    #separator:tab
    #html:true
    #notetype column:1
    #deck column:2
    #tags column:5
    Basic	Words	casa	house	level::1

Known are ``separator``, ``html``, ``columns``, ``tags``, ``notetype``, ``deck`` and, with
`` column``, ``guid``, ``notetype``, ``deck`` and ``tags``; any other line that begins with ``#`` is
a remark.
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recollect.anki.text_notes import TextFile, TextNote
from recollect.errors import PackageError
from recollect.reviews.messages import one_line

__all__ = ["MAX_ROWS", "read_csv_notes"]

MAX_ROWS = 2_000_000
"""A file with more is refused."""

_LONGEST_FIELD = 5_000_000
_MOST_COLUMNS = 500
_LOOK_AT_ROWS = 50
_SEPARATORS = {
    "tab": "\t",
    "comma": ",",
    "semicolon": ";",
    "pipe": "|",
    "colon": ":",
    "space": " ",
    "\\t": "\t",
}
_CANDIDATES = "\t,;|"
_APART = ("guid", "notetype", "deck", "tags")
_SPELLINGS = {
    "guid": "guid",
    "note type": "notetype",
    "notetype": "notetype",
    "note_type": "notetype",
    "deck": "deck",
    "tags": "tags",
    "tag": "tags",
}
_USUAL = (
    {"front", "back", "back extra", "extra", "question", "answer", "q", "a", "prompt", "response"}
    | {"term", "definition", "word", "translation", "meaning", "reading", "pronunciation", "hint"}
    | {"text", "sentence", "expression", "example", "note", "notes", "remarks"}
)
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|&(?:[a-zA-Z]+|#\d+);")


@dataclass
class _Directives:
    separator: str = ""
    is_html: bool | None = None
    columns: str = ""
    tags: tuple[str, ...] = ()
    notetype: str = ""
    deck: str = ""
    places: dict[str, int] = field(default_factory=dict)
    rows: int = 0


def read_csv_notes(
    path: Path, text: str, *, known_names: Collection[str] = (), header: bool | None = None
) -> TextFile:
    """Notes from the text of a CSV file.

    Separators are comma, semicolon, tab or ``|``, found out where no directive says. The first row
    is a header if a directive or all its names are known (front, back, question, answer, tags,
    ...). Without a directive, fields are HTML if some tag is in the file.

    Args:
        path: where the text comes from, for messages.
        text: what is in it.
        known_names: names of fields in the collection, which a header may have.
        header: whether the first row is a header; None to find out.

    Raises:
        PackageError: a row is malformed: file, row, and what was expected.
    """
    directives = _directives(path, text)
    separator = directives.separator or _separator_of(path, text)
    rows = _rows(path, text, separator, directives.rows)
    names = _names(directives, separator)
    first = next(rows, None)
    if first is None:
        return TextFile((), deck=directives.deck, note_type=directives.notetype)
    if not names:
        known = {name.casefold() for name in known_names} | _USUAL | set(_SPELLINGS)
        cells = [cell.strip() for cell in first[1]]
        alike = all(cell.casefold() in known for cell in cells) and len(set(cells)) == len(cells)
        if header or (header is None and alike):
            names = cells
            first = next(rows, None)
    places = dict(directives.places)
    for at, name in enumerate(names):
        kind = _SPELLINGS.get(name.casefold())
        if kind is not None and kind not in places and at not in places.values():
            places[kind] = at
    every = [*([first] if first else []), *rows]
    return _file(path, every, names, places, directives)


def _file(
    path: Path,
    rows: list[tuple[int, list[str]]],
    names: list[str],
    places: dict[str, int],
    directives: _Directives,
) -> TextFile:
    width = len(names) or max((len(cells) for _, cells in rows), default=0)
    for kind, at in places.items():
        if at >= width:
            raise PackageError(
                f"{path}: the {kind} column is {at + 1}, but there are only {width} columns"
            )
    own = [at for at in range(width) if at not in places.values()]
    if not own and rows:
        raise PackageError(f"{path}: there is no column for a field, only for {', '.join(places)}")
    is_html = directives.is_html
    if is_html is None:
        is_html = any(_MARKUP.search(cell) for _, cells in rows for cell in cells)
    notes, blank = [], 0
    for row, cells in rows:
        if len(cells) > width:
            raise PackageError(
                f"{path}, row {row}, column {width + 1}: expected {width} columns, found "
                f"{len(cells)}; put fields that hold the separator in quotes"
            )
        cells += [""] * (width - len(cells))
        fields = tuple(_html(cells[at], is_html) for at in own)
        if not fields[0].strip():
            blank += 1
            continue
        apart = {kind: cells[at].strip() for kind, at in places.items()}
        notes.append(
            TextNote(
                row,
                fields,
                tags=(*directives.tags, *apart.get("tags", "").split()),
                deck=apart.get("deck", ""),
                note_type=apart.get("notetype", ""),
                guid=apart.get("guid", ""),
            )
        )
    columns = tuple(names[at] for at in own) if names else ()
    return TextFile(tuple(notes), columns, directives.deck, directives.notetype, blank)


def _directives(path: Path, text: str) -> _Directives:
    found = _Directives()
    for line in io.StringIO(text, newline=""):
        if not line.startswith("#"):
            break
        found.rows += 1
        name, colon, value = line[1:].rstrip("\r\n").partition(":")
        name = name.strip().casefold()
        if not colon:
            continue
        _apply(path, found, name, value)
    return found


def _apply(path: Path, found: _Directives, name: str, value: str) -> None:
    where = f"{path}, row {found.rows}: #{name}:"
    plain = value.strip()
    kind = name.removesuffix(" column")
    if name == "separator":
        separator = _SEPARATORS.get(plain.casefold(), value if len(value) == 1 else plain)
        if len(separator) != 1 or separator in '"\r\n':
            expected = "expected tab, comma, semicolon, pipe, colon, space or a character"
            raise PackageError(f"{where} {expected}, found {plain[:40]!r}")
        found.separator = separator
    elif name == "html":
        if plain.casefold() not in ("true", "false"):
            raise PackageError(f"{where} expected true or false, found {plain[:40]!r}")
        found.is_html = plain.casefold() == "true"
    elif name == "columns":
        found.columns = value
    elif name == "tags":
        found.tags = tuple(plain.split())
    elif name in ("notetype", "deck"):
        setattr(found, name, plain)
    elif name.endswith(" column") and kind in _APART:
        if not (plain.isdecimal() and len(plain) < 4 and 0 < int(plain) <= _MOST_COLUMNS):
            raise PackageError(f"{where} expected the number of a column, found {plain[:40]!r}")
        found.places[kind] = int(plain) - 1


def _names(directives: _Directives, separator: str) -> list[str]:
    if not directives.columns:
        return []
    return [cell.strip() for cell in next(csv.reader([directives.columns], delimiter=separator))]


def _separator_of(path: Path, text: str) -> str:
    """The separator by which the first rows have the same number of columns, and most of them."""
    best, score = "\t" if path.suffix.lower() in (".tsv", ".tab") else ",", 1.0
    for candidate in _CANDIDATES:
        sample = io.StringIO(text[: 1 << 18], newline="")
        widths = []
        try:
            for cells in csv.reader(sample, delimiter=candidate):
                if cells and not cells[0].startswith("#"):
                    widths.append(len(cells))
                if len(widths) == _LOOK_AT_ROWS:
                    break
        except csv.Error:
            continue
        if widths and max(widths) > 1:
            usual = max(set(widths), key=widths.count)
            found = widths.count(usual) / len(widths) * min(usual, 3)
            if found > score or (found == score == 1.0 and usual > 1):
                best, score = candidate, found
    return best


def _rows(path: Path, text: str, separator: str, skip: int) -> Iterator[tuple[int, list[str]]]:
    """Rows with where they begin; remarks and empty lines are left out."""
    lines = list(io.StringIO(text, newline=""))
    limit = csv.field_size_limit(_LONGEST_FIELD)
    try:
        reader = csv.reader(lines[skip:], delimiter=separator, strict=True)
        begins, count = skip, 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise PackageError(
                    f"{path}, row {begins + 1}: {one_line(error)}; "
                    "check the quotes: one within a quoted field is written twice"
                ) from error
            row, begins = begins + 1, skip + reader.line_num
            if not any(cells) or lines[row - 1].startswith("#"):
                continue
            count += 1
            if count > MAX_ROWS:
                raise PackageError(f"{path}: more than {MAX_ROWS:,} rows, refused; split the file")
            if len(cells) > _MOST_COLUMNS:
                raise PackageError(f"{path}, row {row}: more than {_MOST_COLUMNS} columns")
            yield row, cells
    finally:
        csv.field_size_limit(limit)


def _html(cell: str, is_html: bool) -> str:
    if is_html:
        return cell
    escaped = html.escape(cell, quote=False)
    return escaped.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br>")
