"""Sparse distributed memory: hard locations with random addresses, near ones of which take part.

A word is added to the counters of every location whose address lies within a Hamming radius of
the word's address, and read as the signs of the counters summed over the locations near the
query. Reading once more at what was found, when words are stored at themselves, closes in on the
stored word from any query nearer than a critical distance (Kanerva 1988).

In the cerebellum's reading of it, locations are granule cells with fixed mossy-fibre input,
counters their synapses on Purkinje cells, and address and word the mossy and climbing fibres.
Simplified away: real activity is graded, synapses are bounded, and a granule cell sees only a
handful of inputs.

References:
    P. Kanerva, Sparse distributed memory, MIT Press 1988.
    J. D. Keeler, Comparison between Kanerva's SDM and Hopfield-type neural networks, Cognitive
    Science 12 (1988).
"""

from __future__ import annotations

from math import comb

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError
from recollect.memory.separation import Threshold
from recollect.memory.similarity import Dot

__all__ = ["SparseDistributed", "radius_for"]

_ENTRIES = 2**24
"""Numbers kept at a time while many pairs are written: 64 MiB."""


def radius_for(key_dim: int, share: float) -> int:
    """Largest Hamming radius within which at most a share of all addresses lies.

    Args:
        key_dim: length of addresses.
        share: 0-1; Kanerva takes about a thousandth.

    Raises:
        ParameterError: a share out of range.
    """
    if not 0.0 < share < 1.0 or key_dim < 1:
        raise ParameterError("a radius needs key_dim above 0 and a share between 0 and 1")
    within, radius = 0, -1
    while (within + comb(key_dim, radius + 1)) / 2**key_dim <= share:
        radius += 1
        within += comb(key_dim, radius)
    return max(radius, 0)


class SparseDistributed(eqx.Module):
    """Counters at random addresses.

    Keys and queries count by their signs; values are ``±1``. Build it with :meth:`draw`.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        addresses: ``[location, key]`` of ``±1``.
        radius: Hamming distance up to which a location takes part.
        readings: times of reading, each at the signs found by the one before; more than 1 needs
            values as long as keys.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    addresses: Float[Array, "location key"]
    radius: float | Float[Array, ""]
    readings: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        """Refuse to read again at something that is no address."""
        if self.readings < 1 or (self.readings > 1 and self.key_dim != self.value_dim):
            raise ParameterError("reading more than once needs value_dim equal to key_dim")

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        key_dim: int,
        value_dim: int,
        *,
        locations: int = 10_000,
        radius: int | None = None,
        readings: int = 1,
    ) -> SparseDistributed:
        """A memory with addresses drawn at random.

        Args:
            random_key: of the addresses.
            key_dim: length of keys.
            value_dim: length of values.
            locations: how many.
            radius: by default what makes about ``locations ** (1/3)`` locations take part, or ten
                where that is less.
            readings: times of reading.
        """
        if min(key_dim, value_dim, locations) < 1:
            raise ParameterError("a sparse distributed memory needs sizes above 0")
        if radius is None:
            wanted = max(10.0, locations ** (1 / 3))
            radius = radius_for(key_dim, min(0.5, wanted / locations))
        addresses = jax.random.rademacher(random_key, (locations, key_dim), float)
        return cls(key_dim, value_dim, addresses, float(radius), readings)

    def init(self) -> Float[Array, "location value"]:
        """Counters at 0."""
        return jnp.zeros((self.addresses.shape[0], self.value_dim))

    def active(self, key: Float[Array, " key"]) -> Float[Array, " location"]:
        """1 for each location within the radius of a key, else 0."""
        # Of signs, the dot product is the length less twice the Hamming distance.
        reach = Threshold(self.key_dim - 2.0 * self.radius)
        return reach(Dot()(self.addresses, jnp.sign(key)))

    def write(
        self,
        state: Float[Array, "location value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "location value"]:
        """Add the value to the counters of every location near the key."""
        return state + self.active(key)[:, None] * value[None, :]

    def write_all(
        self,
        state: Float[Array, "location value"],
        keys: Float[Array, "n key"],
        values: Float[Array, "n value"],
    ) -> Float[Array, "location value"]:
        """A block of pairs at a time, which is the same as one after another."""
        count, size = keys.shape[0], max(1, _ENTRIES // self.addresses.shape[0])
        if count <= size:
            return state + jax.vmap(self.active)(keys).T @ values
        whole = count // size * size

        def add(state: Array, block: tuple[Array, Array]) -> tuple[Array, None]:
            return state + jax.vmap(self.active)(block[0]).T @ block[1], None

        blocks = (
            keys[:whole].reshape(-1, size, self.key_dim),
            values[:whole].reshape(-1, size, self.value_dim),
        )
        state = jax.lax.scan(add, state, blocks)[0]
        return self.write_all(state, keys[whole:], values[whole:])

    def read(
        self, state: Float[Array, "location value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """Mean counters of the locations near the query; zeros where there are none."""
        found = self._read_once(state, query)
        for _ in range(self.readings - 1):
            found = self._read_once(state, found)
        return found

    def _read_once(
        self, state: Float[Array, "location value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        active = self.active(query)
        count = jnp.sum(active)
        return active @ state / jnp.where(count == 0, 1.0, count)
