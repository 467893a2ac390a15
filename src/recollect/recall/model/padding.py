"""Arrays cut to a few standard sizes, so that compiled code is reused between learners."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.recall.model.grouping import order_by_group

__all__ = ["LANE_SHAPE", "card_lanes", "padded", "padded_size"]

LANE_SHAPE = (64, 64)
"""Steps and lanes that most cards fit into: few shapes, so that little is compiled."""


def padded_size(n: int, least: int = 1024) -> int:
    """The next standard size: a power of two, or halfway between two of them."""
    size = least
    while size < n:
        size *= 2
    return size // 4 * 3 if size > least and n <= size // 4 * 3 else size


def padded(values: NDArray[Any], size: int) -> NDArray[Any]:
    """``[size, ...]`` the values followed by zeros."""
    out = np.zeros((size, *values.shape[1:]), dtype=values.dtype)
    out[: values.shape[0]] = values
    return out


def card_lanes(card: NDArray[np.int32], shape: tuple[int, int]) -> Iterator[NDArray[np.int64]]:
    """Lay a log's rows out by card: cards one after the other in lanes, lanes side by side.

    Args:
        card: ``[n]`` card numbers in chronological order.
        shape: steps and lanes of a block; cards of more reviews than steps go into blocks with
            four times the steps and a quarter of the lanes, again and again.

    Yields:
        ``[step, lane]`` row numbers, -1 where there is none; each card whole in one lane.
    """
    steps, lanes = shape
    order = order_by_group(card)
    ordered = card[order]
    start = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]][: card.size])
    length = np.diff(np.r_[start, card.size])
    shorter = 0
    while shorter < length.max(initial=0):
        chosen = (length > shorter) & (length <= steps)
        yield from _packed(order, start[chosen], length[chosen], steps, max(lanes, 1))
        shorter, steps, lanes = steps, steps * 4, lanes // 4


def _packed(
    order: NDArray[np.int64],
    start: NDArray[np.int64],
    length: NDArray[np.int64],
    steps: int,
    lanes: int,
) -> Iterator[NDArray[np.int64]]:
    """Cards into lanes in their order, a new lane where the next card has no room."""
    end = np.cumsum(length)
    first = [0]
    while first[-1] < length.size:
        before = end[first[-1] - 1] if first[-1] else 0
        first.append(int(np.searchsorted(end, before + steps, side="right")))
    for at in range(0, len(first) - 1, lanes):
        rows = np.full((steps, lanes), -1, dtype=np.int64)
        bounds = first[at : at + lanes + 1]
        for lane, (one, other) in enumerate(pairwise(bounds)):
            places = [order[start[i] : start[i] + length[i]] for i in range(one, other)]
            laid = np.concatenate(places)
            rows[: laid.size, lane] = laid
        yield rows
