"""How much a memory holds: what it finds of random pairs as more and more of them are stored.

A load is a number of pairs. At each load pairs are drawn, stored and asked for, many times over;
capacity is the largest load whose accuracy still reaches a criterion, found by bisection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key, PRNGKeyArray
from numpy.typing import NDArray
from scipy.stats import t as student_t

from recollect.errors import ParameterError
from recollect.memory.contract import Memory
from recollect.memory.general import read, write
from recollect.memory.measures import accuracy, bits_per_synapse, overlap

__all__ = ["CapacityReport", "Draw", "capacity", "random_pairs"]

KeyKind = Literal["sphere", "normal", "sign"]
Draw = Callable[[PRNGKeyArray, int], tuple[Array, Array]]
"""Called as ``draw(random_key, n)``; returns ``keys [n, key]`` and ``values [n, value]``."""


@dataclass(frozen=True, eq=False)
class CapacityReport:
    """Retrieval against load. Arrays ``[load]``.

    Attributes:
        loads: numbers of stored pairs, ascending.
        recall: share of pairs whose own value is the nearest to what was found, mean over trials.
        recall_error: standard error of that mean over trials.
        overlap: mean cosine of found and stored values.
        bits_per_synapse: information found about ``±1`` values over the numbers in the state.
        criterion: least recall that counts as holding a load.
        capacity: largest load that holds, found by bisection; 0 where not even one pair does.
        capacity_low: the same with recall at the lower end of its 95 % band.
        capacity_high: at the upper end.
        reached_most: every load that was tried holds: the capacity is at least this.
    """

    loads: NDArray[np.int64]
    recall: NDArray[np.float64]
    recall_error: NDArray[np.float64]
    overlap: NDArray[np.float64]
    bits_per_synapse: NDArray[np.float64]
    criterion: float
    capacity: int
    capacity_low: int
    capacity_high: int
    reached_most: bool


def random_pairs(key_dim: int, value_dim: int, kind: KeyKind = "sphere") -> Draw:
    """Draws of independent pairs: values of ``±1``, keys of one kind.

    Args:
        key_dim: length of keys.
        value_dim: length of values.
        kind: ``"sphere"`` random directions of length 1, ``"normal"`` normal components,
            ``"sign"`` components of ``±1``.
    """

    def draw(random_key: PRNGKeyArray, n: int) -> tuple[Array, Array]:
        for_keys, for_values = jax.random.split(random_key)
        values = jax.random.rademacher(for_values, (n, value_dim), jnp.float32)
        if kind == "sign":
            return jax.random.rademacher(for_keys, (n, key_dim), jnp.float32), values
        keys = jax.random.normal(for_keys, (n, key_dim))
        if kind == "sphere":
            keys = keys / jnp.linalg.norm(keys, axis=-1, keepdims=True)
        return keys, values

    return draw


@eqx.filter_jit
def _trials(
    memory: Memory, draw: Draw, noise: float, random_keys: Key[Array, " trial"], load: int
) -> tuple[Array, Array, Array]:
    """Recall, overlap and bits a synapse of each trial, ``[trial]``."""

    def one(random_key: PRNGKeyArray) -> tuple[Array, Array, Array]:
        of_pairs, of_noise = jax.random.split(random_key)
        keys, values = draw(of_pairs, load)
        state = write(memory, memory.init(), keys, values)
        queries = keys + noise * jax.random.normal(of_noise, keys.shape, keys.dtype)
        found = read(memory, state, queries)
        return (
            accuracy(found, values),
            overlap(found, values),
            bits_per_synapse(found, values, state),
        )

    return jax.lax.map(one, random_keys)


def capacity(
    memory: Memory,
    *,
    key: PRNGKeyArray,
    draw: Draw | None = None,
    loads: Sequence[int] | None = None,
    most: int = 1024,
    trials: int = 8,
    criterion: float = 0.95,
    noise: float = 0.0,
) -> CapacityReport:
    """Measure what a memory finds against how much it was given.

    Args:
        memory: any with ``key_dim`` and ``value_dim``, or with ``draw`` given.
        key: random key; the same key gives the same report.
        draw: of pairs; by default directions of length 1 and values of ``±1``.
        loads: to report; by default powers of two up to ``most``. Every load that is tried is
            compiled, about a second each, and the search for the capacity tries others between.
        most: largest load tried.
        trials: draws at each load.
        criterion: least recall that counts as holding a load, 0-1.
        noise: standard deviation of what is added to each component of a query.

    Raises:
        ParameterError: no sizes to draw pairs of, or numbers out of range.
    """
    if not (0.0 < criterion <= 1.0 and trials >= 2 and most >= 1):
        raise ParameterError("capacity needs 0 < criterion <= 1, trials of 2 or more and most >= 1")
    pairs = draw or random_pairs(*_sizes(memory))
    found: dict[int, tuple[Any, ...]] = {}

    def at(load: int) -> tuple[Any, ...]:
        if load not in found:
            random_keys = jax.random.split(jax.random.fold_in(key, load), trials)
            found[load] = tuple(
                np.asarray(column, np.float64)
                for column in _trials(memory, pairs, noise, random_keys, load)
            )
        return found[load]

    reported = sorted(set(loads)) if loads is not None else _powers_of_two(most)
    if not reported or reported[0] < 1:
        raise ParameterError("loads are numbers of pairs, 1 or more")
    columns = [at(load) for load in reported]
    recall = np.array([column[0].mean() for column in columns])
    holds = partial(_holds, at, criterion)
    spread = float(student_t.ppf(0.975, trials - 1))
    largest = [
        _largest(partial(holds, deviations), reported[-1]) for deviations in (-spread, 0.0, spread)
    ]
    return CapacityReport(
        loads=np.array(reported, dtype=np.int64),
        recall=recall,
        recall_error=np.array([_error(column[0]) for column in columns]),
        overlap=np.array([column[1].mean() for column in columns]),
        bits_per_synapse=np.array([column[2].mean() for column in columns]),
        criterion=criterion,
        capacity_low=largest[0],
        capacity=largest[1],
        capacity_high=largest[2],
        reached_most=largest[1] >= reported[-1],
    )


def _sizes(memory: Memory) -> tuple[int, int]:
    key_dim, value_dim = getattr(memory, "key_dim", None), getattr(memory, "value_dim", None)
    if value_dim == 1:
        raise ParameterError(
            "values of one ±1 cannot be told apart; measure with value_dim 8 or so"
        )
    if not isinstance(key_dim, int) or not isinstance(value_dim, int):
        raise ParameterError(f"{type(memory).__name__} names no key_dim and value_dim; give draw=")
    return key_dim, value_dim


def _powers_of_two(most: int) -> list[int]:
    return sorted({*(2**i for i in range(most.bit_length()) if 2**i <= most), most})


def _error(recall: NDArray[np.float64]) -> float:
    return float(recall.std(ddof=1) / np.sqrt(recall.size))


def _holds(
    at: Callable[[int], tuple[Any, ...]], criterion: float, deviations: float, load: int
) -> bool:
    recall = at(load)[0]
    return bool(recall.mean() + deviations * _error(recall) >= criterion)


def _largest(holds: Callable[[int], bool], most: int) -> int:
    """The largest load that holds, as far as holding only falls with load."""
    if holds(most):
        return most
    low, high = 0, 1
    while high < most and holds(high):
        low, high = high, min(2 * high, most)
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low
