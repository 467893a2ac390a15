"""Keys of a terminal, or lines where input is none."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

import click

__all__ = ["Keys", "LineKeys", "TerminalKeys", "keys_of_stdin"]

_END_OF_INPUT = ("\x04", "\x1a", "")
_ESCAPE = "\x1b"
_LONGEST_SEQUENCE = 32


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
    """Single keys, without Enter, on a system with ``termios``.

    The terminal stays in this mode from key to key, so that a key that is pressed while a card is
    being prepared is not lost. Ctrl-C raises KeyboardInterrupt as ever.
    """

    def __init__(self) -> None:
        import termios

        self._number = sys.stdin.fileno()
        self._usual = termios.tcgetattr(self._number)

    def __enter__(self) -> TerminalKeys:
        import termios
        import tty

        tty.setcbreak(self._number, termios.TCSADRAIN)
        return self

    def __exit__(self, *_: object) -> None:
        import termios

        termios.tcsetattr(self._number, termios.TCSADRAIN, self._usual)

    def key(self) -> str | None:
        """See :class:`Keys`."""
        pressed = self._letter()
        if pressed == _ESCAPE:  # an arrow or the like: all of its letters are one key
            if select.select([self._number], [], [], 0.0)[0]:
                os.read(self._number, _LONGEST_SEQUENCE)
            return _ESCAPE
        if pressed in _END_OF_INPUT:
            return None
        return "\n" if pressed in ("\r", "\n") else pressed.lower()

    def line(self, prompt: str) -> str | None:
        """See :class:`Keys`."""
        self.__exit__()
        try:
            return input(prompt)
        except EOFError:
            return None
        finally:
            self.__enter__()

    def _letter(self) -> str:
        read = os.read(self._number, 1)
        if read and read[0] >= 0xC0:  # the first byte says how many make a letter
            more = 1 if read[0] < 0xE0 else 2 if read[0] < 0xF0 else 3
            read += os.read(self._number, more)
        return read.decode(errors="replace")


class WindowsKeys:
    """Single keys, without Enter, where there is no ``termios``."""

    def key(self) -> str | None:
        """See :class:`Keys`."""
        pressed = click.getchar()
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


@contextmanager
def keys_of_stdin() -> Iterator[Keys]:
    """Keys where input is a terminal, lines elsewhere."""
    if not sys.stdin.isatty():
        yield LineKeys()
    elif sys.platform == "win32":
        yield WindowsKeys()
    else:
        with TerminalKeys() as keys:
            yield keys
