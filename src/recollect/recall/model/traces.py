"""A card's memory in time: traces over drifting contexts, held as decaying fast weights.

Every review binds the answer (the value, kept whole) to the temporal context of that moment, a
bundle of contexts that drift at scales from minutes to years. Time moves the context away from
the key under which the answer was stored, each scale at its own pace: forgetting is a query that
no longer matches. See ``docs/recall_model.md`` for the equations.

References:
    S. J. Gershman, I. Fiete, K. Irie, Key-value memory in the brain, Neuron 2025.
    M. W. Howard, M. J. Kahana, A distributed representation of temporal context, J. Math.
    Psychol. 46 (2002).
    R. D. Luce, Individual choice behavior, 1959 (the readout is a choice among competitors).
    R. A. Rescorla, A. R. Wagner, A theory of Pavlovian conditioning, 1972 (writing by surprise).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from recollect.memory import DecayedHebbian

__all__ = [
    "SCALE_COUNT",
    "TIME_SCALE_DAYS",
    "CardState",
    "TraceParameters",
    "empty_card",
    "read_card",
    "trace_strength",
    "write_card",
]

SCALE_COUNT = 8
_LOG_SCALE = np.linspace(np.log(2.0 / 1440.0), np.log(8 * 365.0), SCALE_COUNT).astype(np.float32)
_POSITION = np.linspace(-1.0, 1.0, SCALE_COUNT).astype(np.float32)
TIME_SCALE_DAYS = np.exp(_LOG_SCALE)
"""``[scale]`` time constants of the contexts, two minutes to eight years, evenly in the log."""

_LEAST_STRENGTH = 1e-6
_LEAST_ELAPSED_DAYS = 1e-3
_LOG_GAIN_BOUNDS = (-12.0, 6.0)
_MEMORY = DecayedHebbian(SCALE_COUNT)
_ANSWER = jnp.ones(1)


class TraceParameters(eqx.Module):
    """How one kind of learner stores, keeps and finds. Log gains are natural logarithms.

    Attributes:
        scale_weight: ``[scale]`` log weight ω of each context in the query.
        readout_slope: log of β, the exponent of the choice between target and competitors.
        readout_bias: log odds of recall at strength 1 (minus β log of the competition).
        first_gain: ``[rating]`` log strength written at the first exposure.
        first_slope: ``[rating]`` its tilt towards slow contexts.
        gain: ``[rating]`` log strength written at later reviews (Again: by relearning).
        gain_slope: ``[rating]`` its tilt towards slow contexts.
        surprise_success: exponent ε of (1 - p): how much less an expected success writes.
        surprise_failure: exponent of p: how much less an expected failure writes.
        kept_bias: logit of the share of the traces that a failure leaves.
        kept_slope: its tilt over the contexts.
        spacing_shift: log days; the context that a success at a gap of one day writes to most.
        spacing_match: how that context slows as the gap grows (1: in proportion).
        spacing_width: log precision of that preference.
        answer_time_gain: change of log strength per standard deviation of answer time.
        answer_time_slope: its tilt towards slow contexts.
        repetition_gain: change of log strength per unit of log(1 + reviews).
        difficulty_first: ``[rating]`` difficulty (logits) assumed after the first answer.
        difficulty_rate: how far one outcome moves the difficulty, per unit of surprise.
        difficulty_settling: exponent with which that falls with the number of reviews.
        second_review: shift of the log odds at a card's second review.
    """

    scale_weight: Float[Array, "*kinds scale"]
    readout_slope: Float[Array, "*kinds"]
    readout_bias: Float[Array, "*kinds"]
    first_gain: Float[Array, "*kinds rating"]
    first_slope: Float[Array, "*kinds rating"]
    gain: Float[Array, "*kinds rating"]
    gain_slope: Float[Array, "*kinds rating"]
    surprise_success: Float[Array, "*kinds"]
    surprise_failure: Float[Array, "*kinds"]
    kept_bias: Float[Array, "*kinds"]
    kept_slope: Float[Array, "*kinds"]
    spacing_shift: Float[Array, "*kinds"]
    spacing_match: Float[Array, "*kinds"]
    spacing_width: Float[Array, "*kinds"]
    answer_time_gain: Float[Array, "*kinds"]
    answer_time_slope: Float[Array, "*kinds"]
    repetition_gain: Float[Array, "*kinds"]
    difficulty_first: Float[Array, "*kinds rating"]
    difficulty_rate: Float[Array, "*kinds"]
    difficulty_settling: Float[Array, "*kinds"]
    second_review: Float[Array, "*kinds"]


class CardState(NamedTuple):
    """One card after its latest review.

    Attributes:
        traces: ``[scale, 1]`` fast weights.
        difficulty: logits to subtract.
        reviews: how many so far.
    """

    traces: Float[Array, "scale 1"]
    difficulty: Float[Array, ""]
    reviews: Float[Array, ""]


def empty_card() -> CardState:
    """A card that was never reviewed."""
    return CardState(_MEMORY.init() + 1e-3, jnp.zeros(()), jnp.zeros(()))


def _retained(elapsed_days: Float[Array, ""]) -> Float[Array, " scale"]:
    return jnp.exp(-elapsed_days / TIME_SCALE_DAYS)


def trace_strength(
    parameters: TraceParameters, state: CardState, elapsed_days: Float[Array, ""]
) -> Float[Array, " scale"]:
    """What each context contributes to the strength, ``ω A exp(-Δ/τ)``."""
    faded = _MEMORY.decay(state.traces, _retained(elapsed_days))
    return jnp.exp(parameters.scale_weight) * faded[:, 0]


def read_card(
    parameters: TraceParameters, state: CardState, elapsed_days: Float[Array, ""]
) -> Float[Array, ""]:
    """Log odds of recall some days after the card's latest review; falls with time."""
    faded = _MEMORY.decay(state.traces, _retained(elapsed_days))
    strength = _MEMORY.read(faded, jnp.exp(parameters.scale_weight))[0]
    return (
        jnp.exp(parameters.readout_slope) * jnp.log(strength + _LEAST_STRENGTH)
        + parameters.readout_bias
        - state.difficulty
        + jnp.where(state.reviews == 1, parameters.second_review, 0.0)
    )


def write_card(
    parameters: TraceParameters,
    state: CardState,
    elapsed_days: Float[Array, ""],
    rating: Int[Array, ""],
    answer_time: Float[Array, ""],
) -> CardState:
    """The card after one more review.

    Args:
        parameters: of the learner.
        state: before the review.
        elapsed_days: since the card's previous review.
        rating: 0 (Again) to 3 (Easy).
        answer_time: standard score of the log answer time within the learner; 0 unknown.
    """
    grade = jax.nn.one_hot(rating, 4)
    logit = read_card(parameters, state, elapsed_days)
    recalled = rating > 0
    is_first = state.reviews == 0
    faded = _MEMORY.decay(state.traces, _retained(elapsed_days))
    share_kept = jax.nn.sigmoid(parameters.kept_bias + 3.0 * parameters.kept_slope * _POSITION)
    kept = _MEMORY.decay(faded, jnp.where(recalled, 1.0, share_kept))
    log_key = jnp.where(
        is_first,
        _first_log_key(parameters, grade, answer_time),
        _later_log_key(parameters, state, grade, logit, elapsed_days, answer_time),
    )
    key = jnp.exp(jnp.clip(log_key, *_LOG_GAIN_BOUNDS))
    traces = _MEMORY.write(jnp.where(is_first, 0.0, kept), key, _ANSWER)
    surprise = jax.nn.sigmoid(logit) - recalled
    settling = jnp.exp(-parameters.difficulty_settling * jnp.log1p(state.reviews))
    difficulty = jnp.where(
        is_first,
        grade @ parameters.difficulty_first,
        state.difficulty + parameters.difficulty_rate * surprise * settling,
    )
    return CardState(traces, difficulty, state.reviews + 1.0)


def _first_log_key(
    parameters: TraceParameters, grade: Float[Array, " rating"], answer_time: Float[Array, ""]
) -> Float[Array, " scale"]:
    return (
        grade @ parameters.first_gain
        + 2.0 * (grade @ parameters.first_slope) * _POSITION
        + parameters.answer_time_gain * answer_time
    )


def _later_log_key(
    parameters: TraceParameters,
    state: CardState,
    grade: Float[Array, " rating"],
    logit: Float[Array, ""],
    elapsed_days: Float[Array, ""],
    answer_time: Float[Array, ""],
) -> Float[Array, " scale"]:
    """The context under which the answer is stored again, scaled by how much is written.

    A success is bound most to the contexts that bridged the gap; an expected outcome writes
    little (the delta rule, whence the spacing effect).
    """
    failed = grade[0] > 0
    log_surprise = jnp.where(
        failed,
        parameters.surprise_failure * jax.nn.log_sigmoid(logit),
        parameters.surprise_success * jax.nn.log_sigmoid(-logit),
    )
    favoured = parameters.spacing_shift + parameters.spacing_match * jnp.log(
        elapsed_days + _LEAST_ELAPSED_DAYS
    )
    distance = jnp.square((_LOG_SCALE - favoured) / 4.0)
    return (
        grade @ parameters.gain
        + (grade @ parameters.gain_slope) * _POSITION
        - jax.nn.softplus(parameters.spacing_width) * distance
        + log_surprise
        + (parameters.answer_time_gain + parameters.answer_time_slope * _POSITION) * answer_time
        + parameters.repetition_gain * jnp.log1p(state.reviews)
    )
