"""One chronological pass over a log: both predictions for every review, and what was learned.

The pass needs no gradient. Cards run through their traces for every kind of learner, the kinds
compete, the learner's form is followed, and the learner memory reads each review's key before it
stores the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from recollect.memory import KalmanState
from recollect.recall.model.cards import card_logits
from recollect.recall.model.form import FORM_NAMES, FormPlan, form_along, form_plan
from recollect.recall.model.history import History, history_of
from recollect.recall.model.keys import CURVE, INSTANT, KEY_NAMES, KEYS, counted_keys, keys_along
from recollect.recall.model.kinds import mix_kinds
from recollect.recall.model.learner import LearnerPrior, curve_weights, learn_curve, learn_instant
from recollect.recall.model.padding import padded, padded_size
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.model.traces import TraceParameters
from recollect.reviews import ReviewLog
from recollect.reviews.log import previous_row

__all__ = [
    "Foreseen",
    "OwnTraces",
    "Personalisation",
    "Sort",
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


class Sort(NamedTuple):
    """The learner memory of one sort of review (later-day or same-day) at the end of a log.

    Attributes:
        instant: beliefs of the instant memories, leading axis plasticity.
        curve: belief of the curve's memory.
        guard_evidence: log odds of the running average.
    """

    instant: KalmanState
    curve: KalmanState
    guard_evidence: Float[Array, ""]


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
    sorts: tuple[Sort, Sort]


class _Expected(NamedTuple):
    """What the bank and the form say of every row."""

    keys: Float[Array, "n key"]
    form: Float[Array, "n form"]
    frozen: Float[Array, " n"]
    average: Float[Array, " n"]
    weights: Float[Array, "2 kind"]


class _Rows(NamedTuple):
    """Columns of a log, padded."""

    recalled: Float[Array, " n"]
    same_day: Int[Array, " n"]
    counts: Float[Array, " n"]
    known_at: Int[Array, " n"]


@eqx.filter_jit
def _expect(
    parameters: RecallParameters,
    logits: Array,
    rows: _Rows,
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


class _Learned(NamedTuple):
    probability: Float[Array, " m"]
    deviation: Float[Array, " m"]
    curve_logit: Float[Array, " m"]
    sort: Sort


@eqx.filter_jit
def _learn(
    prior: LearnerPrior,
    sort: Array,
    keys: Array,
    frozen_traces: Array,
    average: Array,
    recalled: Array,
    real: Array,
    frozen_at: Array,
) -> _Learned:
    """Run the learner memories over the rows of one sort.

    Args:
        prior: what other learners taught.
        sort: 0 for later-day reviews, 1 for same-day reviews.
        keys: ``[m, key]``.
        frozen_traces: ``[m]`` scaled log odds of the bank as foretold.
        average: ``[m]`` log odds of the running average.
        recalled: ``[m]``.
        real: ``[m]`` False on padding.
        frozen_at: ``[m]`` number of rows of this sort that had been learned when the curve was
            foretold.
    """
    reading = learn_instant(prior.instant[sort], keys[:, INSTANT], average, recalled, real)
    curve_keys = keys.at[:, _TRACES].set(frozen_traces)[:, CURVE]
    state, means = learn_curve(prior.curve[sort], curve_keys, recalled)
    trail = jnp.concatenate([prior.curve[sort][None], means])
    weights = curve_weights(trail[frozen_at])
    return _Learned(
        reading.probability,
        reading.deviation,
        jnp.sum(weights * curve_keys, axis=-1),
        Sort(reading.states, state, reading.guard_evidence),
    )


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

    rows = _Rows(
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
    sorts = []
    curves = []
    for same_day in (False, True):
        at = np.flatnonzero(counts & (history.same_day == same_day))
        learned = _learn_rows(parameters.prior, int(same_day), foreseen, at)
        result["instant"][at] = np.asarray(learned.probability)[: at.size]
        result["instant_deviation"][at] = np.asarray(learned.deviation)[: at.size]
        curves.append((at, np.asarray(learned.curve_logit)[: at.size]))
        sorts.append(learned.sort)
    for at, logit in curves:
        result["curve"][at] = _foretold(foreseen.frozen[at], logit)
    return Personalisation(
        log=log,
        parameters=parameters,
        history=history,
        kind_logits=foreseen.logits,
        kind_weights=foreseen.weights,
        form=foreseen.form,
        keys=foreseen.keys,
        sorts=(sorts[0], sorts[1]),
        **result,
    )


def _foretold(bank_logit: NDArray[np.floating], logit: NDArray[np.floating]) -> NDArray[np.float64]:
    """The curve: the mean of what the bank and the learner memory foretold."""
    bank, learned = bank_logit.astype(np.float64), logit.astype(np.float64)
    return 0.5 / (1.0 + np.exp(-bank)) + 0.5 / (1.0 + np.exp(-learned))


def _learn_rows(
    prior: LearnerPrior, sort: int, foreseen: Foreseen, at: NDArray[np.int64]
) -> _Learned:
    size = padded_size(at.size)
    learned_before = np.searchsorted(at, foreseen.known_at[at], side="right")
    return _learn(
        prior,
        jnp.asarray(sort),
        jnp.asarray(padded(foreseen.keys[at], size)),
        jnp.asarray(padded(foreseen.frozen[at] / KEYS[_TRACES].scale, size)),
        jnp.asarray(padded(foreseen.average[at], size)),
        jnp.asarray(padded(foreseen.history.recalled[at], size)),
        jnp.asarray(padded(np.ones(at.size, np.float32), size)),
        jnp.asarray(padded(learned_before.astype(np.int32), size)),
    )


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
