"""Fitting FSRS-7 to a learner's reviews, compiled with JAX.

The recipe is that of the reference implementations: start from the defaults; Adam (rate 0.0118
on a cosine schedule, betas 0.7 and 0.98), 9 epochs, batches of about 512 predictions; loss =
summed, weighted cross-entropy + 0.3333 Σ ((w - w0) / σ)² shared out over the batches; parameters
are put back within their bounds after each step and the last ones are kept.

A batch holds whole cards, so that each card's recurrence is computed once for all its reviews.
The gradient is back-propagation through time written as two loops of a length known only when
run: one compiled step serves histories of every length, and only the few widths of a batch
make for new compilations. Every card has its own copy of the parameters inside the loops, which
keeps them element-wise; their gradients are summed at the end. Single precision.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from recollect.recall.baselines.fsrs7_batches import Batch, training_batches
from recollect.recall.baselines.fsrs7_equations import (
    Fsrs7State,
    first_state,
    next_state,
    recall,
)
from recollect.recall.baselines.fsrs7_parameters import (
    DEFAULTS,
    LOWER,
    PRIOR_SPREAD,
    UPPER,
    Fsrs7Parameters,
)
from recollect.reviews import ReviewLog

__all__ = ["fit_fsrs7", "loss_gradient", "recency_weights"]

_EPOCHS = 9
_LEARNING_RATE = 0.0118
_BETA_MEAN, _BETA_SQUARE = 0.7, 0.98
_EPSILON = 1e-8
_PRIOR_WEIGHT = 0.3333
_START = np.array(DEFAULTS.to_list(), dtype=np.float32)
_INITIAL_STABILITIES = slice(0, 4)
_FAST_BASE, _SLOW_BASE = 25, 26

Columns = tuple[Array, ...]


class _Adam(NamedTuple):
    parameters: Array
    mean: Array
    square: Array


def recency_weights(count: int) -> NDArray[np.float64]:
    """``[count]`` weights 0.0667 + 0.9333 x^11.25, x rising from 0 to 1 with each train row."""
    return 0.0667 + 0.9333 * np.linspace(0.0, 1.0, count) ** 11.25


def fit_fsrs7(
    log: ReviewLog,
    train_rows: NDArray[np.int64],
    elapsed_days: NDArray[np.float64],
    weights: NDArray[np.float64],
    seed: int = 0,
) -> Fsrs7Parameters:
    """Fit the 34 parameters.

    Args:
        log: ``n`` reviews.
        train_rows: ``[a]`` rows to learn from, ascending; no first reviews.
        elapsed_days: ``[n]`` time since the card's previous review, 0 on its first.
        weights: ``[a]`` weight of each train row.
        seed: of the order in which batches are visited.

    Returns:
        Fitted parameters; the defaults when there is nothing to learn from.
    """
    batches = list(training_batches(log, train_rows, elapsed_days, weights))
    if not batches:
        return DEFAULTS
    generator = np.random.default_rng(seed)
    steps = _EPOCHS * len(batches)
    zeros = np.zeros(_START.size, dtype=np.float32)
    state = _Adam(jnp.asarray(_START), jnp.asarray(zeros), jnp.asarray(zeros))
    done = 0
    for _ in range(_EPOCHS):
        for number in generator.permutation(len(batches)):
            rate = _LEARNING_RATE * 0.5 * (1.0 + math.cos(math.pi * done / steps))
            done += 1
            state = _step(state, batches[number], np.float32(rate), np.float32(done))
    return Fsrs7Parameters.from_list(np.asarray(state.parameters, dtype=np.float64).tolist())


def _review(parameters: Columns, state: Fsrs7State, row: Any) -> tuple[Fsrs7State, Array]:
    """One further review of every card: the state after it and its loss, ``[width]`` each."""
    rating, elapsed_days, weight = row
    named = Fsrs7Parameters.from_list(parameters)
    expected = recall(named, state, elapsed_days, jnp)
    likelihood = jnp.where(rating > 1, expected, 1.0 - expected)
    return next_state(named, state, rating, elapsed_days, jnp), -weight * jnp.log(likelihood)


def loss_gradient(vector: Array, batch: Batch) -> Array:
    """Gradient of a batch's summed, weighted cross-entropy (without the prior).

    Args:
        vector: ``[34]`` parameters in the order of the list.
        batch: what to predict.

    Returns:
        ``[34]``.
    """
    size, width = batch.rating.shape
    columns = tuple(jnp.broadcast_to(value, (width,)) for value in vector)

    def row(index: Array) -> tuple[Array, Array, Array]:
        table = (batch.rating, batch.elapsed_days, batch.weight)
        return tuple(jnp.asarray(values)[index] for values in table)  # type: ignore[return-value]

    def begin(parameters: Columns) -> Fsrs7State:
        rating = jnp.asarray(batch.rating)[0]
        return first_state(Fsrs7Parameters.from_list(parameters), rating, jnp)

    def forward(index: Array, carry: tuple[Fsrs7State, Array]) -> tuple[Fsrs7State, Array]:
        state, states = carry
        after, _ = _review(columns, state, row(index))
        return after, states.at[index].set(jnp.stack(after))

    def backward(count: Array, carry: tuple[Columns, Fsrs7State]) -> tuple[Columns, Fsrs7State]:
        total, state_gradient = carry
        index = batch.length - count
        before = Fsrs7State(*states[index - 1])
        _, pull = jax.vjp(lambda p, s: _review(p, s, row(index)), columns, before)
        gradient, state_gradient = pull((state_gradient, jnp.ones(width, vector.dtype)))
        return tuple(map(jnp.add, total, gradient)), state_gradient

    start, pull_start = jax.vjp(begin, columns)
    states = jnp.zeros((size, len(start), width), vector.dtype).at[0].set(jnp.stack(start))
    _, states = jax.lax.fori_loop(1, batch.length - 1, forward, (start, states))
    zero = jnp.zeros(width, vector.dtype)
    nothing = (tuple(zero for _ in columns), Fsrs7State(zero, zero, zero))
    total, start_gradient = jax.lax.fori_loop(1, batch.length, backward, nothing)
    (first,) = pull_start(start_gradient)
    return jnp.sum(jnp.stack(total) + jnp.stack(first), axis=1)


@partial(jax.jit, donate_argnums=0)
def _step(state: _Adam, batch: Batch, rate: Array, count: Array) -> _Adam:
    """One step of Adam, with the batch's share of the prior."""
    gradient = loss_gradient(state.parameters, batch)
    pull = 2.0 * (state.parameters - _START) / PRIOR_SPREAD**2
    gradient = gradient + _PRIOR_WEIGHT * batch.share * pull
    mean = _BETA_MEAN * state.mean + (1.0 - _BETA_MEAN) * gradient
    square = _BETA_SQUARE * state.square + (1.0 - _BETA_SQUARE) * gradient**2
    direction = (mean / (1.0 - _BETA_MEAN**count)) / (
        jnp.sqrt(square / (1.0 - _BETA_SQUARE**count)) + _EPSILON
    )
    return _Adam(_within_bounds(state.parameters - rate * direction), mean, square)


def _within_bounds(vector: Array) -> Array:
    """Box bounds, then: initial stabilities rise with the grade, fast_base <= slow_base."""
    vector = jnp.clip(vector, LOWER, UPPER)
    rising = jax.lax.cummax(vector[_INITIAL_STABILITIES])
    vector = vector.at[_INITIAL_STABILITIES].set(rising)
    return vector.at[_SLOW_BASE].set(jnp.maximum(vector[_SLOW_BASE], vector[_FAST_BASE]))
