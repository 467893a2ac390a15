"""Keys of a terminal, or lines where input is none."""

from __future__ import annotations

import sys
from typing import Protocol, runtime_checkable

import click

__all__ = ["Keys", "LineKeys", "TerminalKeys", "keys_of_stdin"]

_END_OF_INPUT = ("\x04", "\x1a")


@runtime_checkable
class Keys(Protocol):
    """Where the learner's wishes come from."""

    def key(self) -> str | None:
        """The next key, small letters; a line break for Enter; None when there are no more."""
        ...

    def line(self, prompt: str) -> str | None:
        """The next line without its break; None when there are no more."""
        ...


class TerminalKeys:
    """Single keys, without Enter."""

    def key(self) -> str | None:
        """See :class:`Keys`. Ctrl-C raises KeyboardInterrupt."""
        try:
            pressed = click.getchar()
        except EOFError:
            return None
        if pressed in _END_OF_INPUT:
            return None
        return "\n" if pressed in ("\r", "\n") else pressed.lower()

    def line(self, prompt: str) -> str | None:
        """See :class:`Keys`."""
        try:
            return input(prompt)
        except EOFError:
            return None


class LineKeys:
    """A line each: its first letter is the key; an empty line is Enter."""

    def key(self) -> str | None:
        """See :class:`Keys`."""
        read = sys.stdin.readline()
        if not read:
            return None
        return read.strip().lower()[:1] or "\n"

    def line(self, prompt: str) -> str | None:
        """See :class:`Keys`."""
        click.echo(prompt, nl=False)
        read = sys.stdin.readline()
        click.echo()
        return read.rstrip("\r\n") if read else None


def keys_of_stdin() -> Keys:
    """Keys where input is a terminal, lines elsewhere."""
    return TerminalKeys() if sys.stdin.isatty() else LineKeys()
