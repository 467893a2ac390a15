"""One set of memory parameters for everybody, for experiments that predict instead of fitting.

Fitted jointly by the experiment ``one-memory`` to people's forgetting, testing and free recall,
none of which is an experiment that uses these values (``spacing``, ``savings``, ``overlearning``).
"""

from __future__ import annotations

from recollect.experiments.models.episodes import EpisodicMemory

__all__ = ["COMMON", "common_memory"]

COMMON: dict[str, float] = {
    "choice": 2.0,
    "decay": 0.15,
    "surprise": 1.0,
    "item_spread": 0.5,
    "immediacy": 0.0,
    "retrieval_tilt": 0.0,
}
"""Values of the joint fit, rounded."""


def common_memory(**changed: float) -> EpisodicMemory:
    """The memory with the common values, some of them changed."""
    return EpisodicMemory.of(COMMON | changed)
