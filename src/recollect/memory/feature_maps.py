"""Feature maps: a kernel as a dot product, so that fast weights can stand in for slots.

A feature map takes ``[..., key]`` and gives ``[..., feature]``.

References:
    A. Katharopoulos et al., Transformers are RNNs, ICML 2020 (ELU + 1).
    I. Schlag, K. Irie, J. Schmidhuber, Linear transformers are secretly fast weight programmers,
    ICML 2021 (DPFP).
    A. Rahimi, B. Recht, Random features for large-scale kernel machines, NeurIPS 2007.
    K. Choromanski et al., Rethinking attention with performers, ICLR 2021 (positive features).
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

__all__ = [
    "DeterministicParameterFree",
    "EluPlusOne",
    "FeatureMap",
    "Identity",
    "PositiveRandom",
    "RandomFourier",
    "Unit",
]


@runtime_checkable
class FeatureMap(Protocol):
    """What a key looks like to a memory."""

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n feature"]:
        """Features ``[..., feature]``."""
        ...


class Identity(eqx.Module):
    """The key itself."""

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n key"]:
        """Features ``[..., key]``."""
        return keys


class Unit(eqx.Module):
    """The key at length 1; a key of length 0 stays as it is."""

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n key"]:
        """Features ``[..., key]``."""
        square = jnp.sum(jnp.square(keys), axis=-1, keepdims=True)
        safe = jnp.where(square == 0, 1.0, square)
        return jnp.where(square == 0, 0.0, keys / jnp.sqrt(safe))


class EluPlusOne(eqx.Module):
    """``elu(x) + 1``, positive everywhere."""

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n key"]:
        """Features ``[..., key]``."""
        return jax.nn.elu(keys) + 1.0


class DeterministicParameterFree(eqx.Module):
    """DPFP: products of rectified halves with their own rotations, ``2 · key · ν`` features.

    Attributes:
        order: ν, how many rotations.
    """

    order: int = eqx.field(static=True, default=1)

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n feature"]:
        """Features ``[..., 2 · key · order]``."""
        halves = jax.nn.relu(jnp.concatenate([keys, -keys], axis=-1))
        turned = [jnp.roll(halves, shift, axis=-1) for shift in range(1, self.order + 1)]
        return jnp.concatenate([halves * other for other in turned], axis=-1)


class RandomFourier(eqx.Module):
    """Cosines along random directions: on average the Gaussian similarity of the same width.

    Attributes:
        directions: ``[feature, key]``.
        phases: ``[feature]``.
    """

    directions: Float[Array, "feature key"]
    phases: Float[Array, " feature"]

    @classmethod
    def draw(
        cls, random_key: PRNGKeyArray, key_dim: int, feature_dim: int, width: float = 1.0
    ) -> RandomFourier:
        """Random directions for a Gaussian of this width."""
        along, at = jax.random.split(random_key)
        directions = jax.random.normal(along, (feature_dim, key_dim)) / width
        return cls(directions, jax.random.uniform(at, (feature_dim,), maxval=2.0 * np.pi))

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n feature"]:
        """Features ``[..., feature]``."""
        scale = np.sqrt(2.0 / self.phases.shape[0]).item()
        return scale * jnp.cos(keys @ self.directions.T + self.phases)


class PositiveRandom(eqx.Module):
    """Positive random features: on average ``exp(k · q)``, with nothing below 0.

    Attributes:
        directions: ``[feature, key]``.
    """

    directions: Float[Array, "feature key"]

    @classmethod
    def draw(cls, random_key: PRNGKeyArray, key_dim: int, feature_dim: int) -> PositiveRandom:
        """Random directions, orthogonal within blocks of ``key_dim`` for a smaller variance."""
        blocks = -(-feature_dim // key_dim)
        turn, length = jax.random.split(random_key)
        shape = (blocks, key_dim, key_dim)
        bases, triangles = jnp.linalg.qr(jax.random.normal(turn, shape))
        signs = jnp.sign(jnp.diagonal(triangles, axis1=1, axis2=2))  # else not uniform
        lengths = jnp.linalg.norm(jax.random.normal(length, shape), axis=-1, keepdims=True)
        directions = bases * signs[:, None, :] * lengths
        return cls(directions.reshape(-1, key_dim)[:feature_dim])

    def __call__(self, keys: Float[Array, "*n key"]) -> Float[Array, "*n feature"]:
        """Features ``[..., feature]``."""
        scale = (self.directions.shape[0]) ** -0.5
        half = 0.5 * jnp.sum(jnp.square(keys), axis=-1, keepdims=True)
        return scale * jnp.exp(keys @ self.directions.T - half)
