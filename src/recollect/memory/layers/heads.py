"""The learnt projections that all layers share: inputs to keys, values and queries, and back.

    k = Wₖᵀ x,   v = Wᵥᵀ x,   q = W_qᵀ x,   y = Wₒᵀ [found of every head]

Every head is a memory of its own, with its share of the keys, values and queries. On the way in
there may be a short convolution and a SiLU, on the way out a root-mean-square norm.

References:
    A. Vaswani et al., Attention is all you need, NeurIPS 2017 (heads).
    B. Zhang, R. Sennrich, Root mean square layer normalization, NeurIPS 2019.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError
from recollect.memory.layers.short_convolution import ShortConvolution

__all__ = ["Addressed", "Heads", "Recent", "matrix"]

Recent = Float[Array, "before channel"]
"""What a short convolution still sees of the steps before; of size 0 without one."""

_LEAST_SQUARE = 1e-6


class Addressed(NamedTuple):
    """What the inputs ask of the memories and write to them.

    Attributes:
        keys: ``[step, head, key]``.
        values: ``[step, head, value]``.
        queries: ``[step, head, key]``.
    """

    keys: Float[Array, "step head key"]
    values: Float[Array, "step head value"]
    queries: Float[Array, "step head key"]


def matrix(random_key: PRNGKeyArray, rows: int, columns: int) -> Float[Array, "rows columns"]:
    """Random weights, uniform within one over the root of the rows."""
    bound = rows**-0.5
    return jax.random.uniform(random_key, (rows, columns), minval=-bound, maxval=bound)


class Heads(eqx.Module):
    """Projections of the inputs to keys, values and queries of each head, and back.

    Attributes:
        to_key: W_k ``[dim, head · key]``.
        to_value: W_v ``[dim, head · value]``.
        to_query: W_q ``[dim, head · key]``.
        from_value: W_o ``[head · value, dim]``.
        convolution: over all keys, values and queries; none by default.
        gain: ``[value]`` of the norm of what each head found; no norm without it.
        count: how many heads.
        rectified: whether keys, values and queries pass through a SiLU.
    """

    to_key: Float[Array, "dim keys"]
    to_value: Float[Array, "dim values"]
    to_query: Float[Array, "dim keys"]
    from_value: Float[Array, "values dim"]
    convolution: ShortConvolution | None
    gain: Float[Array, " value"] | None
    count: int = eqx.field(static=True)
    rectified: bool = eqx.field(static=True)

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
        rectified: bool = False,
        normalised: bool = False,
    ) -> Heads:
        """Random projections.

        Args:
            random_key: what to draw from.
            dim: length of inputs and outputs.
            heads: how many.
            key_dim: length of a head's keys; the dim shared among the heads by default.
            value_dim: of its values, likewise.
            convolution: steps that each channel sees; 0 for none.
            rectified: whether keys, values and queries pass through a SiLU.
            normalised: whether what a head found is set to a mean square of 1.

        Raises:
            ParameterError: nothing to project, or a dim that cannot be shared among the heads.
        """
        if min(dim, heads) < 1:
            raise ParameterError("a layer needs dim and heads above 0")
        if dim % heads and (key_dim is None or value_dim is None):
            raise ParameterError(
                f"a dim of {dim} cannot be shared among {heads} heads; "
                "give key_dim and value_dim, or other heads"
            )
        key = dim // heads if key_dim is None else key_dim
        value = dim // heads if value_dim is None else value_dim
        if min(key, value) < 1:
            raise ParameterError("a layer needs key_dim and value_dim above 0")
        parts = jax.random.split(random_key, 5)
        channels = heads * (2 * key + value)
        return cls(
            to_key=matrix(parts[0], dim, heads * key),
            to_value=matrix(parts[1], dim, heads * value),
            to_query=matrix(parts[2], dim, heads * key),
            from_value=matrix(parts[3], heads * value, dim),
            convolution=(
                ShortConvolution.draw(parts[4], channels, convolution) if convolution else None
            ),
            gain=jnp.ones(value) if normalised else None,
            count=heads,
            rectified=rectified,
        )

    def init_state(self) -> Recent:
        """What the convolution sees before the first step."""
        if self.convolution is None:
            return jnp.zeros((0, 0), self.to_key.dtype)
        return self.convolution.init_state()

    def address(self, recent: Recent, inputs: Float[Array, "step dim"]) -> tuple[Addressed, Recent]:
        """Keys, values and queries of a stretch of steps, and what the next stretch must know."""
        together = inputs @ jnp.concatenate([self.to_key, self.to_value, self.to_query], axis=-1)
        if self.convolution is not None:
            together, recent = self.convolution.run(recent, together)
        if self.rectified:
            together = jax.nn.silu(together)
        keys, values = self.to_key.shape[-1], self.to_value.shape[-1]
        parts = jnp.split(together, [keys, keys + values], axis=-1)
        apart = (part.reshape(inputs.shape[0], self.count, -1) for part in parts)
        return Addressed(*apart), recent

    def gather(self, found: Float[Array, "step head value"]) -> Float[Array, "step dim"]:
        """Outputs from what every head found."""
        if self.gain is not None:
            square = jnp.mean(jnp.square(found), axis=-1, keepdims=True)
            found = self.gain * found / jnp.sqrt(square + _LEAST_SQUARE)
        return found.reshape(found.shape[0], -1) @ self.from_value
