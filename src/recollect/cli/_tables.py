"""Tables and numbers as text: as wide as they need when piped, folded to fit a terminal."""

from __future__ import annotations

import io
import math
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from recollect.recall.comparison import Interval

__all__ = ["NONE", "Column", "heading", "interval", "number", "percent", "print_table"]

NONE = "–"
"""Shown where a figure is not defined."""

_UNFOLDED_WIDTH = 1000


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading.
        text: whether it holds words, which stand left; numbers stand right.
        foldable: whether its words may be put on several lines.
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

    Args:
        columns: what it is made of.
        rows: cells, one for each column.
        strong: (row, column) of the cells to stress where the terminal can.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(
            Text(column.title),
            justify="left" if column.text else "right",
            no_wrap=not column.foldable,
            vertical="top",
            header_style="bold",
        )
    for place, row in enumerate(rows):
        table.add_row(
            *(
                Text(cell, style="bold" if (place, at) in strong else "")
                for at, cell in enumerate(row)
            )
        )
    # To a text first: what is printed then ends like all other output when the reader is gone.
    terminal = sys.stdout.isatty()
    page = Console(
        file=io.StringIO(),
        width=shutil.get_terminal_size().columns if terminal else _UNFOLDED_WIDTH,
        force_terminal=terminal,
        legacy_windows=False,
    )
    with page.capture() as captured:
        page.print(table)
    for line in captured.get().splitlines():
        click.echo(line.rstrip())


def heading(text: str) -> None:
    """Print an empty line and a heading."""
    click.echo()
    click.secho(text, bold=True)


def number(value: float, digits: int = 4) -> str:
    """A figure with so many decimals; a dash where there is none."""
    return NONE if math.isnan(value) else f"{value:.{digits}f}"


def percent(share: float, digits: int = 0) -> str:
    """``0.9`` as ``90 %``. Only certainty is shown as 0 % or 100 %."""
    if math.isnan(share):
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
