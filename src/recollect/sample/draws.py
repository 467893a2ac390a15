"""Random numbers that are the same on every platform and in every version of NumPy."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

__all__ = ["Draws"]

_STANDARD_NORMAL = NormalDist()
_SMALLEST_UNIFORM = 2.0**-54


class Draws:
    """A stream of uniform and normal numbers from one seed.

    NumPy promises to keep the bits of a named bit generator, but not how its distributions use
    them. So only the uniform doubles of PCG64 are drawn, and normals are their inverse
    cumulative distribution.

    Args:
        seed: non-negative integer.
    """

    def __init__(self, seed: int) -> None:
        self._generator = np.random.Generator(np.random.PCG64(seed))

    def uniform(self) -> float:
        """A number above 0 and below 1."""
        return max(self._generator.random(), _SMALLEST_UNIFORM)

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """A normal number of the given mean and standard deviation."""
        return mean + sd * _STANDARD_NORMAL.inv_cdf(self.uniform())

    def happens(self, probability: float) -> bool:
        """True with the given probability."""
        return self.uniform() < probability

    def order(self, n: int) -> list[int]:
        """The numbers 0 to ``n - 1`` in random order."""
        keys = [self.uniform() for _ in range(n)]
        return sorted(range(n), key=keys.__getitem__)
