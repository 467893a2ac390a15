"""DeltaNet: the delta rule on keys of length 1, with a rate that is learnt.

    Wₜ = Wₜ₋₁ + βₜ kₜ ⊗ (vₜ - Wₜ₋₁ᵀ kₜ),   yₜ = norm(qₜᵀ Wₜ),   βₜ = sigmoid(w_βᵀ xₜ)

Keys, values and queries pass a SiLU, keys and queries are then set to length 1, and what a head
found to a mean square of 1. A short convolution before the SiLU is usual.

References:
    S. Yang et al., Parallelizing linear transformers with the delta rule over sequence length,
    NeurIPS 2024.
    R. Grazzi et al., Unlocking state-tracking in linear RNNs through negative eigenvalues, ICLR
    2025 (rates up to 2).
"""

from __future__ import annotations

import equinox as eqx
import jax
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.memory.feature_maps import Unit
from recollect.memory.layers.fast_weights import FastWeightLayer, Writing
from recollect.memory.layers.heads import Addressed, Heads, matrix

__all__ = ["DeltaNet", "delta_writing"]


class DeltaNet(FastWeightLayer):
    """A layer over delta-rule fast weights whose keys have length 1.

    Attributes:
        to_rate: w_β ``[dim, head]``.
        most_rate: what the rate nears where it is largest. With 2 a write can turn what is
            stored under its key into the opposite; more is not stable.
    """

    to_rate: Float[Array, "dim head"]
    most_rate: float = eqx.field(static=True)

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        dim: int,
        heads: int = 1,
        *,
        key_dim: int | None = None,
        value_dim: int | None = None,
        most_rate: float = 1.0,
        convolution: int = 0,
        form: str = "auto",
    ) -> DeltaNet:
        """A layer with random projections; arguments as of :meth:`Heads.draw` and of this class."""
        for_heads, for_rate = jax.random.split(random_key)
        projections = Heads.draw(
            for_heads,
            dim,
            heads,
            key_dim=key_dim,
            value_dim=value_dim,
            convolution=convolution,
            rectified=True,
            normalised=True,
        )
        return cls(projections, form, matrix(for_rate, dim, heads), most_rate)

    def writing(self, addressed: Addressed, inputs: Float[Array, "step dim"]) -> Writing:
        """Keys and queries of length 1, and the learnt rates."""
        return delta_writing(addressed, self.most_rate * jax.nn.sigmoid(inputs @ self.to_rate))


def delta_writing(addressed: Addressed, rate: Float[Array, "step head"]) -> Writing:
    """Delta-rule writing with keys and queries set to length 1."""
    unit = Unit()
    return Writing(unit(addressed.keys), addressed.values, unit(addressed.queries), rate)
