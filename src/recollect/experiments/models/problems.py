"""An experiment's human data with what the memory says of it, so that many can be fitted as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from recollect.experiments.models.episodes import SHARED_BOUNDS
from recollect.experiments.protocol import (
    Bounds,
    Fit,
    Parameters,
    Prediction,
    binomial_fit,
    least_squares_fit,
)

_LEAST_ERROR = 0.02
"""Two points of a hundred: no published mean without its error is taken for more exact."""

_MOST_STEPS = 80

__all__ = ["JointFit", "Problem", "fit_jointly"]


@dataclass(frozen=True)
class Problem:
    """People's means in the conditions of one experiment, and a model's prediction of them.

    Attributes:
        name: of the experiment, for people.
        observed: mean of each condition, as shares.
        predict: the means, given shared and own parameters by name; a JAX function.
        shared: names of the memory's parameters that the conditions depend on.
        own: bounds of the experiment's own parameters.
        trials: answers of each condition; None where only means were published.
        standard_errors: of the means, where they were published.
    """

    name: str
    observed: NDArray[np.float64]
    predict: Prediction
    shared: tuple[str, ...]
    own: Bounds = field(default_factory=dict)
    trials: NDArray[np.float64] | None = None
    standard_errors: NDArray[np.float64] | None = None

    @property
    def bounds(self) -> dict[str, tuple[float, float]]:
        """Of all parameters, the shared ones first."""
        return {name: SHARED_BOUNDS[name] for name in self.shared} | dict(self.own)

    def fit(
        self,
        model: str = "memory",
        *,
        fixed: Mapping[str, float] | None = None,
        ours: bool = True,
    ) -> tuple[Fit, NDArray[np.float64]]:
        """The memory fitted to this experiment alone.

        Args:
            model: name for people.
            fixed: parameters that are given, not fitted.
            ours: whether it is the memory, not a lesioned one.
        """
        bounds = {name: span for name, span in self.bounds.items() if name not in (fixed or {})}
        return self.fit_rival(model, self.predict, bounds, fixed=fixed, ours=ours)

    def fit_rival(
        self,
        model: str,
        predict: Prediction,
        bounds: Bounds,
        *,
        fixed: Mapping[str, float] | None = None,
        ours: bool = False,
    ) -> tuple[Fit, NDArray[np.float64]]:
        """Another model fitted to the same data in the same way."""
        if self.trials is not None:
            hits = self.observed * self.trials
            return binomial_fit(model, predict, bounds, hits, self.trials, ours=ours, fixed=fixed)
        return least_squares_fit(
            model,
            predict,
            bounds,
            self.observed,
            standard_errors=self.standard_errors,
            ours=ours,
            fixed=fixed,
        )

    def errors(self, predicted: ArrayLike, free_parameters: int) -> NDArray[np.float64]:
        """Standard errors of the means, no smaller than a separate fit's misses make believable.

        Errors of sampling (of one size where nothing is known) are scaled so that χ² of the
        separate fit equals its degrees of freedom, as for quasi-likelihoods (Wedderburn 1974).
        """
        told = np.asarray(predicted, np.float64)
        if self.trials is not None:
            sampling = np.sqrt(np.clip(told * (1 - told), 1e-4, None) / self.trials)
        elif self.standard_errors is not None:
            sampling = np.asarray(self.standard_errors, np.float64)
        else:
            sampling = np.ones_like(self.observed)
        chi_squared = float((((self.observed - told) / sampling) ** 2).sum())
        spare = max(1, len(self.observed) - free_parameters)
        scale = np.sqrt(chi_squared / spare)
        known = self.trials is not None or self.standard_errors is not None
        return np.asarray(sampling * (max(1.0, scale) if known else max(scale, _LEAST_ERROR)))


@dataclass(frozen=True)
class JointFit:
    """One set of shared parameters for many experiments, beside a set for each.

    Attributes:
        joint: the fit with shared parameters.
        separate: the same criteria summed over experiments fitted alone.
        shared: the shared parameters by name.
        observed: means of each experiment.
        together: its predicted means under shared parameters.
        alone: its predicted means when fitted alone.
        joint_chi_squared: Σ (miss / standard error)² of each experiment under shared parameters.
    """

    joint: Fit
    separate: Fit
    shared: dict[str, float]
    observed: dict[str, NDArray[np.float64]]
    together: dict[str, NDArray[np.float64]]
    alone: dict[str, NDArray[np.float64]]
    joint_chi_squared: dict[str, float]


def fit_jointly(problems: Sequence[Problem]) -> JointFit:
    """Fit all experiments with one set of shared parameters, and each alone.

    Both count normal errors with :meth:`Problem.errors`, so that an experiment with very many
    answers does not silence the others, and their AIC and BIC can be compared.
    """
    alone = [problem.fit() for problem in problems]
    errors = [
        problem.errors(told, fit.free_parameters)
        for problem, (fit, told) in zip(problems, alone, strict=True)
    ]
    seen = np.concatenate([problem.observed for problem in problems])
    scale = np.concatenate(errors)
    sizes = np.cumsum([len(problem.observed) for problem in problems])[:-1]
    bounds: dict[str, tuple[float, float]] = {}
    for problem in problems:
        bounds |= {name: SHARED_BOUNDS[name] for name in problem.shared}
        bounds |= {_own(problem, name): span for name, span in problem.own.items()}

    def predict(values: Parameters) -> Float[Array, " condition"]:
        return jnp.concatenate(
            [
                problem.predict(
                    {name: values[name] for name in problem.shared}
                    | {name: values[_own(problem, name)] for name in problem.own}
                )
                for problem in problems
            ]
        )

    starts = _starts(problems, [fit for fit, _ in alone], bounds)

    def misses(values: Parameters) -> Float[Array, " condition"]:
        return (jnp.asarray(seen) - predict(values)) / jnp.asarray(scale)

    values = _searched(misses, bounds, starts)
    told = _told(predict, values)
    joint = _summed("memory, one set of parameters", told, seen, scale, values)
    parts = dict(zip((each.name for each in problems), np.split(told, sizes), strict=True))
    apart = np.concatenate([each for _, each in alone])
    own = {
        f"{problem.name}: {name}": value
        for problem, (fit, _) in zip(problems, alone, strict=True)
        for name, value in fit.parameters.items()
    }
    # The rival of one memory is many.
    separate = replace(
        _summed("memory, a set for each experiment", apart, seen, scale, own), ours=False
    )
    return JointFit(
        joint=joint,
        separate=separate,
        shared={name: joint.parameters[name] for name in bounds if name in SHARED_BOUNDS},
        observed={problem.name: problem.observed for problem in problems},
        together=parts,
        alone={problem.name: each for problem, (_, each) in zip(problems, alone, strict=True)},
        joint_chi_squared={
            problem.name: float((((problem.observed - parts[problem.name]) / error) ** 2).sum())
            for problem, error in zip(problems, errors, strict=True)
        },
    )


def _own(problem: Problem, name: str) -> str:
    return f"{problem.name}: {name}"


def _starts(
    problems: Sequence[Problem], alone: Sequence[Fit], bounds: Bounds
) -> list[dict[str, float]]:
    """Own parameters as fitted alone; shared ones at their middle, or as in one experiment."""
    own = {
        _own(problem, name): fit.parameters[name]
        for problem, fit in zip(problems, alone, strict=True)
        for name in problem.own
    }
    shared = {
        name: [fit.parameters[name] for fit in alone if name in fit.parameters]
        for name in bounds
        if name in SHARED_BOUNDS
    }
    middle = {name: float(np.median(values)) for name, values in shared.items()} | own
    return [middle] + [
        middle | {name: fit.parameters[name] for name in problem.shared}
        for problem, fit in zip(problems, alone, strict=True)
    ]


def _searched(
    misses: Callable[[Parameters], Float[Array, " condition"]],
    bounds: Bounds,
    starts: Sequence[Mapping[str, float]],
) -> dict[str, float]:
    """Best of bounded Gauss-Newton searches (trust regions), for a sum of squares."""
    names = list(bounds)
    low, high = np.array([bounds[name] for name in names], np.float64).T

    def of_unit(point: Float[Array, " parameter"]) -> Float[Array, " condition"]:
        return misses(dict(zip(names, low + point * (high - low), strict=True)))

    with jax.enable_x64(True):
        value, slope = jax.jit(of_unit), jax.jit(jax.jacfwd(of_unit))
        found = []
        for start in starts:
            begin = (np.array([start[name] for name in names]) - low) / (high - low)
            found.append(
                optimize.least_squares(
                    lambda point: np.asarray(value(jnp.asarray(point))),
                    np.clip(begin, 0.01, 0.99),
                    jac=lambda point: np.asarray(slope(jnp.asarray(point))),
                    bounds=(0, 1),
                    max_nfev=_MOST_STEPS,
                )
            )
    best = min(found, key=lambda each: float(each.cost))
    return dict(zip(names, map(float, low + best.x * (high - low)), strict=True))


def _told(predict: Prediction, values: Parameters) -> NDArray[np.float64]:
    with jax.enable_x64(True):
        return np.asarray(predict(values), np.float64)


def _summed(
    model: str,
    told: NDArray[np.float64],
    seen: NDArray[np.float64],
    scale: NDArray[np.float64],
    parameters: Mapping[str, float],
) -> Fit:
    """Criteria of predictions that were searched already."""
    fit, _ = least_squares_fit(
        model, lambda _: jnp.asarray(told), {}, seen, standard_errors=scale, ours=True
    )
    free = len(parameters)
    return replace(
        fit,
        parameters=dict(parameters),
        free_parameters=free,
        aic=fit.aic + 2 * free,
        bic=fit.bic + free * float(np.log(len(seen))),
    )
