"""The dense associative memory: energies that rise steeply with the overlap hold far more.

Patterns are kept whole. The energy is ``E = -Σ F(kᵘ · x)`` with ``F(z) = zⁿ`` for ``z > 0``, and
a unit takes the value with the lower energy, the others held. Degree 2 is the classical network
but for the rectification; degree n holds of the order of ``Nⁿ⁻¹`` random patterns of N units
(Krotov & Hopfield 2016).

A settled pattern finds the values of its keys, each by its slope ``F'``: auto-associative where
values are keys, else hetero-associative.

References:
    D. Krotov, J. J. Hopfield, Dense associative memory for pattern recognition, NeurIPS 2016.
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from recollect.errors import ParameterError
from recollect.memory.attention import Attention, Slots
from recollect.memory.hopfield_dynamics import together
from recollect.memory.separation import Normalised, Power

__all__ = ["DenseHopfield"]


class _PowerShare(eqx.Module):
    """Rectified powers that sum to 1, scaled by the largest so that none overflows."""

    degree: int = eqx.field(static=True)

    def __call__(self, similarity: Float[Array, "*q n"]) -> Float[Array, "*q n"]:
        most = jax.lax.stop_gradient(jnp.max(similarity, axis=-1, keepdims=True))
        scaled = similarity / jnp.where(most > 0, most, 1.0)
        return Normalised()(Power(self.degree)(scaled))


class DenseHopfield(eqx.Module):
    """Patterns of ``±1`` in slots, found by their rectified powers.

    Attributes:
        key_dim: number of units.
        value_dim: length of values; of ``key_dim`` for auto-association.
        slots: how many patterns there is room for; the oldest gives way.
        degree: n, 2 or more.
        steps: most updates at reading; it ends before that once no unit changes.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    slots: int = eqx.field(static=True, default=64)
    degree: int = eqx.field(static=True, default=3)
    steps: int = eqx.field(static=True, default=20)

    def __check_init__(self) -> None:
        """Refuse an energy without minima and a memory without room."""
        if self.degree < 2 or min(self.key_dim, self.value_dim, self.slots, self.steps) < 1:
            raise ParameterError("a dense memory needs a degree of 2 or more, and sizes above 0")

    def _store(self) -> Attention:
        share = _PowerShare(self.degree - 1)
        return Attention(self.key_dim, self.value_dim, self.slots, separation=share)

    def init(self) -> Slots:
        """Empty slots."""
        return self._store().init()

    def write(
        self, state: Slots, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> Slots:
        """Keep one pair more."""
        return self._store().write(state, key, value)

    def energy(self, state: Slots, pattern: Float[Array, " key"]) -> Float[Array, ""]:
        """``-Σ F(kᵘ · x / N)``; dividing by N keeps powers in range and changes no sign."""
        return -jnp.sum(self._steep(state, state.keys @ pattern))

    def _steep(self, state: Slots, overlap: Float[Array, slot * unit]) -> Float[Array, slot * unit]:
        present = (state.strength > 0).reshape((-1,) + (1,) * (overlap.ndim - 1))
        return jnp.where(present, jax.nn.relu(overlap / self.key_dim) ** self.degree, 0.0)

    def field(self, state: Slots, pattern: Float[Array, " key"]) -> Float[Array, " key"]:
        """How much lower the energy is with each unit at +1 than at -1."""
        others = (state.keys @ pattern)[:, None] - state.keys * pattern
        up = self._steep(state, others + state.keys)
        return jnp.sum(up - self._steep(state, others - state.keys), axis=0)

    def unit_field(
        self, state: Slots, pattern: Float[Array, " key"], unit: Int[Array, ""]
    ) -> Float[Array, ""]:
        """The same for one unit."""
        own = state.keys[:, unit]
        others = state.keys @ pattern - own * pattern[unit]
        return jnp.sum(self._steep(state, others + own) - self._steep(state, others - own))

    def settle(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " key"]:
        """The pattern in which the units come to rest."""
        return together(self, state, query, self.steps)

    def read(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """The values of the keys that the settled pattern overlaps with."""
        return self._store().read(state, self.settle(state, query))
