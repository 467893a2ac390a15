"""Parameters for a learner: from a file that was fitted to them, or the shared defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recollect.cli._jax import prepare_jax

if TYPE_CHECKING:
    from recollect.recall.personalise import Personalisation
    from recollect.reviews import ReviewLog

__all__ = ["learner_model"]


def learner_model(
    log: ReviewLog, params: Path | None, defaults: Path | None
) -> tuple[Personalisation, dict[str, Any]]:
    """Personalise the model to a log.

    Args:
        log: the learner's reviews.
        params: a file that ``recollect fit`` wrote; without it, the shared defaults are used.
        defaults: a file that ``recollect fit-defaults`` wrote; without it, the shipped one.

    Returns:
        The personalised model, and where its parameters are from, as plain values.

    Raises:
        ParameterError: a parameter file cannot be used.
    """
    prepare_jax()
    from recollect.recall.personalise import personalise

    if params is not None:
        from recollect.recall.fitting import LearnerFit

        fitted = LearnerFit.load(params)
        return personalise(log, fitted.parameters), {"parameters": str(params)}
    from recollect.recall.defaults import load_defaults

    shared = load_defaults(defaults)
    origin = {
        "parameters": "shipped defaults" if defaults is None else str(defaults),
        "defaults_held_out": shared.held_out_for(log),
    }
    return personalise(log, shared.parameters_for(log)), origin
