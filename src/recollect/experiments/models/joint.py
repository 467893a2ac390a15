"""Keys and values of a small memory, optimised together for what it is asked (Figure 1).

n items, each of a class that has a target in the plane. Item j is asked with its own key; softmax
attention over the keys of all items (itself among them) weights their values,

    v̂_j = Σ_i softmax_i(k_i · k_j / √2) sigmoid(v_i),

and keys and values descend the mean squared distance of v̂ from the targets. Slopes flow to a key
only where it asks, not where it is asked (it is held fixed as k_i). Numbers are those of the
released notebooks of Gershman, Fiete & Irie 2025, which never clear the slopes, so that each step
of Adam follows the sum of all slopes so far; ``cleared`` does it the usual way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.adam import adam_start, adam_step
from recollect.experiments.models.torch_random import TorchRandom
from recollect.memory import Softmax, discriminability, retrieve

__all__ = [
    "THREE",
    "TWO",
    "Codes",
    "Course",
    "Joint",
    "Problem",
    "attention_in_class",
    "loss",
    "margin_of_classes",
    "optimise",
    "slopes",
]

DIM = 2
_NOTEBOOK_SEED = 42
TWO: tuple[tuple[float, float], ...] = ((1.0, 0.0), (0.0, 1.0))
THREE = (*TWO, (1.0, 1.0))
"""Targets of the classes in the released notebooks."""

_SCALE = DIM**-0.5
_ATTENTION = Softmax(_SCALE)


@dataclass(frozen=True)
class Joint:
    """How much is optimised.

    Attributes:
        targets: of each class, numbers of 0 to 1.
        items: n, of all classes together.
        steps: of Adam.
        rate: learning rate.
        snapshots: codes kept on the way, evenly spread, for the picture.
    """

    targets: tuple[tuple[float, float], ...] = TWO
    items: int = 200
    steps: int = 5000
    rate: float = 3e-4
    snapshots: int = 20


class Codes(NamedTuple):
    """What is optimised.

    Attributes:
        keys: ``[n, 2]``.
        values: ``[n, 2]`` before the sigmoid.
    """

    keys: Float[Array, "n 2"]
    values: Float[Array, "n 2"]

    def stored(self) -> Float[Array, "n 2"]:
        """Values as they are read, within 0 and 1."""
        return jax.nn.sigmoid(self.values)


class Problem(NamedTuple):
    """Codes to begin with, and what is wanted.

    Attributes:
        codes: random ones.
        classes: ``[n]``.
        targets: ``[n, 2]``.
    """

    codes: Codes
    classes: NDArray[np.int64]
    targets: NDArray[np.float32]

    @classmethod
    def draw(cls, settings: Joint, seed: int) -> Problem:
        """Seed 0 draws what the released notebooks draw, and further seeds what they would."""
        random = TorchRandom(_NOTEBOOK_SEED + seed)
        shape = (settings.items, DIM)
        random.skip_normals(settings.items * DIM)
        keys, values = random.uniform(shape), random.uniform(shape)
        classes = random.integers(settings.items, len(settings.targets))
        targets = np.array(settings.targets, np.float32)[classes]
        return cls(Codes(jnp.asarray(keys), jnp.asarray(values)), classes, targets)


class Course(NamedTuple):
    """What came out.

    Attributes:
        codes: at the end.
        losses: ``[step]`` before each step.
        keys: ``[snapshot, n, 2]`` on the way.
        values: ``[snapshot, n, 2]`` on the way, within 0 and 1.
    """

    codes: Codes
    losses: Float[Array, " step"]
    keys: Float[Array, "snapshot n 2"]
    values: Float[Array, "snapshot n 2"]


def loss(codes: Codes, targets: Float[Array, "n 2"]) -> Float[Array, ""]:
    """Mean squared distance of what each item's key brings back from what is wanted."""
    held = jax.lax.stop_gradient(codes.keys)
    found = retrieve(held, codes.stored(), codes.keys, separation=_ATTENTION)
    return jnp.mean(jnp.square(found - targets))


def slopes(codes: Codes, targets: Float[Array, "n 2"]) -> tuple[Float[Array, ""], Codes]:
    """:func:`loss` and its slopes, several times quicker than by automatic differentiation.

    With ``E`` the unnormalised attention, all sums over items that the loss and the slopes of the
    keys need are the one product ``E [s, 1, k, s k₁, s k₂]``.
    """
    keys, stored = codes.keys, codes.stored()
    attention = jnp.exp(_SCALE * (keys @ keys.T))
    both = (stored[:, :, None] * keys[:, None, :]).reshape(-1, DIM * DIM)
    ones = jnp.ones_like(keys[:, :1])
    sums = attention @ jnp.concatenate([ones, stored, keys, both], axis=1)
    total, means = sums[:, :1], sums[:, 1:] / sums[:, :1]
    found, mean_key, mean_both = jnp.split(means, [DIM, 2 * DIM], axis=1)
    apart = found - targets
    error = 2 * apart / apart.size
    by_value = jnp.einsum("nd,ndk->nk", error, mean_both.reshape(-1, DIM, DIM))
    by_key = _SCALE * (by_value - jnp.sum(error * found, axis=1, keepdims=True) * mean_key)
    by_stored = attention.T @ (error / total)
    return jnp.mean(jnp.square(apart)), Codes(by_key, by_stored * stored * (1 - stored))


def optimise(settings: Joint, problem: Problem, *, cleared: bool, shared: bool = False) -> Course:
    """Descend from random codes.

    Args:
        settings: how much.
        problem: where from and what for.
        cleared: whether slopes are cleared before each step; else they add up.
        shared: whether one code is key and value alike; it starts as the values would.
    """
    start: Any = problem.codes.values if shared else problem.codes
    chosen = (settings.steps, settings.snapshots, cleared, shared)
    return _optimise(start, jnp.asarray(problem.targets), settings.rate, *chosen)


@partial(jax.jit, static_argnums=(3, 4, 5, 6))
def _optimise(
    start: Any,
    targets: Array,
    rate: float | Array,
    steps: int,
    snapshots: int,
    cleared: bool,
    shared: bool,
) -> Course:
    def codes_of(weights: Any) -> Codes:
        return Codes(weights, weights) if shared else weights

    def step(state: Any, _: None) -> Any:
        moments, summed = state
        value, slope = slopes(codes_of(moments.weights), targets)
        now = slope.keys + slope.values if shared else slope
        summed = now if cleared else jax.tree.map(jnp.add, summed, now)
        return (adam_step(moments, summed, rate), summed), value

    def stretch(state: Any, _: None) -> Any:
        state, losses = jax.lax.scan(step, state, None, steps // snapshots)
        codes = codes_of(state[0].weights)
        return state, (losses, codes.keys, codes.stored())

    begin = (adam_start(start), jax.tree.map(jnp.zeros_like, start))
    end, (losses, keys, values) = jax.lax.scan(stretch, begin, None, snapshots)
    return Course(codes_of(end[0].weights), losses.reshape(-1), keys, values)


def margin_of_classes(keys: Float[Array, "n 2"], classes: NDArray[np.int64]) -> float:
    """How far apart the mean keys of the classes are: 1 minus the cosine with the nearest other."""
    means = jnp.stack([keys[classes == c].mean(axis=0) for c in range(int(classes.max()) + 1)])
    return float(discriminability(means).margin)


def attention_in_class(keys: Float[Array, "n 2"], classes: NDArray[np.int64]) -> float:
    """Share of the attention of an item's key that goes to items of its own class."""
    own = np.eye(int(classes.max()) + 1, dtype=np.float32)[classes]
    shares = retrieve(keys, jnp.asarray(own), keys, separation=_ATTENTION)
    return float(jnp.mean(jnp.sum(shares * own, axis=-1)))
