"""A gated short convolution: what came just before, times what is here.

    yₜ = xₜ + (conv(x)ₜ + c) ⊙ (Wᵀ xₜ + b)

The mixer with no memory at all but of the last few steps. Before a layer with a memory it brings
a pair's two steps together, so that the one can be the key of the other.

References:
    S. Arora et al., Zoology: measuring and improving recall in efficient language models, ICLR
    2024 (BaseConv).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.memory.layers.heads import matrix
from recollect.memory.layers.layer import Layer
from recollect.memory.layers.short_convolution import ShortConvolution

__all__ = ["GatedConvolution"]


class GatedConvolution(Layer):
    """A layer that multiplies a short convolution of its inputs with a projection of them.

    Attributes:
        convolution: over the inputs.
        convolution_offset: c ``[dim]``.
        projection: W ``[dim, dim]``.
        offset: b ``[dim]``.
    """

    convolution: ShortConvolution
    convolution_offset: Float[Array, " dim"]
    projection: Float[Array, "dim dim"]
    offset: Float[Array, " dim"]

    @classmethod
    def draw(cls, random_key: PRNGKeyArray, dim: int, *, width: int = 3) -> GatedConvolution:
        """A layer with random weights, whose channels see ``width`` steps.

        Raises:
            ParameterError: a width below 1.
        """
        for_convolution, for_projection = jax.random.split(random_key)
        return cls(
            ShortConvolution.draw(for_convolution, dim, width),
            jnp.zeros(dim),
            matrix(for_projection, dim, dim),
            jnp.zeros(dim),
        )

    def init_state(self) -> Float[Array, "before dim"]:
        """The steps before the first: nothing."""
        return self.convolution.init_state()

    def run(
        self, state: Float[Array, "before dim"], inputs: Float[Array, "step dim"]
    ) -> tuple[Float[Array, "step dim"], Float[Array, "before dim"]]:
        """A stretch of a sequence from a state."""
        before, state = self.convolution.run(state, inputs)
        here = inputs @ self.projection + self.offset
        return inputs + (before + self.convolution_offset) * here, state
