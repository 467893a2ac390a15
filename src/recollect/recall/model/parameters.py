"""All that the recall model knows of learners before it meets one."""

from __future__ import annotations

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.recall.model.kinds import KindsRule
from recollect.recall.model.learner import LearnerPrior
from recollect.recall.model.traces import TraceParameters

__all__ = ["RecallParameters"]


class RecallParameters(eqx.Module):
    """Shared parameters, and one learner's own where they have been fitted.

    Attributes:
        centre: traces of the average learner; where a fit starts from.
        deviation: by how much learners differ in each of them (standard deviation).
        kinds: the bank, traces of the kinds of learner met before (leading axis ``kind``).
        rule: how the kinds compete.
        prior: weights of the learner memory.
        own: this learner's fitted traces, None without a fit.
    """

    centre: TraceParameters
    deviation: TraceParameters
    kinds: TraceParameters
    rule: KindsRule
    prior: LearnerPrior
    own: TraceParameters | None = None

    @property
    def kind_count(self) -> int:
        """Number of kinds in the bank, the learner's own place included."""
        return int(self.kinds.readout_bias.shape[0]) + 1

    def kind_prior(self) -> Float[Array, " kind"]:
        """Weights of the kinds before any evidence, the learner's own place last."""
        count = self.kind_count
        weights = jnp.ones(count).at[-1].set(OWN_WEIGHT)
        return weights / jnp.sum(weights)


OWN_WEIGHT = 5.0
"""Prior weight of the learner's own traces (before a fit: the centre) against one kind."""
