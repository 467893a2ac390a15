"""What simulated experiments share: random keys, checks that values stay whole, correlations."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["changed_bits", "gamma_correlation", "resampled", "unit_vectors"]


def unit_vectors(random: np.random.Generator, *shape: int) -> NDArray[np.float32]:
    """Random directions: the last axis has length 1."""
    drawn = random.standard_normal(shape)
    return (drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)).astype(np.float32)


def changed_bits(before: ArrayLike, after: ArrayLike) -> float:
    """How many bits of stored numbers differ, compared byte by byte.

    Raises:
        ValueError: another shape or type, so that bits do not correspond.
    """
    first, second = np.ascontiguousarray(before), np.ascontiguousarray(after)
    if first.shape != second.shape or first.dtype != second.dtype:
        raise ValueError("bits can be compared only of arrays of one shape and type")
    differs = np.bitwise_xor(first.view(np.uint8), second.view(np.uint8))
    return float(np.unpackbits(differs).sum())


def gamma_correlation(judged: ArrayLike, outcome: ArrayLike) -> float:
    """Goodman and Kruskal's γ of judgements with outcomes, -1 to 1; NaN where nothing compares.

    Concordant minus discordant pairs over their sum; pairs tied in either do not count. Outcomes
    are two-valued (0 or 1).
    """
    scores, right = np.asarray(judged, np.float64), np.asarray(outcome) > 0
    above, below = np.sort(scores[right]), np.sort(scores[~right])
    concordant = np.searchsorted(below, above, side="left").sum()
    discordant = len(below) * len(above) - np.searchsorted(below, above, side="right").sum()
    counted = concordant + discordant
    return float((concordant - discordant) / counted) if counted else float("nan")


def resampled(random: np.random.Generator, people: int, times: int = 1000) -> NDArray[np.int64]:
    """Which participants a bootstrap draws: ``[times, people]``."""
    return random.integers(0, people, (times, people))
