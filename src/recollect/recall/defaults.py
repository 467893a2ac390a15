"""Shared parameters with where they came from, and how they are kept in a file.

A file holds one set fitted on every learner and, for each group of those learners, a set fitted
without them, found again by the fingerprint of their log. Scoring a learner who took part
therefore never uses what was learned from them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import resources
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from recollect.errors import ParameterError
from recollect.recall.model.keys import CURVE, INSTANT, KEY_NAMES
from recollect.recall.model.kinds import KindsRule
from recollect.recall.model.learner import LearnerPrior
from recollect.recall.model.parameters import RecallParameters
from recollect.recall.model.traces import SCALE_COUNT, TIME_SCALE_DAYS, TraceParameters
from recollect.reviews import ReviewLog, log_fingerprint
from recollect.reviews.atomic import replaced_file
from recollect.reviews.messages import one_line

__all__ = ["Defaults", "ParameterSet", "load_defaults", "read_traces_json", "traces_json"]

FORMAT = "recollect-defaults"
FORMAT_VERSION = 2
_RATINGS = ("again", "hard", "good", "easy")
_BY_RATING = ("first_gain", "first_slope", "gain", "gain_slope", "difficulty_first")
_SHAPES = {"scale_weight": (SCALE_COUNT,)} | dict.fromkeys(_BY_RATING, (len(_RATINGS),))
_DIGITS = 5
_MOST = 50.0
"""Every parameter is a logarithm, a logit or an exponent; beyond this it is no model of anybody."""


@dataclass(frozen=True, eq=False)
class ParameterSet:
    """Parameters, and who had no part in them.

    Attributes:
        parameters: shared.
        held_out: fingerprints of the logs that were left out.
    """

    parameters: RecallParameters
    held_out: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Defaults:
    """Shared parameters of the recall model.

    Attributes:
        everyone: fitted on all learners.
        without: sets fitted without some of them.
        provenance: which logs, how many learners and reviews, and how they were fitted.
    """

    everyone: RecallParameters
    without: tuple[ParameterSet, ...]
    provenance: Mapping[str, Any]

    def parameters_for(self, log: ReviewLog) -> RecallParameters:
        """The parameters that no review of this log had a part in, where there are such."""
        return self.parameters_for_mark(log_fingerprint(log))

    def parameters_for_mark(self, fingerprint: str) -> RecallParameters:
        """The same for a log known by its fingerprint."""
        for held in self.without:
            if fingerprint in held.held_out:
                return held.parameters
        return self.everyone

    def held_out_for(self, log: ReviewLog) -> bool:
        """Whether the log took part in the fit, and a set without it is there."""
        mark = log_fingerprint(log)
        return any(mark in held.held_out for held in self.without)

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all.

        Raises:
            OutputError: it cannot be written.
        """
        document = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "provenance": dict(self.provenance),
            "time_scale_days": [round(float(days), 6) for days in TIME_SCALE_DAYS],
            "everyone": _parameters_json(self.everyone),
            "without": [
                {"held_out": sorted(held.held_out), **_parameters_json(held.parameters)}
                for held in self.without
            ],
        }
        with replaced_file(Path(path)) as draft:
            Path(draft).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load_defaults(path: str | Path | None = None) -> Defaults:
    """Read a file of defaults; without a path, the one that comes with the package.

    Raises:
        ParameterError: the file is missing, damaged, or of another version.
    """
    name = "the shipped defaults" if path is None else str(path)
    try:
        if path is None:
            source = resources.files("recollect.recall").joinpath("data/defaults.json")
            text = source.read_text(encoding="utf-8")
        else:
            text = Path(path).read_text(encoding="utf-8")
        document = json.loads(text)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ParameterError(
            f"{name}: cannot be read as defaults ({type(error).__name__}); "
            "make them with: recollect fit-defaults FOLDER --out FILE"
        ) from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ParameterError(f"{name}: not a file of recollect fit-defaults")
    if document.get("version") != FORMAT_VERSION:
        raise ParameterError(
            f"{name}: version {document.get('version')!r}, this program reads {FORMAT_VERSION}; "
            "fit the defaults again"
        )
    try:
        _check_time_scales(document["time_scale_days"])
        without = tuple(
            ParameterSet(_parameters_from(held), _marks_from(held["held_out"]))
            for held in document["without"]
        )
        return Defaults(_parameters_from(document["everyone"]), without, document["provenance"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ParameterError(
            f"{name}: damaged ({one_line(error)}); fit the defaults again"
        ) from error


def traces_json(traces: TraceParameters) -> dict[str, Any]:
    """One kind of learner as named numbers; per rating and per time scale by name."""
    document: dict[str, Any] = {}
    for item in fields(TraceParameters):
        values = np.asarray(getattr(traces, item.name), dtype=np.float64).round(_DIGITS)
        if values.shape == (4,):
            document[item.name] = dict(zip(_RATINGS, values.tolist(), strict=True))
        else:
            document[item.name] = values.tolist()
    return document


def read_traces_json(document: Mapping[str, Any]) -> TraceParameters:
    """The reverse of :func:`traces_json`.

    Raises:
        KeyError: a parameter is missing.
        ValueError: a parameter has the wrong shape or is not a finite number.
    """
    values = {}
    for item in fields(TraceParameters):
        found = document[item.name]
        if isinstance(found, Mapping):
            found = [found[rating] for rating in _RATINGS]
        array = np.asarray(found, dtype=np.float32)
        if array.shape != _SHAPES.get(item.name, ()):
            raise ValueError(f"{item.name} has {array.shape} numbers")
        if not np.all(np.abs(array) <= _MOST):
            raise ValueError(f"{item.name} is not a number between -{_MOST:g} and {_MOST:g}")
        values[item.name] = jnp.asarray(array)
    return TraceParameters(**values)


def _parameters_json(parameters: RecallParameters) -> dict[str, Any]:
    count = parameters.kind_count - 1
    kinds = [jax.tree.map(lambda leaf, i=i: leaf[i], parameters.kinds) for i in range(count)]
    rule = parameters.rule
    return {
        "centre": traces_json(parameters.centre),
        "deviation": traces_json(parameters.deviation),
        "kinds": [traces_json(kind) for kind in kinds],
        "rule": {"retained": rule.retained, "trust": rule.trust, "shared": rule.shared},
        "prior": {
            "instant": _weights_json(parameters.prior.instant, INSTANT),
            "curve": _weights_json(parameters.prior.curve, CURVE),
        },
    }


def _weights_json(weights: Any, which: Any) -> dict[str, dict[str, float]]:
    table = np.asarray(weights, dtype=np.float64).round(_DIGITS)
    names = [KEY_NAMES[i] for i in which]
    return {
        sort: dict(zip(names, row.tolist(), strict=True))
        for sort, row in zip(("later_day", "same_day"), table, strict=True)
    }


def _weights_from(document: Mapping[str, Mapping[str, float]], which: Any) -> Any:
    names = [KEY_NAMES[i] for i in which]
    rows = [[document[sort][name] for name in names] for sort in ("later_day", "same_day")]
    weights = np.asarray(rows, dtype=np.float32)
    if not np.all(np.abs(weights) <= _MOST):
        raise ValueError(f"a weight of the prior is not between -{_MOST:g} and {_MOST:g}")
    return jnp.asarray(weights)


def _rule_from(document: Mapping[str, Any]) -> KindsRule:
    rule = KindsRule(**{name: float(value) for name, value in document.items()})
    for name in ("retained", "trust", "shared"):
        if not 0.0 <= getattr(rule, name) <= 1.0:
            raise ValueError(f"rule.{name} is not between 0 and 1")
    return rule


def _deviation_from(document: Mapping[str, Any]) -> TraceParameters:
    deviation = read_traces_json(document)
    for item in fields(TraceParameters):
        if np.any(np.asarray(getattr(deviation, item.name)) < 0):
            raise ValueError(f"the deviation of {item.name} is below 0")
    return deviation


def _marks_from(marks: Any) -> frozenset[str]:
    if not isinstance(marks, list) or not all(isinstance(mark, str) for mark in marks):
        raise ValueError("held_out is not a list of fingerprints")
    return frozenset(marks)


def _check_time_scales(days: Any) -> None:
    if not np.allclose(np.asarray(days, dtype=np.float64), TIME_SCALE_DAYS, rtol=1e-3):
        raise ValueError("time_scale_days are not those of this program")


def _parameters_from(document: Mapping[str, Any]) -> RecallParameters:
    kinds = [read_traces_json(kind) for kind in document["kinds"]]
    prior = document["prior"]
    return RecallParameters(
        centre=read_traces_json(document["centre"]),
        deviation=_deviation_from(document["deviation"]),
        kinds=jax.tree.map(lambda *leaves: jnp.stack(leaves), *kinds),
        rule=_rule_from(document["rule"]),
        prior=LearnerPrior(
            _weights_from(prior["instant"], INSTANT), _weights_from(prior["curve"], CURVE)
        ),
    )
