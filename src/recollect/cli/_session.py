"""How a command talks to its user: results on stdout, everything else on stderr."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

__all__ = ["Session", "collection_option", "talk_options"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass
class Session:
    """One run of the program.

    Attributes:
        quiet: no progress and no notes; warnings and errors are still shown.
        debug: show where an error came from.
        collection: path or URL of the collection; None for the usual one.
    """

    quiet: bool = False
    debug: bool = False
    collection: str | None = None

    def note(self, text: str) -> None:
        """Something good to know, on stderr."""
        if not self.quiet:
            click.echo(text, err=True)

    def warn(self, text: str) -> None:
        """Something that the user should look at, on stderr."""
        click.echo(f"warning: {text}", err=True)


def talk_options(command: _Command) -> _Command:
    """Add ``--quiet`` and ``--debug``, which set the :class:`Session` of the run."""
    quiet = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        callback=_set_quiet,
        help="Show no progress and no notes; warnings and errors are still shown.",
    )
    debug = click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_set_debug,
        help="After an error, show where in the program it came from.",
    )
    return quiet(debug(command))


def collection_option(command: _Command) -> _Command:
    """Add ``--collection``, which sets where the :class:`Session` of the run finds it."""
    option = click.option(
        "--collection",
        metavar="PATH|URL",
        expose_value=False,
        callback=_set_collection,
        help="The collection: a file, or postgresql://user@host/database. Default: "
        "$RECOLLECT_COLLECTION, or a file in the user's data folder.",
    )
    return option(command)


def _set_collection(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.find_root().ensure_object(Session).collection = value


def _set_quiet(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.find_root().ensure_object(Session).quiet |= value


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.find_root().ensure_object(Session).debug |= value
