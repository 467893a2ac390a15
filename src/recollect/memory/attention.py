"""Attention memory: the dual form, every pair kept whole in a slot of its own.

Reading compares the query with every key and mixes the values by how well they match. Nothing is
ever mixed in storage, so what is hard to find is not lost; only the slots are limited. What goes
when they are full is the policy's choice.

References:
    S. J. Gershman, I. Fiete, K. Irie, Key-value memory in the brain, Neuron 2025.
    A. Vaswani et al., Attention is all you need, NeurIPS 2017.
    D. L. Hintzman, MINERVA 2, Behavior Research Methods 16 (1984): every episode a trace.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.errors import ParameterError, UnknownNameError
from recollect.memory.nearest import block_size, nearest
from recollect.memory.separation import Separation, Softmax, TopK
from recollect.memory.similarity import Cosine, Dot, Similarity

__all__ = ["POLICIES", "Attention", "Slots"]

POLICIES = ("oldest", "weakest", "merge")
"""What gives way when all slots are taken."""


def _least(strength: Float[Array, " slot"]) -> float:
    """Strength of a pair however faded; 0 would stand for an empty slot."""
    return float(np.finfo(strength.dtype).tiny)


class Slots(NamedTuple):
    """Stored pairs.

    Attributes:
        keys: ``[slot, key]``.
        values: ``[slot, value]``.
        strength: ``[slot]`` 0 for an empty slot; else how much was written to it.
        age: ``[slot]`` writes since it was filled.
    """

    keys: Float[Array, "slot key"]
    values: Float[Array, "slot value"]
    strength: Float[Array, " slot"]
    age: Float[Array, " slot"]


class Attention(eqx.Module):
    """Slots read by similarity and separation, ``σ(S(K, q)) V``.

    When all slots are taken, a new pair

    - ``"oldest"``: replaces the pair that was stored longest ago;
    - ``"weakest"``: replaces the weakest pair. A pair gains strength whenever a similar one is
      stored (the positive cosine of their keys), as by rehearsal, and all fade by ``retained``;
    - ``"merge"``: is averaged into the pair with the most similar key, each counting by its
      strength.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        slots: how many pairs there is room for.
        similarity: of a query to the keys.
        separation: of the similarities into weights.
        policy: what gives way when the slots are full.
        retained: share of its strength that a pair keeps from one write to the next.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    slots: int = eqx.field(static=True, default=64)
    similarity: Similarity = Dot()
    separation: Separation = Softmax()
    policy: str = eqx.field(static=True, default="oldest")
    retained: float | Float[Array, ""] = 1.0

    def __check_init__(self) -> None:
        """Refuse a policy that does not exist and a memory without room."""
        if self.policy not in POLICIES:
            raise UnknownNameError("policy", self.policy, POLICIES)
        if min(self.key_dim, self.value_dim, self.slots) < 1:
            raise ParameterError("an attention memory needs key_dim, value_dim and slots above 0")
        if isinstance(self.retained, float) and not 0.0 < self.retained <= 1.0:
            raise ParameterError(
                f"the share retained lies above 0 and up to 1, not {self.retained}"
            )

    def init(self) -> Slots:
        """Empty slots."""
        return Slots(
            jnp.zeros((self.slots, self.key_dim)),
            jnp.zeros((self.slots, self.value_dim)),
            jnp.zeros(self.slots),
            jnp.zeros(self.slots),
        )

    def filled(self, keys: Float[Array, "n key"], values: Float[Array, "n value"]) -> Slots:
        """What writing pairs in turn to an empty memory gives, without the turns.

        Raises:
            ParameterError: more pairs than slots, or the policy is ``"weakest"``, by which each
                pair that is written strengthens those before it.
        """
        count, room = keys.shape[0], self.slots - keys.shape[0]
        if room < 0:
            raise ParameterError(f"{count} pairs do not fit into {self.slots} slots")
        if self.policy == "weakest":
            raise ParameterError('slots of the policy "weakest" are filled by write, pair by pair')
        age = jnp.arange(count, 0, -1, dtype=keys.dtype)
        faded = jnp.asarray(self.retained, keys.dtype) ** (age - 1)
        strength = jnp.maximum(faded, _least(faded))
        return Slots(
            jnp.pad(keys, [(0, room), (0, 0)]),
            jnp.pad(values, [(0, room), (0, 0)]),
            jnp.pad(strength, (0, room)),
            jnp.pad(age, (0, room), constant_values=count),  # unused slots grow older too
        )

    def write(
        self, state: Slots, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> Slots:
        """Store a pair in an empty slot, or where the policy makes room."""
        full = jnp.all(state.strength > 0)
        alike = Cosine()(state.keys, key)
        place = jnp.where(full, self._gives_way(state, alike), jnp.argmin(state.strength))
        share = jnp.zeros_like(state.strength)
        if self.policy == "merge":
            share = jnp.where(full, state.strength / (state.strength + 1.0), 0.0)
        least = _least(state.strength)
        taken = state.strength > 0
        strength = jnp.where(taken, jnp.maximum(state.strength * self.retained, least), 0.0)
        if self.policy == "weakest":
            strength = strength + jnp.where(taken, jax.nn.relu(alike), 0.0)
        kept = share[place]
        return Slots(
            state.keys.at[place].set(kept * state.keys[place] + (1.0 - kept) * key),
            state.values.at[place].set(kept * state.values[place] + (1.0 - kept) * value),
            strength.at[place].set(jnp.where(kept > 0, strength[place] + 1.0, 1.0)),
            (state.age + 1.0).at[place].set(1.0),
        )

    def _gives_way(self, state: Slots, alike: Float[Array, " slot"]) -> Array:
        if self.policy == "oldest":
            return jnp.argmax(state.age)
        if self.policy == "weakest":
            return jnp.argmin(state.strength)
        return jnp.argmax(alike)

    def read(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """The values, mixed by how well their keys match; zeros from an empty memory."""
        alike = self.similarity(state.keys, query)
        return self.separation(jnp.where(state.strength > 0, alike, -jnp.inf)) @ state.values

    def read_all(self, state: Slots, queries: Float[Array, "q key"]) -> Float[Array, "q value"]:
        """:meth:`read` of every query, in blocks of queries so that many slots stay bounded."""
        if isinstance(self.separation, TopK):
            count = min(self.separation.count, self.slots)
            present = state.strength > 0
            found = nearest(state.keys, queries, count, self.similarity, present=present)
            weights = self.separation(found.similarity)
            return jnp.einsum("qk,qkv->qv", weights, state.values[found.places])
        size = block_size(state.keys, self.similarity)
        if size >= queries.shape[0]:
            return jax.vmap(self.read, in_axes=(None, 0))(state, queries)
        return jax.lax.map(lambda query: self.read(state, query), queries, batch_size=size)
