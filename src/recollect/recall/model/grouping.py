"""Rows by group, in the order of the log: cards, notes and decks are numbered from 0 on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["order_by_group", "previous_in_group"]

_DIGIT_BITS = 16


def order_by_group(group: NDArray[np.integer]) -> NDArray[np.int64]:
    """``[n]`` rows sorted by group, rows of one group in their order.

    The same as a stable ``argsort``, by 16-bit digits, which NumPy sorts in linear time.

    Args:
        group: ``[n]`` numbers from 0 on.
    """
    order = np.argsort(group.astype(np.uint16), kind="stable")
    shift = _DIGIT_BITS
    highest = int(group.max(initial=0))
    while highest >> shift:
        digit = (group >> shift).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
        shift += _DIGIT_BITS
    return order


def previous_in_group(group: NDArray[np.integer]) -> NDArray[np.int64]:
    """``[n]`` the previous row of the same group, -1 where there is none."""
    order = order_by_group(group)
    previous = np.full(group.shape[0], -1, dtype=np.int64)
    same = group[order[1:]] == group[order[:-1]]
    previous[order[1:][same]] = order[:-1][same]
    return previous
