"""Typed answers: are they right, and if not, where do they differ?"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

__all__ = ["Comparison", "Piece", "TypingOptions", "aligned", "compare"]

PieceKind = Literal["same", "wrong", "extra", "missing"]

_LONGEST = 2_000
_SPACE = "␣"


@dataclass(frozen=True, slots=True)
class TypingOptions:
    """What of an answer does not matter.

    Attributes:
        form: Unicode normalisation: ``NFC`` (é is é, however it was typed) or ``NFKC`` (wide and
            other compatible letters are the same, too).
        fold_case: capital and small letters are the same.
        fold_space: spaces at the ends, and how many between words, do not matter.
        fold_accents: letters are the same with and without their marks.
    """

    form: Literal["NFC", "NFKC"] = "NFC"
    fold_case: bool = False
    fold_space: bool = True
    fold_accents: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the two texts.

    Attributes:
        kind: ``same``; ``wrong``, where both differ; ``extra``, only typed; ``missing``, only
            expected.
        typed: what was typed there.
        expected: what was expected there.
    """

    kind: PieceKind
    typed: str
    expected: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A typed answer beside the expected one.

    Attributes:
        right: whether they are the same, but for what does not matter.
        likeness: 1 for the same, down to 0 for nothing in common.
        pieces: from the beginning to the end; together they are both texts.
    """

    right: bool
    likeness: float
    pieces: tuple[Piece, ...]


def compare(typed: str, expected: str, options: TypingOptions | None = None) -> Comparison:
    """Compare a typed answer with the expected one.

    Args:
        typed: by the learner.
        expected: plain text.
        options: what does not matter.
    """
    options = options or TypingOptions()
    mine, theirs = _settled(typed, options), _settled(expected, options)
    letters = _key(mine, options), _key(theirs, options)
    if "".join(letters[0]) == "".join(letters[1]):
        return Comparison(True, 1.0, (Piece("same", mine, theirs),))
    shared = SequenceMatcher(None, *letters, autojunk=False)
    if max(map(len, letters)) > _LONGEST:
        return Comparison(False, shared.real_quick_ratio(), (Piece("wrong", mine, theirs),))
    pieces = tuple(
        Piece(_KINDS[operation], mine[start:end], theirs[from_:to])
        for operation, start, end, from_, to in shared.get_opcodes()
    )
    return Comparison(False, shared.ratio(), pieces)


def aligned(comparison: Comparison) -> tuple[str, str, str]:
    """The two texts under each other, as wide as each other, and a line that marks differences.

    Returns:
        What was typed, what was expected (``-`` where one has nothing), and the marks: ``^`` wrong,
        ``+`` too much, ``-`` missing.
    """
    from rich.cells import cell_len

    lines = ("", "", "")
    for piece in comparison.pieces:
        typed, expected = piece.typed, piece.expected
        if piece.kind != "same":
            typed, expected = (text.replace(" ", _SPACE) for text in (typed, expected))
        width = max(cell_len(typed), cell_len(expected))
        fill = "-" if piece.kind in ("extra", "missing") else " "
        parts = (
            typed + fill * (width - cell_len(typed)),
            expected + fill * (width - cell_len(expected)),
            _MARKS[piece.kind] * width,
        )
        lines = (lines[0] + parts[0], lines[1] + parts[1], lines[2] + parts[2])
    return lines[0].rstrip(), lines[1].rstrip(), lines[2].rstrip()


_KINDS: dict[str, PieceKind] = {
    "equal": "same",
    "replace": "wrong",
    "delete": "extra",
    "insert": "missing",
}
_MARKS = {"same": " ", "wrong": "^", "extra": "+", "missing": "-"}


def _settled(text: str, options: TypingOptions) -> str:
    settled = unicodedata.normalize(options.form, text)
    return " ".join(settled.split()) if options.fold_space else settled


def _key(text: str, options: TypingOptions) -> list[str]:
    """Letter by letter what is compared: folding may make two letters of one (ß, ss)."""
    letters = list(text)
    if options.fold_case:
        letters = [unicodedata.normalize(options.form, letter.casefold()) for letter in letters]
    if options.fold_accents:
        letters = [_bare(letter) for letter in letters]
    return letters


def _bare(letter: str) -> str:
    apart = unicodedata.normalize("NFD", letter)
    return "".join(part for part in apart if not unicodedata.combining(part)) or letter
