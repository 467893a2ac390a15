"""Fitting: one learner around the defaults, and the defaults to a population."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.defaults import Defaults, ParameterSet, read_traces_json, traces_json
from recollect.recall.model.fit_prior import fit_prior, untaught_prior
from recollect.recall.model.fit_traces import (
    Population,
    RowBlock,
    blocks_loss,
    fit_population,
    fit_traces,
    precision_of,
    row_blocks,
    vector_of,
)
from recollect.recall.model.history import History, history_of
from recollect.recall.model.kinds import KindsRule
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.model.traces import TIME_SCALE_DAYS, TraceParameters
from recollect.recall.personalise import foresee
from recollect.recall.protocol import ScoringOptions, kept_rows
from recollect.reviews import ReviewLog, log_fingerprint
from recollect.reviews.atomic import replaced_file

__all__ = ["FitEvent", "FittedValue", "LearnerFit", "fit_defaults", "fit_learner", "own_traces"]

FORMAT = "recollect-fit"
FORMAT_VERSION = 2
_LEAST_REVIEWS = 1
_LEAST_LEARNERS = 3
_RATINGS = ("again", "hard", "good", "easy")


@dataclass(frozen=True)
class FittedValue:
    """One fitted number.

    Attributes:
        value: fitted.
        standard_error: of the estimate, from the curvature of the posterior (Laplace).
        default: what it was before.
        unit: of the number.
        meaning: in words.
    """

    value: float
    standard_error: float
    default: float
    unit: str
    meaning: str


@dataclass(frozen=True, eq=False)
class LearnerFit:
    """One learner's own parameters.

    Attributes:
        parameters: the shared parameters with the learner's own traces in place.
        standard_error: of the own traces.
        loss_before: mean log loss of the later-day reviews by the default traces.
        loss_after: by the fitted traces.
        reviews: how many later-day reviews were fitted.
        fingerprint: of the log.
        learner_id: whose log it is.
        log_reviews: how many reviews the log has.
    """

    parameters: RecallParameters
    standard_error: TraceParameters
    loss_before: float
    loss_after: float
    reviews: int
    fingerprint: str
    learner_id: str
    log_reviews: int

    def is_of(self, log: ReviewLog) -> bool:
        """Whether the fit was made from this log, or from the beginning of it."""
        begun = log.select(np.arange(min(self.log_reviews, len(log))))
        return len(log) >= self.log_reviews and log_fingerprint(begun) == self.fingerprint

    def named(self) -> dict[str, FittedValue]:
        """Every number by name, e.g. ``first_gain.again`` or ``scale_weight.2.3 days``."""
        assert self.parameters.own is not None
        named = {}
        for item in fields(TraceParameters):
            own, spread, default = (
                np.atleast_1d(np.asarray(getattr(tree, item.name)))
                for tree in (self.parameters.own, self.standard_error, self.parameters.centre)
            )
            for i in range(own.size):
                named[item.name + _place(own.size, i)] = FittedValue(
                    float(own[i]), float(spread[i]), float(default[i]), *_MEANING[item.name]
                )
        return named

    def save(self, path: str | Path) -> None:
        """Write a JSON file, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        assert self.parameters.own is not None
        document = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "fingerprint": self.fingerprint,
            "learner_id": self.learner_id,
            "log_reviews": self.log_reviews,
            "reviews": self.reviews,
            "loss_before": self.loss_before,
            "loss_after": self.loss_after,
            "own": traces_json(self.parameters.own),
            "standard_error": traces_json(self.standard_error),
        }
        with replaced_file(Path(path)) as draft:
            Path(draft).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: str | Path, defaults: Defaults | RecallParameters) -> LearnerFit:
        """Read a fit back onto the defaults that it was made from.

        Raises:
            ParameterError: the file is missing, damaged or something else.
        """
        try:
            document: Mapping[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
            if document["format"] != FORMAT:
                raise KeyError("format")
            if document["version"] != FORMAT_VERSION:
                raise ParameterError(
                    f"{path}: version {document['version']!r}, this program reads "
                    f"{FORMAT_VERSION}; fit again with: recollect fit LOG --out FILE"
                )
            shared = defaults
            if isinstance(shared, Defaults):
                shared = shared.parameters_for_mark(str(document["fingerprint"]))
            return LearnerFit(
                parameters=eqx.tree_at(
                    lambda tree: tree.own,
                    shared,
                    read_traces_json(document["own"]),
                    is_leaf=lambda leaf: leaf is None,
                ),
                standard_error=read_traces_json(document["standard_error"]),
                loss_before=float(document["loss_before"]),
                loss_after=float(document["loss_after"]),
                reviews=int(document["reviews"]),
                fingerprint=str(document["fingerprint"]),
                learner_id=str(document["learner_id"]),
                log_reviews=int(document["log_reviews"]),
            )
        except FileNotFoundError as error:
            raise ParameterError(
                f"{path}: there is no such file; make one with: recollect fit LOG --out FILE"
            ) from error
        except (OSError, RecursionError, ValueError, KeyError, TypeError) as error:
            raise ParameterError(
                f"{path}: not a file of fitted parameters; make one with: "
                "recollect fit LOG --out FILE"
            ) from error


def _place(size: int, index: int) -> str:
    if size == 1:
        return ""
    if size == len(_RATINGS):
        return f".{_RATINGS[index]}"
    return f".{TIME_SCALE_DAYS[index]:.3g}_days"


_MEANING = {
    "scale_weight": ("log", "weight of a time scale in the strength"),
    "readout_slope": ("log", "how sharply strength decides recall"),
    "readout_bias": ("logit", "recall at strength 1"),
    "first_gain": ("log", "strength written at the first exposure"),
    "first_slope": ("log per step", "tilt of the first exposure towards slow time scales"),
    "gain": ("log", "strength written at later reviews"),
    "gain_slope": ("log per step", "tilt of later reviews towards slow time scales"),
    "surprise_success": ("exponent", "how much less an expected success writes"),
    "surprise_failure": ("exponent", "how much less an expected failure writes"),
    "kept_bias": ("logit", "share of the traces that a failure leaves"),
    "kept_slope": ("logit", "tilt of that share towards slow time scales"),
    "spacing_shift": ("log days", "time scale that a success after one day writes to most"),
    "spacing_match": ("ratio", "how that time scale follows the gap"),
    "spacing_width": ("log", "how narrowly it does"),
    "answer_time_gain": ("log per sd", "effect of a slow answer on what is written"),
    "answer_time_slope": ("log per sd", "tilt of that effect towards slow time scales"),
    "difficulty_first": ("logit", "difficulty assumed after the first answer"),
    "difficulty_rate": ("logit", "how far one outcome moves the difficulty"),
    "difficulty_settling": ("exponent", "how that falls with the number of reviews"),
    "second_review": ("logit", "shift at a card's second review"),
}


def _weights(history: History, before: int | None = None) -> NDArray[np.float64]:
    counted = (history.reviews > 0) & ~history.same_day
    if before is not None:
        counted = counted & (np.arange(counted.size) < before)
    return counted.astype(np.float64)


def own_traces(
    log: ReviewLog,
    shared: RecallParameters,
    *,
    before_row: int | None = None,
    start: TraceParameters | None = None,
    steps: int = 25,
) -> TraceParameters:
    """A learner's traces from the reviews before a row; the centre where there are none.

    Args:
        log: of the learner.
        shared: with centre and spread.
        before_row: reviews from here on are not used.
        start: where to start from, e.g. an earlier fit.
        steps: at most so many L-BFGS iterations.
    """
    history = history_of(log)
    blocks = row_blocks(history, _weights(history, before_row))
    if not blocks:
        return shared.centre
    return fit_traces(blocks, shared.centre, shared.deviation, start=start, steps=steps).traces


def fit_learner(
    log: ReviewLog,
    defaults: Defaults | RecallParameters,
    *,
    steps: int = 25,
    on_step: Callable[[int, int, float], None] | None = None,
) -> LearnerFit:
    """Fit one learner's traces around the defaults (maximum a posteriori).

    Args:
        log: of the learner.
        defaults: shared parameters.
        steps: at most so many L-BFGS iterations.
        on_step: called as ``on_step(step, of, loss)``, the log loss of a review.

    Raises:
        NotEnoughDataError: no card was reviewed on a second day.
    """
    shared = defaults.parameters_for(log) if isinstance(defaults, Defaults) else defaults
    history = history_of(log)
    blocks = row_blocks(history, _weights(history))
    if not blocks:
        raise NotEnoughDataError(
            f"{log.source or 'the log'}: no card was reviewed on a later day; "
            "there is nothing to fit yet, predictions use the defaults"
        )
    found = fit_traces(blocks, shared.centre, shared.deviation, steps=steps, progress=on_step)
    return LearnerFit(
        parameters=eqx.tree_at(
            lambda tree: tree.own, shared, found.traces, is_leaf=lambda leaf: leaf is None
        ),
        standard_error=_standard_error(found.traces, shared.deviation, blocks),
        loss_before=found.loss_before / found.weight,
        loss_after=found.loss_after / found.weight,
        reviews=round(found.weight),
        fingerprint=log_fingerprint(log),
        learner_id=log.learner_id,
        log_reviews=len(log),
    )


def _standard_error(
    traces: TraceParameters, deviation: TraceParameters, blocks: Sequence[RowBlock]
) -> TraceParameters:
    """Square roots of the inverse curvature of the posterior, by differences of the gradient."""
    centre, spread = vector_of(traces), vector_of(deviation)
    size = centre.size
    curvature = np.diag(precision_of(spread) ** 2)
    for i in range(size):
        step = np.zeros(size)
        step[i] = 0.05 * (spread[i] or 1.0)
        up, down = blocks_loss(centre + step, blocks)[1], blocks_loss(centre - step, blocks)[1]
        curvature[i] += (up - down) / (2.0 * step[i])
    curvature = 0.5 * (curvature + curvature.T)
    value, vector = np.linalg.eigh(curvature * np.outer(spread, spread))
    covariance = (vector / np.maximum(value, 1.0)) @ vector.T
    error = np.sqrt(np.diag(covariance)) * spread
    _, unravel = jax.flatten_util.ravel_pytree(traces)
    tree: TraceParameters = unravel(jnp.asarray(error, jnp.float32))
    return tree


@dataclass(frozen=True)
class FitEvent:
    """Progress of fitting defaults.

    Attributes:
        stage: what is being done.
        done: steps done in all.
        total: steps in all.
        loss: log loss of a review at the latest step, None where there is none.
    """

    stage: str
    done: int
    total: int
    loss: float | None = None


_STEPS = 60
_STEPS_IN_ALL = _STEPS * 3 // 2


def fit_defaults(
    logs: Sequence[ReviewLog],
    *,
    hold_out: bool = True,
    groups: int = 5,
    held: Mapping[str, float] | None = None,
    on_event: Callable[[FitEvent], None] | None = None,
) -> Defaults:
    """Fit shared parameters to a population, and again without each group of learners.

    Args:
        logs: of at least three learners.
        hold_out: whether to fit the sets without some learners too.
        groups: into how many groups the learners are dealt for that.
        held: trace parameters that are not fitted but have this value for everybody.
        on_event: told of every step.

    Raises:
        NotEnoughDataError: fewer than three learners with reviews on later days.
        ParameterError: the same reviews come twice.
        UnknownNameError: a held parameter that does not exist.
    """
    histories = [history_of(log) for log in logs]
    blocks = [row_blocks(history, _weights(history)) for history in histories]
    usable = [i for i, found in enumerate(blocks) if found]
    seen: dict[str, str] = {}
    for i in usable:
        mark, name = log_fingerprint(logs[i]), logs[i].learner_id
        if mark in seen:
            raise ParameterError(
                f"learners {seen[mark]} and {name} have the very same reviews; give each log once, "
                "or nobody could be scored by defaults fitted without them"
            )
        seen[mark] = name
    if len(usable) < _LEAST_LEARNERS:
        raise NotEnoughDataError(
            f"{len(usable)} learners with reviews on later days; "
            f"defaults need at least {_LEAST_LEARNERS}"
        )
    out = [usable[g::groups] for g in range(min(groups, len(usable)))] if hold_out else []
    out = [group for group in out if len(usable) - len(group) >= _LEAST_LEARNERS - 1]
    total = (1 + len(out)) * (_STEPS_IN_ALL + 1)
    done = 0

    def tell(stage: str, offset: int) -> Callable[[int, int, float], None]:
        def told(step: int, _: int, loss: float) -> None:
            if on_event is not None:
                on_event(FitEvent(stage, offset + step, total, loss))

        return told

    population = fit_population(
        [blocks[i] for i in usable], held=held, steps=_STEPS, progress=tell("everyone", 0)
    )
    done = _STEPS_IN_ALL
    everyone = _with_prior([logs[i] for i in usable], population)
    done += 1
    without = []
    for number, group in enumerate(out):
        stage = f"without group {number + 1} of {len(out)}"
        kept = [i for i in usable if i not in group]
        fitted = fit_population(
            [blocks[i] for i in kept],
            held=held,
            steps=_STEPS,
            progress=tell(stage, done),
        )
        done += _STEPS_IN_ALL + 1
        marks = frozenset(mark for i in group for mark in _marks(logs[i]))
        without.append(ParameterSet(_with_prior([logs[i] for i in kept], fitted), marks))
    provenance = {
        "learners": len(usable),
        "reviews": int(sum(len(logs[i]) for i in usable)),
        "fitted_reviews": int(sum(_weights(histories[i]).sum() for i in usable)),
        "logs": [log_fingerprint(logs[i]) for i in usable],
        "held_out_groups": len(without),
        "method": "hierarchical maximum a posteriori, L-BFGS; logistic prior of the learner memory",
    }
    return Defaults(everyone, tuple(without), provenance)


def _stacked(traces: Sequence[TraceParameters]) -> TraceParameters:
    def stack(*leaves: Array) -> Array:
        return jnp.stack(leaves)

    return jax.tree.map(stack, *traces)


def _marks(log: ReviewLog) -> set[str]:
    """Fingerprints under which a log may come back: whole, and cut as for scoring."""
    return {
        log_fingerprint(log),
        log_fingerprint(log.select(kept_rows(log, ScoringOptions().max_reviews_per_card))),
    }


def _with_prior(logs: Sequence[ReviewLog], population: Population) -> RecallParameters:
    """Put the learners into the bank; teach the prior with banks that lack the learner taught."""
    shared = RecallParameters(
        centre=population.centre,
        deviation=population.deviation,
        kinds=_stacked(population.learners),
        rule=KindsRule(),
        prior=untaught_prior(),
    )
    seen = []
    for i, log in enumerate(logs):
        others = [one for j, one in enumerate(population.learners) if j != i]
        bank = eqx.tree_at(lambda tree: tree.kinds, shared, _stacked(others))
        seen.append(foresee(log, bank))
    return eqx.tree_at(lambda tree: tree.prior, shared, fit_prior(seen))
