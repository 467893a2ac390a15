"""The scaffold of Vector-HaSH: modules of grid cells, and sparse place cells over them.

Each module of period λ holds one of λ² phases; periods without common divisors give ``Π λ²``
joint states. Grid cells drive place cells through sparse random weights, ``h = [W g - θ]₊``;
place cells drive grid cells through Hebbian weights, and in each module the cell with the most
input wins. States beyond those from which the weights were learned are stable as well, so the
whole scaffold comes of walking a small part of it (Chandra et al. 2025).

What maps to what: modules are grid modules of the medial entorhinal cortex with their recurrent
attractors, hidden units CA3/CA1 place cells, moving all phases on path integration. Simplified
away: phases are discrete, grid cells one-hot, and there is no theta or phase precession.

References:
    S. Chandra, S. Sharma, R. Chaudhuri, I. Fiete, Episodic and associative memory from spatial
    scaffolds in the hippocampus, Nature 637 (2025).
"""

from __future__ import annotations

from itertools import pairwise
from math import gcd, prod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError

__all__ = ["GridScaffold"]


class GridScaffold(eqx.Module):
    """Grid modules and place cells. Build it with :meth:`draw`.

    Place ``p`` of the scaffold has phase ``p mod λ²`` in the module of period λ: a walk along the
    diagonal of all modules, which visits every joint state once.

    Attributes:
        periods: λ of each module, without common divisors.
        projection: ``[grid, hidden]`` random weights from grid cells to place cells.
        recall: ``[hidden, grid]`` learned weights back.
        threshold: θ of the place cells.
    """

    periods: tuple[int, ...] = eqx.field(static=True)
    projection: Float[Array, "grid hidden"]
    recall: Float[Array, "hidden grid"]
    threshold: float | Float[Array, ""] = 0.5

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        *,
        periods: tuple[int, ...] = (3, 4, 5),
        hidden: int = 400,
        threshold: float = 0.5,
        connected: float = 0.6,
        learned: int | None = None,
    ) -> GridScaffold:
        """A scaffold with sparse normal weights, its return weights learned from some states.

        Args:
            random_key: of the weights.
            periods: of the modules, two or more without common divisors.
            hidden: place cells.
            threshold: of the place cells.
            connected: chance that a grid cell drives a place cell, 0-1.
            learned: first so many states from which the weights back are learned; all by default.

        Raises:
            ParameterError: periods with common divisors, or sizes out of range.
        """
        common = any(gcd(a, b) > 1 for i, a in enumerate(periods) for b in periods[i + 1 :])
        if len(periods) < 2 or min(periods) < 2 or common:
            raise ParameterError("grid periods are 2 or more, at least two, without common divisor")
        size = prod(period**2 for period in periods)
        learned = size if learned is None else learned
        if hidden < 1 or not 0.0 < connected <= 1.0 or not 1 <= learned <= size:
            raise ParameterError(
                f"a grid scaffold needs hidden above 0, 0 < connected <= 1, learned 1 to {size}"
            )
        of_weights, of_links = jax.random.split(random_key)
        cells = sum(period**2 for period in periods)
        linked = jax.random.bernoulli(of_links, connected, (cells, hidden))
        projection = jnp.where(linked, jax.random.normal(of_weights, (cells, hidden)), 0.0)
        bare = cls(tuple(periods), projection, jnp.zeros((hidden, cells)), threshold)
        book = jax.vmap(bare.label)(jnp.arange(learned, dtype=projection.dtype))
        recall = jax.vmap(bare.hidden)(book).T @ book / learned
        return cls(tuple(periods), projection, recall, threshold)

    @property
    def size(self) -> int:
        """How many states there are."""
        return prod(period**2 for period in self.periods)

    @property
    def hidden_dim(self) -> int:
        """How many place cells."""
        return self.projection.shape[1]

    def _modules(self) -> list[tuple[int, int]]:
        """Grid cells of each module, from the first to one past the last."""
        ends = np.cumsum([0, *(period**2 for period in self.periods)])
        return [(int(a), int(b)) for a, b in pairwise(ends)]

    def label(self, place: Float[Array, ""]) -> Float[Array, " grid"]:
        """Grid cells of the state at a place, counted from 0 and round again."""
        at = place.astype(int)
        return jnp.concatenate(
            [jax.nn.one_hot(at % (b - a), b - a, dtype=place.dtype) for a, b in self._modules()]
        )

    def following(self, label: Float[Array, " grid"]) -> Float[Array, " grid"]:
        """Grid cells one place on: every module moves its phase by one, which is path integration
        at a constant velocity."""
        return jnp.concatenate([jnp.roll(label[a:b], 1) for a, b in self._modules()])

    def hidden(self, label: Float[Array, " grid"]) -> Float[Array, " hidden"]:
        """``[g W - θ]₊``."""
        return jax.nn.relu(label @ self.projection - self.threshold)

    def enter(self, drive: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
        """What content drives, rectified."""
        return jax.nn.relu(drive)

    def clean(self, hidden: Float[Array, " hidden"]) -> Float[Array, " grid"]:
        """The winner of each module."""
        drive = hidden @ self.recall
        won = [
            jax.nn.one_hot(jnp.argmax(drive[a:b]), b - a, dtype=drive.dtype)
            for a, b in self._modules()
        ]
        return jnp.where(jnp.isnan(drive), drive, jnp.concatenate(won))
