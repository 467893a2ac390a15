"""The learner's form: what recent surprises, of anything, say about the next review.

Each trace of form is a delta-rule memory under a constant key: it moves a share of the way to
the latest surprise (outcome minus expected recall). They differ in whose surprises they store:
all reviews, this deck, this card, its siblings, and cards first met at about the same time.
"""

from __future__ import annotations

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from recollect.memory import NormalisedDelta
from recollect.recall.model.grouping import order_by_group
from recollect.recall.model.history import History
from recollect.recall.model.padding import padded

__all__ = ["FORM_NAMES", "FormPlan", "form_along", "form_plan"]

FORM_NAMES = (
    "surprise_3_reviews",
    "surprise_10_reviews",
    "surprise_30_reviews",
    "answer_time_recent",
    "surprise_deck",
    "surprise_siblings",
    "surprise_card",
    "surprise_neighbours",
    "recall_recent",
    "recall_lasting",
)
"""Columns of the form, in order."""

_REVIEW_RATES = (0.3, 0.1, 0.03)
_ANSWER_RATE = 0.05
_DECK_PRIOR, _DECK_MOST = 8.0, 50.0
_SIBLING_SCALE_DAYS = 3.0
_CARD_RATE = 0.5
_COHORT = 12
_COHORT_RATE = 0.12
_RECALL_START = 1.2
_RECALL_STEPS = (0.3, 0.05)
_CUE = jnp.ones(1)
_ANSWER_LANE = len(_REVIEW_RATES)


class FormPlan(eqx.Module):
    """Who remembers whose surprises, worked out from the log before any is known.

    A lane is a set of memories side by side in one array: its rows in the order of the groups,
    with a fresh memory at the start of each group.

    Attributes:
        order: ``[lane, n]`` row of the log at each place.
        fresh: ``[lane, n]`` 1 where a group starts.
        rate: ``[lane, n]`` share of the way to the value; 0 writes nothing.
        answer_time: ``[n]`` standard scores.
        sibling: ``[n]`` row of the latest review of another card of the note, -1 none.
        sibling_retained: ``[n]`` share left by the time since.
    """

    order: Int[Array, "lane n"]
    fresh: Float[Array, "lane n"]
    rate: Float[Array, "lane n"]
    answer_time: Float[Array, " n"]
    sibling: Int[Array, " n"]
    sibling_retained: Float[Array, " n"]


@dataclass(frozen=True, eq=False)
class _Lane:
    """One set of memories: whose rows, and how fast they move."""

    group: NDArray[np.int32]
    rate: NDArray[np.float64]


def form_plan(history: History, size: int) -> FormPlan:
    """Plan the form of a log, padded to ``size`` rows."""
    n = history.card.shape[0]
    counts = (history.reviews > 0).astype(np.float64)
    everyone = np.zeros(n, np.int32)
    always = np.ones(n)
    in_deck = _earlier_of(history.deck, counts)
    cohort_rate = _COHORT_RATE * counts
    lanes = [
        *(_Lane(everyone, rate * counts) for rate in _REVIEW_RATES),
        _Lane(everyone, _ANSWER_RATE * always),
        _Lane(history.deck, counts / (np.minimum(in_deck + 1, _DECK_MOST) + _DECK_PRIOR)),
        _Lane(history.card, _CARD_RATE * counts * history.is_first_of_day),
        _Lane(history.card // _COHORT, cohort_rate),
        _Lane((history.card + _COHORT // 2) // _COHORT, cohort_rate),
    ]
    columns = [_laid_out(lane, size) for lane in lanes]
    order, fresh, rate = (np.stack(column) for column in zip(*columns, strict=True))
    sibling = _siblings(history, counts > 0)
    since = history.time_days - history.time_days[np.maximum(sibling, 0)]
    return FormPlan(
        order=jnp.asarray(order, jnp.int32),
        fresh=jnp.asarray(fresh, jnp.float32),
        rate=jnp.asarray(rate, jnp.float32),
        answer_time=jnp.asarray(padded(history.answer_time, size)),
        sibling=jnp.asarray(np.r_[sibling, np.full(size - n, -1)], jnp.int32),
        sibling_retained=jnp.asarray(
            padded(np.exp(-since / _SIBLING_SCALE_DAYS), size), jnp.float32
        ),
    )


def _earlier_of(group: NDArray[np.int32], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counted rows of the same group before each row."""
    order = order_by_group(group)
    ordered = group[order]
    total: NDArray[np.float64] = np.cumsum(counts[order]) - counts[order]
    first = np.r_[True, ordered[1:] != ordered[:-1]] if ordered.size else np.zeros(0, bool)
    origin = np.maximum.accumulate(np.where(first, np.arange(ordered.size), 0))
    out = np.empty(ordered.size)
    out[order] = total - total[origin]
    return out


def _laid_out(
    lane: _Lane, size: int
) -> tuple[NDArray[np.int32], NDArray[np.bool_], NDArray[np.float32]]:
    n = lane.group.shape[0]
    order = order_by_group(lane.group)
    group = lane.group[order]
    fresh = np.r_[True, group[1:] != group[:-1]] if n else np.zeros(0, bool)
    return (
        np.r_[order, np.arange(n, size)].astype(np.int32),
        padded(fresh, size),
        padded(lane.rate[order].astype(np.float32), size),
    )


def _siblings(history: History, counts: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Row of the latest counted review of the note, where it was of another card; else -1."""
    rows = np.flatnonzero(counts)
    latest = np.full(history.card.shape[0], -1, dtype=np.int64)
    order = order_by_group(history.note)
    note = history.note[order]
    counted = np.where(counts[order], np.arange(order.size), -1)
    fresh = np.r_[True, note[1:] != note[:-1]] if order.size else np.zeros(0, bool)
    start = np.maximum.accumulate(np.where(fresh, np.arange(order.size), 0))
    before = np.r_[-1, np.maximum.accumulate(counted)[:-1]] if order.size else counted
    found = before >= start
    latest[order[found]] = order[before[found]]
    other = history.card[np.maximum(latest, 0)] != history.card
    return np.where((latest >= 0) & other & (rows.size > 0), latest, -1)


def form_along(
    plan: FormPlan,
    expected: Float[Array, " n"],
    recalled: Float[Array, " n"],
    same_day: Int[Array, " n"],
    counts: Float[Array, " n"],
) -> Float[Array, "n form"]:
    """The form before every review, columns as in :data:`FORM_NAMES`.

    Args:
        plan: of the log.
        expected: log odds of recall by the bank.
        recalled: outcomes, 0 or 1.
        same_day: 1 for a same-day review.
        counts: 0 on a card's first review, where nothing was expected, and on padding.
    """
    surprise = recalled - jax.nn.sigmoid(expected)
    lanes = plan.order.shape[0]
    values = jnp.broadcast_to(surprise, (lanes, surprise.shape[0]))
    values = values.at[_ANSWER_LANE].set(plan.answer_time)
    values = jnp.take_along_axis(values, plan.order, axis=1)
    before = _remembered(plan, values)
    places = jnp.zeros_like(before).at[jnp.arange(lanes)[:, None], plan.order].set(before)
    sibling = jnp.where(plan.sibling >= 0, surprise[plan.sibling] * plan.sibling_retained, 0.0)
    neighbours = 0.5 * (places[6] + places[7])
    recall = _running_recall(recalled, same_day, counts)
    columns = [*places[:5], sibling, places[5], neighbours, recall[:, 0], recall[:, 1]]
    return jnp.stack(columns, axis=-1)


def _remembered(plan: FormPlan, values: Float[Array, "lane n"]) -> Float[Array, "lane n"]:
    """What every lane holds just before each of its rows."""
    lanes = values.shape[0]

    def step(
        state: Float[Array, "1 lane"], row: tuple[Array, ...]
    ) -> tuple[Float[Array, "1 lane"], Float[Array, " lane"]]:
        value, fresh, rate = row
        kept = state * (1.0 - fresh)[None]
        return NormalisedDelta(1, lanes, rate).write(kept, _CUE, value), kept[0]

    rows = (values.T, plan.fresh.T, plan.rate.T)
    return jax.lax.scan(step, jnp.zeros((1, lanes)), rows, unroll=8)[1].T


def _running_recall(
    recalled: Float[Array, " n"], same_day: Int[Array, " n"], counts: Float[Array, " n"]
) -> Float[Array, "n 2"]:
    """Log odds of recall, quick and lasting, from outcomes of the same sort of review alone."""
    steps = jnp.array(_RECALL_STEPS)

    def step(
        state: Float[Array, "2 2"], row: tuple[Array, Array, Array]
    ) -> tuple[Float[Array, "2 2"], Float[Array, "2 2"]]:
        outcome, sort, counted = row
        error = counted * (outcome - jax.nn.sigmoid(state))
        chosen = (jnp.arange(2) == sort)[:, None]
        written = NormalisedDelta(1, 4, jnp.tile(steps, 2)).write(
            jnp.reshape(state, (1, 4)), _CUE, jnp.reshape(state + chosen * error, 4)
        )
        return jnp.reshape(written, (2, 2)), state

    start = jnp.full((2, 2), _RECALL_START)
    trail = jax.lax.scan(step, start, (recalled, same_day, counts), unroll=8)[1]
    return trail[jnp.arange(trail.shape[0]), same_day]
