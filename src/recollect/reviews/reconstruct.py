"""Times of day put back where a data set holds only days and gaps.

The public Anki logs keep, per review, the study day and the whole seconds since the card's
previous review, and their rows stand in order of time; the time itself was removed. What
remains is a system of difference constraints on the unknown times ``t``:

- ``t[i] = t[p] + gap[i]`` for a row and its card's previous row ``p`` (gaps were cut to whole
  seconds, so up to a second is missing at each step);
- ``t[i] >= t[i-1]``, the order of the rows;
- ``t[i]`` lies within the row's study day.

Along a chain of gaps only the first time is free. Starting every chain as early as its days
allow and pushing chains later until the order holds gives the least solution; the true times
are a solution too, so the least one never leaves the study day and always exists. It comes
after at most as many rounds as there are chains, in practice a few dozen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recollect.reviews.log import occurrence_index, previous_row

__all__ = ["times_from_gaps"]

_DAY_S = 86_400
_ROUNDS = 2_000


def times_from_gaps(
    card_id: NDArray[np.int64],
    day_offset: NDArray[np.int64],
    elapsed_seconds: NDArray[np.int64] | None,
) -> NDArray[np.int64]:
    """Times consistent with days, gaps and row order.

    Args:
        card_id: ``[n]`` card of each row.
        day_offset: ``[n]`` study day, non-decreasing.
        elapsed_seconds: ``[n]`` whole seconds since the card's previous row; negative where
            there is none or it is unknown. None when no gaps are known.

    Returns:
        ``[n]`` non-decreasing milliseconds since the start of study day 0, each within its day.
        Gaps between a card's rows agree with ``elapsed_seconds`` up to the seconds that
        rounding lost; where there were no gaps, rows stand at the start of their day.
    """
    n = card_id.shape[0]
    day_start = day_offset.astype(np.int64) * _DAY_S
    if elapsed_seconds is None or n == 0:
        return day_start * 1000
    chain, since_start, steps = _chains(card_id, elapsed_seconds)
    start = np.full(int(chain.max()) + 1, np.iinfo(np.int64).min)
    np.maximum.at(start, chain, day_start - steps - since_start)
    times = start[chain] + since_start
    for _ in range(_ROUNDS):
        # `steps` seconds at most went missing on the way to a row: so much may it lag behind.
        behind = np.maximum.accumulate(times) - steps > times
        if not behind.any():
            break
        needed = np.maximum.accumulate(times) - steps - since_start
        np.maximum.at(start, chain[behind], needed[behind])
        times = start[chain] + since_start
    times = np.maximum.accumulate(np.clip(times, day_start, day_start + _DAY_S - 1))
    return times * 1000


def _chains(
    card_id: NDArray[np.int64], gap: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """``[n]`` chain of each row, seconds since the chain's first row, and gaps summed for it."""
    n = card_id.shape[0]
    begins = (previous_row(card_id) < 0) | (gap < 0)
    order = np.argsort(card_id, kind="stable")
    in_order = np.cumsum(begins[order]) - 1
    total = np.cumsum(np.where(begins, 0, gap)[order])
    first = np.flatnonzero(begins[order])
    chain = np.empty(n, dtype=np.int64)
    since_start = np.empty(n, dtype=np.int64)
    chain[order] = in_order
    since_start[order] = total - total[first][in_order]
    return chain, since_start, occurrence_index(chain).astype(np.int64)
