"""The fast-weight programmer: a slow net that learns to write the weights of a fast one.

    Wₜ = Wₜ₋₁ + βₜ k̂ₜ ⊗ (vₜ - Wₜ₋₁ᵀ k̂ₜ),   yₜ = q̂ₜᵀ Wₜ,   βₜ = sigmoid(w_βᵀ xₜ)

with ``k̂ = φ(k) / Σ φ(k)``, and q̂ likewise: features nowhere below 0 that sum to 1.

References:
    I. Schlag, K. Irie, J. Schmidhuber, Linear transformers are secretly fast weight programmers,
    ICML 2021, eq. 22-26.
"""

from __future__ import annotations

import jax
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.memory.feature_maps import DeterministicParameterFree, FeatureMap
from recollect.memory.layers.fast_weights import FastWeightLayer, Writing
from recollect.memory.layers.heads import Addressed, Heads, matrix
from recollect.memory.separation import Normalised

__all__ = ["FastWeightProgrammer"]


class FastWeightProgrammer(FastWeightLayer):
    """A layer over delta-rule fast weights whose keys are features that sum to 1.

    Attributes:
        to_rate: w_β ``[dim, head]``.
        feature_map: φ, nowhere below 0; DPFP of order 1 by default.
    """

    to_rate: Float[Array, "dim head"]
    feature_map: FeatureMap

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        dim: int,
        heads: int = 1,
        *,
        key_dim: int | None = None,
        value_dim: int | None = None,
        feature_map: FeatureMap | None = None,
        convolution: int = 0,
        form: str = "auto",
    ) -> FastWeightProgrammer:
        """A layer with random projections; arguments as of :meth:`Heads.draw` and of this class."""
        for_heads, for_rate = jax.random.split(random_key)
        projections = Heads.draw(
            for_heads, dim, heads, key_dim=key_dim, value_dim=value_dim, convolution=convolution
        )
        features = DeterministicParameterFree() if feature_map is None else feature_map
        return cls(projections, form, matrix(for_rate, dim, heads), features)

    def writing(self, addressed: Addressed, inputs: Float[Array, "step dim"]) -> Writing:
        """Features that sum to 1 (0 where they are all 0), and the learnt rates."""
        share = Normalised()
        return Writing(
            keys=share(self.feature_map(addressed.keys)),
            values=addressed.values,
            queries=share(self.feature_map(addressed.queries)),
            rate=jax.nn.sigmoid(inputs @ self.to_rate),
        )
