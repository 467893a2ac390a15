"""Training batches for FSRS-7: whole cards, padded to few shapes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recollect.reviews import ReviewLog

__all__ = ["MAX_PRIOR_REVIEWS", "Batch", "training_batches"]

MAX_PRIOR_REVIEWS = 64
"""Reviews with more than this many before them are not learned from."""

_PREDICTIONS_PER_BATCH = 512
_WIDTHS = (32, 128, _PREDICTIONS_PER_BATCH)
_PADDING_RATING = 3.0


class Batch(NamedTuple):
    """Some cards' reviews, one card a column, oldest first.

    Attributes:
        rating: ``[65, width]``; any grade where a card has no more reviews.
        elapsed_days: ``[65, width]`` since the card's previous review, 0 on its first.
        weight: ``[65, width]`` of each prediction in the loss, 0 where there is none.
        length: ``[]`` number of rows in use.
        share: ``[]`` this batch's share of all predictions.
    """

    rating: NDArray[np.float32]
    elapsed_days: NDArray[np.float32]
    weight: NDArray[np.float32]
    length: np.int32
    share: np.float32


def training_batches(
    log: ReviewLog,
    train_rows: NDArray[np.int64],
    elapsed_days: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> Iterator[Batch]:
    """Cut the train rows into batches of about 512 predictions, cards with short histories first.

    Args:
        log: ``n`` reviews.
        train_rows: ``[a]`` rows to predict; no first reviews.
        elapsed_days: ``[n]`` time since the card's previous review, 0 on its first.
        weights: ``[a]`` weight of each train row in the loss.
    """
    position = log.review_index
    kept = position[train_rows] <= MAX_PRIOR_REVIEWS
    rows = train_rows[kept]
    if not rows.size:
        return
    weight = np.zeros(len(log))
    weight[rows] = weights[kept]
    _, card = np.unique(log.card_id, return_inverse=True)
    length = np.zeros(card.max() + 1, dtype=np.int64)  # reviews needed of each card
    np.maximum.at(length, card[rows], position[rows] + 1)
    predictions = np.bincount(card[rows], minlength=length.size)
    order = np.flatnonzero(length)
    order = order[np.argsort(length[order], kind="stable")]
    by_card = np.argsort(card, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(card))])
    for cards in _groups(order, predictions[order]):
        width = next(limit for limit in _WIDTHS if cards.size <= limit)
        shape = (MAX_PRIOR_REVIEWS + 1, width)
        rating = np.full(shape, _PADDING_RATING, dtype=np.float32)
        elapsed, loss_weight = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        for column, one in enumerate(cards.tolist()):
            count = length[one]
            used = by_card[start[one] : start[one] + count]
            rating[:count, column] = log.rating[used]
            elapsed[:count, column] = elapsed_days[used]
            loss_weight[:count, column] = weight[used]
        share = np.float32(predictions[cards].sum() / rows.size)
        yield Batch(rating, elapsed, loss_weight, np.int32(length[cards].max()), share)


def _groups(
    cards: NDArray[np.int64], predictions: NDArray[np.int64]
) -> Iterator[NDArray[np.int64]]:
    """Cut the cards, in their order, where another one would make more than 512 predictions."""
    start, total = 0, 0
    for end, count in enumerate(predictions.tolist()):
        if end > start and total + count > _PREDICTIONS_PER_BATCH:
            yield cards[start:end]
            start, total = end, 0
        total += count
    yield cards[start:]
