"""The review log: it only grows. An answer taken back is voided, not deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, func, select

from recollect.collection import schema
from recollect.collection.codecs import review_from, review_row
from recollect.collection.rows import ReviewEntry
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction, chunks
from recollect.errors import UnknownNameError

if TYPE_CHECKING:
    from recollect.reviews.build import LogReading

__all__ = [
    "append_review",
    "append_reviews",
    "iterate_reviews",
    "read_review_log",
    "reviews_of_cards",
    "unvoid_reviews",
    "void_reviews",
]

_reviews, _voided, _cards = schema.reviews, schema.voided_reviews, schema.cards
_CHUNK = 10_000
_LIST = 2_000
_LOG_COLUMNS = (
    "card_id",
    "review_time",
    "ease",
    "type",
    "factor",
    "review_duration",
    "note_id",
    "deck_id",
)
# As Anki numbers the kinds, which is what the rules for logs go by.
_KIND_NUMBERS = {kind: number for number, kind in enumerate(schema.REVIEW_KINDS)}


def append_review(transaction: Transaction, entry: ReviewEntry) -> ReviewEntry:
    """Add an entry; if its number is taken, it gets the next that is free.

    Returns:
        The entry as it was added.
    """
    number = entry.id
    while transaction.execute(select(_reviews.c.id).where(_reviews.c.id == number)).first():
        number += 1
    added = replace(entry, id=number)
    transaction.insert(_reviews, [review_row(added)])
    return added


def append_reviews(transaction: Transaction, entries: Iterable[ReviewEntry]) -> int:
    """Add entries that may be there already, any number of them, streamed; best in order of number.

    An entry is the same as one that is there if number (or time), card and time agree; it is left
    as it is, but no longer voided. A number that another entry has is taken for a clash: the next
    that is free is used, and found again next time.

    Returns:
        How many were new.
    """
    total = 0
    for chunk in chunks(entries, _CHUNK):
        new, known = _sorted_out(transaction, chunk)
        total += transaction.insert(_reviews, map(review_row, new))
        unvoid_reviews(transaction, known)
    return total


def void_reviews(transaction: Transaction, review_ids: Iterable[int]) -> int:
    """Take answers back: they stay in the log, but no longer count; returns how many did.

    Raises:
        UnknownNameError: there is no such entry.
    """
    ids = sorted(set(review_ids))
    known = {row[0] for row in transaction.rows(_reviews, "id", ids)}
    missing = [number for number in ids if number not in known]
    if missing:
        raise UnknownNameError("review", missing[0])
    voided = {row[0] for row in transaction.rows(_voided, "review_id", ids)}
    rows = [(number, transaction.now_ms) for number in ids if number not in voided]
    return transaction.insert(_voided, rows)


def unvoid_reviews(transaction: Transaction, review_ids: Iterable[int]) -> int:
    """Let answers count again; returns how many did not."""
    return transaction.delete(_voided, "review_id", review_ids)


def reviews_of_cards(
    transaction: Transaction, card_ids: Iterable[int], *, with_voided: bool = False
) -> list[ReviewEntry]:
    """The entries of cards, oldest first."""
    found: list[ReviewEntry] = []
    for chunk in chunks(card_ids, _LIST):
        query = _valid(select(_reviews), with_voided).where(_reviews.c.card_id.in_(chunk))
        found.extend(map(review_from, transaction.execute(query)))
    return sorted(found, key=lambda entry: entry.id)


def iterate_reviews(
    transaction: Transaction, *, after: int | None = None, with_voided: bool = False
) -> Iterator[ReviewEntry]:
    """All entries, oldest first, a few at a time.

    Args:
        transaction: to read with.
        after: only those with a number above this.
        with_voided: also those that were taken back.
    """
    query = _valid(select(_reviews), with_voided).order_by(_reviews.c.id)
    if after is not None:
        query = query.where(_reviews.c.id > after)
    for part in transaction.execute(query).partitions(_CHUNK):
        yield from map(review_from, part)


def read_review_log(transaction: Transaction, learner_id: str = "1") -> LogReading:
    """The answers that count as a :class:`~recollect.reviews.ReviewLog`, with a report.

    By the rules that hold for logs of Anki: entries that are no answers are left out, a reset card
    begins anew. Cards that were deleted keep their reviews, without note and deck.

    Args:
        transaction: to read with.
        learner_id: what the learner is called in the log.
    """
    # Most commands read no log as a whole, and NumPy takes a while to import.
    import numpy as np

    from recollect.reviews.build import ReadOptions, build_logs
    from recollect.reviews.rows import RawRows

    home = func.coalesce(_cards.c.original_deck_id, _cards.c.deck_id)
    query = (
        _valid(
            select(
                _reviews.c.card_id,
                _reviews.c.answered_at_ms,
                _reviews.c.rating,
                _reviews.c.kind,
                _reviews.c.ease_factor,
                _reviews.c.duration_ms,
                func.coalesce(_cards.c.note_id, -1),
                func.coalesce(home, -1),
            ),
            with_voided=False,
        )
        .outerjoin(_cards, _cards.c.id == _reviews.c.card_id)
        .order_by(_reviews.c.id)
    )
    parts = [
        np.array([(*row[:3], _KIND_NUMBERS[row[3]], *row[4:]) for row in part], dtype=np.int64)
        for part in transaction.execute(query).partitions(_CHUNK)
    ]
    values = np.concatenate(parts) if parts else np.zeros((0, len(_LOG_COLUMNS)), dtype=np.int64)
    raw = RawRows(
        file="the collection",
        row_number=np.arange(1, len(values) + 1),
        columns={name: values[:, at].copy() for at, name in enumerate(_LOG_COLUMNS)},
    )
    options = ReadOptions(get_settings(transaction).day_boundary, skip_bad_rows=True)
    return build_logs(raw, options, learner_id)[learner_id]


def _valid(query: Select[Any], with_voided: bool) -> Select[Any]:
    if with_voided:
        return query
    return query.where(_reviews.c.id.not_in(select(_voided.c.review_id)))


def _sorted_out(
    transaction: Transaction, chunk: list[ReviewEntry]
) -> tuple[list[ReviewEntry], list[int]]:
    """Entries to add, with numbers that are free, and numbers of those that are there."""
    last = transaction.execute(select(func.max(_reviews.c.id))).scalar_one()
    # id -> what tells an entry; with log entries in order, none of these are there.
    there: dict[int, tuple[int, int]] = {}
    if last is not None and min(entry.id for entry in chunk) <= last:
        for row in transaction.rows(_reviews, "id", [entry.id for entry in chunk]):
            there[row[0]] = (row[1], row[2])
    new: list[ReviewEntry] = []
    known: list[int] = []
    for entry in chunk:
        number, same = entry.id, (entry.card_id, entry.answered_at_ms)
        while number in there and there[number] != same:
            number += 1
            if number not in there:
                there.update(
                    (row[0], row[1:3]) for row in transaction.rows(_reviews, "id", [number])
                )
        if number in there:
            known.append(number)
            continue
        there[number] = same
        new.append(entry if number == entry.id else replace(entry, id=number))
    return new, known
