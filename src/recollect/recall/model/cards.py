"""All cards of a log through their traces: log odds of recall before every review."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from recollect.recall.model.history import History
from recollect.recall.model.padding import LANE_SHAPE, card_lanes, padded_size
from recollect.recall.model.side_by_side import side_by_side
from recollect.recall.model.traces import (
    CardState,
    Exposure,
    TraceParameters,
    empty_card,
    exposure,
    over_batch,
    store,
)

__all__ = ["Lanes", "card_logits", "final_states", "lanes_of", "over_kinds", "replay"]

_AT_ONCE = 64
"""Blocks whose results are held at a time, for the sake of memory."""


class Lanes(NamedTuple):
    """Reviews in time, many cards beside each other and one after the other.

    A card's first review (``reviews`` 0) begins it afresh.

    Attributes:
        elapsed_days: ``[step, *batch]`` since the card's previous review.
        rating: 0 (Again) to 3 (Easy).
        answer_time: standard score of the log answer time.
        reviews: earlier reviews of the card.
    """

    elapsed_days: Float[Array, " step *batch"]
    rating: Int[Array, " step *batch"]
    answer_time: Float[Array, " step *batch"]
    reviews: Float[Array, " step *batch"]


def lanes_of(history: History, rows: NDArray[np.int64]) -> Lanes:
    """The columns of some rows ``[step, *batch]``; any row number below 0 stands for row 0."""
    rows = np.maximum(rows, 0)
    return Lanes(
        jnp.asarray(history.elapsed_days[rows]),
        jnp.asarray(history.rating[rows]),
        jnp.asarray(history.answer_time[rows]),
        jnp.asarray(history.reviews[rows]),
    )


def over_kinds(kinds: TraceParameters) -> TraceParameters:
    """Parameters with a leading axis ``kind`` made ready for a batch ``[kind, card]``."""
    return over_batch(jax.tree.map(lambda leaf: jnp.moveaxis(leaf, 0, -1), kinds), 1)


def replay(
    parameters: TraceParameters, lanes: Lanes, *, keep_states: bool = False
) -> tuple[CardState | None, Float[Array, " step *batch"]]:
    """Cards review by review.

    Args:
        parameters: with as many further axes as ``lanes`` has behind the first.
        lanes: the reviews.
        keep_states: whether to return the states.

    Returns:
        The states after each review, axis ``step`` first, or None; and the log odds before each,
        0 where it is a card's first.
    """
    batch = jnp.broadcast_shapes(parameters.readout_bias.shape, lanes.elapsed_days.shape[1:])
    # Whatever does not depend on the traces is worked out for all reviews at once.
    seen = jax.vmap(exposure, in_axes=(None, 0, 0, 0, 0))(parameters, *lanes)

    def step(state: CardState, one: Exposure) -> tuple[CardState, tuple[CardState | None, Array]]:
        state, logit = store(parameters, state, one)
        return state, (state if keep_states else None, logit)

    return jax.lax.scan(step, empty_card(*batch), seen)[1]


@eqx.filter_jit
def _kinds_replay(
    kinds: TraceParameters, lanes: Lanes, keep_states: bool
) -> tuple[CardState | None, Float[Array, "step kind lane"]]:
    with_kind = Lanes(*(column[:, None] for column in lanes))
    return replay(over_kinds(kinds), with_kind, keep_states=keep_states)


def _blocks(
    kinds: TraceParameters, history: History, *, keep_states: bool = False
) -> Iterator[tuple[NDArray[np.int64], CardState | None, Array]]:
    """Rows ``[step, lane]``, states and log odds ``[step, kind, lane]``, block by block."""
    blocks = list(card_lanes(history.card, LANE_SHAPE))

    def work(rows: NDArray[np.int64]) -> tuple[CardState | None, Array]:
        return _kinds_replay(kinds, lanes_of(history, rows), keep_states)

    for at in range(0, len(blocks), _AT_ONCE):
        some = blocks[at : at + _AT_ONCE]
        for rows, (states, logit) in zip(some, side_by_side(work, some), strict=True):
            yield rows, states, logit


def card_logits(kinds: TraceParameters, history: History) -> NDArray[np.float32]:
    """Log odds of recall before every review of a log, for each kind of learner.

    Args:
        kinds: parameters with a leading axis ``kind``.
        history: of the log.

    Returns:
        ``[n, kind]``; 0 at a card's first review.
    """
    count = kinds.readout_bias.shape[0]
    logits = np.zeros((history.card.shape[0], count), dtype=np.float32)
    for rows, _, logit in _blocks(kinds, history):
        inside = rows >= 0
        logits[rows[inside]] = np.moveaxis(np.asarray(logit), 1, -1)[inside]
    return logits


def final_states(kinds: TraceParameters, history: History) -> CardState:
    """Every card's state after its last review, for each kind of learner.

    Returns:
        A state of batch ``[kind, card]``, cards by number.
    """
    count = kinds.readout_bias.shape[0]
    cards = int(history.card.max()) + 1 if history.card.size else 0
    last = np.zeros(cards, dtype=np.int64)
    last[history.card] = np.arange(history.card.size)
    final = [np.zeros(leaf.shape, np.float32) for leaf in empty_card(count, cards)]
    for rows, states, _ in _blocks(kinds, history, keep_states=True):
        assert states is not None
        card = history.card[np.maximum(rows, 0)]
        step, lane = np.nonzero((rows >= 0) & (last[card] == rows))
        for target, source in zip(final, states, strict=True):
            # Indexing apart from a slice puts the cards first.
            target[..., card[step, lane]] = np.moveaxis(np.asarray(source)[step, ..., lane], 0, -1)
    return CardState(*(jnp.asarray(leaf) for leaf in final))


def replayed_states(kinds: TraceParameters, history: History, rows: NDArray[np.int64]) -> CardState:
    """One card's state after each of its reviews, for each kind of learner.

    Args:
        kinds: parameters with a leading axis ``kind``.
        history: of the log.
        rows: all rows of the card, oldest first.

    Returns:
        A state of batch ``[kind, review]``.
    """
    lane = np.full((padded_size(rows.size, 16), 1), -1)
    lane[: rows.size, 0] = rows
    states, _ = _kinds_replay(kinds, lanes_of(history, lane), True)
    assert states is not None
    return CardState(*(jnp.moveaxis(leaf[: rows.size, ..., 0], 0, -1) for leaf in states))
