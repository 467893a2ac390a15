"""A random projection that keeps dot products, drawn from no generator but from a hash.

Each feature is sent to one component of each of a few blocks, with a sign, so that for vectors x
and y of unit length ⟨Sx, Sy⟩ = ⟨x, y⟩ on average, with a standard deviation of at most
√(2 / components) and about √(1 / components) for vectors that are not alike. Blocks of one entry
each: D. M. Kane and J. Nelson, *Sparser Johnson-Lindenstrauss transforms*, J. ACM 61(1), 2014.
Places and signs are SplitMix64's of the feature's number (G. L. Steele, D. Lea, C. H. Flood,
*Fast splittable pseudorandom number generators*, OOPSLA 2014), the same on every machine.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

__all__ = ["BLOCKS", "sketch_matrix"]

BLOCKS = 8
"""Entries of each feature."""

_GOLDEN = 0x9E3779B97F4A7C15


@lru_cache(maxsize=2)
def sketch_matrix(features: int, components: int, seed: int) -> csr_array:
    """The projection, ``[feature, component]``; the same object again, not to be changed.

    Args:
        features: how many there are.
        components: how many to keep; a multiple of :data:`BLOCKS`.
        seed: another one, another projection.
    """
    from scipy.sparse import csr_array

    width = components // BLOCKS
    entries = np.arange(features * BLOCKS, dtype=np.uint64)
    drawn = _mixed(entries + np.uint64((seed * _GOLDEN) % 2**64))
    places = (drawn >> np.uint64(1)) % np.uint64(width)
    columns = places.astype(np.int32) + np.tile(np.arange(BLOCKS, dtype=np.int32) * width, features)
    signs = np.where(drawn & np.uint64(1), np.float32(1), np.float32(-1)) / np.sqrt(
        np.float32(BLOCKS)
    )
    starts = np.arange(features + 1, dtype=np.int32) * BLOCKS
    return csr_array((signs, columns, starts), shape=(features, components))


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64(1)) * np.uint64(_GOLDEN)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
