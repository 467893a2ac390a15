"""Rival models of recall, each with its best fair chance.

:data:`BASELINES` maps a name to a factory of a :class:`~recollect.recall.task.RecallModel`.
A model's module is imported when its factory is called: listing the names loads neither JAX
nor any optional dependency. A new baseline is one file and one line here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from recollect.recall.task import RecallModel

__all__ = ["BASELINES"]


def _factory(module: str, model: str) -> Callable[[], RecallModel]:
    def make() -> Any:
        return getattr(import_module(f"{__name__}.{module}"), model)()

    return make


BASELINES: Mapping[str, Callable[[], RecallModel]] = MappingProxyType(
    {
        "average": _factory("average", "Average"),
        "moving-average": _factory("moving_average", "MovingAverage"),
        "fsrs-6": _factory("fsrs6", "Fsrs6"),
        "fsrs-6-default": _factory("fsrs6", "Fsrs6Default"),
        "fsrs-7": _factory("fsrs7", "Fsrs7"),
        "fsrs-7-recency": _factory("fsrs7", "Fsrs7Recency"),
        "fsrs-7-default": _factory("fsrs7", "Fsrs7Default"),
        "half-life": _factory("half_life", "HalfLife"),
        "act-r": _factory("act_r", "ActR"),
    }
)
"""Name of each baseline and how to make it."""
