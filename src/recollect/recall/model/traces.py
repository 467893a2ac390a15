"""A card's memory in time: traces over drifting contexts, held as decaying fast weights.

Every review binds the answer (the value, kept whole) to the temporal context of that moment, a
bundle of contexts that drift at scales from minutes to years. Time moves the context away from
the key under which the answer was stored, each scale at its own pace: forgetting is a query that
no longer matches. See ``docs/recall_model.md`` for the equations.

Every function works on one card or on many: contexts and ratings come first in an array's shape,
and any ``batch`` axes (kinds of learner, cards) follow, cards last, where the compiler can take
them side by side. Parameters for a batch have as many further axes, of length 1 or its size
(:func:`over_batch`).

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
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import NDArray

from recollect.memory import ScalarHebbian

__all__ = [
    "SCALE_COUNT",
    "TIME_SCALE_DAYS",
    "CardState",
    "Exposure",
    "TraceParameters",
    "empty_card",
    "exposure",
    "over_batch",
    "read_card",
    "store",
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
_MEMORY = ScalarHebbian(SCALE_COUNT)


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
        difficulty_first: ``[rating]`` difficulty (logits) assumed after the first answer.
        difficulty_rate: how far one outcome moves the difficulty, per unit of surprise.
        difficulty_settling: exponent with which that falls with the number of reviews.
        second_review: shift of the log odds at a card's second review.
    """

    scale_weight: Float[Array, " scale *batch"]
    readout_slope: Float[Array, "*batch"]
    readout_bias: Float[Array, "*batch"]
    first_gain: Float[Array, " rating *batch"]
    first_slope: Float[Array, " rating *batch"]
    gain: Float[Array, " rating *batch"]
    gain_slope: Float[Array, " rating *batch"]
    surprise_success: Float[Array, "*batch"]
    surprise_failure: Float[Array, "*batch"]
    kept_bias: Float[Array, "*batch"]
    kept_slope: Float[Array, "*batch"]
    spacing_shift: Float[Array, "*batch"]
    spacing_match: Float[Array, "*batch"]
    spacing_width: Float[Array, "*batch"]
    answer_time_gain: Float[Array, "*batch"]
    answer_time_slope: Float[Array, "*batch"]
    difficulty_first: Float[Array, " rating *batch"]
    difficulty_rate: Float[Array, "*batch"]
    difficulty_settling: Float[Array, "*batch"]
    second_review: Float[Array, "*batch"]


class CardState(NamedTuple):
    """One card, or a batch of them, after the latest review.

    Attributes:
        traces: ``[scale, *batch]`` fast weights.
        difficulty: ``[*batch]`` logits to subtract.
        reviews: ``[*batch]`` how many so far.
    """

    traces: Float[Array, " scale *batch"]
    difficulty: Float[Array, "*batch"]
    reviews: Float[Array, "*batch"]


class Exposure(NamedTuple):
    """A review as far as it can be worked out without the traces that it meets.

    Attributes:
        retained: ``[scale, *batch]`` share of the traces left when the card is shown.
        log_key: ``[scale, *batch]`` the context to store under, before surprise scales it.
        failed: the answer was Again.
        is_first: of the card.
        second_review: shift of the log odds if this is its second review, else 0.
        difficulty_first: difficulty assumed if it is the first.
        difficulty_rate: how far surprise moves the difficulty if it is a later one.
    """

    retained: Float[Array, "scale *#batch"]
    log_key: Float[Array, "scale *#batch"]
    failed: Bool[Array, "*#batch"]
    is_first: Bool[Array, "*#batch"]
    second_review: Float[Array, "*#batch"]
    difficulty_first: Float[Array, "*#batch"]
    difficulty_rate: Float[Array, "*#batch"]


def over_batch(parameters: TraceParameters, axes: int) -> TraceParameters:
    """Parameters with further axes of length 1, to hold for a whole batch."""
    return jax.tree.map(lambda leaf: leaf.reshape(leaf.shape + (1,) * axes), parameters)


def empty_card(*batch: int) -> CardState:
    """Cards that were never reviewed."""
    traces = jnp.broadcast_to(_column(_MEMORY.init() + 1e-3, len(batch)), (SCALE_COUNT, *batch))
    return CardState(traces, jnp.zeros(batch), jnp.zeros(batch))


def _column(constant: Array | NDArray[np.float32], axes: int) -> Array:
    """A constant for each context, with so many axes of length 1 behind."""
    return jnp.reshape(jnp.asarray(constant), (SCALE_COUNT,) + (1,) * axes)


def _retained(elapsed_days: Float[Array, "*#batch"]) -> Float[Array, "scale *#batch"]:
    return jnp.exp(-elapsed_days / _column(TIME_SCALE_DAYS, elapsed_days.ndim))


def _of_rating(
    each: Float[Array, "rating *#batch"], rating: Int[Array, "*#batch"]
) -> Float[Array, "*#batch"]:
    found = each[3]
    for i in (2, 1, 0):
        found = jnp.where(rating == i, each[i], found)
    return found


def trace_strength(
    parameters: TraceParameters, state: CardState, elapsed_days: Float[Array, "*#batch"]
) -> Float[Array, "scale *#batch"]:
    """What each context contributes to the strength, ``ω A exp(-Δ/τ)``."""
    faded = _MEMORY.decay(state.traces, _retained(elapsed_days))
    return jnp.exp(parameters.scale_weight) * faded


def read_card(
    parameters: TraceParameters, state: CardState, elapsed_days: Float[Array, "*#batch"]
) -> Float[Array, "*#batch"]:
    """Log odds of recall some days after the card's latest review; falls with time."""
    faded = _MEMORY.decay(state.traces, _retained(elapsed_days))
    second = jnp.where(state.reviews == 1, parameters.second_review, 0.0)
    return _log_odds(parameters, faded, state.difficulty) + second


def _log_odds(
    parameters: TraceParameters,
    faded: Float[Array, "scale *#batch"],
    difficulty: Float[Array, "*#batch"],
) -> Float[Array, "*#batch"]:
    """The choice between the answer, as strong as the context finds it, and its competitors."""
    strength = _MEMORY.read(faded, jnp.exp(parameters.scale_weight))
    return (
        jnp.exp(parameters.readout_slope) * jnp.log(strength + _LEAST_STRENGTH)
        + parameters.readout_bias
        - difficulty
    )


def write_card(
    parameters: TraceParameters,
    state: CardState,
    elapsed_days: Float[Array, "*#batch"],
    rating: Int[Array, "*#batch"],
    answer_time: Float[Array, "*#batch"],
) -> CardState:
    """The card after one more review; arguments as in :func:`exposure`."""
    seen = exposure(parameters, elapsed_days, rating, answer_time, state.reviews)
    return store(parameters, state, seen)[0]


def exposure(
    parameters: TraceParameters,
    elapsed_days: Float[Array, "*#batch"],
    rating: Int[Array, "*#batch"],
    answer_time: Float[Array, "*#batch"],
    reviews: Float[Array, "*#batch"],
) -> Exposure:
    """Work out what of a review does not depend on the traces that it meets.

    Args:
        parameters: of the learner.
        elapsed_days: since the card's previous review.
        rating: 0 (Again) to 3 (Easy).
        answer_time: standard score of the log answer time within the learner; 0 unknown.
        reviews: earlier reviews of the card.
    """
    is_first = reviews == 0
    settling = jnp.exp(-parameters.difficulty_settling * jnp.log1p(reviews))
    return Exposure(
        retained=_retained(elapsed_days),
        log_key=jnp.where(
            is_first,
            _first_log_key(parameters, rating, answer_time),
            _later_log_key(parameters, elapsed_days, rating, answer_time),
        ),
        failed=rating == 0,
        is_first=is_first,
        second_review=jnp.where(reviews == 1, parameters.second_review, 0.0),
        difficulty_first=_of_rating(parameters.difficulty_first, rating),
        difficulty_rate=parameters.difficulty_rate * settling,
    )


def store(
    parameters: TraceParameters, state: CardState, seen: Exposure
) -> tuple[CardState, Float[Array, "*#batch"]]:
    """Read the card, then write the review; the work of both is shared.

    An expected outcome writes little (the delta rule, whence the spacing effect).

    Returns:
        The card after the review, and the log odds of recall just before it; 0 where the review
        is the card's first, which also forgets what the state held before.
    """
    faded = _MEMORY.decay(state.traces, seen.retained)
    logit = _log_odds(parameters, faded, state.difficulty) + seen.second_review
    log_surprise = jnp.where(
        seen.failed,
        parameters.surprise_failure * jax.nn.log_sigmoid(logit),
        parameters.surprise_success * jax.nn.log_sigmoid(-logit),
    )
    log_key = seen.log_key + jnp.where(seen.is_first, 0.0, log_surprise)
    position = _column(_POSITION, logit.ndim)
    share_kept = jax.nn.sigmoid(parameters.kept_bias + 3.0 * parameters.kept_slope * position)
    kept = jnp.where(seen.failed, _MEMORY.decay(faded, share_kept), faded)
    traces = _MEMORY.write(
        jnp.where(seen.is_first, 0.0, kept),
        jnp.exp(jnp.clip(log_key, *_LOG_GAIN_BOUNDS)),
        jnp.ones(()),
    )
    surprise = jax.nn.sigmoid(logit) - jnp.where(seen.failed, 0.0, 1.0)
    difficulty = jnp.where(
        seen.is_first, seen.difficulty_first, state.difficulty + seen.difficulty_rate * surprise
    )
    reviews = jnp.where(seen.is_first, 1.0, state.reviews + 1.0)
    return CardState(traces, difficulty, reviews), jnp.where(seen.is_first, 0.0, logit)


def _first_log_key(
    parameters: TraceParameters, rating: Int[Array, "*#batch"], answer_time: Float[Array, "*#batch"]
) -> Float[Array, "scale *#batch"]:
    tilt = _of_rating(parameters.first_slope, rating)
    return (
        _of_rating(parameters.first_gain, rating)
        + 2.0 * tilt * _column(_POSITION, tilt.ndim)
        + parameters.answer_time_gain * answer_time
    )


def _later_log_key(
    parameters: TraceParameters,
    elapsed_days: Float[Array, "*#batch"],
    rating: Int[Array, "*#batch"],
    answer_time: Float[Array, "*#batch"],
) -> Float[Array, "scale *#batch"]:
    """The context under which the answer is stored again, scaled by how much is written.

    A success is bound most to the contexts that bridged the gap.
    """
    tilt = _of_rating(parameters.gain_slope, rating)
    position = _column(_POSITION, tilt.ndim)
    favoured = parameters.spacing_shift + parameters.spacing_match * jnp.log(
        elapsed_days + _LEAST_ELAPSED_DAYS
    )
    distance = jnp.square((_column(_LOG_SCALE, tilt.ndim) - favoured) / 4.0)
    return (
        _of_rating(parameters.gain, rating)
        + tilt * position
        - jax.nn.softplus(parameters.spacing_width) * distance
        + (parameters.answer_time_gain + parameters.answer_time_slope * position) * answer_time
    )
