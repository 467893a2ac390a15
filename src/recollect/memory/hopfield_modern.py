"""The modern Hopfield network: an exponential energy, whose update is softmax attention.

Patterns are kept whole; a query moves to the mean of the stored keys weighted by
``softmax(β K x)``, which never raises ``E = -β⁻¹ log Σ exp(β kᵘ · x) + ½ x · x`` (Ramsauer et al.
2021). The number of random patterns that it can tell apart grows exponentially with their length
(Demircigil et al. 2017), and one update is most often enough.

References:
    H. Ramsauer et al., Hopfield networks is all you need, ICLR 2021.
    M. Demircigil et al., On a model of associative memory with huge storage capacity, J. Stat.
    Phys. 168 (2017).
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError
from recollect.memory.attention import Attention, Slots
from recollect.memory.separation import Softmax

__all__ = ["ModernHopfield"]


class ModernHopfield(eqx.Module):
    """Patterns in slots, found by softmax; smooth, so gradients pass through reading.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values; of ``key_dim`` for auto-association.
        slots: how many patterns there is room for; the oldest gives way.
        inverse_temperature: β. Large, one pattern is found; small, the mean of many.
        updates: times that the query moves among the keys before the values are read.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    slots: int = eqx.field(static=True, default=64)
    inverse_temperature: float | Float[Array, ""] = 1.0
    updates: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        """Refuse a memory without room."""
        if self.updates < 0 or min(self.key_dim, self.value_dim, self.slots) < 1:
            raise ParameterError("a modern Hopfield network needs sizes above 0 and updates >= 0")

    def _store(self) -> Attention:
        separation = Softmax(self.inverse_temperature)
        return Attention(self.key_dim, self.value_dim, self.slots, separation=separation)

    def init(self) -> Slots:
        """Empty slots."""
        return self._store().init()

    def write(
        self, state: Slots, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> Slots:
        """Keep one pair more."""
        return self._store().write(state, key, value)

    def energy(self, state: Slots, pattern: Float[Array, " key"]) -> Float[Array, ""]:
        """``-β⁻¹ log Σ exp(β kᵘ · x) + ½ x · x``; infinite while nothing is stored."""
        beta = self.inverse_temperature
        scaled = jnp.where(state.strength > 0, beta * (state.keys @ pattern), -jnp.inf)
        return 0.5 * jnp.sum(jnp.square(pattern)) - jax.nn.logsumexp(scaled) / beta

    def update(self, state: Slots, pattern: Float[Array, " key"]) -> Float[Array, " key"]:
        """The mean of the keys by ``softmax(β K x)``."""
        return self._store().read(state._replace(values=state.keys), pattern)

    def settle(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " key"]:
        """The query after its updates."""
        return jax.lax.fori_loop(0, self.updates, lambda _, now: self.update(state, now), query)

    def read(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """The values of the keys that the settled query is like."""
        return self._store().read(state, self.settle(state, query))
