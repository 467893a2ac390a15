"""The classical Hopfield network, auto- and hetero-associative.

Each stored pattern adds the outer product with itself to symmetric weights without
self-connections; reading lets the units settle from the query into the nearest minimum of the
energy ``E = -½ xᵀWx``. Random patterns are held up to ``α = 0.138`` of the number of units, and
beyond that all are lost at once (Amit, Gutfreund & Sompolinsky 1985).

Associated with patterns of other units, the same rule is the bidirectional associative memory
(Kosko 1988): two layers pass signs to and fro, with the energy ``E = -xᵀWy``.

References:
    J. J. Hopfield, Neural networks and physical systems with emergent collective computational
    abilities, PNAS 79 (1982).
    D. J. Amit, H. Gutfreund, H. Sompolinsky, Storing infinite numbers of patterns in a spin-glass
    model of neural networks, Phys. Rev. Lett. 55 (1985).
    B. Kosko, Bidirectional associative memories, IEEE Trans. SMC 18 (1988).
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from recollect.errors import ParameterError
from recollect.memory.hopfield_dynamics import rest, together

__all__ = ["BidirectionalHopfield", "Hopfield"]


class Hopfield(eqx.Module):
    """Units of ``±1`` that settle, all at once, into what was stored.

    Store a pattern as its own value, ``write(state, x, x)``. With the next pattern as the value
    the weights lead from each pattern to its successor instead, one for each of the ``steps``.

    Attributes:
        key_dim: number of units.
        steps: most updates at reading; it ends before that once no unit changes.
    """

    key_dim: int = eqx.field(static=True)
    steps: int = eqx.field(static=True, default=100)

    def __check_init__(self) -> None:
        """Refuse a network that cannot be read."""
        if min(self.key_dim, self.steps) < 1:
            raise ParameterError("a Hopfield network needs key_dim and steps above 0")

    @property
    def value_dim(self) -> int:
        """Values are patterns of the same units."""
        return self.key_dim

    def init(self) -> Float[Array, "key key"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.key_dim))

    def write(
        self,
        state: Float[Array, "key key"],
        key: Float[Array, " key"],
        value: Float[Array, " key"],
    ) -> Float[Array, "key key"]:
        """``W + key ⊗ value / N`` but for the diagonal, which stays 0."""
        return state + _without_diagonal(key[:, None] * value[None, :] / self.key_dim)

    def write_all(
        self,
        state: Float[Array, "key key"],
        keys: Float[Array, "n key"],
        values: Float[Array, "n key"],
    ) -> Float[Array, "key key"]:
        """All pairs at once, which is the same as one after another."""
        return state + _without_diagonal(keys.T @ values / self.key_dim)

    def field(
        self, state: Float[Array, "key key"], pattern: Float[Array, " key"]
    ) -> Float[Array, " key"]:
        """What every unit receives, ``xᵀW``."""
        return pattern @ state

    def unit_field(
        self,
        state: Float[Array, "key key"],
        pattern: Float[Array, " key"],
        unit: Int[Array, ""],
    ) -> Float[Array, ""]:
        """What one unit receives."""
        return pattern @ state[:, unit]

    def energy(
        self, state: Float[Array, "key key"], pattern: Float[Array, " key"]
    ) -> Float[Array, ""]:
        """``-½ xᵀWx``."""
        return -0.5 * (pattern @ state @ pattern)

    def read(
        self, state: Float[Array, "key key"], query: Float[Array, " key"]
    ) -> Float[Array, " key"]:
        """The pattern in which the units come to rest."""
        return together(self, state, query, self.steps)


def _without_diagonal(square: Float[Array, "key key"]) -> Float[Array, "key key"]:
    return jnp.where(jnp.eye(square.shape[0], dtype=bool), 0.0, square)


class BidirectionalHopfield(eqx.Module):
    """Two layers of ``±1`` units that settle on a stored pair.

    Attributes:
        key_dim: units of the layer that is asked.
        value_dim: units of the layer that answers.
        steps: most passes to and fro; it ends before that once nothing changes.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    steps: int = eqx.field(static=True, default=100)

    def __check_init__(self) -> None:
        """Refuse a network that cannot be read."""
        if min(self.key_dim, self.value_dim, self.steps) < 1:
            raise ParameterError("two layers need key_dim, value_dim and steps above 0")

    def init(self) -> Float[Array, "key value"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.value_dim))

    def write(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "key value"]:
        """``W + key ⊗ value / N``."""
        return state + key[:, None] * value[None, :] / self.key_dim

    def energy(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, ""]:
        """``-xᵀWy``; no pass raises it."""
        return -(key @ state @ value)

    def settle(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> tuple[Float[Array, " key"], Float[Array, " value"]]:
        """Key and value on which the two layers agree."""
        weights = jax.lax.stop_gradient(state)

        def pass_over(pair: tuple[Array, Array]) -> tuple[Array, Array]:
            value = jnp.sign(pair[0] @ weights)
            return jnp.sign(weights @ value), value

        start = jnp.sign(query), jnp.zeros_like(weights[0])
        return rest(pass_over, start, self.steps)

    def read(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """The value on which the two layers agree."""
        return self.settle(state, query)[1]
