"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import click

from recollect.cli._session import Session

__all__ = ["Progress", "progress"]

_LINE_EVERY_S = 10.0


class Progress(Protocol):
    """Told how far the work is."""

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """``done`` of ``total`` steps; ``what`` is being done now."""


@contextmanager
def progress(session: Session, title: str) -> Iterator[Progress]:
    """Show progress for the length of a ``with`` block.

    Args:
        session: a quiet one shows nothing.
        title: what is being done, such as ``Evaluating``.
    """
    if session.quiet:
        yield lambda done, total, what="": None
    elif sys.stderr.isatty():
        with _bar(title) as show:
            yield show
    else:
        yield _Lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[what]}", markup=False),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=None, what="")

        def show(done: int, total: int, what: str = "") -> None:
            bar.update(task, completed=done, total=total, what=what)

        yield show


class _Lines:
    """A line every few seconds, so that a log file shows that the work goes on."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.said_at_s = time.monotonic()

    def __call__(self, done: int, total: int, what: str = "") -> None:
        now_s = time.monotonic()
        if now_s - self.said_at_s >= _LINE_EVERY_S:
            self.said_at_s = now_s
            click.echo(f"{self.title}: {done} of {total} {what}".rstrip(), err=True)
