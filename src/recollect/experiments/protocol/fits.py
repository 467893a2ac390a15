"""Fits to human data: likelihoods, least squares, and the criteria that compare models.

Predictions are JAX functions of named parameters; they are compiled and differentiated in double
precision, and searched within bounds from several starting points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray
from scipy import optimize
from scipy.stats import qmc

from recollect.errors import DataFileError
from recollect.experiments.protocol.contract import Fit

__all__ = ["Bounds", "Parameters", "Prediction", "binomial_fit", "least_squares_fit", "r_squared"]

_SMALLEST_SHARE = 1e-9
_STARTS = 8

Bounds = Mapping[str, tuple[float, float]]
"""Lowest and highest value of each free parameter, by name."""

Parameters = Mapping[str, Float[Array, ""] | float]
"""Values by name."""

Prediction = Callable[[Parameters], Float[Array, " condition"]]
"""What a model says of every condition, given its parameters by name; a JAX function."""

_Loss = Callable[[Parameters], Float[Array, ""]]


def r_squared(observed: ArrayLike, predicted: ArrayLike) -> float:
    """Share of the variance of condition means that a model accounts for.

    ``1 - SS(residual) / SS(total)``: below zero where the mean would fit better.
    """
    seen, told = np.asarray(observed, np.float64), np.asarray(predicted, np.float64)
    total = float(((seen - seen.mean()) ** 2).sum())
    return float(1 - ((seen - told) ** 2).sum() / total) if total > 0 else float("nan")


@dataclass(frozen=True)
class _Best:
    parameters: dict[str, float]
    loss: float


def binomial_fit(
    model: str,
    predict: Prediction,
    bounds: Bounds,
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    ours: bool = False,
    fixed: Mapping[str, float] | None = None,
) -> tuple[Fit, NDArray[np.float64]]:
    """Maximum likelihood for numbers of successes out of numbers of trials.

    AIC and BIC rest on the binomial log likelihood, whose observations are the trials.

    Args:
        model: name for people.
        predict: success probability of each condition from named parameters.
        bounds: of the free parameters; each is searched within.
        successes: of each condition.
        trials: of each condition.
        ours: whether this is the memory, not a rival.
        fixed: parameters that are given, not fitted.

    Returns:
        The fit and the predicted probabilities.

    Raises:
        DataFileError: a condition has no answers, or more right ones than answers.
    """
    hits, all_trials = np.asarray(successes, np.float64), np.asarray(trials, np.float64)
    possible = (all_trials > 0) & (hits >= 0) & (hits <= all_trials)
    if not possible.all():
        raise DataFileError(
            f"{model}: no possible numbers of answers in {int((~possible).sum())} of "
            f"{possible.size} conditions; is the data set whole?"
        )
    given = dict(fixed or {})

    def loss(values: Parameters) -> Float[Array, ""]:
        share = jnp.clip(predict({**values, **given}), _SMALLEST_SHARE, 1 - _SMALLEST_SHARE)
        likelihood = special.xlogy(hits, share) + special.xlog1py(all_trials - hits, -share)
        ways = special.gammaln(all_trials + 1) - special.gammaln(hits + 1)
        return -(likelihood + ways - special.gammaln(all_trials - hits + 1)).sum()

    best = _search(loss, bounds)
    predicted = _told(predict, best.parameters | given)
    count = float(all_trials.sum())
    deviance = 2 * best.loss
    fit = Fit(
        model=model,
        ours=ours,
        parameters=best.parameters,
        free_parameters=len(bounds),
        observations=int(count),
        r_squared=r_squared(hits / all_trials, predicted),
        aic=deviance + 2 * len(bounds),
        bic=deviance + len(bounds) * float(np.log(count)),
    )
    return fit, predicted


def least_squares_fit(
    model: str,
    predict: Prediction,
    bounds: Bounds,
    observed: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    ours: bool = False,
    fixed: Mapping[str, float] | None = None,
) -> tuple[Fit, NDArray[np.float64]]:
    """Least squares for published means, whose single answers are not known.

    AIC and BIC are those of normal errors: of known size where standard errors are given, else
    of one size that is estimated too (and counted as a parameter).

    Args:
        model: name for people.
        predict: mean of each condition from named parameters.
        bounds: of the free parameters.
        observed: mean of each condition.
        standard_errors: of these means; None where they are not published.
        ours: whether this is the memory, not a rival.
        fixed: parameters that are given, not fitted.

    Returns:
        The fit and the predicted means.
    """
    means = np.asarray(observed, np.float64)
    scale = np.ones_like(means) if standard_errors is None else np.asarray(standard_errors, float)
    given = dict(fixed or {})

    def loss(values: Parameters) -> Float[Array, ""]:
        return (((means - predict({**values, **given})) / scale) ** 2).sum()

    best = _search(loss, bounds)
    predicted = _told(predict, best.parameters | given)
    count, free = len(means), len(bounds)
    if standard_errors is None:
        deviance = count * (np.log(2 * np.pi * max(best.loss, 1e-300) / count) + 1)
        free += 1
    else:
        deviance = best.loss + float(np.log(2 * np.pi * scale**2).sum())
    fit = Fit(
        model=model,
        ours=ours,
        parameters=best.parameters,
        free_parameters=free,
        observations=count,
        r_squared=r_squared(means, predicted),
        aic=float(deviance + 2 * free),
        bic=float(deviance + free * np.log(count)),
    )
    return fit, predicted


def _told(predict: Prediction, parameters: Mapping[str, float]) -> NDArray[np.float64]:
    with jax.enable_x64(True):
        return np.asarray(predict(parameters), np.float64)


def _search(loss: _Loss, bounds: Bounds) -> _Best:
    """Best of several bounded quasi-Newton searches from evenly spread starting points."""
    names = list(bounds)
    low, high = np.array([bounds[name] for name in names], np.float64).reshape(-1, 2).T

    with jax.enable_x64(True):
        both = jax.jit(
            jax.value_and_grad(
                lambda point: loss(dict(zip(names, low + point * (high - low), strict=True)))
            )
        )

        def of_unit(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            value, slope = both(jnp.asarray(point))
            return float(value), np.asarray(slope, np.float64)

        if not names:
            return _Best({}, of_unit(np.zeros(0))[0])
        found = [
            optimize.minimize(
                of_unit, start, jac=True, method="L-BFGS-B", bounds=[(0, 1)] * len(names)
            )
            for start in _starts(len(names))
        ]
    best = min(found, key=lambda each: float(each.fun) if np.isfinite(each.fun) else np.inf)
    values = low + np.asarray(best.x) * (high - low)
    return _Best(dict(zip(names, map(float, values), strict=True)), float(best.fun))


def _starts(dimensions: int) -> NDArray[np.float64]:
    """Points of a Halton sequence, the first moved to the middle and none on a bound."""
    spread = qmc.Halton(dimensions, scramble=False).random(_STARTS)
    spread[0] = 0.5
    return np.asarray(spread, np.float64)
