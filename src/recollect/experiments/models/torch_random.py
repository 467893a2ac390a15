"""The random numbers that a notebook written for PyTorch drew, without PyTorch.

On a CPU PyTorch draws from the Mersenne Twister seeded with one number: a uniform single-precision
number is the low 24 bits of one draw, a whole number is one draw modulo the range. So what was
published with a seed can be run again from the very same start.

References:
    M. Matsumoto, T. Nishimura, Mersenne twister, ACM TOMACS 8 (1998).
    PyTorch 2.5, ATen/native/cpu and ATen/core/TransformationHelper.h.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["TorchRandom"]

_MANTISSA_BITS = 24
_NORMALS_AT_ONCE = 16


class TorchRandom:
    """A stream of PyTorch's random numbers on a CPU.

    Args:
        seed: as of ``torch.manual_seed``.
    """

    def __init__(self, seed: int) -> None:
        self._twister = np.random.RandomState(seed)

    def uniform(
        self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0
    ) -> NDArray[np.float32]:
        """``torch.empty(shape).uniform_(low, high)``."""
        kept = self._draws(math.prod(shape)) & np.uint32((1 << _MANTISSA_BITS) - 1)
        share = kept.astype(np.float32) * np.float32(2.0**-_MANTISSA_BITS)
        return (share * np.float32(high - low) + np.float32(low)).reshape(shape)

    def integers(self, count: int, below: int) -> NDArray[np.int64]:
        """``torch.randint(0, below, [count])``, for ranges below 2³²."""
        return (self._draws(count) % np.uint32(below)).astype(np.int64)

    def skip_normals(self, count: int) -> None:
        """Pass over what ``torch.randn`` takes for ``count`` numbers, 16 or more."""
        self._draws(count)
        if count % _NORMALS_AT_ONCE:  # the last sixteen are then drawn once more
            self._draws(_NORMALS_AT_ONCE)

    def linear(self, inputs: int, outputs: int) -> NDArray[np.float32]:
        """First weights ``[input, output]`` of ``torch.nn.Linear`` without an offset."""
        bound = inputs**-0.5
        return np.ascontiguousarray(self.uniform((outputs, inputs), -bound, bound).T)

    def _draws(self, count: int) -> NDArray[np.uint32]:
        return self._twister.randint(0, 2**32, size=count, dtype=np.uint32)
