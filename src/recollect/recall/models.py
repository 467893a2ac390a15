"""Models by name, in a form that worker processes can build."""

from __future__ import annotations

from typing import Any

from recollect.errors import UnknownNameError
from recollect.recall.baselines import BASELINES
from recollect.recall.evaluation import LearnerSource, ModelSpec
from recollect.recall.task import RecallModel
from recollect.reviews import DayBoundary, ReviewLog, open_logs

__all__ = ["MODEL_NAMES", "build_model", "load_source"]

MODEL_NAMES: tuple[str, ...] = ("recollect", *BASELINES)
"""Every model that can be scored."""


def build_model(spec: ModelSpec) -> RecallModel:
    """Make a model.

    Args:
        spec: a name of :data:`MODEL_NAMES`. Options of ``recollect``: ``defaults`` (path of a
            file, empty for the shipped one), ``fit`` ("true" or "false"), ``strict`` likewise.

    Raises:
        UnknownNameError: there is no such model.
        MissingExtraError: it needs an optional dependency.
    """
    if spec.name == "recollect":
        from recollect.recall.defaults import load_defaults
        from recollect.recall.recollect_model import RecollectModel

        return RecollectModel(
            load_defaults(str(spec.options.get("defaults") or "") or None),
            fit=_flag(spec.options.get("fit", "true")),
            strict=_flag(spec.options.get("strict", "false")),
        )
    if spec.name not in BASELINES:
        raise UnknownNameError("model", spec.name, MODEL_NAMES)
    return BASELINES[spec.name]()


def _flag(value: Any) -> bool:
    return str(value).lower() in ("true", "1", "yes")


def load_source(source: LearnerSource) -> ReviewLog:
    """Read one learner's log.

    Args:
        source: with options ``learner_id`` (name within the file), ``time_zone``,
            ``rollover_hour`` and ``skip_bad_rows``.
    """
    options = source.options
    boundary = DayBoundary(
        str(options.get("time_zone", "UTC")), int(options.get("rollover_hour", 4))
    )
    logs = open_logs(
        source.path,
        day_boundary=boundary,
        skip_bad_rows=bool(options.get("skip_bad_rows", False)),
    )
    return logs.read(str(options.get("learner_id", source.learner_id))).log.named(source.learner_id)
