"""Base-level activation of many cards at once, with its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.support import fractional_days
from recollect.reviews import ReviewLog

__all__ = ["Activation", "Cards", "activation"]

Floats = NDArray[np.float64]

CLOCK_RATE = 0.025
"""Speed of the model's clock between sessions, relative to real time."""

_SECONDS_PER_DAY = 86_400.0
_MIN_SECONDS = 1.0  # of the model's clock; shorter gaps would let activation explode


@dataclass(frozen=True, eq=False)
class Cards:
    """The reviews of a log, one card a row, the card with most reviews first.

    Attributes:
        seconds: ``[cards, reviews]`` when each review was made, on the model's clock.
        row: ``[cards, reviews]`` its row in the log; -1 where a card has no more reviews.
        log_length: number of reviews of the log.
    """

    seconds: Floats
    row: NDArray[np.int64]
    log_length: int

    @classmethod
    def of(cls, log: ReviewLog, kept: NDArray[np.bool_] | None = None) -> Cards:
        """Arrange a log.

        Args:
            log: ``n`` reviews.
            kept: ``[n]`` which to include; of each card, none or its first so many.
        """
        rows = np.arange(len(log)) if kept is None else np.flatnonzero(kept)
        ids, card = np.unique(log.card_id[rows], return_inverse=True)
        length = np.bincount(card, minlength=ids.size)
        rank = np.empty(ids.size, dtype=np.int64)
        rank[np.argsort(-length, kind="stable")] = np.arange(ids.size)
        row = np.full((ids.size, int(length.max(initial=0))), -1, dtype=np.int64)
        row[rank[card], log.review_index[rows]] = rows
        elapsed = fractional_days(log) * _SECONDS_PER_DAY * CLOCK_RATE
        seconds = np.cumsum(np.where(row >= 0, elapsed[row], 0.0), axis=1)
        return cls(seconds, row, len(log))


@dataclass(frozen=True, eq=False)
class Activation:
    """Activation of each review's card right before it; 0 on first reviews.

    Attributes:
        level: ``[n]`` m.
        by_decay: ``[n]`` its derivative by the decay a.
        by_spacing: ``[n]`` its derivative by the spacing c.
    """

    level: Floats
    by_decay: Floats
    by_spacing: Floats


def activation(cards: Cards, decay: float, spacing: float) -> Activation:
    """m = ln Σ_j t_j^(-d_j) with d_j = spacing e^(m_j) + decay, and derivatives.

    Args:
        cards: the reviews.
        decay: a.
        spacing: c.
    """
    found = Activation(*(np.zeros(cards.log_length) for _ in range(3)))
    shape = cards.row.shape
    # Of each review: its decay rate, and the rate's derivatives. The first has m = -inf.
    rate, rate_by_decay = np.full(shape, decay), np.ones(shape)
    rate_by_spacing = np.zeros(shape)
    alive = np.count_nonzero(cards.row >= 0, axis=0)
    for position in range(1, shape[1]):
        some = slice(0, int(alive[position]))
        gap = cards.seconds[some, position, None] - cards.seconds[some, :position]
        log_gap = np.log(np.maximum(gap, _MIN_SECONDS))
        exponent = -rate[some, :position] * log_gap
        top = exponent.max(axis=1, keepdims=True)
        share = np.exp(exponent - top)
        total = share.sum(axis=1, keepdims=True)
        level = (top + np.log(total))[:, 0]
        share *= -log_gap / total
        by_decay = np.einsum("cj,cj->c", share, rate_by_decay[some, :position])
        by_spacing = np.einsum("cj,cj->c", share, rate_by_spacing[some, :position])
        strength = np.exp(level)
        rate[some, position] = spacing * strength + decay
        rate_by_decay[some, position] = spacing * strength * by_decay + 1.0
        rate_by_spacing[some, position] = strength + spacing * strength * by_spacing
        rows = cards.row[some, position]
        found.level[rows] = level
        found.by_decay[rows] = by_decay
        found.by_spacing[rows] = by_spacing
    return found
