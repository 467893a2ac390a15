"""Learning and relearning of one list by tests with feedback, up to a criterion."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.episodes import EpisodicMemory

__all__ = ["criterion_trials", "learned"]


def learned(
    memory: EpisodicMemory,
    weights: Float[Array, "*shape item scale"],
    trials: int,
    days_between: float,
    gain: float = 1.0,
) -> tuple[Float[Array, trial * shape], Float[Array, "trial *shape item scale"]]:
    """Recall at each of some trials, and the fast weights right after it.

    Each trial is a test with feedback, a fixed time after the one before; what was never met is
    not found at the first.
    """

    def trial(
        weights: Float[Array, "*shape item scale"], _: None
    ) -> tuple[
        Float[Array, "*shape item scale"],
        tuple[Float[Array, "*shape"], Float[Array, "*shape item scale"]],
    ]:
        recall = memory.over_items(memory.found(memory.strength(weights)))
        after = memory.tested(weights, gain)
        elapsed = jnp.full(weights.shape[:-2], days_between)
        return memory.faded(after, elapsed), (recall, after)

    _, (recall, after) = jax.lax.scan(trial, weights, None, length=trials)
    return recall, after


def criterion_trials(recall: NDArray[np.float64], criterion: float) -> NDArray[np.float64]:
    """Trials of study before recall first reaches a criterion, with fractions between whole ones.

    Args:
        recall: at each trial, ``[trial, ...]``: the first entry is before any study.
        criterion: share of items.

    Returns:
        0 where the first trial already reaches it, NaN where none does.
    """
    reached = recall >= criterion
    first = reached.argmax(0)
    before = np.take_along_axis(recall, np.maximum(first - 1, 0)[None], 0)[0]
    after = np.take_along_axis(recall, first[None], 0)[0]
    rise = np.where(first > 0, after - before, 1.0)
    exact = np.where(first > 0, first - 1 + (criterion - before) / rise, 0.0)
    return np.where(reached.any(0), exact, np.nan)
