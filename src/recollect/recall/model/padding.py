"""Arrays cut to a few standard sizes, so that compiled code is reused between learners."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["card_grids", "padded", "padded_size"]

_GRID_SHAPES = ((512, 8), (128, 32), (32, 128))
"""Cards side by side and reviews each: a handful of shapes for every log there is."""


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


def card_grids(card: NDArray[np.int32]) -> Iterator[NDArray[np.int64]]:
    """Group a log's rows by card, cards of similar length in grids of a few standard shapes.

    Args:
        card: ``[n]`` card numbers in chronological order.

    Yields:
        ``[card, review]`` row numbers, -1 where there is none.
    """
    if not card.size:
        return
    order = np.argsort(card, kind="stable")
    ordered = card[order]
    start = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    length = np.diff(np.r_[start, card.shape[0]])
    shapes = list(_GRID_SHAPES)
    while shapes[-1][1] < length.max():
        shapes.append((8, shapes[-1][1] * 2))
    shorter = 0
    for width, limit in shapes:
        chosen = np.flatnonzero((length > shorter) & (length <= limit))
        shorter = limit
        offset = np.arange(limit)
        for first in range(0, chosen.size, width):
            cards = chosen[first : first + width]
            inside = offset < length[cards][:, None]
            position = start[cards][:, None] + np.where(inside, offset, 0)
            rows = np.full((width, limit), -1, dtype=np.int64)
            rows[: cards.size] = np.where(inside, order[position], -1)
            yield rows
