"""Terms that other parts of the program bring along, such as ``similar:`` and ``prop:r``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from recollect.collection.transaction import Transaction

__all__ = ["NO_EXTENSIONS", "Extensions", "FindCards", "MeasureCards"]

FindCards = Callable[[Transaction, str], Iterable[int] | Mapping[int, float]]
"""From a text to the numbers of cards. May raise :class:`~recollect.errors.RecollectError`.

A mapping says how well each card fits, and the keyword is an order then: the best fit first, by
the term that a card fits best, and behind them all cards that fit none.
"""

MeasureCards = Callable[[Transaction], Mapping[int, float]]
"""The value of each card that has one, by its number."""


@dataclass(frozen=True)
class Extensions:
    """What a search can do beyond what the collection itself knows.

    Attributes:
        terms: by keyword; ``{"similar": find}`` makes ``similar:text`` a term.
        properties: by name; ``{"r": recall}`` makes ``prop:r>0.9`` a term. Cards without a value
            are not found, whatever it is compared with.
    """

    terms: Mapping[str, FindCards] = field(default_factory=dict)
    properties: Mapping[str, MeasureCards] = field(default_factory=dict)


NO_EXTENSIONS = Extensions()
