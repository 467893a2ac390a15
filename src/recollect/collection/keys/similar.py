"""Cards that are like a text or like another card, and the closest competitors of a card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.collection.keys.contents import Content
from recollect.collection.keys.lookup import CardKeys
from recollect.collection.keys.reading import contents_of
from recollect.collection.search.extensions import Extensions
from recollect.collection.transaction import Transaction
from recollect.cues import Competitors, Keys, closest_competitors
from recollect.cues.reading import readable
from recollect.errors import UnknownNameError

__all__ = [
    "ALLY",
    "LEAST",
    "MOST",
    "Competitor",
    "all_competitors",
    "competitors_of",
    "similar_cards",
    "similar_term",
    "similar_to_card",
]

LEAST = 0.3
"""Cards that are less similar are not found."""
MOST = 500
"""So many cards are found, at most: the most similar."""
ALLY = 0.8
"""Answers that are this similar support each other; their cards do not compete."""

_MARGIN = 0.15  # what estimates may be below the similarity
_CANDIDATES = 4 * MOST


@dataclass(frozen=True, slots=True)
class Competitor:
    """A card that another one may be confused with.

    Attributes:
        card_id: its number.
        similarity: of the prompts, 0 to 1.
        content: what it asks and wants to hear.
    """

    card_id: int
    similarity: float
    content: Content


def similar_cards(
    transaction: Transaction, keys: CardKeys, text: str, *, least: float = LEAST, most: int = MOST
) -> dict[int, float]:
    """Cards whose prompt is like a text, most similar first, with how similar they are.

    Args:
        transaction: to read what the cards ask.
        keys: of the cards.
        text: what they are compared with.
        least: cards that are less similar are left out.
        most: so many are found, at most.
    """
    candidates = _candidates(keys, keys.encoder.encode([text])[0], least)
    return dict(_compared(transaction, keys, text, candidates, least)[:most])


def similar_to_card(
    transaction: Transaction,
    keys: CardKeys,
    card_id: int,
    *,
    least: float = LEAST,
    most: int = MOST,
) -> dict[int, float]:
    """Cards whose prompt is like that of a card, without it; see :func:`similar_cards`.

    Raises:
        UnknownNameError: there is no such card.
    """
    place = keys.place(card_id)
    candidates = _candidates(keys, keys.keys[keys.prompt_rows[place]], least)
    prompt = _content(transaction, card_id).prompt
    others = candidates[candidates != place]
    return dict(_compared(transaction, keys, prompt, others, least)[:most])


def competitors_of(
    transaction: Transaction,
    keys: CardKeys,
    card_id: int,
    *,
    least: float = LEAST,
    most: int = 5,
) -> list[Competitor]:
    """The closest competitors of a card: similar prompt, different answer, of another note.

    Args:
        transaction: to read what the cards ask.
        keys: of the cards.
        card_id: which card.
        least: cards whose prompts are less similar are left out.
        most: so many, at most.

    Raises:
        UnknownNameError: there is no such card.
    """
    place = keys.place(card_id)
    found = _candidates(keys, keys.keys[keys.prompt_rows[place]], least)
    told = keys.keys[keys.answer_rows[found]] @ keys.keys[keys.answer_rows[place]]
    others = found[
        (keys.note_ids[found] != keys.note_ids[place])
        & (keys.answer_rows[found] != keys.answer_rows[place])
        & (told < ALLY)
    ]
    prompt = _content(transaction, card_id).prompt
    closest = _compared(transaction, keys, prompt, others, least)[:most]
    contents = contents_of(transaction, [number for number, _ in closest])
    return [Competitor(number, alike, contents[number]) for number, alike in closest]


def all_competitors(keys: CardKeys, *, most: int = 10, least: float = 0.5) -> Competitors:
    """The closest competitors of every card, by their keys alone; places are those of ``keys``.

    See :func:`recollect.cues.closest_competitors`.
    """
    return closest_competitors(
        keys.prompts,
        keys.answers,
        answer_ids=keys.answer_rows,
        groups=keys.note_ids,
        most=most,
        least=least,
        ally=ALLY,
    )


def similar_term(keys: CardKeys) -> Extensions:
    """``similar:`` for a search: of a text, or of the card of that number.

    It gives each card's similarity, so that ``sort="similar"`` has an order.
    """

    known: dict[str, Mapping[int, float]] = {}

    def find(transaction: Transaction, text: str) -> Mapping[int, float]:
        if text not in known:  # asked for once to search, and again to put in order
            known[text] = look(transaction, text)
        return known[text]

    def look(transaction: Transaction, text: str) -> Mapping[int, float]:
        number = text.strip()
        if number.isascii() and number.isdigit():
            try:
                return similar_to_card(transaction, keys, int(number))
            except UnknownNameError:
                pass  # a number is a text too
        return similar_cards(transaction, keys, text)

    return Extensions(terms={"similar": find})


def _content(transaction: Transaction, card_id: int) -> Content:
    found = contents_of(transaction, [card_id])
    if card_id not in found:
        raise UnknownNameError("card", card_id)
    return found[card_id]


def _candidates(keys: CardKeys, key: Keys, least: float) -> NDArray[np.int64]:
    """Places of the cards that may be as similar as that, most similar by their keys first."""
    alike = (keys.keys @ key)[keys.prompt_rows]
    found = np.flatnonzero(alike >= least - (0 if keys.encoder.exact else _MARGIN))
    return found[np.argsort(-alike[found], kind="stable")][:_CANDIDATES]


def _compared(
    transaction: Transaction, keys: CardKeys, text: str, places: NDArray[np.int64], least: float
) -> list[tuple[int, float]]:
    """Numbers of cards and how similar they are, most similar first, of equal ones the oldest."""
    numbers = keys.card_ids[places].tolist()
    if keys.encoder.exact:
        alike = keys.keys[keys.prompt_rows[places]] @ keys.encoder.encode([text])[0]
    else:
        contents = contents_of(transaction, numbers)
        numbers = [number for number in numbers if number in contents]
        prompts = [contents[number].prompt for number in numbers]
        alike = keys.encoder.compared([readable(text)] * len(prompts), prompts)
    found = zip(numbers, alike.tolist(), strict=True)
    return sorted(
        ((number, one) for number, one in found if one >= least), key=lambda f: (-f[1], f[0])
    )
