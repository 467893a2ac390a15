"""The list of experiments, in the order of the report.

A new experiment is a module with an ``EXPERIMENT`` in this folder, and its name here.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from recollect.errors import UnknownNameError
from recollect.experiments.protocol.contract import Experiment

__all__ = ["NAMES", "experiment", "experiments"]

NAMES: tuple[str, ...] = (
    # time
    "forgetting-curves",
    "news",
    "spacing",
    "testing-effect",
    "overlearning",
    "savings",
    # cue and context
    "contiguity",
    "serial-position",
    "repetition-lag",
    "encoding-specificity",
    "context-dependence",
    # one memory
    "one-memory",
)
"""Names of all experiments: each is a module of this package, with ``-`` for ``_``."""


def experiment(name: str) -> Experiment[Any]:
    """The experiment of that name.

    Raises:
        UnknownNameError: there is none.
    """
    if name not in NAMES:
        raise UnknownNameError("experiment", name, NAMES)
    module = import_module(f"recollect.experiments.{name.replace('-', '_')}")
    found: Experiment[Any] = module.EXPERIMENT
    return found


def experiments() -> tuple[Experiment[Any], ...]:
    """All experiments, in the order of the report."""
    return tuple(map(experiment, NAMES))
