"""Delta-rule fast weights: write only what reading did not already give.

``NormalisedDelta`` is the rule of Widrow & Hoff (1960) with the step divided by the squared
length of the key, which keeps any rate between 0 and 2 stable. ``KalmanDelta`` divides by the
uncertainty of the weights instead: each direction learns fast while little is known of it and
slowly later, which is recursive least squares; with a logistic readout it is the extended Kalman
filter of Bayesian logistic regression (West, Harrison & Migon 1985; Ollivier 2018).

References:
    B. Widrow, M. E. Hoff, Adaptive switching circuits, IRE WESCON 1960.
    M. West, P. J. Harrison, H. S. Migon, Dynamic generalized linear models and Bayesian
    forecasting, JASA 80 (1985).
    Y. Ollivier, Online natural gradient as a Kalman filter, Electronic Journal of Statistics 12
    (2018).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

__all__ = ["DeltaRule", "KalmanDelta", "KalmanState", "NormalisedDelta", "Recollection"]

_LEAST_VARIANCE = 1e-4
"""Floor of p(1 - p): a certain prediction that fails must still move the weights finitely."""


class DeltaRule(eqx.Module):
    """Fast weights ``W ← W + b k ⊗ (v - Wᵀk)``, the step as long as the key makes it.

    Stable for ``b ‖k‖²`` in [0, 2]; :class:`NormalisedDelta` sees to that for keys of any length.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        rate: b, share of the error that one write removes for a key of length 1.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)
    rate: float | Float[Array, ""] = 1.0

    def init(self) -> Float[Array, "key value"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.value_dim))

    def write(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "key value"]:
        """Move towards the value, as far as the key is long."""
        return state + key[:, None] * (self.rate * (value - self.read(state, key)))[None, :]

    def read(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state


class NormalisedDelta(eqx.Module):
    """Fast weights that move a fixed share of the way to the value.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        rate: share of the error that one write removes for its own key, one for all values or
            one for each; stable in [0, 2].
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True, default=1)
    rate: float | Float[Array, "#value"] | Float[Array, ""] = 1.0

    def init(self) -> Float[Array, "key value"]:
        """Weights of an empty memory."""
        return jnp.zeros((self.key_dim, self.value_dim))

    def write(
        self,
        state: Float[Array, "key value"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "key value"]:
        """``W + rate · key ⊗ (value - keyᵀW) / ‖key‖²``; a zero key writes nothing."""
        length = jnp.sum(jnp.square(key))
        safe = jnp.where(length > 0, length, 1.0)
        step = jnp.where(length > 0, self.rate / safe, 0.0)
        return state + key[:, None] * (step * (value - self.read(state, key)))[None, :]

    def read(
        self, state: Float[Array, "key value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """What the weights hold for a query, ``queryᵀ W``."""
        return query @ state


class KalmanState(NamedTuple):
    """Belief about the weights.

    Attributes:
        mean: ``[key]``.
        covariance: ``[key, key]``.
    """

    mean: Float[Array, " key"]
    covariance: Float[Array, "key key"]


class Recollection(NamedTuple):
    """What a Kalman memory reads.

    Attributes:
        logit: expected log odds of the value 1.
        variance: of the log odds, from the uncertainty of the weights.
    """

    logit: Float[Array, ""]
    variance: Float[Array, ""]


class KalmanDelta(eqx.Module):
    """A delta rule for yes-or-no values whose step follows the uncertainty of the weights.

    In single precision the covariance stays positive definite while the prior deviation times the
    length of the keys is below about ten; scale keys to unit components, as the recall model does.

    Attributes:
        prior_mean: ``[key]`` weights before anything is written.
        prior_deviation: ``[key]`` standard deviation of each weight before anything is written.
        drift_deviation: ``[key]`` by how much each weight may wander between two writes.
    """

    prior_mean: Float[Array, " key"]
    prior_deviation: Float[Array, " key"]
    drift_deviation: Float[Array, " key"]

    def init(self) -> KalmanState:
        """The prior belief."""
        return KalmanState(self.prior_mean, jnp.diag(jnp.square(self.prior_deviation)))

    def read(self, state: KalmanState, query: Float[Array, " key"]) -> Recollection:
        """Log odds of the value 1 for a query, with their variance."""
        return Recollection(query @ state.mean, query @ state.covariance @ query)

    def write(
        self, state: KalmanState, key: Float[Array, " key"], value: Float[Array, ""]
    ) -> KalmanState:
        """The belief after seeing a value of 0 or 1."""
        return self.read_and_write(state, key, value)[1]

    def read_and_write(
        self, state: KalmanState, key: Float[Array, " key"], value: Float[Array, ""]
    ) -> tuple[Recollection, KalmanState]:
        """Read a key, then store its value; the work of both is shared.

        The mean moves by ``Σk (value - p) / (1 + v kᵀΣk)`` with ``v = p(1 - p)``: a delta rule
        whose step is never longer than the error allows.
        """
        mean, covariance = state
        drift = jnp.square(self.drift_deviation)
        stored = covariance @ key
        found = Recollection(key @ mean, key @ stored)
        probability = jax.nn.sigmoid(found.logit)
        information = jnp.maximum(probability * (1.0 - probability), _LEAST_VARIANCE)
        direction = stored + drift * key
        shrink = 1.0 / (1.0 + information * (key @ direction))
        return found, KalmanState(
            mean + direction * ((value - probability) * shrink),
            covariance
            + jnp.diag(drift)
            - direction[:, None] * (direction * (information * shrink))[None, :],
        )
