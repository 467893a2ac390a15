"""Linear attention: Hebbian fast weights whose keys and queries are mapped to features.

    yₜ = φ(qₜ)ᵀ Σᵢ φ(kᵢ) vᵢᵀ / φ(qₜ)ᵀ Σᵢ φ(kᵢ),   i ≤ t

Attention with the similarity ``φ(k) · φ(q)`` in place of ``exp(k · q)``; its state does not grow.

References:
    A. Katharopoulos et al., Transformers are RNNs, ICML 2020.
"""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.memory.feature_maps import EluPlusOne, FeatureMap
from recollect.memory.layers.fast_weights import FastWeightLayer, Writing
from recollect.memory.layers.heads import Addressed, Heads

__all__ = ["LinearAttention"]


class LinearAttention(FastWeightLayer):
    """A layer over Hebbian fast weights.

    Attributes:
        feature_map: φ, of keys and queries; parameters that it has are learnt with the rest.
        normalised: whether what is found is divided by the sum of the similarities, a weighted
            mean of the values where φ is nowhere below 0. The sum is kept as one more value.
    """

    feature_map: FeatureMap
    normalised: bool = eqx.field(static=True)

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
        normalised: bool = True,
        convolution: int = 0,
        form: str = "auto",
    ) -> LinearAttention:
        """A layer with random projections; arguments as of :meth:`Heads.draw` and of this class."""
        projections = Heads.draw(
            random_key, dim, heads, key_dim=key_dim, value_dim=value_dim, convolution=convolution
        )
        features = EluPlusOne() if feature_map is None else feature_map
        return cls(projections, form, features, normalised)

    def writing(self, addressed: Addressed, inputs: Float[Array, "step dim"]) -> Writing:
        """Features of the keys and queries; the values, and a 1 to sum the similarities with."""
        keys, values, queries = addressed
        if self.normalised:
            values = jnp.concatenate([values, jnp.ones_like(values[..., :1])], axis=-1)
        return Writing(self.feature_map(keys), values, self.feature_map(queries))

    def reading(self, found: Float[Array, "step head value"]) -> Float[Array, "step head found"]:
        """Divided by the sum of the similarities; 0 where that is 0."""
        if not self.normalised:
            return found
        total = found[..., -1:]
        safe = jnp.where(total == 0, 1.0, total)
        return jnp.where(total == 0, 0.0, found[..., :-1] / safe)
