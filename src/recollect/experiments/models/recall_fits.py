"""Fitting free recall by the likelihood of every step people took, and what follows from a fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.episodes import SHARED_BOUNDS
from recollect.experiments.models.free_recall import (
    OWN_BOUNDS,
    SHARED,
    List,
    chances,
    odds,
    simulated,
    transitions,
)
from recollect.experiments.models.recall_scores import Recalls, lag_counts
from recollect.experiments.protocol import Fit, Parameters, Value, binomial_fit, r_squared

__all__ = ["crp_of_people", "fit_recalls", "simulate_recalls"]

_RANKS = 5
BOUNDS = {name: SHARED_BOUNDS[name] for name in SHARED} | OWN_BOUNDS


def fit_recalls(
    model: str,
    shown: List,
    recalls: Recalls,
    *,
    fixed: Mapping[str, float] | None = None,
    ours: bool = False,
) -> tuple[Fit, dict[str, float]]:
    """Maximum likelihood of all steps: which word comes next, or giving up.

    Args:
        model: name for people.
        shown: how the lists were shown.
        recalls: what people recalled.
        fixed: parameters that are given, not fitted.
        ours: whether this is the memory, not a rival.

    Returns:
        The fit, whose R² is that of how often each word (or giving up) was first, second, up to
        fifth; and all parameters, the given ones too.
    """
    output, previous, choice, free = transitions(recalls.places, recalls.words)
    rows = jnp.arange(len(output))
    given = dict(fixed or {})

    def told(values: Parameters) -> Float[Array, "step choice"]:
        table = odds(shown, values)
        return chances(table, jnp.asarray(output), jnp.asarray(previous), jnp.asarray(free))

    def taken(values: Parameters) -> Float[Array, " step"]:
        return told(values)[rows, choice]

    ones = np.ones(len(output))
    bounds = {name: span for name, span in BOUNDS.items() if name not in given}
    fit, _ = binomial_fit(model, taken, bounds, ones, ones, ours=ours, fixed=given)
    values = given | dict(fit.parameters)
    seen = _shares(output, np.eye(recalls.words + 1)[choice])
    predicted = _shares(output, np.asarray(told(values), np.float64))
    return replace(fit, r_squared=r_squared(seen, predicted)), values


def _shares(output: NDArray[np.int64], chosen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of every choice among the steps of one rank, for the first ranks."""
    return np.concatenate([chosen[output == rank].mean(0) for rank in range(_RANKS)])


def simulate_recalls(
    shown: List, values: Mapping[str, float], lists: int, seed: int
) -> NDArray[np.int64]:
    """Recalls of simulated people with given parameters, as :class:`Recalls` keeps them."""
    table = odds(shown, {name: jnp.asarray(value) for name, value in values.items()})
    return np.asarray(simulated(table, jax.random.key(seed), lists), np.int64)


def crp_of_people(
    recalls: Recalls, furthest: int, resamples: int, seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], Value]:
    """People's lag-CRP with its 95 % interval, and how much lag +1 exceeds lag −1.

    Returns:
        The curve ``[lag]``, its lower and upper end ``[2, lag]``, and the asymmetry, both over
        resampled people.
    """
    taken, possible = lag_counts(recalls.places, furthest)
    _, who = np.unique(recalls.people, return_inverse=True)
    people = int(who.max()) + 1
    sums = np.zeros((2, people, taken.shape[1]))
    np.add.at(sums[0], who, taken)
    np.add.at(sums[1], who, possible)
    drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), resamples)
    whole = sums[0].sum(0) / sums[1].sum(0)
    each = (drawn @ sums[0]) / (drawn @ sums[1])
    ends = np.percentile(each, [2.5, 97.5], axis=0)
    more = each[:, furthest] - each[:, furthest - 1]
    low, high = np.percentile(more, [2.5, 97.5])
    asymmetry = Value(float(whole[furthest] - whole[furthest - 1]), float(low), float(high))
    return whole, ends, asymmetry
