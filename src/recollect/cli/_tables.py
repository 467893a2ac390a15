"""Tables and numbers as text: as wide as they need when piped, folded to fit a terminal."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

import click
from rich.cells import cell_len

if TYPE_CHECKING:
    from recollect.recall.comparison import Interval

__all__ = ["NONE", "Column", "heading", "interval", "number", "percent", "print_table"]

NONE = "–"
"""Shown where a figure is not defined."""

_GAP = "  "
_RULE = "─"
_LEAST_FOLDED = 20


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading; a line break begins another line.
        text: whether it holds words, which stand left; numbers stand right.
        foldable: whether its words may be put on several lines to fit a terminal.
    """

    title: str
    text: bool = False
    foldable: bool = False


def print_table(
    columns: Sequence[Column],
    rows: Iterable[Sequence[str]],
    *,
    strong: frozenset[tuple[int, int]] = frozenset(),
) -> None:
    """Print a table to stdout.

    Nothing is ever cut off: words are folded, and a table whose numbers are wider than the
    terminal runs over.

    Args:
        columns: what it is made of.
        rows: cells, one for each column.
        strong: (row, column) of the cells to stress where the terminal can.
    """
    body = [list(row) for row in rows]
    titles = [column.title.split("\n") for column in columns]
    widths = [
        max(map(cell_len, [*title, *(row[at] for row in body)])) for at, title in enumerate(titles)
    ]
    if sys.stdout.isatty():
        _fold(widths, columns, shutil.get_terminal_size().columns)
    height = max(map(len, titles))
    for line in range(height):
        # Titles stand on the rule, whatever their number of lines.
        cells = [([""] * height + title)[line - height] for title in titles]
        _print_line(cells, columns, widths, frozenset(range(len(columns))))
    click.echo(_RULE * (sum(widths) + len(_GAP) * (len(widths) - 1)))
    for place, row in enumerate(body):
        stressed = frozenset(at for at in range(len(columns)) if (place, at) in strong)
        folded = [
            wrap(cell, width) or [""] if column.foldable else [cell]
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        for parts in zip_longest(*folded, fillvalue=""):
            _print_line(parts, columns, widths, stressed)


def _fold(widths: list[int], columns: Sequence[Column], room: int) -> None:
    """Take what is too much for the room from the columns that can be folded."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - room
    for at, column in enumerate(columns):
        if column.foldable and excess > 0:
            least = max(_LEAST_FOLDED, *map(len, column.title.split("\n")))
            given = min(excess, max(widths[at] - least, 0))
            widths[at] -= given
            excess -= given


def _print_line(
    cells: Sequence[str], columns: Sequence[Column], widths: list[int], strong: frozenset[int]
) -> None:
    parts = []
    for at, (cell, column, width) in enumerate(zip(cells, columns, widths, strict=True)):
        space = " " * (width - cell_len(cell))
        shown = click.style(cell, bold=True) if at in strong and cell else cell
        parts.append(shown + space if column.text else space + shown)
    click.echo(_GAP.join(parts).rstrip())


def heading(text: str) -> None:
    """Print an empty line and a heading."""
    click.echo()
    click.secho(text, bold=True)


def number(value: float, digits: int = 4) -> str:
    """A figure with so many decimals; a dash where there is none."""
    return NONE if math.isnan(value) else f"{value:.{digits}f}"


def percent(share: float | None, digits: int = 0) -> str:
    """``0.9`` as ``90 %``. Only certainty is shown as 0 % or 100 %; None and NaN as a dash."""
    if share is None or math.isnan(share):
        return NONE
    least = 10.0**-digits
    shown = 100.0 * share
    if 0.0 < share < 1.0 and not least / 2 <= shown < 100.0 - least / 2:
        return f"<{least:.{digits}f} %" if share < 0.5 else f">{100 - least:.{digits}f} %"
    return f"{shown:.{digits}f} %"


def interval(value: Interval, digits: int = 4) -> str:
    """``0.3034 [0.2581, 0.3490]``; the ends only where they are defined."""
    if math.isnan(value.low):
        return number(value.mean, digits)
    ends = f"{number(value.low, digits)}, {number(value.high, digits)}"
    return f"{number(value.mean, digits)} [{ends}]"
