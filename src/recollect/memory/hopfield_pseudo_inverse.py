"""The Hopfield network with the pseudo-inverse rule: every independent pattern a fixed point.

The weights are the projection onto what was stored, ``W = K⁺K``, so correlated patterns are told
apart as well as independent ones and as many can be held as there are units; then, with as many
patterns as units, the projection is the identity, nothing is left without its diagonal, and all
are lost. Basins shrink on the way: with a few units wrong, the fall comes near half that number
(Personnaz, Guyon & Dreyfus 1986; Kanter & Sompolinsky 1987).

The weights are those of :class:`LeastSquares`, which learns them all at once or one pattern at a
time, the same either way. Associated with other values, that class is the hetero-associative form.

References:
    L. Personnaz, I. Guyon, G. Dreyfus, Collective computational properties of neural networks,
    Phys. Rev. A 34 (1986).
    I. Kanter, H. Sompolinsky, Associative recall of memory without errors, Phys. Rev. A 35 (1987).
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from recollect.errors import ParameterError
from recollect.memory.hopfield_dynamics import together
from recollect.memory.least_squares import LeastSquares, LeastSquaresState

__all__ = ["PseudoInverseHopfield"]


class PseudoInverseHopfield(eqx.Module):
    """Units of ``±1`` that settle into what was stored; self-connections do not act.

    Attributes:
        key_dim: number of units.
        steps: most updates at reading; it ends before that once no unit changes.
        ridge: what keeps the inverse bounded, as a share of the squared length of a pattern. In
            double precision 1e-9 is the pseudo-inverse but for rounding.
        silence: a field no larger than this is taken for none; with as many patterns as units
            only the ridge's trace is left, and it means nothing.
    """

    key_dim: int = eqx.field(static=True)
    steps: int = eqx.field(static=True, default=100)
    ridge: float | Float[Array, ""] = 1e-4
    silence: float | Float[Array, ""] = 1e-4

    def __check_init__(self) -> None:
        """Refuse a network that cannot be read."""
        if min(self.key_dim, self.steps) < 1:
            raise ParameterError("a Hopfield network needs key_dim and steps above 0")

    @property
    def value_dim(self) -> int:
        """Values are patterns of the same units."""
        return self.key_dim

    def _rule(self) -> LeastSquares:
        return LeastSquares(self.key_dim, self.key_dim, self.ridge * self.key_dim)

    def init(self) -> LeastSquaresState:
        """Zero weights."""
        return self._rule().init()

    def write(
        self, state: LeastSquaresState, key: Float[Array, " key"], value: Float[Array, " key"]
    ) -> LeastSquaresState:
        """One pattern more, by recursive least squares."""
        return self._rule().write(state, key, value)

    def write_all(
        self,
        state: LeastSquaresState,
        keys: Float[Array, "n key"],
        values: Float[Array, "n key"],
    ) -> LeastSquaresState:
        """All patterns at once."""
        return self._rule().write_all(state, keys, values)

    def field(
        self, state: LeastSquaresState, pattern: Float[Array, " key"]
    ) -> Float[Array, " key"]:
        """What every unit receives from the others."""
        received = pattern @ state.weights - jnp.diagonal(state.weights) * pattern
        return self._heard(received)

    def unit_field(
        self, state: LeastSquaresState, pattern: Float[Array, " key"], unit: Int[Array, ""]
    ) -> Float[Array, ""]:
        """What one unit receives from the others."""
        own = state.weights[unit, unit] * pattern[unit]
        return self._heard(pattern @ state.weights[:, unit] - own)

    def _heard(self, received: Float[Array, "*key"]) -> Float[Array, "*key"]:
        return jnp.where(jnp.abs(received) <= self.silence, 0.0, received)

    def energy(self, state: LeastSquaresState, pattern: Float[Array, " key"]) -> Float[Array, ""]:
        """``-½ xᵀWx`` without the self-connections."""
        own = jnp.diagonal(state.weights) @ jnp.square(pattern)
        return -0.5 * (pattern @ state.weights @ pattern - own)

    def read(self, state: LeastSquaresState, query: Float[Array, " key"]) -> Float[Array, " key"]:
        """The pattern in which the units come to rest."""
        return together(self, state, query, self.steps)
