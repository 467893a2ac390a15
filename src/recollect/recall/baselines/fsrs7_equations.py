"""FSRS-7: a card's slow and fast trace, and the forgetting curve that mixes them.

Free Spaced Repetition Scheduler, version 7 (open-spaced-repetition). A card has a slow
stability S, a fast one Sf (days) and a difficulty D (1-10); one equation serves same-day and
later reviews, with elapsed times in fractional days.

The equations take the array module as an argument: NumPy predicts (float64), ``jax.numpy``
differentiates (the arrays' own precision).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recollect.recall.baselines.fsrs7_parameters import Fsrs7Parameters, TraceParameters
from recollect.recall.baselines.support import previous_row, waves
from recollect.reviews import ReviewLog

__all__ = ["Fsrs7State", "first_state", "fsrs7_recall", "fsrs7_states", "next_state", "recall"]

STABILITY_MIN_DAYS = 1e-4
STABILITY_MAX_DAYS = 36500.0
DIFFICULTY_MIN = 1.0
DIFFICULTY_MAX = 10.0
_FAST_SHARE = 0.8  # of the slow stability: where Sf starts, and its ceiling after a failure
_CURVE_MARGIN = 1e-5
_MAX_LOG_FACTOR = 60.0


class Fsrs7State(NamedTuple):
    """Memory of ``m`` cards right after a review.

    Attributes:
        slow_stability_days: ``[m]``.
        fast_stability_days: ``[m]``.
        difficulty: ``[m]``.
    """

    slow_stability_days: Any
    fast_stability_days: Any
    difficulty: Any


def _power(base: Any, exponent: Any, xp: Any) -> Any:
    """``base ** exponent`` of positive numbers, which compiled code does faster through logs."""
    return xp.exp(exponent * xp.log(base))


def _initial_difficulty(parameters: Fsrs7Parameters, rating: Any, xp: Any) -> Any:
    rate = parameters.initial_difficulty_rate
    return parameters.initial_difficulty_base - xp.exp(rate * (rating - 1.0)) + 1.0


def first_state(parameters: Fsrs7Parameters, rating: Any, xp: Any) -> Fsrs7State:
    """State after a first review of grade ``rating`` (``[m]``)."""
    again, hard, good, easy = parameters.initial_stability_days
    slow = xp.where(
        rating == 1, again, xp.where(rating == 2, hard, xp.where(rating == 3, good, easy))
    )
    difficulty = _initial_difficulty(parameters, rating, xp)
    return Fsrs7State(
        xp.clip(slow, STABILITY_MIN_DAYS, STABILITY_MAX_DAYS),
        xp.clip(_FAST_SHARE * slow, STABILITY_MIN_DAYS, STABILITY_MAX_DAYS),
        xp.clip(difficulty, DIFFICULTY_MIN, DIFFICULTY_MAX),
    )


def fast_recall(parameters: Fsrs7Parameters, state: Fsrs7State, elapsed_days: Any, xp: Any) -> Any:
    """The fast curve: recall falls to ``fast_base`` after Sf days."""
    p, s = parameters, state.fast_stability_days
    decay = xp.clip(p.fast_decay * _power(s, p.fast_decay_exponent - 0.3, xp), 0.01, 0.95)
    factor = xp.expm1(xp.minimum(-xp.log(p.fast_base) / decay, _MAX_LOG_FACTOR))
    return xp.exp(-decay * xp.log1p(factor * elapsed_days / s))


def slow_recall(parameters: Fsrs7Parameters, state: Fsrs7State, elapsed_days: Any, xp: Any) -> Any:
    """The slow curve: recall falls to ``slow_base`` after S days at difficulty 5."""
    p, s = parameters, state.slow_stability_days
    decay = xp.clip(p.slow_decay, 0.01, 0.95)
    factor = xp.expm1(-xp.log(p.slow_base) / decay)
    speed = xp.exp((state.difficulty - 5.0) * (p.time_scale_difficulty - 0.3))
    return xp.exp(-decay * xp.log1p(factor * speed * elapsed_days / s))


def recall(parameters: Fsrs7Parameters, state: Fsrs7State, elapsed_days: Any, xp: Any) -> Any:
    """Recall ``[m]`` after ``elapsed_days`` (``[m]``): the two curves, mixed by their weights."""
    p = parameters
    fast = fast_recall(p, state, elapsed_days, xp)
    slow = slow_recall(p, state, elapsed_days, xp)
    fast_weight = p.fast_weight * _power(state.fast_stability_days, -p.fast_weight_exponent, xp)
    slow_weight = (
        p.slow_weight
        * _power(state.slow_stability_days, p.slow_weight_exponent, xp)
        * xp.exp((state.difficulty - 5.0) * (p.slow_weight_difficulty - 0.5))
    )
    mixed = (fast_weight * fast + slow_weight * slow) / (fast_weight + slow_weight)
    return mixed * (1.0 - 2.0 * _CURVE_MARGIN) + _CURVE_MARGIN


def _next_stability(
    trace: TraceParameters,
    stability_days: Any,
    difficulty: Any,
    recalled: Any,
    rating: Any,
    xp: Any,
) -> Any:
    """One trace after a review; ``recalled`` is the recall expected of that trace."""
    s, surprise = stability_days, 1.0 - recalled
    lapsed = trace.lapse_scale * xp.expm1(trace.lapse_exponent * xp.log1p(s))
    lapsed = xp.minimum(s, lapsed * xp.exp(trace.lapse_surprise * surprise))
    growth = (
        xp.exp(trace.log_gain - 1.5)
        * (11.0 - difficulty)
        * _power(s, -trace.stability_exponent, xp)
        * xp.expm1(trace.surprise * surprise)
        * xp.where(rating == 2, trace.hard_factor, 1.0)
        * xp.where(rating == 4, trace.easy_factor, 1.0)
    )
    return xp.where(rating > 1, xp.maximum(lapsed, s * (1.0 + growth)), lapsed)


def next_state(
    parameters: Fsrs7Parameters, state: Fsrs7State, rating: Any, elapsed_days: Any, xp: Any
) -> Fsrs7State:
    """State after a further review of grade ``rating`` (``[m]``), ``elapsed_days`` later."""
    p, d = parameters, state.difficulty
    expected = recall(p, state, elapsed_days, xp)
    expected_fast = fast_recall(p, state, elapsed_days, xp)
    slow = _next_stability(p.slow, state.slow_stability_days, d, expected, rating, xp)
    fast = _next_stability(p.fast, state.fast_stability_days, d, expected_fast, rating, xp)
    fast = xp.where(rating == 1, xp.minimum(fast, _FAST_SHARE * slow), fast)
    # A failure makes a card harder the less it was expected.
    step = -p.difficulty_step * (rating - 3.0) * xp.where(rating == 1, expected + 0.1, 1.0)
    moved = d + step * (10.0 - d) / 9.0
    difficulty = 0.01 * _initial_difficulty(p, 4.0, xp) + 0.99 * moved
    return Fsrs7State(
        xp.clip(slow, STABILITY_MIN_DAYS, STABILITY_MAX_DAYS),
        xp.clip(fast, STABILITY_MIN_DAYS, STABILITY_MAX_DAYS),
        xp.clip(difficulty, DIFFICULTY_MIN, DIFFICULTY_MAX),
    )


def fsrs7_states(
    log: ReviewLog, parameters: Fsrs7Parameters, elapsed_days: NDArray[np.float64]
) -> Fsrs7State:
    """State of each review's card right after it.

    Args:
        log: ``n`` reviews.
        parameters: of the model.
        elapsed_days: ``[n]`` time since the card's previous review, 0 on its first.

    Returns:
        A state whose columns are ``[n]``.
    """
    n = len(log)
    rating = log.rating.astype(np.float64)
    previous = previous_row(log.card_id)
    columns = Fsrs7State(np.ones(n), np.ones(n), np.ones(n))
    for position, rows in enumerate(waves(log)):
        if position == 0:
            after = first_state(parameters, rating[rows], np)
        else:
            before = Fsrs7State(*(column[previous[rows]] for column in columns))
            after = next_state(parameters, before, rating[rows], elapsed_days[rows], np)
        for column, values in zip(columns, after, strict=True):
            column[rows] = values
    return columns


def fsrs7_recall(
    log: ReviewLog,
    parameters: Fsrs7Parameters,
    rows: NDArray[np.int64],
    elapsed_days: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Recall predicted for some reviews from what came before them.

    Args:
        log: ``n`` reviews.
        parameters: of the model.
        rows: ``[m]`` row numbers; none may be a card's first review.
        elapsed_days: ``[n]`` time since the card's previous review.

    Returns:
        ``[m]`` probabilities.
    """
    states = fsrs7_states(log, parameters, elapsed_days)
    before = previous_row(log.card_id)[rows]
    state = Fsrs7State(*(column[before] for column in states))
    return np.asarray(recall(parameters, state, elapsed_days[rows], np), dtype=np.float64)
