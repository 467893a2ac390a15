"""Looking ahead with the recall model: one card after each of the four answers.

A card's traces are worked out from its own reviews by the write rule of the model, then read on a
grid of days, for the card as it is and as it would be after each answer, all at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from numpy.typing import NDArray

from recollect.collection.rows import ReviewEntry
from recollect.recall.model.cards import Lanes, lanes_of, over_kinds
from recollect.recall.model.grouping import previous_in_group
from recollect.recall.model.history import History, history_of
from recollect.recall.model.traces import (
    CardState,
    TraceParameters,
    empty_card,
    exposure,
    store,
    write_card,
)
from recollect.recall.outlook import Outlook, foretell, next_reviews
from recollect.reviews import MS_PER_DAY, Rating, ReviewLog
from recollect.reviews.days import DayBoundary
from recollect.scheduling.foresight import Foresight
from recollect.scheduling.intervals import GRID_DAYS, days_to_reach
from recollect.scheduling.learner import Learner
from recollect.scheduling.past import log_of_entries
from recollect.scheduling.steps import RATINGS

__all__ = ["ModelForeseer"]

_STEPS = 16
"""Reviews that are written in one go: one size, compiled once."""
_CARDS = 64
"""Cards that are worked out side by side."""
_ANSWERS = len(RATINGS)


class ModelForeseer:
    """The recall model, taught by a learner.

    Args:
        learner: from :func:`~recollect.scheduling.learner.learner_of`.
    """

    name = "recollect"

    def __init__(self, learner: Learner) -> None:
        self.learner = learner

    def warm_up(self) -> None:
        """Compile, or find on the disk, what the first cards would otherwise wait for."""
        boundary = DayBoundary()
        entries = [ReviewEntry(1, 1, 1, int(Rating.GOOD), "learning")]
        self.foresee(entries, MS_PER_DAY, 0.9, boundary)
        self.recall({1: entries}, 2 * MS_PER_DAY, boundary)

    def foresee(
        self, entries: Sequence[ReviewEntry], at_ms: int, target: float, boundary: DayBoundary
    ) -> Foresight:
        """See :class:`~recollect.scheduling.foresight.Foreseer`.

        An answer is taken to last as long as the learner's usually do: an interval that was
        promised before the answer holds after it.
        """
        history = self._with_now(log_of_entries(entries, boundary), at_ms)
        count = history.card.size - 1
        lanes = np.arange(count)[:, None]
        before = self._states(history, lanes)
        now = _rows(history, np.array([count]))
        states = _five_ways(self.learner.bank, before, jnp.asarray(now.elapsed_days))
        answered = _rows(now, np.zeros(_ANSWERS, dtype=np.int64))
        ratings = np.arange(_ANSWERS, dtype=np.int32)
        answered = replace(answered, rating=ratings, recalled=(ratings > 0).astype(np.float32))
        after = next_reviews(answered, np.arange(_ANSWERS))
        columns = [*np.repeat(np.arange(_ANSWERS + 1), GRID_DAYS.size), 0]
        standpoints = _rows(_joined(now, after), np.array(columns))
        elapsed = np.append(np.tile(GRID_DAYS, _ANSWERS + 1), float(now.elapsed_days[0]))
        same_day = np.zeros(elapsed.size, dtype=np.bool_)
        same_day[-1] = bool(now.same_day[0])
        outlook = Outlook(
            np.array(columns),
            standpoints,
            _chosen(states, np.array(columns)),
        )
        recall = foretell(self.learner, outlook, elapsed, same_day).recall
        reached = days_to_reach(recall[:-1].reshape(_ANSWERS + 1, -1), target)
        days = tuple(float(day) for day in reached[1:])
        if count == 0:
            return Foresight(None, days)
        return Foresight(float(recall[-1]), days, float(reached[0]))

    def recall(
        self,
        entries: Mapping[int, Sequence[ReviewEntry]],
        at_ms: int,
        boundary: DayBoundary,
    ) -> dict[int, float]:
        """See :class:`~recollect.scheduling.foresight.Foreseer`."""
        found: dict[int, float] = {}
        cards = list(entries)
        for at in range(0, len(cards), _CARDS):
            some = [entry for card in cards[at : at + _CARDS] for entry in entries[card]]
            some.sort(key=lambda entry: entry.id)
            log = log_of_entries(some, boundary)
            if len(log):
                found |= self._recall(log, at_ms)
        return found

    def _recall(self, log: ReviewLog, at_ms: int) -> dict[int, float]:
        history = self._counted(log)
        count = int(history.card.max()) + 1
        rows_of = [np.flatnonzero(history.card == card) for card in range(count)]
        lanes = np.full((max(map(len, rows_of)), _CARDS), -1)
        for lane, rows in enumerate(rows_of):
            lanes[: rows.size, lane] = rows
        states = self._states(history, lanes)
        last = np.array([rows[-1] for rows in rows_of])
        outlook = Outlook(
            last,
            next_reviews(history, last),
            _chosen(states, np.arange(count)),
        )
        times = log.review_time_ms[last]
        days = log.day_boundary.day_number(np.append(times, at_ms))
        elapsed = (at_ms - times) / MS_PER_DAY
        recall = foretell(self.learner, outlook, elapsed, days[:-1] == days[-1]).recall
        return {int(log.card_id[row]): float(p) for row, p in zip(last, recall, strict=True)}

    def _with_now(self, log: ReviewLog, at_ms: int) -> History:
        """The card's history, with an answer of the usual length at the moment as its last row."""
        times = np.append(log.review_time_ms, max(at_ms, int(log.review_time_ms.max(initial=0))))
        longer = ReviewLog.from_columns(
            np.zeros(times.size, dtype=np.int64),
            times,
            np.append(log.rating, Rating.GOOD),
            duration_ms=np.append(log.duration_ms, 0),
            day_boundary=log.day_boundary,
        )
        return self._counted(longer)

    def _counted(self, log: ReviewLog) -> History:
        history = history_of(log)
        scores = self.learner.usual.scores(log)
        previous = previous_in_group(history.card)
        last = np.where(previous < 0, 0.0, scores[previous]).astype(np.float32)
        return replace(history, answer_time=scores, last_answer_time=last)

    def _states(self, history: History, rows: NDArray[np.int64]) -> CardState:
        """``[kind, lane]`` after the reviews in the rows ``[step, lane]``, -1 for none."""
        kinds = self.learner.kind_weights.shape[1]
        state = _empty(kinds, rows.shape[1])
        for at in range(0, rows.shape[0], _STEPS):
            chunk = np.full((_STEPS, rows.shape[1]), -1)
            chunk[: rows[at : at + _STEPS].shape[0]] = rows[at : at + _STEPS]
            state = _written(
                self.learner.bank, state, lanes_of(history, chunk), jnp.asarray(chunk >= 0)
            )
        return state


@lru_cache(maxsize=4)
def _empty(kinds: int, cards: int) -> CardState:
    """Cards that were never reviewed; made once, not for every card."""
    return empty_card(kinds, cards)


def _chosen(states: CardState, columns: NDArray[np.int64]) -> CardState:
    """Some of the cards. NumPy picks them: JAX would compile for every number of them."""
    return CardState(*(jnp.asarray(np.asarray(leaf)[..., columns]) for leaf in states))


@eqx.filter_jit
def _written(
    bank: TraceParameters, state: CardState, lanes: Lanes, real: Bool[Array, "step lane"]
) -> CardState:
    """Cards after a few more reviews each."""
    kinds = over_kinds(bank)
    with_kind = Lanes(*(column[:, None] for column in lanes))
    seen = jax.vmap(exposure, in_axes=(None, 0, 0, 0, 0))(kinds, *with_kind)

    def step(state: CardState, row: tuple[object, Array]) -> tuple[CardState, None]:
        one, here = row
        written = store(kinds, state, one)[0]  # type: ignore[arg-type]
        kept = (jnp.where(here, new, old) for new, old in zip(written, state, strict=True))
        return CardState(*kept), None

    return jax.lax.scan(step, state, (seen, real))[0]


@eqx.filter_jit
def _five_ways(
    bank: TraceParameters, state: CardState, elapsed_days: Float[Array, " 1"]
) -> CardState:
    """``[kind, 5]`` the card as it is, then after each of the four answers."""
    kinds = over_kinds(bank)
    ratings = jnp.arange(_ANSWERS)[None]
    elapsed = jnp.broadcast_to(elapsed_days, (1, _ANSWERS))
    after = write_card(kinds, state, elapsed, ratings, jnp.zeros((1, _ANSWERS)))
    joined = []
    for old, new in zip(state, after, strict=True):
        shape = jnp.broadcast_shapes(old.shape[:-1], new.shape[:-1])
        joined.append(
            jnp.concatenate(
                [jnp.broadcast_to(old, (*shape, 1)), jnp.broadcast_to(new, (*shape, _ANSWERS))],
                axis=-1,
            )
        )
    return CardState(*joined)


def _rows(history: History, rows: NDArray[np.int64]) -> History:
    return History(**{item.name: getattr(history, item.name)[rows] for item in fields(History)})


def _joined(*parts: History) -> History:
    names = [item.name for item in fields(History)]
    return History(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in names})
