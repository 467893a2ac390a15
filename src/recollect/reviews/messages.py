"""What other libraries say about a file, made fit for a message of one line."""

from __future__ import annotations

__all__ = ["one_line"]

_LONGEST = 150


def one_line(error: object) -> str:
    """The text of an error without line breaks and control characters, cut to a bearable length."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = "".join(character if character.isprintable() else "?" for character in text)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
