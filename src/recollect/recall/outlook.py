"""Looking ahead from a review: the curve as a function of the days that follow."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.special import expit, logit

from recollect.memory import KalmanState
from recollect.recall.model.cards import final_states, over_kinds, replayed_states
from recollect.recall.model.history import History
from recollect.recall.model.keys import CURVE, KEY_NAMES, KEYS, counted_keys
from recollect.recall.model.learner import curve_weights
from recollect.recall.model.padding import padded, padded_size
from recollect.recall.model.traces import CardState, TraceParameters, read_card, trace_strength
from recollect.recall.personalise import Personalisation

__all__ = [
    "Foretold",
    "Outlook",
    "Taught",
    "after_each_review",
    "after_last_reviews",
    "foretell",
    "next_reviews",
]

_LEAST_ELAPSED_DAYS = 1.0 / 86_400
_TRACES = KEY_NAMES.index("traces")


@runtime_checkable
class Taught(Protocol):
    """What a curve rests on: all that is known of a learner but for the log.

    Attributes:
        bank: traces of every kind of learner, the own place last (leading axis ``kind``).
        kind_weights: ``[2, kind]`` for later-day (0) and same-day (1) reviews.
        curves: beliefs of the learner memory about the curve, for the same two sorts.
    """

    @property
    def bank(self) -> TraceParameters: ...  # noqa: D102

    @property
    def kind_weights(self) -> NDArray[np.float32]: ...  # noqa: D102

    @property
    def curves(self) -> tuple[KalmanState, KalmanState]: ...  # noqa: D102


@dataclass(frozen=True, eq=False)
class Outlook:
    """Standpoints just after reviews, ``s`` of them.

    Attributes:
        rows: ``[s]`` the row of the log after which each stands.
        history: ``[s]`` what the next review of the card would find, but for the time.
        states: of the card there, batch ``[kind, s]``.
    """

    rows: NDArray[np.int64]
    history: History
    states: CardState


class Foretold(NamedTuple):
    """The curve at some moments, ``[s]`` each.

    Attributes:
        recall: probability.
        deviation: standard error of its log odds.
        learned: log odds by the learner memory.
        keys: ``[s, curve key]`` scaled components.
        weights: ``[curve key]`` of the learner memory (later-day reviews).
    """

    recall: NDArray[np.float64]
    deviation: NDArray[np.float64]
    learned: NDArray[np.float64]
    keys: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def logit(self) -> NDArray[np.float64]:
        """Log odds of the recall."""
        return np.asarray(logit(self.recall), dtype=np.float64)

    def interval(self, deviations: float = 1.96) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lower and upper bound of the recall; 95 % by default."""
        reach = deviations * self.deviation
        return (
            np.asarray(expit(self.logit - reach), dtype=np.float64),
            np.asarray(expit(self.logit + reach), dtype=np.float64),
        )


def after_last_reviews(seen: Personalisation) -> Outlook:
    """Every card after its last review, cards by number."""
    history = seen.history
    cards = int(history.card.max()) + 1 if history.card.size else 0
    rows = np.zeros(cards, dtype=np.int64)
    rows[history.card] = np.arange(history.card.size)
    states = final_states(seen.bank, history)
    return Outlook(rows, next_reviews(history, rows), states)


def after_each_review(seen: Personalisation, card_id: int) -> Outlook:
    """One card after each of its reviews, oldest first."""
    history = seen.history
    rows = np.flatnonzero(seen.log.card_id == card_id)
    states = replayed_states(seen.bank, history, rows)
    return Outlook(rows, next_reviews(history, rows), states)


def next_reviews(history: History, rows: NDArray[np.int64]) -> History:
    """Columns ``[s]``: what a card's next review would find, had each row been its last."""
    here = {item.name: getattr(history, item.name)[rows] for item in fields(History)}
    failed = here["recalled"] < 0.5
    first = here["reviews"] == 0
    here["last_rating"] = here["rating"]
    here["first_rating"] = np.where(first, here["rating"], here["first_rating"]).astype(np.int32)
    here["last_answer_time"] = here["answer_time"]
    here["lapses"] = (here["lapses"] + failed).astype(np.float32)
    here["streak"] = np.where(failed, 0.0, here["streak"] + 1.0).astype(np.float32)
    interval = np.where(first, -4.0, np.log(here["elapsed_days"] + 0.01))
    here["previous_interval"] = interval.astype(np.float32)
    here["reviews"] = (here["reviews"] + 1.0).astype(np.float32)
    return History(**here)


@eqx.filter_jit
def _read_kinds(
    kinds: TraceParameters, states: CardState, elapsed: Float[Array, " s"]
) -> Float[Array, "kind s"]:
    return read_card(over_kinds(kinds), states, elapsed[None])


@eqx.filter_jit
def _kinds_strength(
    kinds: TraceParameters, states: CardState, elapsed: Float[Array, " s"]
) -> Float[Array, "scale kind s"]:
    return trace_strength(over_kinds(kinds), states, elapsed[None])


def _padded_states(states: CardState, size: int) -> CardState:
    def pad(leaf: Array) -> Array:
        return jnp.asarray(np.moveaxis(padded(np.moveaxis(np.asarray(leaf), -1, 0), size), 0, -1))

    return CardState(*(pad(leaf) for leaf in states))


def kinds_logits(
    bank: TraceParameters, outlook: Outlook, elapsed_days: NDArray[np.float64]
) -> Float[np.ndarray, "s kind"]:
    """Log odds by each kind some days after each standpoint."""
    size = padded_size(elapsed_days.size, 64)
    found = _read_kinds(
        bank,
        _padded_states(outlook.states, size),
        jnp.asarray(padded(elapsed_days.astype(np.float32), size)),
    )
    return np.asarray(found, dtype=np.float64).T[: elapsed_days.size]


def strengths(
    seen: Taught, outlook: Outlook, elapsed_days: NDArray[np.float64]
) -> Float[np.ndarray, "s scale"]:
    """Strength by time scale, the mean over the kinds by their weight for this learner."""
    size = padded_size(elapsed_days.size, 64)
    found = _kinds_strength(
        seen.bank,
        _padded_states(outlook.states, size),
        jnp.asarray(padded(elapsed_days.astype(np.float32), size)),
    )
    by_kind = np.asarray(found, dtype=np.float64)[..., : elapsed_days.size]
    return np.einsum("k,jks->sj", seen.kind_weights[0].astype(np.float64), by_kind)


def foretell(
    seen: Taught,
    outlook: Outlook,
    elapsed_days: NDArray[np.float64],
    same_day: NDArray[np.bool_] | None = None,
) -> Foretold:
    """The curve some days after each standpoint, with all that is known of the learner.

    It does not rise with the days: the later-day curve falls by construction, and within the
    study day of the review the better of the same-day and the later-day curve holds.

    Args:
        seen: the learner.
        outlook: the standpoints.
        elapsed_days: ``[s]`` days after each.
        same_day: ``[s]`` whether that is still on the same study day; default no.
    """
    elapsed = np.maximum(elapsed_days, _LEAST_ELAPSED_DAYS)
    logits = kinds_logits(seen.bank, outlook, elapsed)
    counted = counted_keys(replace(outlook.history, elapsed_days=elapsed.astype(np.float32)))
    later = _foretold(seen, counted, logits, 0)
    if same_day is None or not same_day.any():
        return later
    soon = _foretold(seen, counted, logits, 1)
    better = same_day & (soon.recall > later.recall)
    return later._replace(
        recall=np.where(better, soon.recall, later.recall),
        deviation=np.where(better, soon.deviation, later.deviation),
    )


def _foretold(
    seen: Taught,
    counted: dict[str, NDArray[np.float32]],
    logits: NDArray[np.float64],
    sort: int,
) -> Foretold:
    weight = seen.kind_weights[sort].astype(np.float64)
    weight = weight / weight.sum()
    bank = np.clip(expit(logits) @ weight, 1e-6, 1.0 - 1e-6)
    traces = np.asarray(logit(bank), dtype=np.float64)
    columns = [(traces if i == _TRACES else counted[KEY_NAMES[i]]) / KEYS[i].scale for i in CURVE]
    keys = np.stack(columns, axis=-1).astype(np.float64)
    belief = seen.curves[sort]
    weights = curve_weights(np.asarray(belief.mean, dtype=np.float64))
    learned = keys @ weights
    recall = np.clip(0.5 * bank + 0.5 * expit(learned), 1e-6, 1.0 - 1e-6)
    covariance = np.asarray(belief.covariance, dtype=np.float64)
    of_weights = np.einsum("si,ij,sj->s", keys, covariance, keys)
    centred = np.clip(logits, -8.0, 8.0) - np.clip(traces, -8.0, 8.0)[:, None]
    of_kinds = (centred**2) @ weight
    return Foretold(recall, np.sqrt(of_weights + of_kinds), learned, keys, weights)
