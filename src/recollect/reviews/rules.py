"""Which entries of an Anki review log are attempts to recall, and which past counts.

Anki's log holds more than answers. The rules are those of Anki's own optimiser
(``is_reset``, ``is_cramming``, ``has_rating`` in ``rslib/src/revlog/mod.rs`` and
``reviews_for_fsrs`` in ``rslib/src/scheduler/fsrs/params.rs``; discussed in fsrs-rs issue 63,
anki issue 3001 and fsrs4anki issue 137):

- *manual entry*: ease 0, or kind 4 (set by hand) or 5 (rescheduled). Nobody answered.
- *reset*: kind 4 with factor 0 ("Forget"). What came before it belongs to a former life of
  the card and is left out, also when nothing follows.
- *reset without an entry*: older versions did not log resets. They show as a learning step
  (kind 0) after some other entry; the card's history starts at its last run of learning steps.
- *cramming*: kind 3 with factor 0, a filtered deck that does not reschedule. Kind 3 with
  another factor is an early review and counts.

In one respect we keep more than Anki's optimiser does: cards that show no learning step stay,
with the history that they have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.reviews.log import occurrence_index

__all__ = ["AnkiKind", "AttemptRules", "attempts", "duplicate_rows", "states_from_kinds"]


class AnkiKind:
    """Values of ``revlog.type``."""

    LEARN = 0
    REVIEW = 1
    RELEARN = 2
    FILTERED = 3
    MANUAL = 4
    RESCHEDULED = 5


@dataclass(frozen=True, eq=False)
class AttemptRules:
    """What became of each entry: at most one of the masks ``[n]`` is true in a row.

    Attributes:
        keep: attempts that count.
        reset: resets of the card.
        manual: other entries without an answer.
        cramming: answers that do not count.
        before_reset: earlier than the card's last reset.
        before_relearning: earlier than the card's last run of learning steps.
    """

    keep: NDArray[np.bool_]
    reset: NDArray[np.bool_]
    manual: NDArray[np.bool_]
    cramming: NDArray[np.bool_]
    before_reset: NDArray[np.bool_]
    before_relearning: NDArray[np.bool_]


def attempts(
    card_id: NDArray[np.int64],
    ease: NDArray[np.int64],
    kind: NDArray[np.int64],
    factor: NDArray[np.int64],
) -> AttemptRules:
    """Apply the rules to entries in chronological order.

    Args:
        card_id: ``[n]`` card of each entry.
        ease: ``[n]`` answer 1-4, or 0 for none.
        kind: ``[n]`` see :class:`AnkiKind`.
        factor: ``[n]`` ease factor in per mille; 0 marks resets and cramming.
    """
    reset = (kind == AnkiKind.MANUAL) & (factor == 0)
    unanswered = (ease == 0) | (kind == AnkiKind.MANUAL) | (kind == AnkiKind.RESCHEDULED)
    manual = unanswered & ~reset
    cramming = (kind == AnkiKind.FILTERED) & (factor == 0) & ~unanswered
    learning = (kind == AnkiKind.LEARN) & ~unanswered
    rows = np.arange(card_id.shape[0])
    before_reset = rows < _last(rows, reset, card_id)
    # The start of the last run of learning steps: the entry after the last other entry
    # that precedes the card's last learning step. Cramming does not interrupt a run.
    last_step = _last(rows, learning, card_id)
    interrupts = ~learning & ~((kind == AnkiKind.FILTERED) & (factor == 0))
    before_relearning = rows <= _last(rows, interrupts & (rows < last_step), card_id)
    counted = ~(reset | manual | cramming)
    before_reset &= counted
    before_relearning &= counted & ~before_reset
    return AttemptRules(
        keep=counted & ~before_reset & ~before_relearning,
        reset=reset,
        manual=manual,
        cramming=cramming,
        before_reset=before_reset,
        before_relearning=before_relearning,
    )


def states_from_kinds(card_id: NDArray[np.int64], kind: NDArray[np.int64]) -> NDArray[np.int64]:
    """``[n]`` :class:`~recollect.reviews.log.ReviewState` of kept entries, in order.

    A card's first entry, when it is a learning step, found the card new; else a kind is one
    less than its state.
    """
    new = (kind == AnkiKind.LEARN) & (occurrence_index(card_id) == 0)
    return np.where(new, 0, kind + 1)


def duplicate_rows(
    learner: NDArray[np.int64],
    card_id: NDArray[np.int64],
    time_ms: NDArray[np.int64],
    rating: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows that repeat an earlier row.

    Returns:
        ``[n]`` duplicates (same learner, card, time and rating as an earlier row) and
        ``[n]`` conflicts (same learner, card and time as an earlier row, but no duplicates).
    """
    n = card_id.shape[0]
    again = np.zeros(n, dtype=np.bool_)
    duplicate = np.zeros(n, dtype=np.bool_)
    # Few rows share their time with another: look among those only.
    order = np.argsort(time_ms, kind="stable")
    tied = np.zeros(n, dtype=np.bool_)
    same_time = time_ms[order][1:] == time_ms[order][:-1]
    tied[order[1:][same_time]] = True
    tied[order[:-1][same_time]] = True
    rows = np.flatnonzero(tied)
    for keys, mark in (
        ((time_ms, card_id, learner), again),
        ((rating, time_ms, card_id, learner), duplicate),
    ):
        ranked = rows[np.lexsort([key[rows] for key in keys])]  # equal rows stay in file order
        same = np.ones(max(rows.size - 1, 0), dtype=np.bool_)
        for key in keys:
            same &= key[ranked][1:] == key[ranked][:-1]
        mark[ranked[1:][same]] = True
    return duplicate, again & ~duplicate


def _last(
    rows: NDArray[np.int64], chosen: NDArray[np.bool_], card_id: NDArray[np.int64]
) -> NDArray[np.int64]:
    """``[n]`` the last chosen row of each row's card, -1 where it has none."""
    cards, inverse = np.unique(card_id, return_inverse=True)
    last = np.full(cards.shape[0], -1, dtype=np.int64)
    np.maximum.at(last, inverse[chosen], rows[chosen])
    return last[inverse]
