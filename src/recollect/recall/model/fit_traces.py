"""Fitting trace parameters by gradient: one learner around the centre, or a population at once.

A population is fitted as a hierarchy: every learner has parameters of their own, normal around
a shared centre. Centre and learners are found together as a maximum a posteriori estimate; the
spread between learners is then re-estimated from it and the fit repeated (empirical Bayes).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.optimize import minimize

from recollect.errors import UnknownNameError
from recollect.recall.model.cards import Lanes, lanes_of, replay
from recollect.recall.model.history import History
from recollect.recall.model.padding import card_lanes
from recollect.recall.model.traces import SCALE_COUNT, TraceParameters, over_batch

__all__ = [
    "Population",
    "Progress",
    "RowBlock",
    "TraceFit",
    "fit_population",
    "fit_traces",
    "initial_traces",
    "precision_of",
    "row_blocks",
    "vector_of",
]

Progress = Callable[[int, int, float], None]
"""Called as ``progress(step, of, loss)``; the loss is a mean over reviews, prior included."""

_LEAST_DEVIATION = 0.05
_MOST_DEVIATION = 0.6
_FIRST_DEVIATION = 0.3
_CENTRE_DEVIATION = 3.0
_SPREAD_CORRECTION = 1.5
_EVEN_REVIEWS = 4000.0
_LANE_SHAPE = (64, 256)
"""Steps and lanes of a block; wide, as the slope is found for one kind of learner at a time."""


class RowBlock(eqx.Module):
    """Cards of one learner side by side, with the weight of each review in the loss."""

    lanes: Lanes
    weight: Float[Array, "step lane"]


def row_blocks(history: History, weight: NDArray[np.floating]) -> list[RowBlock]:
    """A log cut into blocks of standard shape.

    Args:
        history: of the log.
        weight: ``[n]`` of each review in the loss.
    """
    blocks = []
    for rows in card_lanes(history.card, _LANE_SHAPE):
        here = np.where(rows >= 0, weight[np.maximum(rows, 0)], 0.0)
        if here.any():
            blocks.append(RowBlock(lanes_of(history, rows), jnp.asarray(here, jnp.float32)))
    return blocks


def initial_traces() -> TraceParameters:
    """Where the first fit of a population starts: plain guesses, no data."""

    def number(value: float) -> Array:
        return jnp.asarray(value, jnp.float32)

    def ratings(*values: float) -> Array:
        return jnp.asarray(values, jnp.float32)

    return TraceParameters(
        scale_weight=jnp.zeros(SCALE_COUNT),
        readout_slope=number(0.0),
        readout_bias=number(0.0),
        first_gain=ratings(-1.0, -0.5, 0.3, 1.5),
        first_slope=ratings(0.0, 0.0, 0.0, 0.3),
        gain=ratings(0.0, 0.0, 0.3, 0.6),
        gain_slope=ratings(0.0, 0.0, 0.0, 0.0),
        surprise_success=number(0.5),
        surprise_failure=number(0.0),
        kept_bias=number(1.0),
        kept_slope=number(-0.5),
        spacing_shift=number(0.0),
        spacing_match=number(0.5),
        spacing_width=number(-1.0),
        answer_time_gain=number(0.0),
        answer_time_slope=number(0.0),
        difficulty_first=ratings(0.5, 0.3, 0.0, -0.5),
        difficulty_rate=number(0.3),
        difficulty_settling=number(0.3),
        second_review=number(0.0),
    )


def vector_of(parameters: TraceParameters) -> NDArray[np.float64]:
    """All parameters as one vector, in the order of the fields."""
    return np.asarray(ravel_pytree(parameters)[0], dtype=np.float64)


def precision_of(deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """One over each standard deviation; 0 where that is 0, which stands for a held parameter."""
    return np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)


_UNRAVEL = ravel_pytree(initial_traces())[1]
_SIZE = vector_of(initial_traces()).size


@jax.jit
def _block_loss(vector: Array, block: RowBlock) -> tuple[Array, Array]:
    """Weighted log loss of one block and its gradient."""

    def loss(vector: Array) -> Array:
        _, logit = replay(over_batch(_UNRAVEL(vector), 1), block.lanes)
        recalled = (block.lanes.rating > 0).astype(jnp.float32)
        return jnp.sum(block.weight * (jax.nn.softplus(logit) - recalled * logit))

    return jax.value_and_grad(loss)(vector)


def blocks_loss(
    vector: NDArray[np.float64], blocks: Sequence[RowBlock]
) -> tuple[float, NDArray[np.float64]]:
    """Weighted log loss of a learner's blocks and its gradient."""
    at = jnp.asarray(vector, jnp.float32)
    found = [_block_loss(at, block) for block in blocks]
    total = sum(float(loss) for loss, _ in found)
    gradient = np.zeros(_SIZE)
    for _, part in found:
        gradient += np.asarray(part, dtype=np.float64)
    return total, gradient


@dataclass(frozen=True, eq=False)
class TraceFit:
    """One learner's fit.

    Attributes:
        traces: the parameters.
        loss_before: weighted log loss with the centre.
        loss_after: with the fitted parameters.
        weight: sum of the weights.
    """

    traces: TraceParameters
    loss_before: float
    loss_after: float
    weight: float


def fit_traces(
    blocks: Sequence[RowBlock],
    centre: TraceParameters,
    deviation: TraceParameters,
    *,
    start: TraceParameters | None = None,
    steps: int = 25,
    progress: Progress | None = None,
) -> TraceFit:
    """Maximum a posteriori parameters of one learner.

    Args:
        blocks: of their reviews.
        centre: prior mean.
        deviation: prior standard deviation of each parameter; 0 holds it at the centre.
        start: where to start from; the centre by default.
        steps: at most so many L-BFGS iterations.
        progress: told of every iteration.
    """
    middle, precision = vector_of(centre), precision_of(vector_of(deviation))
    free = precision > 0

    def objective(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        loss, gradient = blocks_loss(vector, blocks)
        away = (vector - middle) * precision
        return loss + 0.5 * float(away @ away), gradient * free + away * precision

    first = middle if start is None else np.where(free, vector_of(start), middle)
    weight = _reviews(blocks)
    found = _minimise(objective, first, steps, _a_review(progress, weight))
    return TraceFit(
        _UNRAVEL(jnp.asarray(found, jnp.float32)),
        blocks_loss(middle, blocks)[0],
        blocks_loss(found, blocks)[0],
        weight,
    )


def _reviews(blocks: Sequence[RowBlock]) -> float:
    return float(sum(np.sum(np.asarray(block.weight)) for block in blocks))


def _a_review(progress: Progress | None, reviews: float) -> Progress | None:
    """Tell of sums over so many reviews as means."""
    if progress is None:
        return None
    return lambda step, of, loss: progress(step, of, loss / max(reviews, 1.0))


def _minimise(
    objective: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    start: NDArray[np.float64],
    steps: int,
    progress: Progress | None,
) -> NDArray[np.float64]:
    done = 0

    def told(intermediate_result: object) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, steps, float(getattr(intermediate_result, "fun", np.nan)))

    found = minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=told,
        options={"maxiter": steps, "maxcor": 20},
    )
    return np.asarray(found.x, dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Population:
    """What a population of learners has in common, and each of them.

    Attributes:
        centre: shared mean.
        deviation: spread between learners of each parameter; 0 where it was held.
        learners: parameters of each learner.
    """

    centre: TraceParameters
    deviation: TraceParameters
    learners: tuple[TraceParameters, ...]


def _held_values(held: Mapping[str, float] | None) -> NDArray[np.float64]:
    """``[parameter]`` the value each parameter is held at, NaN where it is free."""
    names = tuple(item.name for item in fields(TraceParameters))
    for name in held or {}:
        if name not in names:
            raise UnknownNameError("trace parameter", name, names)
    plain = initial_traces()
    leaves = {
        name: jnp.full_like(getattr(plain, name), (held or {}).get(name, jnp.nan)) for name in names
    }
    return vector_of(TraceParameters(**leaves))


def fit_population(
    blocks: Sequence[Sequence[RowBlock]],
    *,
    start: Population | None = None,
    held: Mapping[str, float] | None = None,
    steps: int = 60,
    progress: Progress | None = None,
) -> Population:
    """Centre, spread and every learner together.

    Long logs count by the square root of their length beyond 4,000 reviews, so that no one
    learner makes the centre.

    Args:
        blocks: of each learner.
        start: an earlier fit to refine; its spread is kept.
        held: trace parameters (names of :class:`TraceParameters`) that are not fitted but have
            this value for everybody, such as the one at which a part of the model has no effect.
        steps: at most so many L-BFGS iterations; half as many more after the spread is found.
        progress: told of every iteration.

    Raises:
        UnknownNameError: a held parameter that does not exist.
    """
    count = len(blocks)
    fixed = _held_values(held)
    free = np.isnan(fixed)
    reviews = [_reviews(learner) for learner in blocks]
    evened = [min(1.0, np.sqrt(_EVEN_REVIEWS / max(count, 1.0))) for count in reviews]
    progress = _a_review(progress, float(np.dot(evened, reviews)))
    origin = np.where(free, vector_of(initial_traces()), fixed)
    if start is None:
        spread = np.where(free, _FIRST_DEVIATION, 0.0)
        vector = np.r_[origin, np.zeros(count * _SIZE)]
        total = steps + steps // 2
    else:
        spread = np.where(free, vector_of(start.deviation), 0.0)
        centre = np.where(free, vector_of(start.centre), fixed)
        precision = precision_of(spread)
        apart = [(vector_of(one) - centre) * precision for one in start.learners]
        vector = np.r_[centre, np.concatenate(apart)]
        total = steps

    def objective(vector: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        centre, away = vector[:_SIZE], vector[_SIZE:].reshape(count, _SIZE)
        shift = (centre - origin) / _CENTRE_DEVIATION
        total = 0.5 * float(shift @ shift) + 0.5 * float(np.sum(away**2))
        gradient = np.r_[shift / _CENTRE_DEVIATION, away.ravel()]
        for i, learner in enumerate(blocks):
            loss, slope = blocks_loss(centre + away[i] * spread, learner)
            total += evened[i] * loss
            gradient[:_SIZE] += evened[i] * slope * free
            gradient[(i + 1) * _SIZE : (i + 2) * _SIZE] += evened[i] * slope * spread
        return total, gradient

    def told(offset: int) -> Progress:
        return lambda step, _, loss: progress(offset + step, total, loss) if progress else None

    vector = _minimise(objective, vector, steps, told(0))
    if start is None:
        away = vector[_SIZE:].reshape(count, _SIZE) * spread
        wider = np.sqrt(np.mean(away**2, axis=0) * _SPREAD_CORRECTION + _LEAST_DEVIATION**2)
        new_spread = np.where(free, np.clip(wider, _LEAST_DEVIATION, _MOST_DEVIATION), 0.0)
        vector[_SIZE:] = (away * precision_of(new_spread)).ravel()
        spread = new_spread
        vector = _minimise(objective, vector, steps // 2, told(steps))
    centre, away = vector[:_SIZE], vector[_SIZE:].reshape(count, _SIZE)

    def tree(values: NDArray[np.float64]) -> TraceParameters:
        return _UNRAVEL(jnp.asarray(values, jnp.float32))

    return Population(
        tree(centre), tree(spread), tuple(tree(centre + one * spread) for one in away)
    )
