"""A layer over any memory: the memory's own rule, with projections that are learnt around it.

    sₜ = write(sₜ₋₁, φ(kₜ), vₜ),   yₜ = Wₒᵀ read(sₜ, φ(qₜ))

Settings of the memory that are arrays, such as a rate or a temperature, are learnt with the rest.

References:
    S. J. Gershman, I. Fiete, K. Irie, Key-value memory in the brain, Neuron 2025.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError
from recollect.memory.contract import Memory
from recollect.memory.feature_maps import FeatureMap, Identity
from recollect.memory.layers.heads import Heads, Recent
from recollect.memory.layers.layer import Layer

__all__ = ["MemoryState", "OverMemory"]


class MemoryState(NamedTuple):
    """What a layer over a memory knows.

    Attributes:
        recent: what its short convolution still sees.
        memory: the states of the heads, stacked.
    """

    recent: Recent
    memory: Any


class OverMemory(Layer):
    """A layer that writes every step to a memory and then reads it.

    Each head has a state of its own; the settings are shared. Without ``value_dim`` the memory's
    values are plain numbers. Of a reading with several parts the first is used. Gradients pass
    as far as the memory's rule has any.

    Attributes:
        heads: projections.
        memory: any.
        feature_map: φ, of keys and queries.
    """

    heads: Heads
    memory: Memory
    feature_map: FeatureMap = Identity()

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        dim: int,
        memory: Memory,
        heads: int = 1,
        *,
        key_dim: int | None = None,
        feature_map: FeatureMap | None = None,
        convolution: int = 0,
        rectified: bool = False,
        normalised: bool = False,
    ) -> OverMemory:
        """A layer with random projections.

        Args:
            random_key: what to draw from.
            dim: length of inputs and outputs.
            memory: any.
            heads: how many.
            key_dim: length of what is projected to keys; the memory's by default. It must be
                given where the memory tells none or where the feature map changes the length.
            feature_map: of keys and queries; none by default.
            convolution: as of :meth:`Heads.draw`, and so the rest.
            rectified: whether keys, values and queries pass through a SiLU.
            normalised: whether what a head found is set to a mean square of 1.

        Raises:
            ParameterError: the length of the keys is not known, or is not the memory's.
        """
        known = getattr(memory, "key_dim", None)
        length = known if key_dim is None else key_dim
        if length is None:
            raise ParameterError(
                f"{type(memory).__name__} does not tell its key_dim; give key_dim to draw"
            )
        features = Identity() if feature_map is None else feature_map
        mapped = jax.eval_shape(features, jnp.zeros(length)).shape[-1]
        if known is not None and mapped != known:
            raise ParameterError(
                f"the feature map makes keys of length {mapped} and the memory takes {known}; "
                "give a key_dim that fits"
            )
        projections = Heads.draw(
            random_key,
            dim,
            heads,
            key_dim=length,
            value_dim=getattr(memory, "value_dim", 1),
            convolution=convolution,
            rectified=rectified,
            normalised=normalised,
        )
        return cls(projections, memory, features)

    def init_state(self) -> MemoryState:
        """An empty memory for every head, in the precision of the projections."""
        dtype = self.heads.to_key.dtype

        def for_heads(leaf: Array) -> Array:
            wanted = dtype if jnp.issubdtype(leaf.dtype, jnp.floating) else leaf.dtype
            return jnp.broadcast_to(leaf.astype(wanted), (self.heads.count, *leaf.shape))

        return MemoryState(self.heads.init_state(), jax.tree.map(for_heads, self.memory.init()))

    def run(
        self, state: MemoryState, inputs: Float[Array, "step dim"]
    ) -> tuple[Float[Array, "step dim"], MemoryState]:
        """A stretch of a sequence from a state, one step after the other."""
        addressed, recent = self.heads.address(state.recent, inputs)
        keys, queries = self.feature_map(addressed.keys), self.feature_map(addressed.queries)
        plain = not hasattr(self.memory, "value_dim")
        values = addressed.values[..., 0] if plain else addressed.values

        def head(held: Any, key: Array, value: Array, query: Array) -> tuple[Any, Array]:
            held = self.memory.write(held, key, value)
            found = self.memory.read(held, query)
            first = found[0] if isinstance(found, tuple) else found
            return held, first[None] if plain else first

        def step(held: Any, one: tuple[Array, Array, Array]) -> tuple[Any, Array]:
            return jax.vmap(head)(held, *one)

        memory, found = jax.lax.scan(step, state.memory, (keys, values, queries))
        return self.heads.gather(found), MemoryState(recent, memory)
