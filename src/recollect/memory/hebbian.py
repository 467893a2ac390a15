"""Hebbian fast weights with decay, in their primal form (weights) and dual form (traces).

Writing adds the outer product of key and value to a weight matrix that fades; reading multiplies
a query with it (Ba et al. 2016; Schlag, Irie & Schmidhuber 2021). The same number comes out of
keeping every pair and summing over the pairs at reading time, each weighted with the similarity
of its faded key to the query (Irie, Csordás & Schmidhuber 2022): the two forms are one memory.

References:
    J. Ba et al., Using fast weights to attend to the recent past, NeurIPS 2016.
    I. Schlag, K. Irie, J. Schmidhuber, Linear transformers are secretly fast weight programmers,
    ICML 2021.
    K. Irie, R. Csordás, J. Schmidhuber, The dual form of neural networks revisited, ICML 2022.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["DecayedHebbian", "ScalarHebbian", "read_traces"]


class DecayedHebbian(eqx.Module):
    """Outer-product fast weights whose rows fade at rates of their own.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)

    def init(self) -> Float[Array, "key value"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.value_dim))

    def decay(
        self, state: Float[Array, "key value"], retained: Float[Array, " key"]
    ) -> Float[Array, "key value"]:
        """Weights after some time.

        Args:
            state: weights.
            retained: share of each key component that is left, 0-1.
        """
        return state * retained[:, None]

    def write(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "key value"]:
        """Weights with one more pair, ``W + key ⊗ value``."""
        return state + key[:, None] * value[None, :]

    def read(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state


class ScalarHebbian(eqx.Module):
    """:class:`DecayedHebbian` for values that are plain numbers: the weights are a vector.

    Weights, keys and values may have further axes behind the key's, for many memories side by
    side.

    Attributes:
        key_dim: length of keys and queries.
    """

    key_dim: int = eqx.field(static=True)

    def init(self) -> Float[Array, " key"]:
        """Weights of an empty memory."""
        return jnp.zeros(self.key_dim)

    def decay(
        self, state: Float[Array, "key *#batch"], retained: Float[Array, "key *#batch"]
    ) -> Float[Array, "key *#batch"]:
        """Weights after some time, of which ``retained`` (0-1) is left for each key component."""
        return state * retained

    def write(
        self,
        state: Float[Array, "key *#batch"],
        key: Float[Array, "key *#batch"],
        value: Float[Array, "*#batch"],
    ) -> Float[Array, "key *#batch"]:
        """Weights with one more pair, ``w + value key``."""
        return state + key * value

    def read(
        self, state: Float[Array, "key *#batch"], query: Float[Array, "key *#batch"]
    ) -> Float[Array, "*#batch"]:
        """What the weights hold for a query, ``query · w``."""
        return jnp.sum(query * state, axis=0)


def read_traces(
    keys: Float[Array, "n key"],
    values: Float[Array, "n value"],
    retained: Float[Array, "n key"],
    query: Float[Array, " key"],
) -> Float[Array, " value"]:
    """The dual read: every stored pair answers with the similarity of its faded key.

    Args:
        keys: as they were written.
        values: as they were written, kept whole.
        retained: share of each key component left since its writing.
        query: what is asked for.

    Returns:
        ``Σₙ ⟨query, retainedₙ ⊙ keyₙ⟩ valueₙ``, equal to reading the fast weights.
    """
    similarity = (keys * retained) @ query
    return similarity @ values
