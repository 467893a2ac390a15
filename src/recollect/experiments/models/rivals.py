"""Forgetting curves that are not a memory: exponential, power and logarithmic."""

from __future__ import annotations

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float
from numpy.typing import ArrayLike

from recollect.experiments.protocol import Bounds, Parameters, Prediction

__all__ = ["BOUNDS", "CURVES", "curve_of"]

_Curve = Callable[
    [Float[Array, " time"], Float[Array, ""] | float, Float[Array, ""] | float],
    Float[Array, " time"],
]

CURVES: dict[str, _Curve] = {
    "exponential": lambda time, level, rate: level * jnp.exp(-(10 ** (4 * rate - 3)) * time),
    "power": lambda time, level, rate: level * time ** -(2 * rate),
    "logarithmic": lambda time, level, rate: level - 0.3 * rate * jnp.log(time),
}
"""Curves of two parameters, level and rate, that a curve of forgetting is compared with."""

BOUNDS: Bounds = {"level": (0.0, 1.5), "rate": (0.0, 1.0)}
"""Where level and rate are searched; the rate is scaled so that 0 to 1 spans what people show."""


def curve_of(name: str, time: ArrayLike, guessed: float = 0.0) -> Prediction:
    """A curve as a prediction of shares from ``level`` and ``rate``.

    Args:
        name: of :data:`CURVES`.
        time: above zero, in the unit that suits the data.
        guessed: share that is right by guessing.
    """
    times = jnp.asarray(time)

    def predict(values: Parameters) -> Float[Array, " time"]:
        known = jnp.clip(CURVES[name](times, values["level"], values["rate"]), 0.0, 1.0)
        return guessed + (1 - guessed) * known

    return predict
