"""The review log of a package: each entry is added once, whatever is imported how often."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from recollect.anki.summary import ImportSummary
from recollect.collection import ReviewEntry, Transaction, reviews
from recollect.collection.schema import REVIEW_KINDS

__all__ = ["merge_reviews"]

_LATEST_MS = 4_102_444_800_000  # 2100
_LARGEST = 1 << 53
_LARGEST_FACTOR = (1 << 31) - 1
_INTEGERS = {int}


def merge_reviews(
    transaction: Transaction,
    found: Iterable[list[tuple[Any, ...]]],
    card_of: Mapping[int, int],
    summary: ImportSummary,
) -> Iterator[int]:
    """Add the entries of a log that are not there yet.

    Args:
        transaction: to write with.
        found: rows of ``revlog`` (:class:`~recollect.anki.package.ReviewRow`), in order of id.
        card_of: number of the card here, by its number in the package. Entries of cards that are
            not in the package, as they were deleted, keep the number.
        summary: where it is counted.

    Yields:
        How many rows have been read, now and then.
    """
    done = 0
    for rows in found:
        entries = [entry for row in rows if (entry := _entry(row, card_of)) is not None]
        if len(entries) != len(rows):
            summary.skipped["reviews that are none"] += len(rows) - len(entries)
        added = reviews.append_reviews(transaction, entries)
        summary.reviews.added += added
        summary.reviews.unchanged += len(entries) - added
        done += len(rows)
        yield done


def _entry(row: tuple[Any, ...], card_of: Mapping[int, int]) -> ReviewEntry | None:
    """An entry of the log; None if it is none. There may be millions: no loop, no keywords."""
    if set(map(type, row)) != _INTEGERS:
        return None
    number, card, ease, interval, last, factor, time, kind = row
    sound = 0 < number < _LATEST_MS and 0 <= ease <= 4 and 0 <= kind <= 5
    small = -_LARGEST < interval < _LARGEST and -_LARGEST < last < _LARGEST
    if not (sound and small and -_LARGEST < card < _LARGEST and time < _LARGEST):
        return None
    return ReviewEntry(
        number,
        card_of.get(card, card),
        number,
        ease,
        REVIEW_KINDS[kind],  # type: ignore[arg-type]
        time if time > 0 else 0,
        None,
        last,
        interval,
        factor if 0 <= factor <= _LARGEST_FACTOR else 0,
    )
