"""What a text is compared with: a pattern with wildcards, or a regular expression."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

__all__ = ["LIKE_ESCAPE", "LONGEST_REGEX", "Glob", "Regex", "escaped"]

LIKE_ESCAPE = "\\"
LONGEST_REGEX = 1_000

_SPECIAL = re.compile(r"([\\*_])")
_FOR_LIKE = re.compile(r"([\\%_])")
_SPACES = re.compile(r"\s+")
_CASE_MATTERS = "(?-i)"

Transform = Callable[[str], str]


def escaped(text: str) -> str:
    """The text of a pattern that matches just this text."""
    return _SPECIAL.sub(r"\\\1", text)


@dataclass(frozen=True)
class Glob:
    r"""A pattern: ``*`` stands for any text, ``_`` for one character, ``\`` before them for itself.

    Attributes:
        text: the pattern as it is written, without what only the query's syntax asks for.
    """

    text: str

    @cached_property
    def tokens(self) -> tuple[tuple[bool, str], ...]:
        """Wildcards, ``(True, "*")`` or ``(True, "_")``, and texts, ``(False, text)``."""
        return tuple(self._tokens())

    def _tokens(self) -> Iterator[tuple[bool, str]]:
        literal = ""
        characters = iter(self.text)
        for char in characters:
            if char in "*_":
                if literal:
                    yield False, literal
                    literal = ""
                yield True, char
            else:
                literal += next(characters, char) if char == "\\" else char
        if literal:
            yield False, literal

    @property
    def has_wildcards(self) -> bool:
        """Whether it stands for more than one text."""
        return any(wild for wild, _ in self.tokens)

    @cached_property
    def trimmed(self) -> Glob:
        """Without the stars at its ends, which mean nothing where it may stand anywhere."""
        tokens = list(self.tokens)
        while tokens and tokens[-1] == (True, "*"):
            tokens.pop()
        while tokens and tokens[0] == (True, "*"):
            tokens.pop(0)
        return Glob("".join(text if wild else escaped(text) for wild, text in tokens))

    def like(self, transform: Transform, separator: str = "") -> str:
        """A pattern for SQL's LIKE that matches wherever this one stands, and maybe elsewhere.

        Args:
            transform: what was done to the texts, to be done to the pattern.
            separator: what stands before and behind it.
        """
        shown = {"*": "%", "_": "_"}
        parts = (
            shown[text] if wild else _FOR_LIKE.sub(r"\\\1", transform(_SPACES.sub(" ", text)))
            for wild, text in self.tokens
        )
        return f"%{separator}{''.join(parts)}{separator}%"

    def matcher(self, transform: Transform, where: str = "all") -> Callable[[str], bool]:
        """Tells whether a text matches.

        Args:
            transform: what was done to the texts, to be done to the pattern.
            where: ``"all"`` of the text, ``"anywhere"`` in it, or in ``"words"``: anywhere, but
                with a word's beginning before it and a word's end after it.
        """
        pieces: list[list[tuple[bool, str]]] = [[]]
        for wild, text in self.tokens:
            if (wild, text) == (True, "*"):
                pieces.append([])
            else:
                pieces[-1].append((wild, text if wild else transform(_SPACES.sub(" ", text))))
        if where == "anywhere":
            pieces = [[], *pieces, []]
        if where != "words" and not any(wild for piece in pieces for wild, _ in piece):
            return _in_turn(["".join(text for _, text in piece) for piece in pieces])
        parts = ["".join("." if w else re.escape(text) for w, text in piece) for piece in pieces]
        if where == "words":
            parts[0] = rf"\b{parts[0]}"
            parts[-1] = rf"{parts[-1]}\b"
            if len(parts) == 1:
                search = re.compile(parts[0], re.DOTALL).search
                return lambda text: search(text) is not None
            parts = ["", *parts, ""]
        match = re.compile(_anchored(parts), re.DOTALL).match
        return lambda text: match(text) is not None


def _in_turn(pieces: list[str]) -> Callable[[str], bool]:
    """Tells whether a text is these, with anything between them."""
    first, *others = pieces

    def matches(text: str) -> bool:
        if not others:
            return text == first
        if not text.startswith(first):
            return False
        at = len(first)
        for piece in others[:-1]:
            at = text.find(piece, at)
            if at < 0:
                return False
            at += len(piece)
        return len(text) - at >= len(others[-1]) and text.endswith(others[-1])

    return matches


def _anchored(pieces: list[str]) -> str:
    r"""An expression for pieces with anything between them, from the beginning to the end.

    Every piece but the last is sought from the left and then kept (an atomic group): its first
    place leaves most room for the others. So the time is linear in the text.
    """
    first, *others = pieces
    if not others:
        return rf"{first}\Z"
    between = "".join(f"(?>.*?{piece})" for piece in others[:-1] if piece)
    last = rf".*{others[-1]}\Z" if others[-1] else ""
    return f"{first}{between}{last}"


@dataclass(frozen=True)
class Regex:
    r"""A regular expression, in Python's syntax; case is of no account unless ``(?-i)`` begins it.

    Attributes:
        text: the expression; of ``\"`` only the quotation mark is kept, which means the same.
    """

    text: str

    def __post_init__(self) -> None:
        text = re.sub(r"\\(.)", lambda m: '"' if m[1] == '"' else m[0], self.text, flags=re.DOTALL)
        object.__setattr__(self, "text", text)

    @property
    def expression(self) -> str:
        """The expression without what begins it."""
        return self.text.removeprefix(_CASE_MATTERS)

    @property
    def flags(self) -> int:
        """For :func:`re.compile`."""
        return 0 if self.text.startswith(_CASE_MATTERS) else int(re.IGNORECASE)

    def problem(self) -> str | None:
        """Why it cannot be used, if it cannot."""
        if len(self.text) > LONGEST_REGEX:
            return f"it has more than {LONGEST_REGEX} characters"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                re.compile(self.expression, self.flags)
        except (re.error, OverflowError, RecursionError) as error:
            return str(error)
        return None
