"""A person's memory of an experiment: episodes as key-value pairs, read by competition.

Every study event writes a trace whose key has three parts: what was shown (the cue), where and in
which state (the context), and when (a bundle of slowly drifting contexts, one a time scale). The
value is the answer and is never changed. A query matches all traces,

    s_v = Σ_{n: value v} a_n · exp(κ(cos(cue, cue_n) − 1) + γ(cos(context, context_n) − 1))
              · Σ_k ω_k exp(−(t − t_n)/τ_k),

and values compete by Luce's choice rule with each other and with noise B:

    P(v) = s_v^β / (Σ_u s_u^β + B^β).

A later event for the same pair adds a trace whose strength is (1 − P)^ε of a first one: what is
found without effort is hardly rewritten (a delta rule). It is the memory of the recall model with
a cue, read by :func:`recollect.memory.read_traces`. Parameters have the same names in every
experiment, so that one set can be tried on all of them.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.memory import read_traces

__all__ = ["SCALES_DAYS", "SHARED_BOUNDS", "EpisodicMemory", "Traces"]

SECOND = 1 / 86_400
SCALES_DAYS: tuple[float, ...] = tuple(
    float(scale) for scale in np.geomspace(2 * SECOND, 10 * 365.25, 14)
)
"""Time constants τ of the drifting contexts: from two seconds to ten years, evenly in log time."""

SHARED_BOUNDS: dict[str, tuple[float, float]] = {
    "cue_sharpness": (0.0, 20.0),
    "context_sharpness": (0.0, 10.0),
    "choice": (0.3, 8.0),
    "noise": (1e-4, 2.0),
    "decay": (0.01, 0.6),
    "surprise": (0.0, 3.0),
    "item_spread": (0.0, 2.0),
}
"""Where the parameters that all experiments share are searched."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


class Traces(NamedTuple):
    """What was written.

    Attributes:
        cues: unit vectors of what was shown, ``[n, cue]``.
        contexts: unit vectors of place and state, ``[n, context]``.
        values: which of the answers each trace holds, one-hot, ``[n, value]``.
        strengths: how strongly each was written, ``[n]``; a plain study event has 1.
        written_at_days: when, ``[n]``.
    """

    cues: Float[Array, "n cue"]
    contexts: Float[Array, "n context"]
    values: Float[Array, "n value"]
    strengths: Float[Array, " n"]
    written_at_days: Float[Array, " n"]


class EpisodicMemory(eqx.Module):
    """How one person's traces are found again.

    Attributes:
        cue_sharpness: κ, how much a cue must be alike.
        context_sharpness: γ, how much the context must be alike.
        choice: β, how decidedly the strongest answer wins.
        noise: B, strength of everything else there is, in units of one fresh study event.
        decay: ψ, exponent of the weights ω_k ∝ τ_k^−ψ of time scales; the forgetting curve falls
            about as the time to the power −ψ.
        surprise: ε, how little is written of what was expected.
        item_spread: σ, standard deviation of log strength between items and people.
    """

    cue_sharpness: float | Float[Array, ""] = 5.0
    context_sharpness: float | Float[Array, ""] = 1.0
    choice: float | Float[Array, ""] = 2.0
    noise: float | Float[Array, ""] = 0.2
    decay: float | Float[Array, ""] = 0.15
    surprise: float | Float[Array, ""] = 1.0
    item_spread: float | Float[Array, ""] = 0.5

    def scale_weights(self) -> Float[Array, " scale"]:
        """ω: how much each time scale counts; they sum to 1."""
        weights = jnp.asarray(SCALES_DAYS) ** -jnp.asarray(self.decay)
        return weights / weights.sum()

    def retained(self, elapsed_days: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Share of a trace's strength that a time leaves: 1 at once, then about a power law."""
        shares = jnp.exp(-jnp.asarray(elapsed_days)[..., None] / jnp.asarray(SCALES_DAYS))
        return shares @ self.scale_weights()

    def strengths(
        self,
        traces: Traces,
        cue: Float[Array, " cue"],
        context: Float[Array, " context"],
        now_days: float | Float[Array, ""],
    ) -> Float[Array, " value"]:
        """Strength s of every value for a query (the sum over its traces)."""
        match = jnp.exp(
            self.cue_sharpness * (traces.cues @ cue - 1)
            + self.context_sharpness * (traces.contexts @ context - 1)
        )
        scales = jnp.asarray(SCALES_DAYS)
        elapsed_days = now_days - traces.written_at_days
        left = jnp.exp(-elapsed_days[:, None] / scales)
        keys = jnp.broadcast_to((traces.strengths * match)[:, None], left.shape)
        return read_traces(keys, traces.values, left, self.scale_weights())

    def recalled(
        self, target: Float[Array, "*shape"], rivals: Float[Array, "*shape"] | float = 0.0
    ) -> Float[Array, "*shape"]:
        """Probability that the target is found, averaged over items of differing strength.

        Args:
            target: strength of the answer.
            rivals: ``(Σ s_u^β)^(1/β)`` of other answers: see :meth:`together`.
        """
        nodes = jnp.exp(self.item_spread * jnp.asarray(_NODES))
        beta = self.choice
        strong = (jnp.asarray(target)[..., None] * nodes) ** beta
        against = jnp.asarray(rivals)[..., None] ** beta + self.noise**beta
        return (strong / (strong + against)) @ jnp.asarray(_WEIGHTS)

    def together(self, strengths: Float[Array, "... value"]) -> Float[Array, ...]:
        """What several rivals weigh in a competition: ``(Σ s^β)^(1/β)``."""
        return (strengths**self.choice).sum(-1) ** (1 / self.choice)

    def written(self, recalled: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Strength of a further trace for what would have been found with this probability."""
        return (1 - recalled) ** self.surprise
