"""Causal self-attention: every step is kept whole, and found by the match of key and query.

    yₜ = Σᵢ softmaxᵢ(kᵢ · qₜ / √key) vᵢ,   i ≤ t

A whole sequence is attended to block by block in bounded memory; step by step the pairs are kept
in the slots of :class:`~recollect.memory.Attention`.

References:
    A. Vaswani et al., Attention is all you need, NeurIPS 2017.
"""

from __future__ import annotations

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.memory.attention import Attention
from recollect.memory.causal_attention import causal_attention
from recollect.memory.layers.heads import Heads
from recollect.memory.layers.layer import Layer
from recollect.memory.layers.over_memory import MemoryState, OverMemory
from recollect.memory.separation import Softmax

__all__ = ["SelfAttention"]


class SelfAttention(Layer):
    """A layer over attention slots.

    It knows no order of its own: add positions to the inputs, or put a convolution before it.

    Attributes:
        slots: the same layer step by step, with room for so many steps, the oldest of which gives
            way when all slots are taken. A whole sequence has no such limit.
    """

    slots: OverMemory

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        dim: int,
        heads: int = 1,
        *,
        key_dim: int | None = None,
        value_dim: int | None = None,
        slots: int = 1024,
        convolution: int = 0,
    ) -> SelfAttention:
        """A layer with random projections.

        Args:
            random_key: what to draw from.
            dim: length of inputs and outputs.
            heads: how many.
            key_dim: as of :meth:`Heads.draw`, and so the rest.
            value_dim: length of a head's values.
            slots: steps that are looked back on step by step.
            convolution: steps that each channel sees.
        """
        projections = Heads.draw(
            random_key, dim, heads, key_dim=key_dim, value_dim=value_dim, convolution=convolution
        )
        key = projections.to_key.shape[-1] // heads
        value = projections.to_value.shape[-1] // heads
        memory = Attention(key, value, slots, separation=Softmax(key**-0.5))
        return cls(OverMemory(projections, memory))

    @property
    def heads(self) -> Heads:
        """Projections."""
        return self.slots.heads

    def init_state(self) -> MemoryState:
        """Empty slots."""
        return self.slots.init_state()

    def run(
        self, state: MemoryState, inputs: Float[Array, "step dim"]
    ) -> tuple[Float[Array, "step dim"], MemoryState]:
        """A stretch of a sequence from a state, one step after the other."""
        return self.slots.run(state, inputs)

    def __call__(self, inputs: Float[Array, "step dim"]) -> Float[Array, "step dim"]:
        """Outputs of a whole sequence, all steps at once."""
        addressed, _ = self.heads.address(self.heads.init_state(), inputs)
        attend = jax.vmap(causal_attention, in_axes=1, out_axes=1)
        found: Array = attend(*addressed)
        return self.heads.gather(found)
