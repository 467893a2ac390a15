"""The built-in deck: facts written for Recollect, with their look-alikes marked."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from itertools import pairwise

__all__ = ["SampleCard", "cue_similarity", "deck_ids", "load_deck"]

# What every prompt of a kind shares (template, article, "to" of a verb) tells no two cards
# apart, so it does not count as likeness.
_SHARED_OPENING = re.compile(
    r"^(?:in spanish: |in german: |capital of |country whose capital is )?"
    r"(?:the |to |el |la |los |las |der |die |das )?"
)


@dataclass(frozen=True)
class SampleCard:
    """One card of the built-in deck.

    Attributes:
        card_id: unique number.
        note_id: the fact it was made from; a forward and a reverse card share it.
        deck: full deck name, levels separated by ``::``.
        kind: ``"word"``, ``"capital"`` or ``"formula"``.
        direction: ``"forward"`` or ``"reverse"``.
        prompt: what is shown, Unicode NFC; formulas are TeX between ``\\(`` and ``\\)``.
        answer: what is to be recalled.
        confusable_with: ids of the cards with a similar prompt and another answer.
    """

    card_id: int
    note_id: int
    deck: str
    kind: str
    direction: str
    prompt: str
    answer: str
    confusable_with: tuple[int, ...] = ()


@cache
def load_deck() -> tuple[SampleCard, ...]:
    """The built-in deck, in the order of its file.

    Two languages' vocabulary (Spanish in both directions, German mostly for reading), capitals
    and formulas. The file ``deck.csv`` beside this module can be opened in any spreadsheet.
    """
    text = files("recollect.sample").joinpath("deck.csv").read_text(encoding="utf-8")
    return tuple(
        SampleCard(
            card_id=int(row["card_id"]),
            note_id=int(row["note_id"]),
            deck=row["deck"],
            kind=row["kind"],
            direction=row["direction"],
            prompt=row["prompt"],
            answer=row["answer"],
            confusable_with=tuple(int(other) for other in row["confusable_with"].split()),
        )
        for row in csv.DictReader(StringIO(text))
    )


def deck_ids(deck: Iterable[SampleCard]) -> dict[str, int]:
    """Number of each deck name, from 1 in alphabetical order."""
    return {name: number for number, name in enumerate(sorted({card.deck for card in deck}), 1)}


def cue_similarity(prompt: str, other: str) -> float:
    """How alike two prompts look, from 0 to 1 (1: the same).

    The larger of two character measures, on the case-folded prompts without the opening that
    all prompts of their kind share: one minus the Levenshtein distance over the longer length
    (catches *schon*/*schön*), and Dice's coefficient of the character pairs (catches
    *Dominica*/*Dominican Republic*). Accents count as different letters.

    Sources: Levenshtein, Soviet Physics Doklady 10 (1966); Dice, Ecology 26 (1945).
    """
    a, b = _distinctive_part(prompt), _distinctive_part(other)
    longer = max(len(a), len(b))
    by_edits = 1.0 - _edit_distance(a, b) / longer if longer else 1.0
    pairs_a, pairs_b = (Counter(pairwise(text)) for text in (a, b))
    total = pairs_a.total() + pairs_b.total()
    by_pairs = 2.0 * (pairs_a & pairs_b).total() / total if total else 0.0
    return max(by_edits, by_pairs)


def _distinctive_part(prompt: str) -> str:
    return _SHARED_OPENING.sub("", prompt.casefold(), count=1)


def _edit_distance(a: str, b: str) -> int:
    """Levenshtein distance, one row of the table at a time."""
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        following = [i]
        for j, other in enumerate(b, 1):
            following.append(min(row[j] + 1, following[-1] + 1, row[j - 1] + (letter != other)))
        row = following
    return row[-1]
