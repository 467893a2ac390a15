"""Gated DeltaNet: the delta rule with a learnt gate that lets the whole memory fade.

    Wₜ = aₜ Wₜ₋₁ + βₜ kₜ ⊗ (vₜ - aₜ Wₜ₋₁ᵀ kₜ),   aₜ = exp(-exp(s) softplus(w_aᵀ xₜ + b))

The delta rule replaces one pair at a time; the gate clears all at once when the subject changes.

References:
    S. Yang, J. Kautz, A. Hatamizadeh, Gated delta networks, ICLR 2025.
    T. Dao, A. Gu, Transformers are SSMs, ICML 2024 (the form of the gate and how it starts).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.memory.layers.delta_net import delta_writing
from recollect.memory.layers.fast_weights import FastWeightLayer, Writing
from recollect.memory.layers.heads import Addressed, Heads, matrix

__all__ = ["GatedDeltaNet"]

_LEAST_LOG_RETAINED = -60.0
"""Even a closed gate keeps a share whose logarithm is finite; its 1e-26 is nothing."""
_SPEEDS = (1.0, 16.0)
_STEPS = (1e-3, 1e-1)


class GatedDeltaNet(FastWeightLayer):
    """A layer over gated delta-rule fast weights whose keys have length 1.

    Attributes:
        to_rate: w_β ``[dim, head]``.
        to_fade: w_a ``[dim, head]``.
        fade_offset: b ``[head]``.
        log_speed: s ``[head]``.
    """

    to_rate: Float[Array, "dim head"]
    to_fade: Float[Array, "dim head"]
    fade_offset: Float[Array, " head"]
    log_speed: Float[Array, " head"]

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        dim: int,
        heads: int = 1,
        *,
        key_dim: int | None = None,
        value_dim: int | None = None,
        convolution: int = 0,
        form: str = "auto",
    ) -> GatedDeltaNet:
        """A layer with random projections; arguments as of :meth:`Heads.draw`.

        For inputs of 0 a step keeps ``exp(-speed · size)`` at first: speeds are uniform in 1 to
        16, sizes log-uniform in 0.001 to 0.1.
        """
        parts = jax.random.split(random_key, 5)
        projections = Heads.draw(
            parts[0],
            dim,
            heads,
            key_dim=key_dim,
            value_dim=value_dim,
            convolution=convolution,
            rectified=True,
            normalised=True,
        )
        speed = jax.random.uniform(parts[3], (heads,), minval=_SPEEDS[0], maxval=_SPEEDS[1])
        least, most = jnp.log(jnp.array(_STEPS))
        size = jnp.exp(jax.random.uniform(parts[4], (heads,), minval=least, maxval=most))
        return cls(
            projections,
            form,
            matrix(parts[1], dim, heads),
            matrix(parts[2], dim, heads),
            jnp.log(jnp.expm1(size)),  # softplus of it is the size
            jnp.log(speed),
        )

    def writing(self, addressed: Addressed, inputs: Float[Array, "step dim"]) -> Writing:
        """Keys and queries of length 1, the learnt rates and gates."""
        fade = jax.nn.softplus(inputs @ self.to_fade + self.fade_offset)
        log_retained = jnp.maximum(-jnp.exp(self.log_speed) * fade, _LEAST_LOG_RETAINED)
        rate = jax.nn.sigmoid(inputs @ self.to_rate)
        return delta_writing(addressed, rate)._replace(retained=jnp.exp(log_retained))
