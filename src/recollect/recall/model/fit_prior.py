"""What other learners teach about reading: the prior weights of the learner memory."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from recollect.recall.model.keys import CURVE, CURVE_SIGN, INSTANT, KEY_NAMES, KEYS
from recollect.recall.model.learner import LearnerPrior
from recollect.recall.personalise import Foreseen

__all__ = ["fit_prior", "untaught_prior"]

_RIDGE = 1e-4
"""Penalty per unit of weight, of the mean loss of a review."""
_LEAST_ROWS = 200
_TRACES = KEY_NAMES.index("traces")


def untaught_prior() -> LearnerPrior:
    """Trust the bank as it is."""
    instant = np.zeros((2, INSTANT.size), np.float32)
    instant[:, np.flatnonzero(INSTANT == _TRACES)] = KEYS[_TRACES].scale
    curve = np.zeros((2, CURVE.size), np.float32)
    curve[:, np.flatnonzero(CURVE == _TRACES)] = KEYS[_TRACES].scale
    return LearnerPrior(jnp.asarray(instant), jnp.asarray(curve))


def fit_prior(learners: Sequence[Foreseen]) -> LearnerPrior:
    """Logistic regression over all learners' reviews, each learner by the root of their number.

    Args:
        learners: logs foreseen by banks that do not hold the learner themselves.
    """
    prior = untaught_prior()
    instant, curve = np.array(prior.instant), np.array(prior.curve)
    for sort in (0, 1):
        keys, recalled, weight = _rows(learners, sort)
        if recalled.size < _LEAST_ROWS:
            if sort:
                instant[1], curve[1] = instant[0], curve[0]
            continue
        instant[sort] = _regress(keys[0], recalled, weight, instant[sort], None)
        curve[sort] = _regress(keys[1], recalled, weight, curve[sort], CURVE_SIGN)
    return LearnerPrior(jnp.asarray(instant), jnp.asarray(curve))


def _rows(
    learners: Sequence[Foreseen], sort: int
) -> tuple[
    tuple[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64]
]:
    instant, curve, recalled, weight = [], [], [], []
    for seen in learners:
        at = (seen.history.reviews > 0) & (seen.history.same_day == bool(sort))
        if not at.any():
            continue
        foretold = seen.keys[at].astype(np.float64)
        instant.append(foretold[:, INSTANT])
        foretold[:, _TRACES] = seen.frozen[at] / KEYS[_TRACES].scale
        curve.append(foretold[:, CURVE])
        recalled.append(seen.history.recalled[at].astype(np.float64))
        weight.append(np.full(int(at.sum()), 1.0 / np.sqrt(at.sum())))
    if not recalled:
        return (np.zeros((0, INSTANT.size)), np.zeros((0, CURVE.size))), np.zeros(0), np.zeros(0)
    weights = np.concatenate(weight)
    return (
        (np.concatenate(instant), np.concatenate(curve)),
        np.concatenate(recalled),
        weights / weights.sum(),
    )


def _regress(
    keys: NDArray[np.float64],
    recalled: NDArray[np.float64],
    weight: NDArray[np.float64],
    start: NDArray[np.float32],
    sign: NDArray[np.int64] | None,
) -> NDArray[np.float32]:
    """Weighted logistic regression with a small ridge and signs where they are asked for."""

    def objective(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = keys @ weights
        loss = float(weight @ (np.logaddexp(0.0, logit) - recalled * logit))
        gradient = keys.T @ (weight * (expit(logit) - recalled))
        return loss + 0.5 * _RIDGE * float(weights @ weights), gradient + _RIDGE * weights

    bounds = None
    if sign is not None:
        bounds = [(0.0 if s > 0 else None, 0.0 if s < 0 else None) for s in sign]
    found = minimize(
        objective,
        start.astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 300},
    )
    return np.asarray(found.x, dtype=np.float32)
