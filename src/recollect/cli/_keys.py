"""Keys of the collection's cards, for commands that ask what is like what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recollect.cli._session import Session

if TYPE_CHECKING:
    from recollect.collection import Transaction
    from recollect.collection.keys import CardKeys

__all__ = ["collection_keys", "encoder_option"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def encoder_option(command: _Command) -> _Command:
    """Add ``--encoder``; the command gets its name, or None."""
    option = click.option(
        "--encoder",
        metavar="NAME",
        help="What makes the keys by which cards are alike: ngrams, letters, sounds or "
        "dense:MODEL. Default: $RECOLLECT_ENCODER, or ngrams.",
    )
    return option(command)


def collection_keys(session: Session, transaction: Transaction, encoder: str | None) -> CardKeys:
    """The keys of all cards, made now if they are not there yet.

    Args:
        session: told what takes time.
        transaction: to read with.
        encoder: name of one; None for the usual one.

    Raises:
        UnknownNameError: there is no such encoder.
        EncoderError: its model cannot be used.
        MissingExtraError: it needs an optional part.
    """
    from recollect.cli._places import cache_folder
    from recollect.cli._progress import Progress, progress
    from recollect.collection.keys import card_keys
    from recollect.cues import encoder_settings

    cache = cache_folder()
    settings = encoder_settings(encoder, cache / "models")
    with ExitStack() as stack:
        shown: list[Progress] = []

        def told(done: int, total: int) -> None:
            if not shown:  # only where there is something to do
                title = "Making keys of what cards ask and answer"
                shown.append(stack.enter_context(progress(session, title)))
            shown[0](done, total)

        return card_keys(transaction, settings, cache / "keys", told=told)
