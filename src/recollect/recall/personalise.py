"""One chronological pass over a log: both predictions for every review, and what was learned.

The pass needs no gradient. Cards run through their traces for every kind of learner, the kinds
compete, the learner's form is followed, and the learner memory reads each review's key before it
stores the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from recollect.recall.model.cards import card_logits
from recollect.recall.model.form import FORM_NAMES, FormPlan, form_along, form_plan
from recollect.recall.model.history import History, history_of
from recollect.recall.model.keys import CURVE, INSTANT, KEY_NAMES, KEYS, counted_keys, keys_along
from recollect.recall.model.kinds import mix_kinds
from recollect.recall.model.learner import (
    InstantReading,
    LearnerMemory,
    LearnerPrior,
    curve_weights,
    learn_curve,
    learn_instant,
    untaught_learner,
)
from recollect.recall.model.padding import padded, padded_size
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.model.side_by_side import side_by_side
from recollect.recall.model.traces import TraceParameters
from recollect.reviews import ReviewLog
from recollect.reviews.log import previous_row

__all__ = [
    "Foreseen",
    "OwnTraces",
    "Personalisation",
    "all_kinds",
    "foresee",
    "personalise",
]


@dataclass(frozen=True, eq=False)
class OwnTraces:
    """A learner's fitted traces, in force from some row on.

    Attributes:
        from_row: first row that they may predict; they were fitted on earlier rows only.
        traces: the parameters.
    """

    from_row: int
    traces: TraceParameters


@dataclass(frozen=True, eq=False)
class Personalisation:
    """A log seen through the model. Arrays ``[n]`` hold NaN on a card's first review.

    Attributes:
        log: the log.
        parameters: shared and own.
        history: counted columns.
        instant: probability of recall, using everything up to the moment of the review.
        instant_deviation: standard error of its log odds.
        curve: probability of recall as it was foretold at the card's previous review.
        kind_logits: ``[n, kind]`` log odds by each kind, the own place last.
        kind_weights: ``[2, kind]`` at the end, for later-day (0) and same-day (1) reviews.
        form: ``[n, form]`` the learner's form before each review.
        keys: ``[n, key]`` scaled keys.
        sorts: the learner memories at the end, for later-day (0) and same-day (1) reviews.
    """

    log: ReviewLog
    parameters: RecallParameters
    history: History
    instant: NDArray[np.float64]
    instant_deviation: NDArray[np.float64]
    curve: NDArray[np.float64]
    kind_logits: NDArray[np.float32]
    kind_weights: NDArray[np.float32]
    form: NDArray[np.float32]
    keys: NDArray[np.float32]
    sorts: tuple[LearnerMemory, LearnerMemory]


class _Expected(NamedTuple):
    """What the bank and the form say of every row."""

    keys: Float[Array, "n key"]
    form: Float[Array, "n form"]
    frozen: Float[Array, " n"]
    average: Float[Array, " n"]
    weights: Float[Array, "2 kind"]


class _Columns(NamedTuple):
    """Columns of a log, padded."""

    recalled: Float[Array, " n"]
    same_day: Int[Array, " n"]
    counts: Float[Array, " n"]
    known_at: Int[Array, " n"]


@eqx.filter_jit
def _expect(
    parameters: RecallParameters,
    logits: Array,
    rows: _Columns,
    plan: FormPlan,
    counted: dict[str, Array],
) -> _Expected:
    mixture = mix_kinds(
        parameters.rule,
        parameters.kind_prior(),
        logits,
        rows.recalled,
        rows.same_day,
        rows.counts > 0,
        rows.known_at,
    )
    form = form_along(plan, mixture.instant, rows.recalled, rows.same_day, rows.counts)
    keys = keys_along(counted, mixture.instant, form)
    return _Expected(keys, form, mixture.frozen, form[:, _AVERAGE], mixture.weights)


_AVERAGE = FORM_NAMES.index("recall_recent")
_TRACES = KEY_NAMES.index("traces")


_CHUNK = 1024
"""Reviews that the learner memory takes in one go: one size, compiled once for all logs."""


class _Rows(NamedTuple):
    """Reviews of one sort as the learner memory takes them."""

    keys: Float[Array, "m key"]
    frozen_traces: Float[Array, " m"]
    average: Float[Array, " m"]
    recalled: Float[Array, " m"]
    real: Float[Array, " m"]


_untaught = eqx.filter_jit(untaught_learner)


@eqx.filter_jit
def _learn(
    memory: LearnerMemory, rows: _Rows
) -> tuple[LearnerMemory, InstantReading, Float[Array, "m curvekey"], Float[Array, "m curvekey"]]:
    """Run the learner memories over some rows.

    Returns:
        The memory after them, the instant reading of each, and for the curve the key of each and
        the mean weights after it.
    """
    reading = learn_instant(
        (memory.instant, memory.guard_evidence),
        rows.keys[:, INSTANT],
        rows.average,
        rows.recalled,
        rows.real,
    )
    curve_keys = rows.keys.at[:, _TRACES].set(rows.frozen_traces)[:, CURVE]
    curve, means = learn_curve(memory.curve, curve_keys, rows.recalled)
    learned = LearnerMemory(reading.states, reading.guard_evidence, curve)
    return learned, reading, curve_keys, means


@dataclass(frozen=True, eq=False)
class Foreseen:
    """A log through the bank and the form, before the learner memory reads it. Arrays ``[n]``.

    Attributes:
        history: counted columns.
        logits: ``[n, kind]`` log odds by each kind, the own place last.
        keys: ``[n, key]`` scaled keys.
        form: ``[n, form]``.
        frozen: log odds by the bank as foretold.
        average: log odds of the learner's running recall.
        weights: ``[2, kind]`` of the kinds at the end.
        known_at: last row whose outcome was known when the row's curve was foretold, -1 none.
    """

    history: History
    logits: NDArray[np.float32]
    keys: NDArray[np.float32]
    form: NDArray[np.float32]
    frozen: NDArray[np.float32]
    average: NDArray[np.float32]
    weights: NDArray[np.float32]
    known_at: NDArray[np.int64]


def foresee(
    log: ReviewLog,
    parameters: RecallParameters,
    *,
    own: Sequence[OwnTraces] = (),
    refreshed_at: Sequence[int] = (),
) -> Foreseen:
    """The first half of :func:`personalise`, with the same arguments."""
    history = history_of(log)
    logits, centre = _kind_logits(history, parameters, own)
    n = len(log)
    known_at = _known_at(log, refreshed_at)
    size = padded_size(n)

    def pad(values: NDArray[np.generic]) -> Array:
        return jnp.asarray(padded(values, size))

    rows = _Columns(
        recalled=pad(history.recalled),
        same_day=pad(history.same_day.astype(np.int32)),
        counts=pad((history.reviews > 0).astype(np.float32)),
        known_at=pad(known_at.astype(np.int32)),
    )
    counted = {name: pad(column) for name, column in counted_keys(history).items()}
    counted["centre_traces"] = pad(centre)
    expected = _expect(parameters, pad(logits), rows, form_plan(history, size), counted)
    return Foreseen(
        history=history,
        logits=logits,
        keys=np.asarray(expected.keys)[:n],
        form=np.asarray(expected.form)[:n],
        frozen=np.asarray(expected.frozen)[:n],
        average=np.asarray(expected.average)[:n],
        weights=np.asarray(expected.weights),
        known_at=known_at,
    )


def personalise(
    log: ReviewLog,
    parameters: RecallParameters,
    *,
    own: Sequence[OwnTraces] = (),
    refreshed_at: Sequence[int] = (),
) -> Personalisation:
    """One pass over a log.

    Args:
        log: of one learner.
        parameters: shared; ``parameters.own``, where it is set, holds for the whole log.
        own: traces fitted on parts of the log, each in force from its row on.
        refreshed_at: rows at which every card's curve was foretold afresh with what had been
            learned of the learner until then (as when a scheduler is refitted); without them a
            curve rests on what was known at the card's previous review.

    Returns:
        Predictions for every review and the state at the end.
    """
    foreseen = foresee(log, parameters, own=own, refreshed_at=refreshed_at)
    history, n = foreseen.history, len(log)
    counts = history.reviews > 0
    result = {name: np.full(n, np.nan) for name in ("instant", "instant_deviation", "curve")}
    memories = []

    def learn(sort: int) -> _Learned:
        at = np.flatnonzero(counts & (history.same_day == bool(sort)))
        return _learn_sort(parameters.prior, sort, foreseen, at)

    for learned in side_by_side(learn, (0, 1)):
        at = learned.rows
        memories.append(learned.memory)
        result["instant"][at] = learned.column(lambda reading: reading.probability)
        result["instant_deviation"][at] = learned.column(lambda reading: reading.deviation)
        result["curve"][at] = _foretold(foreseen.frozen[at], learned.curve_logit(foreseen.known_at))
    return Personalisation(
        log=log,
        parameters=parameters,
        history=history,
        kind_logits=foreseen.logits,
        kind_weights=foreseen.weights,
        form=foreseen.form,
        keys=foreseen.keys,
        sorts=(memories[0], memories[1]),
        **result,
    )


def _foretold(bank_logit: NDArray[np.floating], logit: NDArray[np.floating]) -> NDArray[np.float64]:
    """The curve: the mean of what the bank and the learner memory foretold."""
    bank, learned = bank_logit.astype(np.float64), logit.astype(np.float64)
    return 0.5 / (1.0 + np.exp(-bank)) + 0.5 / (1.0 + np.exp(-learned))


@dataclass(frozen=True, eq=False)
class _Learned:
    """The learner memory of one sort run over its rows, chunk by chunk; still on the device."""

    rows: NDArray[np.int64]
    memory: LearnerMemory
    prior_mean: Float[Array, " curvekey"]
    readings: list[InstantReading]
    curve_keys: list[Array]
    means: list[Array]

    def column(self, which: Callable[[InstantReading], Array]) -> NDArray[np.float32]:
        """A column of the readings, ``[rows]``."""
        return self._joined([which(reading) for reading in self.readings])

    def curve_logit(self, known_at: NDArray[np.int64]) -> NDArray[np.float32]:
        """``[rows]`` log odds as they were foretold, with the weights of that time."""
        before = np.searchsorted(self.rows, known_at[self.rows], side="right")
        trail = np.concatenate([np.asarray(self.prior_mean)[None], self._joined(self.means)])
        used = curve_weights(trail[before])
        return np.asarray(np.sum(used * self._joined(self.curve_keys), axis=-1))

    def _joined(self, chunks: list[Array]) -> NDArray[np.float32]:
        return np.concatenate([np.asarray(chunk) for chunk in chunks])[: self.rows.size]


def _learn_sort(
    prior: LearnerPrior, sort: int, foreseen: Foreseen, at: NDArray[np.int64]
) -> _Learned:
    memory = _untaught(prior, sort)
    learned = _Learned(at, memory, prior.curve[sort], [], [], [])
    for first in range(0, max(at.size, 1), _CHUNK):
        chunk = at[first : first + _CHUNK]

        columns = (
            foreseen.keys[chunk],
            foreseen.frozen[chunk] / KEYS[_TRACES].scale,
            foreseen.average[chunk],
            foreseen.history.recalled[chunk],
            np.ones(chunk.size, np.float32),
        )
        rows = _Rows(*(jnp.asarray(padded(column, _CHUNK)) for column in columns))
        memory, reading, curve_keys, means = _learn(memory, rows)
        learned.readings.append(reading)
        learned.curve_keys.append(curve_keys)
        learned.means.append(means)
    return replace(learned, memory=memory)


def _known_at(log: ReviewLog, refreshed_at: Sequence[int]) -> NDArray[np.int64]:
    """``[n]`` last row whose outcome was known when each row's curve was foretold, or -1."""
    known = previous_row(log.card_id)
    for row in sorted(refreshed_at):
        known[row:] = np.maximum(known[row:], row - 1)
    return known


def all_kinds(parameters: RecallParameters) -> TraceParameters:
    """The bank with the learner's own traces (the centre before a fit) last."""
    own = parameters.centre if parameters.own is None else parameters.own
    return _with_more(parameters.kinds, [own])


def _with_more(kinds: TraceParameters, more: Sequence[TraceParameters]) -> TraceParameters:
    def join(leaf: Array, *single: Array) -> Array:
        return jnp.concatenate([leaf, jnp.stack(single)])

    return jax.tree.map(join, kinds, *more)


def _kind_logits(
    history: History, parameters: RecallParameters, own: Sequence[OwnTraces]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """``[n, kind]`` with the learner's own place last, and ``[n]`` by the centre."""
    logits = card_logits(_with_more(parameters.kinds, [parameters.centre]), history)
    bank = parameters.kind_count - 1
    centre = logits[:, bank]
    mine = centre.copy()
    first = [] if parameters.own is None else [OwnTraces(0, parameters.own)]
    for stage in [*first, *own]:
        alone = jax.tree.map(lambda leaf: leaf[None], stage.traces)
        mine[stage.from_row :] = card_logits(alone, history)[stage.from_row :, 0]
    return np.concatenate([logits[:, :bank], mine[:, None]], axis=1), centre
