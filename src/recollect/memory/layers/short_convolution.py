"""A short causal convolution: every channel sees its own last few steps.

It gives a memory of single steps what pairs are made of: a step knows what came just before it.

References:
    D. Y. Fu et al., Hungry hungry hippos, ICLR 2023 (the shift that recall needs).
    S. Yang et al., Parallelizing linear transformers with the delta rule over sequence length,
    NeurIPS 2024 (before keys, values and queries).
"""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError

__all__ = ["ShortConvolution"]


class ShortConvolution(eqx.Module):
    """``yₜ = Σᵢ wᵢ ⊙ xₜ₋ᵢ``, i from 0 to width - 1.

    Attributes:
        weights: ``[width, channel]``, the present step first.
    """

    weights: Float[Array, "width channel"]

    @classmethod
    def draw(cls, random_key: PRNGKeyArray, channels: int, width: int) -> ShortConvolution:
        """Random weights, uniform within one over the root of the width.

        Raises:
            ParameterError: a width below 1.
        """
        if width < 1:
            raise ParameterError(f"a convolution is 1 step wide or more, not {width}")
        bound = width**-0.5
        return cls(jax.random.uniform(random_key, (width, channels), minval=-bound, maxval=bound))

    def init_state(self) -> Float[Array, "before channel"]:
        """The ``width - 1`` steps before the first: nothing."""
        width, channels = self.weights.shape
        return jnp.zeros((width - 1, channels), self.weights.dtype)

    def run(
        self, state: Float[Array, "before channel"], inputs: Float[Array, "step channel"]
    ) -> tuple[Float[Array, "step channel"], Float[Array, "before channel"]]:
        """What the steps give, and the last ``width - 1`` of them."""
        width, count = self.weights.shape[0], inputs.shape[0]
        seen = jnp.concatenate([state, inputs])
        found = self.weights[0] * inputs
        for back in range(1, width):
            start = width - 1 - back
            found = found + self.weights[back] * seen[start : start + count]
        return found, seen[count:]
