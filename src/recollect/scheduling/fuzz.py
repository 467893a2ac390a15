"""Scattering intervals a little, so that cards learnt together do not stay together.

The same card after the same number of reviews is scattered in the same way, whenever that is
asked. Intervals up to two days stay as they are; beyond, the reach is a day, plus 15 % of what is
between 2.5 and 7 days, 10 % of what is between 7 and 20, and 5 % of the rest: the reach that users
of Anki know (its manual, "Fuzz Factor").
"""

from __future__ import annotations

import hashlib
import math

__all__ = ["fuzz_range", "fuzz_share", "fuzzed"]

_LEAST_DAYS = 2.5
_LEAST_FUZZED_DAYS = 2
_PARTS = ((2.5, 7.0, 0.15), (7.0, 20.0, 0.1), (20.0, math.inf, 0.05))


def fuzz_share(seed: int, card_id: int, reviews: int) -> float:
    """Where in its range an interval falls, 0 up to 1; the same for the same arguments.

    Args:
        seed: of the collection.
        card_id: which card.
        reviews: how many answers it has had.
    """
    digest = hashlib.sha256(f"{seed} {card_id} {reviews}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def fuzz_range(days: float, maximum_days: int) -> tuple[int, int]:
    """Shortest and longest interval that a scattered one can become, in whole days."""
    middle = min(max(1, math.floor(days + 0.5)), maximum_days)
    if days < _LEAST_DAYS:
        return middle, middle
    reach = 1.0 + sum(share * max(min(days, end) - start, 0.0) for start, end, share in _PARTS)
    low = max(_LEAST_FUZZED_DAYS, math.floor(days - reach + 0.5))
    high = math.floor(days + reach + 0.5)
    return min(low, maximum_days), min(high, maximum_days)


def fuzzed(days: float, share: float, maximum_days: int) -> int:
    """An interval in whole days, at the share of its range.

    Args:
        days: the exact interval.
        share: as from :func:`fuzz_share`.
        maximum_days: no interval is longer.
    """
    low, high = fuzz_range(days, maximum_days)
    return low + min(int(share * (high - low + 1)), high - low)
