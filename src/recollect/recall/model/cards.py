"""All cards of a log through their traces: log odds of recall before every review."""

from __future__ import annotations

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from recollect.recall.model.history import History
from recollect.recall.model.padding import card_grids, padded, padded_size
from recollect.recall.model.traces import (
    CardState,
    TraceParameters,
    empty_card,
    read_card,
    write_card,
)

__all__ = ["card_logits", "final_states", "logits_along", "replay_card", "replayed_states"]


def replay_card(
    parameters: TraceParameters,
    elapsed_days: Float[Array, " review"],
    rating: Int[Array, " review"],
    answer_time: Float[Array, " review"],
) -> tuple[CardState, Float[Array, " review"]]:
    """One card, review by review.

    Returns:
        The state after the last review, and the log odds read before each.
    """

    def step(
        state: CardState, review: tuple[Array, Array, Array]
    ) -> tuple[CardState, Float[Array, ""]]:
        elapsed, grade, time = review
        return (
            write_card(parameters, state, elapsed, grade, time),
            read_card(parameters, state, elapsed),
        )

    return jax.lax.scan(step, empty_card(), (elapsed_days, rating, answer_time))


def logits_along(
    parameters: TraceParameters,
    elapsed_days: Float[Array, "card review"],
    rating: Int[Array, "card review"],
    answer_time: Float[Array, "card review"],
) -> Float[Array, "card review"]:
    """Log odds before every review of many cards, for one kind of learner."""

    def one(elapsed: Array, grade: Array, time: Array) -> Array:
        return replay_card(parameters, elapsed, grade, time)[1]

    return jax.vmap(one)(elapsed_days, rating, answer_time)


def _columns(history: History, rows: NDArray[np.int64]) -> tuple[Array, Array, Array]:
    return (
        jnp.asarray(history.elapsed_days[rows]),
        jnp.asarray(history.rating[rows]),
        jnp.asarray(history.answer_time[rows]),
    )


@eqx.filter_jit
def _kinds_logits(
    kinds: TraceParameters, elapsed: Array, rating: Array, answer_time: Array
) -> Array:
    return jax.vmap(logits_along, in_axes=(0, None, None, None))(
        kinds, elapsed, rating, answer_time
    )


def card_logits(kinds: TraceParameters, history: History) -> NDArray[np.float32]:
    """Log odds of recall before every review of a log, for each kind of learner.

    Args:
        kinds: parameters with a leading axis ``kind``.
        history: of the log.

    Returns:
        ``[n, kind]``.
    """
    count = kinds.readout_bias.shape[0]
    logits = np.zeros((history.card.shape[0], count), dtype=np.float32)
    for grid in card_grids(history.card):
        rows, inside = np.maximum(grid, 0), grid >= 0
        found = _kinds_logits(kinds, *_columns(history, rows))
        logits[grid[inside]] = np.moveaxis(np.asarray(found), 0, -1)[inside]
    return logits


@eqx.filter_jit
def _kinds_states(
    kinds: TraceParameters,
    elapsed: Array,
    rating: Array,
    answer_time: Array,
    length: Array,
) -> CardState:
    def last(parameters: TraceParameters, *columns: Array) -> CardState:
        def step(state: CardState, review: tuple[Array, ...]) -> tuple[CardState, None]:
            elapsed, grade, time, at = review
            written = write_card(parameters, state, elapsed, grade, time)
            keep = at < columns[3]
            return jax.tree.map(lambda new, old: jnp.where(keep, new, old), written, state), None

        at = jnp.arange(columns[0].shape[0])
        return jax.lax.scan(step, empty_card(), (*columns[:3], at))[0]

    over_cards = jax.vmap(last, in_axes=(None, 0, 0, 0, 0))
    return jax.vmap(over_cards, in_axes=(0, None, None, None, None))(
        kinds, elapsed, rating, answer_time, length
    )


def final_states(kinds: TraceParameters, history: History) -> CardState:
    """Every card's state after its last review, for each kind of learner.

    Returns:
        A state whose arrays have leading axes ``[kind, card]``, cards by number.
    """
    count = kinds.readout_bias.shape[0]
    cards = int(history.card.max()) + 1 if history.card.size else 0
    states = jax.tree.map(
        lambda leaf: np.zeros((count, cards, *leaf.shape), np.float32), empty_card()
    )
    for grid in card_grids(history.card):
        real = grid[:, 0] >= 0
        rows = np.maximum(grid, 0)
        length = (grid >= 0).sum(axis=1)
        found = _kinds_states(
            kinds,
            *_columns(history, rows),
            jnp.asarray(length),
        )
        card = history.card[grid[real, 0]]
        for target, source in zip(states, found, strict=True):
            target[:, card] = np.asarray(source)[:, real]
    return CardState(*(jnp.asarray(leaf) for leaf in states))


@eqx.filter_jit
def _kinds_trail(kinds: TraceParameters, elapsed: Array, rating: Array, time: Array) -> CardState:
    def one(parameters: TraceParameters) -> CardState:
        def step(state: CardState, review: tuple[Array, ...]) -> tuple[CardState, CardState]:
            written = write_card(parameters, state, *review)
            return written, written

        return jax.lax.scan(step, empty_card(), (elapsed, rating, time))[1]

    return jax.vmap(one)(kinds)


def replayed_states(kinds: TraceParameters, history: History, rows: NDArray[np.int64]) -> CardState:
    """One card's state after each of its reviews, for each kind of learner.

    Args:
        kinds: parameters with a leading axis ``kind``.
        history: of the log.
        rows: all rows of the card, oldest first.

    Returns:
        A state whose arrays have leading axes ``[kind, review]``.
    """
    size = padded_size(rows.size, 16)
    columns = (jnp.asarray(padded(np.asarray(c), size)) for c in _columns(history, rows))
    states = _kinds_trail(kinds, *columns)
    return CardState(*(leaf[:, : rows.size] for leaf in states))
