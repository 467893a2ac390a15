"""The most similar of many keys, exactly, a block at a time.

A product of matrices is as quick as an index up to some hundred thousand keys, and misses nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recollect.cues.contract import Keys
from recollect.errors import ParameterError

__all__ = ["Nearest", "nearest"]

_ENTRIES = 2**24  # similarities kept at a time: 64 MiB


class Nearest(NamedTuple):
    """The nearest keys of each query, most similar first; of equal ones the first among the keys.

    Attributes:
        places: ``[query, count]`` places among the keys, -1 where there are no more.
        similarity: ``[query, count]``, minus infinity where there are no more.
    """

    places: NDArray[np.int64]
    similarity: NDArray[np.float32]


def nearest(
    keys: Keys,
    queries: Keys,
    count: int,
    *,
    least: float = -np.inf,
    block: int | None = None,
) -> Nearest:
    """The keys that are most similar to each query.

    Args:
        keys: ``[key, component]``.
        queries: ``[query, component]``.
        count: how many to find for each, at most.
        least: similarity that is not enough is below this.
        block: queries taken at a time; by default as many as keep 64 MiB of similarities.

    Raises:
        ParameterError: a count or block below 1, or keys and queries of other lengths.
    """
    if count < 1 or (block is not None and block < 1):
        raise ParameterError("the count and the block are 1 or more")
    if keys.shape[1] != queries.shape[1]:
        raise ParameterError(
            f"keys have {keys.shape[1]} components and queries {queries.shape[1]}; "
            "make both with the same encoder"
        )
    places = np.full((len(queries), count), -1, np.int64)
    similarity = np.full((len(queries), count), -np.inf, np.float32)
    size = block or max(1, _ENTRIES // max(1, len(keys)))
    shown = min(count, len(keys))
    for start in range(0, len(queries) if shown else 0, size):
        found = queries[start : start + size] @ keys.T
        for row, own in enumerate(found, start):
            best = _best(own, shown)
            best = best[own[best] >= least]
            places[row, : len(best)] = best
            similarity[row, : len(best)] = own[best]
    return Nearest(places, similarity)


def _best(similarity: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The places of the greatest, greatest first, of equal ones the first."""
    if count < len(similarity):
        bound = np.partition(similarity, -count)[-count]
        places = np.flatnonzero(similarity >= bound)
    else:
        places = np.arange(len(similarity))
    return places[np.argsort(-similarity[places], kind="stable")][:count]
