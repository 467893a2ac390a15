"""An experiment's human data with what the memory says of it, so that many can be fitted as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import ArrayLike, NDArray

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
            return binomial_fit(
                model, predict, bounds, hits, self.trials, ours=ours, fixed=fixed
            )
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

    joint, told = least_squares_fit(
        "memory, one set of parameters", predict, bounds, seen, standard_errors=scale, ours=True
    )
    parts = dict(zip((each.name for each in problems), np.split(told, sizes), strict=True))
    separate = _summed(
        np.concatenate([each for _, each in alone]),
        seen,
        scale,
        sum(len(problem.bounds) for problem in problems),
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


def _summed(
    told: NDArray[np.float64], seen: NDArray[np.float64], scale: NDArray[np.float64], free: int
) -> Fit:
    """Criteria of predictions that need no further search."""
    fit, _ = least_squares_fit(
        "memory, a set for each experiment",
        lambda _: jnp.asarray(told),
        {},
        seen,
        standard_errors=scale,
        ours=True,
    )
    return Fit(
        model=fit.model,
        ours=True,
        parameters={},
        free_parameters=free,
        observations=fit.observations,
        r_squared=fit.r_squared,
        aic=fit.aic + 2 * free,
        bic=fit.bic + free * float(np.log(len(seen))),
    )
