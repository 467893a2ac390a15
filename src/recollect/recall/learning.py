"""The learner memory over the reviews of a log, in chunks of one size, on several cores."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.memory import KalmanState
from recollect.recall.model.keys import CURVE, INSTANT, KEY_NAMES
from recollect.recall.model.learner import (
    InstantReading,
    LearnerMemory,
    LearnerPrior,
    curve_weights,
    learn_curve,
    learn_instant,
    untaught_curve,
    untaught_instant,
)
from recollect.recall.model.padding import padded
from recollect.recall.model.side_by_side import side_by_side

__all__ = ["Lessons", "SortLearned", "learn_sorts"]

_CHUNK = 1024
"""Reviews that are learned in one go: one size, compiled once for all logs."""
_TRACES = KEY_NAMES.index("traces")

_instant_start = jax.jit(untaught_instant)
_curve_start = jax.jit(untaught_curve)


class Lessons(NamedTuple):
    """A log as the learner memory takes it, ``[n]`` each, and which of its reviews to take.

    Attributes:
        rows: ``[m]`` the reviews of one sort, oldest first.
        learned_before: ``[m]`` how many of them had been learned when their curve was foretold.
        keys: ``[n, key]`` scaled.
        frozen_traces: scaled log odds of the bank as foretold, the curve's own component.
        average: log odds of the learner's running recall before each.
        recalled: outcomes.
    """

    rows: NDArray[np.int64]
    learned_before: NDArray[np.int64]
    keys: NDArray[np.float32]
    frozen_traces: NDArray[np.float32]
    average: NDArray[np.float32]
    recalled: NDArray[np.float32]

    def chunks(self, *columns: NDArray[np.float32]) -> Iterator[tuple[Array, ...]]:
        """The columns chunk after chunk, and one that is 0 on padding; at least one chunk."""
        for first in range(0, max(self.rows.size, 1), _CHUNK):
            rows = self.rows[first : first + _CHUNK]
            some = [*(column[rows] for column in columns), np.ones(rows.size, np.float32)]
            yield tuple(jnp.asarray(padded(column, _CHUNK)) for column in some)

    def joined(self, chunks: list[Array]) -> NDArray[np.float32]:
        """Results of all chunks, ``[m, ...]``."""
        return np.concatenate([np.asarray(chunk) for chunk in chunks])[: self.rows.size]


class SortLearned(NamedTuple):
    """What came of it.

    Attributes:
        instant: ``[m]`` probability of recall before each review.
        deviation: ``[m]`` standard error of its log odds.
        curve_logit: ``[m]`` log odds as foretold.
        memory: at the end.
    """

    instant: NDArray[np.float32]
    deviation: NDArray[np.float32]
    curve_logit: NDArray[np.float32]
    memory: LearnerMemory


def learn_sorts(prior: LearnerPrior, sorts: tuple[Lessons, Lessons]) -> tuple[SortLearned, ...]:
    """Run the learner memories over later-day (0) and same-day (1) reviews.

    The four memories (two sorts, instant and curve) do not wait for each other.
    """

    def learn(which: tuple[int, bool]) -> _Instant | _Curve:
        sort, is_curve = which
        if is_curve:
            return _learn_curve(prior.curve[sort], sorts[sort])
        return _learn_instant(prior.instant[sort], sorts[sort])

    # The longest first, so that none is left for the end alone.
    work = [(0, False), (1, False), (0, True), (1, True)]
    found = dict(zip(work, side_by_side(learn, work), strict=True))
    learned = []
    for sort in (0, 1):
        instant, curve = found[sort, False], found[sort, True]
        assert isinstance(instant, _Instant)
        assert isinstance(curve, _Curve)
        memory = LearnerMemory(instant.states, instant.guard_evidence, curve.state)
        learned.append(SortLearned(instant.probability, instant.deviation, curve.logit, memory))
    return tuple(learned)


class _Instant(NamedTuple):
    probability: NDArray[np.float32]
    deviation: NDArray[np.float32]
    states: KalmanState
    guard_evidence: Array


class _Curve(NamedTuple):
    logit: NDArray[np.float32]
    state: KalmanState


@jax.jit
def _instant_chunk(
    start: tuple[KalmanState, Array], keys: Array, average: Array, recalled: Array, real: Array
) -> InstantReading:
    return learn_instant(start, keys[:, INSTANT], average, recalled, real)


def _learn_instant(prior_mean: Float[Array, " key"], lessons: Lessons) -> _Instant:
    start = _instant_start(prior_mean)
    probability, deviation = [], []
    for chunk in lessons.chunks(lessons.keys, lessons.average, lessons.recalled):
        reading = _instant_chunk(start, *chunk)
        start = (reading.states, reading.guard_evidence)
        probability.append(reading.probability)
        deviation.append(reading.deviation)
    return _Instant(lessons.joined(probability), lessons.joined(deviation), *start)


@jax.jit
def _curve_chunk(
    state: KalmanState, keys: Array, frozen_traces: Array, recalled: Array
) -> tuple[KalmanState, Array, Array]:
    """The state after the chunk, the mean weights after each row, and its curve key."""
    curve_keys = keys.at[:, _TRACES].set(frozen_traces)[:, CURVE]
    return *learn_curve(state, curve_keys, recalled), curve_keys


def _learn_curve(prior_mean: Float[Array, " curvekey"], lessons: Lessons) -> _Curve:
    state = _curve_start(prior_mean)
    trail: list[Array] = [prior_mean[None]]
    keys = []
    for *columns, _ in lessons.chunks(lessons.keys, lessons.frozen_traces, lessons.recalled):
        state, means, curve_keys = _curve_chunk(state, *columns)
        trail.append(means)
        keys.append(curve_keys)
    weights = curve_weights(np.concatenate([np.asarray(part) for part in trail]))
    logit = [
        np.sum(weights[before] * np.asarray(key)[: before.size], axis=-1)
        for before, key in zip(_cut(lessons.learned_before), keys, strict=True)
    ]
    return _Curve(np.concatenate(logit), state)


def _cut(column: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [column[at : at + _CHUNK] for at in range(0, max(column.size, 1), _CHUNK)]
