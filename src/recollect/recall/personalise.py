"""One chronological pass over a log: both predictions for every review, and what was learned.

The pass needs no gradient. Cards run through their traces for every kind of learner, the kinds
compete, the learner's form is followed, and the learner memory reads each review's key before it
stores the outcome.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from recollect.memory import KalmanState
from recollect.recall.learning import Lessons, learn_sorts
from recollect.recall.model.cards import card_logits
from recollect.recall.model.form import FORM_NAMES, form_along, form_plan
from recollect.recall.model.grouping import previous_in_group
from recollect.recall.model.history import History, history_of
from recollect.recall.model.keys import KEY_NAMES, KEYS, counted_keys, keys_along
from recollect.recall.model.kinds import mix_kinds
from recollect.recall.model.learner import LearnerMemory
from recollect.recall.model.padding import padded, padded_size
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.model.traces import TraceParameters
from recollect.reviews import ReviewLog

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

    @property
    def bank(self) -> TraceParameters:
        """Traces of every kind of learner, the own place last."""
        return all_kinds(self.parameters)

    @property
    def curves(self) -> tuple[KalmanState, KalmanState]:
        """What the learner memories hold about the curve, later-day (0) and same-day (1)."""
        return self.sorts[0].curve, self.sorts[1].curve


_mix = eqx.filter_jit(mix_kinds)
_form = eqx.filter_jit(form_along)
_keys = eqx.filter_jit(keys_along)

_AVERAGE = FORM_NAMES.index("recall_recent")
_TRACES = KEY_NAMES.index("traces")


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
    known_at = _known_at(history, refreshed_at)
    size = padded_size(n)

    def pad(values: NDArray[np.generic]) -> Array:
        return jnp.asarray(padded(values, size))

    # Step by step, each with its columns made when they are needed: a third of the memory.
    recalled, same_day = pad(history.recalled), pad(history.same_day.astype(np.int32))
    counts = pad((history.reviews > 0).astype(np.float32))
    with ThreadPoolExecutor(1) as pool:
        plan = pool.submit(form_plan, history, size)
        mixture = _mix(
            parameters.rule,
            parameters.kind_prior(),
            pad(logits),
            recalled,
            same_day,
            counts > 0,
            pad(known_at.astype(np.int32)),
        )
        form = _form(plan.result(), mixture.instant, recalled, same_day, counts)
    counted = {name: pad(column) for name, column in counted_keys(history).items()}
    counted["centre_traces"] = pad(centre)
    keys = _keys(counted, mixture.instant, form)
    return Foreseen(
        history=history,
        logits=logits,
        keys=np.asarray(keys)[:n],
        form=np.asarray(form)[:n],
        frozen=np.asarray(mixture.frozen)[:n],
        average=np.asarray(form)[:n, _AVERAGE],
        weights=np.asarray(mixture.weights),
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
    rows = [np.flatnonzero(counts & (history.same_day == same_day)) for same_day in (False, True)]
    later, same_day = (_lessons(foreseen, at) for at in rows)
    learned = learn_sorts(parameters.prior, (later, same_day))
    for at, found in zip(rows, learned, strict=True):
        result["instant"][at] = found.instant
        result["instant_deviation"][at] = found.deviation
        result["curve"][at] = _foretold(foreseen.frozen[at], found.curve_logit)
    return Personalisation(
        log=log,
        parameters=parameters,
        history=history,
        kind_logits=foreseen.logits,
        kind_weights=foreseen.weights,
        form=foreseen.form,
        keys=foreseen.keys,
        sorts=(learned[0].memory, learned[1].memory),
        **result,
    )


def _foretold(bank_logit: NDArray[np.floating], logit: NDArray[np.floating]) -> NDArray[np.float64]:
    """The curve: the mean of what the bank and the learner memory foretold."""
    bank, learned = bank_logit.astype(np.float64), logit.astype(np.float64)
    return 0.5 / (1.0 + np.exp(-bank)) + 0.5 / (1.0 + np.exp(-learned))


def _lessons(foreseen: Foreseen, at: NDArray[np.int64]) -> Lessons:
    return Lessons(
        rows=at,
        learned_before=np.searchsorted(at, foreseen.known_at[at], side="right"),
        keys=foreseen.keys,
        frozen_traces=foreseen.frozen / np.float32(KEYS[_TRACES].scale),
        average=foreseen.average,
        recalled=foreseen.history.recalled,
    )


def _known_at(history: History, refreshed_at: Sequence[int]) -> NDArray[np.int64]:
    """``[n]`` last row whose outcome was known when each row's curve was foretold, or -1."""
    known = previous_in_group(history.card)
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
