"""Parameters for a learner: from a file that was fitted to them, or the shared defaults."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recollect.cli._jax import prepare_jax

if TYPE_CHECKING:
    from recollect.cli._session import Session
    from recollect.recall.personalise import Personalisation
    from recollect.reviews import ReviewLog

__all__ = ["learner_model"]


def learner_model(
    log: ReviewLog, params: Path | None, defaults: Path | None, session: Session
) -> tuple[Personalisation, dict[str, Any]]:
    """Personalise the model to a log.

    Args:
        log: the learner's reviews.
        params: a file that ``recollect fit`` wrote; it is laid over the shared defaults.
        defaults: a file that ``recollect fit-defaults`` wrote; without it, the shipped one.
        session: where a warning goes if the file was fitted to someone else's log.

    Returns:
        The personalised model, and where its parameters are from, as plain values.

    Raises:
        ParameterError: a parameter file cannot be used.
    """
    prepare_jax()
    from recollect.recall.defaults import load_defaults
    from recollect.recall.personalise import personalise

    shared = load_defaults(defaults)
    parameters = shared.parameters_for(log)
    origin: dict[str, Any] = {
        "defaults": "shipped" if defaults is None else str(defaults),
        "defaults_held_out": shared.held_out_for(log),
        "params": None if params is None else str(params),
    }
    if params is not None:
        from recollect.recall.fitting import LearnerFit

        fitted = LearnerFit.load(params, parameters)
        if not fitted.is_of(log):
            session.warn(
                f"{params} was fitted to another log (learner {fitted.learner_id}, "
                f"{fitted.log_reviews:,} reviews); fit this one with: recollect fit"
            )
        parameters = fitted.parameters
    return personalise(log, parameters), origin
