"""Fast weights along a sequence: written and read at every step, with gradients.

One recurrence covers the family, with weights ``W [key, value]``, gates ``a`` and rates ``b``:

    Wₜ = aₜ Wₜ₋₁ + kₜ ⊗ uₜ,   oₜ = qₜᵀ Wₜ

with ``uₜ = vₜ`` (Hebbian: linear attention) or ``uₜ = bₜ (vₜ - aₜ Wₜ₋₁ᵀ kₜ)`` (delta rule). It has
two forms. The recurrent form takes one step after the other. The chunked form solves for the
``u`` of a whole chunk at once, a triangular system, so that most of the work is matrix products;
its gradients are several times faster. They agree to rounding.

References:
    I. Schlag, K. Irie, J. Schmidhuber, Linear transformers are secretly fast weight programmers,
    ICML 2021.
    S. Yang et al., Parallelizing linear transformers with the delta rule over sequence length,
    NeurIPS 2024.
    S. Yang, J. Kautz, A. Hatamizadeh, Gated delta networks, ICLR 2025.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError, UnknownNameError

__all__ = ["FORMS", "Along", "fast_weights_along"]

FORMS = ("auto", "recurrent", "chunked")
"""How the recurrence is worked out; ``auto`` takes steps, and chunks where a gradient is asked."""


_LEAST_GATE = 2e-9


class Along(NamedTuple):
    """Fast weights run along a sequence.

    Attributes:
        outputs: ``[step, value]`` read with each query just after the write of its step.
        state: ``[key, value]`` weights after the last step.
    """

    outputs: Float[Array, "step value"]
    state: Float[Array, "key value"]


class _Steps(NamedTuple):
    keys: Float[Array, "step key"]
    values: Float[Array, "step value"]
    queries: Float[Array, "step key"]
    rate: Float[Array, " step"] | None
    log_retained: Float[Array, " step"] | None


def fast_weights_along(
    keys: Float[Array, "step key"],
    values: Float[Array, "step value"],
    queries: Float[Array, "step key"],
    *,
    rate: Float[Array, " step"] | None = None,
    retained: Float[Array, " step"] | None = None,
    state: Float[Array, "key value"] | None = None,
    form: str = "auto",
    chunk: int | None = None,
) -> Along:
    """Write and read at every step.

    Args:
        keys: of each step.
        values: of each step.
        queries: of each step.
        rate: b of the delta rule, stable for ``b ‖k‖²`` in [0, 2]; Hebbian without it.
        retained: a, 0 to 1; 1 without it. Gates below 2e-9 are taken for that: what they keep
            is below rounding, and the forms agree.
        state: weights to begin with; zero by default.
        form: one of :data:`FORMS`. ``auto`` has no forward-mode derivative.
        chunk: steps that the chunked form takes together, a power of two. By default 64, and with
            a rate 32, where the triangular system costs more than what larger products save.

    Raises:
        UnknownNameError: no such form.
        ParameterError: the chunk is no power of two.
    """
    if form not in FORMS:
        raise UnknownNameError("form", form, FORMS)
    if chunk is None:
        chunk = 64 if rate is None else 32
    if chunk < 1 or chunk & (chunk - 1):
        raise ParameterError(f"a chunk is a power of two, such as 64, and not {chunk}")
    if state is None:
        state = jnp.zeros((keys.shape[-1], values.shape[-1]), keys.dtype)
    log_retained = None if retained is None else jnp.log(jnp.maximum(retained, _LEAST_GATE))
    if keys.shape[0] == 0:
        return Along(jnp.zeros((0, values.shape[-1]), values.dtype), state)
    steps = _Steps(keys, values, queries, rate, log_retained)
    if form == "recurrent":
        return _recurrent(steps, state)
    if form == "chunked":
        return _chunked(chunk, steps, state)
    return _auto(chunk, steps, state)


def _recurrent(steps: _Steps, state: Float[Array, "key value"]) -> Along:
    def step(weights: Array, one: _Steps) -> tuple[Array, Array]:
        kept = weights if one.log_retained is None else jnp.exp(one.log_retained) * weights
        update = one.values if one.rate is None else one.rate * (one.values - one.keys @ kept)
        written = kept + one.keys[:, None] * update[None, :]
        return written, one.queries @ written

    final, outputs = jax.lax.scan(step, state, steps)
    return Along(outputs, final)


def _chunked(chunk: int, steps: _Steps, state: Float[Array, "key value"]) -> Along:
    """All that chunks do not owe each other at once; from chunk to chunk only the weights."""
    count = steps.keys.shape[0]
    chunks = -(-count // chunk)
    padding = chunks * chunk - count

    def cut(column: Array) -> Array:
        # Keys and rates of 0 write nothing, log gates of 0 keep everything.
        padded = jnp.pad(column, [(0, padding)] + [(0, 0)] * (column.ndim - 1))
        return padded.reshape(chunks, chunk, *column.shape[1:])

    prepared = jax.vmap(_prepare)(jax.tree.map(cut, steps))
    final, (before, updates) = _from_chunk_to_chunk(prepared, state)
    outputs = prepared.queries @ before + prepared.scores @ updates
    return Along(outputs.reshape(chunks * chunk, -1)[:count], final)


class _Prepared(NamedTuple):
    """A chunk as far as it can be worked out without the weights that it starts from.

    The updates are ``u = updates - erased W``, the outputs ``queries W + scores u`` and the next
    weights ``kept W + keysᵀ u``.
    """

    updates: Float[Array, "step value"]
    erased: Float[Array, "step key"] | None
    queries: Float[Array, "step key"]
    scores: Float[Array, "step step"]
    keys: Float[Array, "step key"]
    kept: Float[Array, ""] | None


def _prepare(steps: _Steps) -> _Prepared:
    keys, values, queries, rate, log_retained = steps
    at = jnp.arange(keys.shape[0])
    earlier = at[:, None] > at[None, :]
    scores = jnp.where(at[:, None] >= at[None, :], queries @ keys.T, 0.0)
    kept = faded = None
    start_keys = keys
    if log_retained is not None:
        log_kept = jnp.cumsum(log_retained)
        # Masked before the exponential: what is not used must not overflow.
        gap = jnp.where(earlier, log_kept[:, None] - log_kept[None, :], 0.0)
        faded = jnp.exp(gap)
        scores = scores * faded
        from_start, to_end = jnp.exp(log_kept), jnp.exp(log_kept[-1] - log_kept)
        kept = from_start[-1]
        start_keys = keys * from_start[:, None]
        queries = queries * from_start[:, None]
        keys_out = keys * to_end[:, None]
    else:
        keys_out = keys
    if rate is None:
        return _Prepared(values, None, queries, scores, keys_out, kept)
    alike = keys @ keys.T if faded is None else (keys @ keys.T) * faded
    inverse = _unit_lower_inverse(jnp.where(earlier, rate[:, None] * alike, 0.0)) * rate
    return _Prepared(inverse @ values, inverse @ start_keys, queries, scores, keys_out, kept)


@jax.custom_vjp
def _unit_lower_inverse(below: Float[Array, "*n step step"]) -> Float[Array, "*n step step"]:
    """Inverse of ``1 + below``, where ``below`` is zero on and above the diagonal.

    By halves: of ``[[A, 0], [C, B]]`` it is ``[[A⁻¹, 0], [-B⁻¹ C A⁻¹, B⁻¹]]``, substitution in the
    shape of matrix products.
    """
    size = below.shape[-1]
    if size == 1:
        return jnp.ones_like(below)
    half = size // 2
    halves = jnp.stack([below[..., :half, :half], below[..., half:, half:]])
    first, second = _unit_lower_inverse(halves)
    corner = -second @ below[..., half:, :half] @ first
    upper = jnp.concatenate([first, jnp.zeros_like(first)], axis=-1)
    return jnp.concatenate([upper, jnp.concatenate([corner, second], axis=-1)], axis=-2)


def _inverse_forward(below: Array) -> tuple[Array, Array]:
    inverse = _unit_lower_inverse(below)
    return inverse, inverse


def _inverse_backward(inverse: Array, slope: Array) -> tuple[Array]:
    turned = jnp.swapaxes(inverse, -1, -2)
    return (-turned @ slope @ turned,)


_unit_lower_inverse.defvjp(_inverse_forward, _inverse_backward)


def _from_chunk_to_chunk(
    chunks: _Prepared, state: Float[Array, "key value"]
) -> tuple[Array, tuple[Array, Array]]:
    """The last weights; the weights before every chunk, and its updates."""

    def add(weights: Array, one: tuple[Array, Array | None]) -> tuple[Array, Array]:
        written, kept = one
        return written + (weights if kept is None else kept * weights), weights

    def erase_and_add(
        weights: Array, one: tuple[_Prepared, Array]
    ) -> tuple[Array, tuple[Array, Array]]:
        chunk, erased = one
        updates = chunk.updates - erased @ weights
        return add(weights, (chunk.keys.T @ updates, chunk.kept))[0], (weights, updates)

    if chunks.erased is not None:
        return jax.lax.scan(erase_and_add, state, (chunks, chunks.erased))
    written = jnp.swapaxes(chunks.keys, -1, -2) @ chunks.updates
    final, before = jax.lax.scan(add, state, (written, chunks.kept))
    return final, (before, chunks.updates)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _auto(chunk: int, steps: _Steps, state: Float[Array, "key value"]) -> Along:
    """The recurrent form; where a gradient is asked, the chunked form in its place."""
    return _recurrent(steps, state)


def _auto_forward(chunk: int, steps: _Steps, state: Array) -> tuple[Along, object]:
    return jax.vjp(partial(_chunked, chunk), steps, state)


def _auto_backward(chunk: int, pull_back: object, slope: Along) -> tuple[_Steps, Array]:
    return pull_back(slope)  # type: ignore[operator]


_auto.defvjp(_auto_forward, _auto_backward)
