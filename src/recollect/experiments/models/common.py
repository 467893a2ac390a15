"""One set of memory parameters for everybody, for experiments that predict instead of fitting.

Fitted jointly by the experiment ``one-memory``. The experiments ``spacing``, ``savings`` and
``overlearning`` predict with these values and are no part of that fit; where a fitted experiment
has too few means for all parameters, it takes the others from here.
"""

from __future__ import annotations

from recollect.experiments.models.episodes import EpisodicMemory

__all__ = ["COMMON", "common_memory", "delta_rule_memory"]

COMMON: dict[str, float] = {
    "choice": 2.5,
    "decay": 0.11,
    "surprise": 0.14,
    "item_spread": 1.0,
    "immediacy": 3.8,
    "retrieval_tilt": 2.3,
}
"""Values of the joint fit with all real data, rounded to two digits."""


def common_memory(**changed: float) -> EpisodicMemory:
    """The memory with the common values, some of them changed."""
    return EpisodicMemory.of(COMMON | changed)


def delta_rule_memory(surprise: float = 1.0) -> EpisodicMemory:
    """The memory with the common forgetting and choice that writes in proportion to the error.

    The delta rule has no parameter (ε is 1) and no kind of event is special (σ is 0). It serves
    the experiments that predict from the theory alone.

    Args:
        surprise: 0 for a memory that writes everything alike.
    """
    return common_memory(surprise=surprise, retrieval_tilt=0.0)
