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
        entries = []
        for row in rows:
            if not all(type(cell) is int and -_LARGEST < cell < _LARGEST for cell in row):
                continue
            number, card, ease, interval, last, factor, time, kind = row
            if not (0 < number < _LATEST_MS and 0 <= ease <= 4 and 0 <= kind <= 5):
                continue
            entries.append(
                ReviewEntry(
                    number,
                    card_of.get(card, card),
                    number,
                    ease,
                    REVIEW_KINDS[kind],  # type: ignore[arg-type]
                    max(time, 0),
                    None,
                    last,
                    interval,
                    min(max(factor, 0), _LARGEST_FACTOR),
                )
            )
        if len(entries) != len(rows):
            summary.skipped["reviews that are none"] += len(rows) - len(entries)
        added = reviews.append_reviews(transaction, entries)
        summary.reviews.added += added
        summary.reviews.unchanged += len(entries) - added
        done += len(rows)
        yield done
