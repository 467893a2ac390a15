"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

import click

from recollect.cli._session import Session

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from recollect.cli._compiling import CompileWatch

__all__ = ["Progress", "progress", "status"]

_LINE_EVERY_S = 10.0
_COMPILING = "compiling (first run only)"


class Progress(Protocol):
    """Told how far the work is."""

    def __call__(self, done: int, total: int, what: str = "") -> None:
        """``done`` of ``total`` steps; ``what`` is being done now."""


@contextmanager
def progress(session: Session, title: str, *, compiles: bool = False) -> Iterator[Progress]:
    """Show progress for the length of a ``with`` block.

    Args:
        session: a quiet one shows nothing.
        title: what is being done, such as ``Evaluating``.
        compiles: whether this process uses JAX, which must be prepared: then a terminal is told
            while it compiles.
    """
    if session.quiet:
        yield lambda done, total, what="": None
    elif sys.stderr.isatty():
        with _bar(title, counted=True, compiles=compiles) as show:
            yield show
    else:
        yield _Lines(title)


@contextmanager
def status(session: Session, title: str, *, compiles: bool = False) -> Iterator[None]:
    """Show a terminal that work of unknown length goes on; anything else is told nothing.

    Args:
        session: a quiet one shows nothing.
        title: what is being done, such as ``Predicting``.
        compiles: see :func:`progress`.
    """
    if session.quiet or not sys.stderr.isatty():
        yield
        return
    with _bar(title, counted=False, compiles=compiles):
        yield


@contextmanager
def _bar(title: str, *, counted: bool, compiles: bool) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    watches: list[CompileWatch] = []
    count = (BarColumn(bar_width=30), MofNCompleteColumn()) if counted else ()
    left = (TimeRemainingColumn(),) if counted else ()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        *count,
        TimeElapsedColumn(),
        *left,
        _what_column(watches),
    )
    with ExitStack() as stack:
        bar = stack.enter_context(Bar(*columns, console=Console(stderr=True), transient=True))
        task = bar.add_task(title, total=None, what="")
        if compiles:  # after the bar is there to see: importing JAX takes a moment too
            from recollect.cli._compiling import watch_compiling

            watches.append(stack.enter_context(watch_compiling()))

        def show(done: int, total: int, what: str = "") -> None:
            bar.update(task, completed=done, total=total, what=what)

        yield show


def _what_column(watches: list[CompileWatch]) -> ProgressColumn:
    """What is being done; while JAX compiles, that it does, as no step may end for long."""
    from rich.progress import ProgressColumn, Task
    from rich.text import Text

    class What(ProgressColumn):
        def render(self, task: Task) -> Text:
            compiling = any(watch.compiling for watch in watches)
            return Text(_COMPILING if compiling else task.fields["what"])

    return What()


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
