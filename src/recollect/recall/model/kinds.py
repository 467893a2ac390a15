"""Which kind of learner is this? Kinds compete by how well they have predicted so far.

A bank of parameter sets, one for each kind of learner met before, predicts every review. Their
weights follow Bayes' rule with forgetting: evidence is discounted as it ages and a fixed share
of the weight goes back to the prior, so that a kind can come back (Herbster & Warmuth 1998). The
mixture is never worse than its best member by more than the cost of finding it.

References:
    M. Herbster, M. K. Warmuth, Tracking the best expert, Machine Learning 32 (1998).
    V. Vovk, Aggregating strategies, COLT 1990.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

__all__ = ["KindsRule", "Mixture", "log_mixture", "mix_kinds"]


class KindsRule(eqx.Module):
    """How fast the weights follow the evidence.

    Attributes:
        retained: share of the evidence kept from one review to the next.
        trust: exponent of each likelihood; below 1 because experts err together.
        shared: share of the weight given back to the prior at every review.
    """

    retained: float = 0.99
    trust: float = 0.5
    shared: float = 0.05


class Mixture(NamedTuple):
    """The bank's opinion of every review of a log.

    Attributes:
        instant: ``[n]`` log odds with the weights in force just before each review.
        frozen: ``[n]`` log odds with the weights in force after row ``frozen_at``.
        weights: ``[2, kind]`` at the end of the log, for later-day (0) and same-day (1) reviews.
    """

    instant: Float[Array, " n"]
    frozen: Float[Array, " n"]
    weights: Float[Array, "2 kind"]


def mix_kinds(
    rule: KindsRule,
    prior: Float[Array, " kind"],
    logit: Float[Array, "n kind"],
    recalled: Float[Array, " n"],
    same_day: Int[Array, " n"],
    counts: Bool[Array, " n"],
    frozen_at: Int[Array, " n"],
) -> Mixture:
    """Weigh the kinds along a log and mix their probabilities.

    Args:
        rule: speed.
        prior: weights before any evidence, summing to 1.
        logit: of recall, by each kind.
        recalled: the outcome, 0 or 1.
        same_day: 1 for a same-day review; the two sorts have weights of their own.
        counts: False for rows that are no evidence (a card's first review).
        frozen_at: row after which the weights for the frozen opinion were read, -1 the prior.
    """
    log_prior = jnp.log(prior)
    sign = 2.0 * recalled[:, None] - 1.0
    evidence_gain = jax.nn.log_sigmoid(sign * logit)

    def step(
        evidence: Float[Array, "2 kind"], row: tuple[Array, Array, Array]
    ) -> tuple[Float[Array, "2 kind"], Float[Array, "2 kind"]]:
        gain, sort, is_evidence = row
        moved = rule.retained * evidence + (1.0 - rule.retained) * log_prior + rule.trust * gain
        chosen = (jnp.arange(2)[:, None] == sort) & is_evidence
        evidence = jnp.where(chosen, moved, evidence)
        return evidence, evidence

    start = jnp.stack([log_prior, log_prior])
    _, trail = jax.lax.scan(step, start, (evidence_gain, same_day, counts))
    trail = jnp.concatenate([start[None], trail])

    def weights(evidence: Float[Array, "*rows kind"]) -> Float[Array, "*rows kind"]:
        return (1.0 - rule.shared) * jax.nn.softmax(evidence, axis=-1) + rule.shared * prior

    before = trail[jnp.arange(logit.shape[0]), same_day]
    frozen = trail[frozen_at + 1, same_day]
    return Mixture(
        log_mixture(weights(before), logit),
        log_mixture(weights(frozen), logit),
        weights(trail[-1]),
    )


def log_mixture(
    weight: Float[Array, "n kind"], logit: Float[Array, "n kind"]
) -> Float[Array, " n"]:
    """Log odds of the weighted mean of the kinds' probabilities."""
    recalled = jnp.sum(weight * jax.nn.sigmoid(logit), axis=-1)
    forgotten = jnp.sum(weight * jax.nn.sigmoid(-logit), axis=-1)
    return jnp.log(recalled) - jnp.log(forgotten)
