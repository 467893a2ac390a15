"""A person's memory of an experiment: episodes as key-value pairs, read by competition.

Every study event writes a trace whose key has three parts: what was shown (the cue), where and in
which state (the context), and when (a bundle of slowly drifting contexts, one a time scale). The
value is the answer and is never changed. A query matches all traces,

    s_v = Σ_{n: value v} exp(κ(cos(cue, cue_n) − 1) + γ(cos(context, context_n) − 1))
              · Σ_k ω_k a_nk exp(−(t − t_n)/τ_k),

and values compete by Luce's choice rule with each other and with noise B:

    P(v) = s_v^β / (Σ_u s_u^β + B^β).

What is written obeys a delta rule: an event whose answer would have been found with probability P
adds a trace of strength g(1 − P)^ε at every time scale. What a person finds alone is written
with weights e^{σκ_k}: the found trace brings its own, slowly drifting context back, so the new key
is bound more to slow contexts (κ_k runs from −1 for the fastest scale to 1 for the slowest). It is
the memory of the recall model with a cue, read by :func:`recollect.memory.read_traces`, or
kept as one fast-weight vector a pair (:meth:`EpisodicMemory.studied`), which gives the same
numbers. Parameters have the same names in every experiment, so that one set can be tried on all.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.experiments.protocol.fits import Parameters
from recollect.memory import read_traces

__all__ = ["SCALES_DAYS", "SHARED_BOUNDS", "EpisodicMemory", "Traces"]

SECOND = 1 / 86_400
SCALES_DAYS: tuple[float, ...] = tuple(
    float(scale) for scale in np.geomspace(2 * SECOND, 80 * 365.25, 15)
)
"""Time constants τ of the drifting contexts: from two seconds to a lifetime, evenly in log time."""

SHARED_BOUNDS: dict[str, tuple[float, float]] = {
    "cue_sharpness": (0.0, 20.0),
    "context_sharpness": (0.0, 10.0),
    "choice": (0.3, 8.0),
    "noise": (1e-4, 2.0),
    "decay": (-0.1, 1.2),
    "surprise": (0.0, 3.0),
    "item_spread": (0.0, 2.0),
    "immediacy": (0.0, 4.0),
    "retrieval_tilt": (0.0, 3.0),
}
"""Where the parameters that all experiments share are searched."""

_IN_MIND_DAYS = 15 * SECOND
_LEAST_ERROR = 1e-6
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(9)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_SLOWNESS = np.linspace(-1, 1, len(SCALES_DAYS))

Days = Float[Array, "*shape"] | Float[np.ndarray, "*shape"] | float
"""Times. In a compiled function those in NumPy arrays are constants whose exponentials need not be
compiled, which takes long where there are many."""


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
        item_spread: standard deviation of log strength between items and people.
        immediacy: how much more contexts of a few seconds count (their ω times e^immediacy):
            what is still in mind.
        retrieval_tilt: σ, how much slower is what a retrieval writes than what a study writes.
    """

    cue_sharpness: float | Float[Array, ""] = 5.0
    context_sharpness: float | Float[Array, ""] = 1.0
    choice: float | Float[Array, ""] = 2.0
    noise: float | Float[Array, ""] = 0.2
    decay: float | Float[Array, ""] = 0.15
    surprise: float | Float[Array, ""] = 1.0
    item_spread: float | Float[Array, ""] = 0.5
    immediacy: float | Float[Array, ""] = 0.0
    retrieval_tilt: float | Float[Array, ""] = 0.0

    @classmethod
    def of(cls, values: Parameters) -> EpisodicMemory:
        """The memory whose parameters are those of its names among ``values``."""
        return cls(**{name: values[name] for name in SHARED_BOUNDS if name in values})

    def scale_weights(self) -> Float[Array, " scale"]:
        """ω: how much each time scale counts; they sum to 1."""
        scales = jnp.asarray(SCALES_DAYS)
        in_mind = jnp.where(scales < _IN_MIND_DAYS, jnp.exp(jnp.asarray(self.immediacy)), 1.0)
        weights = in_mind * scales ** -jnp.asarray(self.decay)
        return weights / weights.sum()

    def retained(self, elapsed_days: Days) -> Float[Array, "*shape"]:
        """Share of a trace's strength that a time leaves: 1 at once, then about a power law.

        Times that are known beforehand are best given as a NumPy array (see :data:`Days`).
        """
        return _left(elapsed_days) @ self.scale_weights()

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
        target = jnp.asarray(target)[..., None]
        return self.over_items(self.found(target, jnp.asarray(rivals)[..., None]))

    def found(
        self,
        target: Float[Array, "*#shape #item"],
        rivals: Float[Array, "*#shape #item"] | float = 0.0,
    ) -> Float[Array, "*shape item"]:
        """The same for each of the items that stand for all, from the easiest to find to hardest.

        Args:
            target: strength of the answer before items' own strength counts; the last axis may
                be 1 where all were treated alike.
            rivals: as in :meth:`recalled`.
        """
        own = jnp.exp(self.item_spread * jnp.asarray(_NODES))
        strong = _power(target * own, self.choice)
        against = _power(jnp.asarray(rivals), self.choice) + self.noise**self.choice
        return strong / (strong + against)

    def over_items(self, found: Float[Array, "*shape item"]) -> Float[Array, "*shape"]:
        """Mean over items of what holds for each (normal in log strength)."""
        return found @ jnp.asarray(_WEIGHTS)

    def together(self, strengths: Float[Array, "... value"]) -> Float[Array, ...]:
        """What several rivals weigh in a competition: ``(Σ s^β)^(1/β)``."""
        return _power(_power(strengths, self.choice).sum(-1), 1 / self.choice)

    def written(self, found: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
        """Strength of a further trace for what would have been found with this probability."""
        return jnp.maximum(1 - found, _LEAST_ERROR) ** self.surprise

    def fresh(self) -> Float[Array, "item scale"]:
        """Fast weights of a pair that was never met, one row for each of the items."""
        return jnp.zeros((len(_NODES), len(SCALES_DAYS)))

    def faded(
        self, weights: Float[Array, "*#shape item scale"], elapsed_days: Days
    ) -> Float[Array, "*shape item scale"]:
        """Fast weights after a time, or after each of several."""
        return weights * _left(elapsed_days)[..., None, :]

    def strength(self, weights: Float[Array, "*shape item scale"]) -> Float[Array, "*shape item"]:
        """What the pair's own cue reads, now."""
        return weights @ self.scale_weights()

    def studied(
        self,
        weights: Float[Array, "*shape item scale"],
        gain: float | Float[Array, ""] | Float[Array, "*#shape #item"] = 1.0,
        rivals: float | Float[Array, "*#shape #item"] = 0.0,
    ) -> Float[Array, "*shape item scale"]:
        """Fast weights after the pair was shown: the less expected, the more is written."""
        error = self.written(self.found(self.strength(weights), rivals))
        return weights + (gain * error)[..., None]

    def retrieved(
        self,
        weights: Float[Array, "*shape item scale"],
        gain: float | Float[Array, ""] | Float[Array, "*#shape #item"] = 1.0,
        rivals: float | Float[Array, "*#shape #item"] = 0.0,
    ) -> Float[Array, "*shape item scale"]:
        """Fast weights after the answer was found alone (give what was not found no such event)."""
        error = self.written(self.found(self.strength(weights), rivals))
        return weights + (gain * error)[..., None] * self._slowly()

    def tested(
        self,
        weights: Float[Array, "*shape item scale"],
        gain: float | Float[Array, ""] | Float[Array, "*#shape #item"] = 1.0,
        rivals: float | Float[Array, "*#shape #item"] = 0.0,
    ) -> Float[Array, "*shape item scale"]:
        """Mean fast weights after a test with feedback: found alone, or else shown."""
        found = self.found(self.strength(weights), rivals)
        how = 1 + found[..., None] * (self._slowly() - 1)
        return weights + (gain * self.written(found))[..., None] * how

    def _slowly(self) -> Float[Array, " scale"]:
        return jnp.exp(self.retrieval_tilt * jnp.asarray(_SLOWNESS))


def _left(elapsed_days: Days) -> Float[Array, "*shape scale"]:
    """How much of every context is left after a time."""
    if isinstance(elapsed_days, np.ndarray):
        return jnp.asarray(np.exp(-elapsed_days[..., None] / np.asarray(SCALES_DAYS)))
    return jnp.exp(-jnp.asarray(elapsed_days)[..., None] / jnp.asarray(SCALES_DAYS))


def _power(
    base: Float[Array, "*shape"], exponent: float | Float[Array, ""]
) -> Float[Array, "*shape"]:
    """``base ** exponent`` with slopes that are numbers where the base is nothing."""
    nothing = base == 0
    return jnp.where(nothing, 0.0, jnp.where(nothing, 1.0, base) ** exponent)
