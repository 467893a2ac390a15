"""Words that look alike and words that sound alike.

How words look is compared by the edits that turn one into the other: insertions, deletions,
replacements and swaps of neighbours (F. J. Damerau, CACM 7(3), 1964; "optimal string alignment"),
1 − edits / letters of the longer. How they sound is compared in the same way after letters of all
scripts are written in Latin ones and each Latin letter as the class of its sound, ten classes of
consonants that often change into each other and not into others (A. B. Dolgopolsky, 1964), and one
of vowels. Which letter stands for which sound differs between languages; the classes are coarse
enough that it rarely matters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from recollect.cues.reading import readable
from recollect.errors import ParameterError

__all__ = ["closest_spellings", "latin_letters", "sound_classes", "spelling_similarity"]

_CLASSES = {
    **dict.fromkeys("pbfv", "P"),
    **dict.fromkeys("td", "T"),
    **dict.fromkeys("szc", "S"),
    **dict.fromkeys("kgq", "K"),
    **dict.fromkeys("lr", "R"),
    **dict.fromkeys("aeiou", "V"),
    **{"m": "M", "n": "N", "w": "W", "j": "J", "y": "J", "h": "H"},
}
"""Dolgopolsky's classes, ``V`` for vowels; of the letter c, :data:`_DIGRAPHS` leaves the soft."""

_NO_LETTERS = re.compile(r"[^a-z]+")
_DIGRAPHS = (
    (re.compile("tsch|sch|sh|ch|cz|sz|zh|ts"), "s"),
    (re.compile("ph"), "f"),
    (re.compile("th"), "t"),
    (re.compile("gh|kh|ck|c(?![eiy])"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("ng"), "n"),
    (re.compile("y(?![aeiou])"), "i"),
)


def latin_letters(text: str) -> str:
    """The text in small Latin letters, whatever its script; other characters become spaces.

    ``Москва`` is "moskva", ``日本`` is "ri ben" (Chinese characters are read as Mandarin),
    ``naïve`` is "naive".
    """
    from anyascii import anyascii

    # Between two syllables of a character each, anyascii puts a capital: RiBen.
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", anyascii(readable(text)))
    return " ".join(_NO_LETTERS.sub(" ", spaced.lower()).split())


def sound_classes(text: str) -> str:
    """The text as classes of sounds, words apart; of classes in a row, one.

    >>> sound_classes("Philipp") == sound_classes("Filip")
    True
    """
    return " ".join(filter(None, map(_sounds, latin_letters(text).split())))


def spelling_similarity(first: str, second: str) -> float:
    """How alike two texts are written, 1 for the same and 0 for nothing in common."""
    from rapidfuzz.distance import OSA

    return OSA.normalized_similarity(readable(first), readable(second))


def closest_spellings(
    query: str, texts: Sequence[str], count: int, *, least: float = 0.5
) -> list[tuple[int, float]]:
    """Texts that are written most like one, with how alike they are, most alike first.

    Args:
        query: a word, or what a learner typed.
        texts: among which.
        count: how many, at most.
        least: texts that are less alike are left out; 0 to 1.

    Returns:
        Places among the texts and similarities; of equal ones the first.

    Raises:
        ParameterError: a count below 1.
    """
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    if count < 1:
        raise ParameterError(f"the count is 1 or more, not {count}")
    found = process.extract(
        readable(query),
        [readable(text) for text in texts],
        scorer=OSA.normalized_similarity,
        score_cutoff=least,
        limit=None,
    )
    best = sorted((-similarity, at) for _, similarity, at in found)[:count]
    return [(at, -similarity) for similarity, at in best]


def _sounds(word: str) -> str:
    for pattern, letters in _DIGRAPHS:
        word = pattern.sub(letters, word)
    classes = [_CLASSES[letter] for letter in word]
    return "".join(one for at, one in enumerate(classes) if at == 0 or classes[at - 1] != one)
