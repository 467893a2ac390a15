"""The learner as scheduling knows them, worked out from the whole log and kept in a file.

Going through a log of a million reviews takes a while, so what it teaches of the learner is kept:
a few thousand numbers. Single cards are not among them; each is worked out from its own reviews
when it is shown.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from recollect.memory import KalmanState
from recollect.recall.model.history import answer_scores, usual_answers
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.model.traces import TraceParameters
from recollect.recall.personalise import personalise
from recollect.reviews import ReviewLog
from recollect.reviews.atomic import replaced_file

__all__ = ["Learner", "UsualAnswers", "learner_of", "load_learner", "save_learner"]

_VERSION = 1
_ALL = 1_024
_MARKS = 2_048


@dataclass(frozen=True, eq=False)
class UsualAnswers:
    """How long the learner's answers took until then, at marks along the log.

    Attributes:
        time_ms: ``[mark]`` from when on.
        mean: ``[mark]`` of the log answer times before.
        deviation: ``[mark]`` their standard deviation.
    """

    time_ms: NDArray[np.int64]
    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]

    def scores(self, log: ReviewLog) -> NDArray[np.float32]:
        """``[n]`` standard score of each answer time of a log, 0 where unknown."""
        at = np.searchsorted(self.time_ms, log.review_time_ms, side="right") - 1
        at = np.maximum(at, 0)
        return answer_scores(log.duration_ms, self.mean[at], self.deviation[at])


@dataclass(frozen=True, eq=False)
class Learner:
    """What a log taught of its learner; satisfies :class:`~recollect.recall.outlook.Taught`.

    Attributes:
        bank: traces of every kind of learner, the own place last (leading axis ``kind``).
        kind_weights: ``[2, kind]`` for later-day (0) and same-day (1) reviews.
        curves: beliefs of the learner memory about the curve, for the same two sorts.
        usual: answer times.
        reviews: how many the log had.
    """

    bank: TraceParameters
    kind_weights: NDArray[np.float32]
    curves: tuple[KalmanState, KalmanState]
    usual: UsualAnswers
    reviews: int


def learner_of(log: ReviewLog, parameters: RecallParameters) -> Learner:
    """Go through a log, which may be empty.

    Args:
        log: of one learner.
        parameters: the shared defaults, with the learner's own traces where they were fitted.
    """
    seen = personalise(log, parameters)
    return Learner(seen.bank, seen.kind_weights, seen.curves, _usual(log), len(log))


def _usual(log: ReviewLog) -> UsualAnswers:
    mean, deviation = usual_answers(log.duration_ms)
    n = len(log)
    after_last = log.review_time_ms[-1:] + 1 if n else np.zeros(1, dtype=np.int64)
    times = np.concatenate([log.review_time_ms, after_last])
    if n > _MARKS:
        later = np.geomspace(_ALL, n, _MARKS - _ALL).astype(np.int64)
        marks = np.unique(np.concatenate([np.arange(_ALL), later, [n]]))
        times, mean, deviation = times[marks], mean[marks], deviation[marks]
    return UsualAnswers(times, mean, deviation)


def save_learner(learner: Learner, path: Path, facts: Mapping[str, Any]) -> None:
    """Write a learner to a file.

    Args:
        learner: to be kept.
        path: the file, written whole or not at all.
        facts: what it rests on: numbers and texts, compared by whoever reads it.

    Raises:
        OutputError: it cannot be written.
    """
    arrays: dict[str, Any] = {
        f"bank.{item.name}": np.asarray(getattr(learner.bank, item.name))
        for item in fields(TraceParameters)
    }
    for sort, curve in enumerate(learner.curves):
        arrays[f"mean.{sort}"] = np.asarray(curve.mean)
        arrays[f"covariance.{sort}"] = np.asarray(curve.covariance)
    arrays |= {f"usual.{item.name}": getattr(learner.usual, item.name) for item in _usual_fields}
    arrays |= {"kind_weights": learner.kind_weights, "reviews": np.int64(learner.reviews)}
    arrays |= {f"fact.{name}": np.asarray(value) for name, value in facts.items()}
    with replaced_file(path) as draft, Path(draft).open("wb") as stream:
        np.savez(stream, version=np.int64(_VERSION), **arrays)


def load_learner(path: Path) -> tuple[Learner, dict[str, Any]] | None:
    """What :func:`save_learner` wrote, with the facts; None if there is nothing of use."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            held = {name: file[name] for name in file.files}
        if int(held["version"]) != _VERSION:
            return None
        learner = Learner(
            _bank(held),
            held["kind_weights"],
            (_curve(held, 0), _curve(held, 1)),
            UsualAnswers(**{item.name: held[f"usual.{item.name}"] for item in _usual_fields}),
            int(held["reviews"]),
        )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    facts = {
        name.removeprefix("fact."): value.item()
        for name, value in held.items()
        if name.startswith("fact.")
    }
    return learner, facts


_trace_fields = fields(TraceParameters)
_usual_fields = fields(UsualAnswers)


def _bank(held: Mapping[str, Any]) -> TraceParameters:
    arrays = {item.name: held[f"bank.{item.name}"] for item in _trace_fields}
    # The shape is that of one kind's parameters, each leaf with an axis of kinds before it.
    one = TraceParameters(**{name: jnp.asarray(array[0]) for name, array in arrays.items()})
    structure = jax.tree.structure(one)
    return jax.tree.unflatten(structure, [jnp.asarray(array) for array in arrays.values()])


def _curve(held: Mapping[str, Any], sort: int) -> KalmanState:
    return KalmanState(jnp.asarray(held[f"mean.{sort}"]), jnp.asarray(held[f"covariance.{sort}"]))
