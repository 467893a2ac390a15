"""The learner as a second memory: how to read this learner's cards, learned review by review.

The memory stores (key of a review → recalled or not) with the Kalman delta rule of
:mod:`recollect.memory`, from a prior that other learners taught. Memories of different
plasticity run side by side and are averaged: a stable one for what lasts, quicker ones for what
changes. A last competitor, the running average of the learner's own recall, takes part in a
choice whose regret is bounded: nobody is served much worse than by their own average.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.memory import KalmanDelta, KalmanState, Recollection
from recollect.recall.model.keys import CURVE_SIGN

__all__ = [
    "GUARD_SHARE",
    "GUARD_START",
    "MOST_CERTAIN",
    "PLASTICITIES",
    "InstantReading",
    "LearnerMemory",
    "LearnerPrior",
    "curve_weights",
    "learn_curve",
    "learn_instant",
    "untaught_curve",
    "untaught_instant",
]

_Real = TypeVar("_Real", bound=np.floating)

PRIOR_DEVIATION = 0.1
"""Standard deviation between learners of a weight on a scaled key component."""
PLASTICITIES = (0.0, 0.003, 0.01)
"""Drift per review of a weight, for each of the instant memories."""
GUARD_START = 0.02
"""Weight that the running average starts with."""
GUARD_SHARE = 1e-4
"""Share of their weight that the memories and the running average exchange at every review."""
MOST_CERTAIN = 1.0 - 2.0**-13
"""Neither competitor is surer than this, so that both outcomes keep a likelihood that single
precision holds and the promise about the loss is kept to the digit."""


class LearnerPrior(eqx.Module):
    """What other learners taught: mean weights on the scaled key.

    Attributes:
        instant: ``[sort, key]`` for later-day (0) and same-day (1) reviews.
        curve: ``[sort, curve key]``.
    """

    instant: Float[Array, "2 key"]
    curve: Float[Array, "2 curvekey"]


def _memory(mean: Float[Array, " key"], drift: float | Array) -> KalmanDelta:
    return KalmanDelta(mean, jnp.full_like(mean, PRIOR_DEVIATION), jnp.ones_like(mean) * drift)


class InstantReading(NamedTuple):
    """Columns ``[n]`` of the instant prediction, and what is remembered at the end.

    Attributes:
        probability: of recall.
        deviation: standard error of its log odds.
        guard: weight of the running average in the choice.
        states: beliefs of the memories at the end, leading axis plasticity.
        guard_evidence: log odds of the guard at the end.
    """

    probability: Float[Array, " n"]
    deviation: Float[Array, " n"]
    guard: Float[Array, " n"]
    states: KalmanState
    guard_evidence: Float[Array, ""]


def guard_weight(evidence: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Weight of the running average given its log odds against the memories.

    A fixed share (Herbster & Warmuth 1998): except by evidence it never falls by more than
    ``GUARD_SHARE`` of itself, so that over n reviews the log loss exceeds that of the running
    average by at most ``-log(GUARD_START) - n log(1 - GUARD_SHARE)``.
    """
    return GUARD_SHARE + (1.0 - 2.0 * GUARD_SHARE) * jax.nn.sigmoid(evidence)


class LearnerMemory(NamedTuple):
    """What is remembered of a learner for one sort of review (later-day or same-day).

    Attributes:
        instant: beliefs of the instant memories, leading axis plasticity.
        guard_evidence: log odds of the running average against them.
        curve: belief of the curve's memory.
    """

    instant: KalmanState
    guard_evidence: Float[Array, ""]
    curve: KalmanState


def untaught_instant(prior_mean: Float[Array, " key"]) -> tuple[KalmanState, Float[Array, ""]]:
    """Beliefs of the instant memories and log odds of the guard before the first review."""
    drifts = jnp.array(PLASTICITIES)
    states = jax.vmap(lambda drift: _memory(prior_mean, drift).init())(drifts)
    return states, jnp.log(GUARD_START) - jnp.log1p(-GUARD_START)


def untaught_curve(prior_mean: Float[Array, " curvekey"]) -> KalmanState:
    """Belief of the curve's memory before the first review."""
    return _memory(prior_mean, 0.0).init()


def learn_instant(
    start: tuple[KalmanState, Float[Array, ""]],
    keys: Float[Array, "n key"],
    average_logit: Float[Array, " n"],
    recalled: Float[Array, " n"],
    real: Float[Array, " n"],
) -> InstantReading:
    """Read, then write, every review.

    Args:
        start: beliefs and log odds of the guard that earlier reviews left.
        keys: of the reviews.
        average_logit: log odds of the running average of recall before each.
        recalled: outcomes, 0 or 1.
        real: 0 on padding, whose keys are zero and write nothing.
    """
    drifts = jnp.array(PLASTICITIES)

    def step(
        carry: tuple[KalmanState, Array], row: tuple[Array, Array, Array, Array]
    ) -> tuple[tuple[KalmanState, Array], tuple[Array, Array, Array]]:
        states, evidence = carry
        key, average, outcome, real = row

        def one(drift: Array, state: KalmanState) -> tuple[Recollection, KalmanState]:
            return _memory(state.mean, drift * real).read_and_write(state, key, outcome)

        (logit, variance), written = jax.vmap(one)(drifts, states)
        learned = _moderate(jnp.mean(jax.nn.sigmoid(logit)))
        own_average = _moderate(jax.nn.sigmoid(average))
        guard = guard_weight(evidence)
        probability = (1.0 - guard) * learned + guard * own_average
        gain = _log_likelihood(own_average, outcome) - _log_likelihood(learned, outcome)
        shared = jnp.log(guard) - jnp.log1p(-guard)
        evidence = jnp.where(real > 0, shared + gain, evidence)
        spread = jnp.mean(variance) + jnp.var(logit)
        return (written, evidence), (probability, jnp.sqrt(spread), guard)

    (states, evidence), columns = jax.lax.scan(
        step,
        start,
        (keys, average_logit, recalled, real),
        unroll=2,
    )
    return InstantReading(*columns, states, evidence)


def _moderate(probability: Array) -> Array:
    return jnp.clip(probability, 1.0 - MOST_CERTAIN, MOST_CERTAIN)


def _log_likelihood(probability: Array, outcome: Array) -> Array:
    return jnp.where(outcome > 0.5, jnp.log(probability), jnp.log1p(-probability))


def curve_weights(mean: NDArray[_Real]) -> NDArray[_Real]:
    """Weights as the curve may use them: those that would let it rise in time are set to zero.

    Args:
        mean: ``[*n, curvekey]``.
    """
    return np.where(CURVE_SIGN * mean >= 0, mean, mean.dtype.type(0))


def learn_curve(
    start: KalmanState,
    keys: Float[Array, "n curvekey"],
    recalled: Float[Array, " n"],
) -> tuple[KalmanState, Float[Array, "n curvekey"]]:
    """Learn the lasting part: what can be known in advance. Zero keys (padding) write nothing.

    Args:
        start: belief that earlier reviews left.
        keys: of the reviews.
        recalled: outcomes, 0 or 1.

    Returns:
        The belief at the end, and the mean weights ``[n, curvekey]`` after every row.
    """

    def step(
        state: KalmanState, row: tuple[Array, Array]
    ) -> tuple[KalmanState, Float[Array, " curvekey"]]:
        written = _memory(state.mean, 0.0).write(state, *row)
        return written, written.mean

    return jax.lax.scan(step, start, (keys, recalled))
