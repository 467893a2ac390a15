"""Free recall as a search: traces are drawn by how well their keys match, again and again.

Every attempt draws one trace, or nothing, in proportion to how strongly it answers to the query
(Luce's choice rule). A drawn trace gives its value up with a chance that grows with its strength;
what was given already, or does not come out, is a failed attempt, and after a number of failures
people stop. What is recalled becomes easier to draw: its key is strengthened, its value is not
touched. It is the search of SAM (Raaijmakers & Shiffrin 1981, Search of associative memory),
with strengths that come from matching keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.simulated import unit_vectors
from recollect.memory import Exponential, retrieve

__all__ = ["Recalled", "Search", "contexts", "matches"]


class Recalled(NamedTuple):
    """What came of a test.

    Attributes:
        recalled: whether each item was, ``[people, item]``.
        strengths: of all traces afterwards, ``[people, item]``.
        order: at which attempt each item came, ``[people, item]``; the number of attempts if not.
    """

    recalled: NDArray[np.bool_]
    strengths: NDArray[np.float64]
    order: NDArray[np.int64]


@dataclass(frozen=True)
class Search:
    """How people search.

    Attributes:
        choice: β, how decidedly the strongest trace is drawn.
        noise: B, strength of everything else that may come up.
        recovery: how readily a drawn trace of strength 1 gives its value up.
        failures: attempts that may fail before people stop.
        strengthened: what being recalled adds to a trace's strength.
        competing: whether traces compete; False, the rival, draws each by itself.
    """

    choice: float = 1.0
    noise: float = 2.0
    recovery: float = 1.5
    failures: int = 30
    strengthened: float = 0.5
    competing: bool = True

    def recall(
        self,
        random: np.random.Generator,
        strengths: NDArray[np.float64],
        given: NDArray[np.bool_] | None = None,
    ) -> Recalled:
        """One test of many people.

        Args:
            random: source of chance.
            strengths: how strongly each trace answers to the query, ``[people, item]``.
            given: items that are shown as cues, ``[people, item]``; drawing one is a failure.
        """
        people, items = strengths.shape
        shown = np.zeros(strengths.shape, bool) if given is None else given
        strong, out, dead = strengths.astype(float).copy(), shown.copy(), np.zeros_like(shown)
        failed = np.zeros(people, np.int64)
        most = self.failures + items
        order = np.full(strengths.shape, most)
        rows = np.arange(people)
        for attempt in range(most):
            active = failed < self.failures
            place = self._drawn(random, strong)
            here = np.minimum(place, items - 1)
            new = active & (place < items) & ~out[rows, here] & ~dead[rows, here]
            gives = random.random(people) < -np.expm1(-self.recovery * strong[rows, here])
            succeeded = new & gives
            # What was drawn and did not come out will not come out in this test either.
            dead[rows[new & ~gives], here[new & ~gives]] = True
            out[rows[succeeded], here[succeeded]] = True
            order[rows[succeeded], here[succeeded]] = attempt
            strong[rows[succeeded], here[succeeded]] += self.strengthened
            failed += active & ~succeeded
        return Recalled(out & ~shown, strong, order)

    def _drawn(self, random: np.random.Generator, strong: NDArray[np.float64]) -> NDArray[np.int64]:
        """Place of the drawn trace of each person; the number of items for nothing."""
        people, items = strong.shape
        powers = strong**self.choice
        if not self.competing:
            # Each trace is tried in turn against the noise and one trace of strength 1.
            place = random.integers(0, items, people)
            own = powers[np.arange(people), place]
            found = random.random(people) < own / (own + 1 + self.noise**self.choice)
            return np.where(found, place, items)
        total = powers.sum(1, keepdims=True) + self.noise**self.choice
        shares = powers.cumsum(1) / total
        return np.asarray((shares < random.random((people, 1))).sum(1))


def contexts(
    random: np.random.Generator, people: int, items: int, dim: int, shared: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Keys of a list and the context that they have in common.

    Args:
        random: source of chance.
        people: who learn.
        items: of the list.
        dim: length of keys.
        shared: cosine, on average, of a key with the list's context.

    Returns:
        Keys ``[people, item, dim]`` and contexts ``[people, dim]``, all of length 1.
    """
    of_list = unit_vectors(random, people, dim)
    own = unit_vectors(random, people, items, dim)
    mixed = shared * of_list[:, None] + np.sqrt(1 - shared**2) * own
    return (mixed / np.linalg.norm(mixed, axis=-1, keepdims=True)).astype(np.float32), of_list


@eqx.filter_jit
def _matches(
    keys: Float[Array, "people item key"], queries: Float[Array, "people key"], sharpness: float
) -> Float[Array, "people item"]:
    apart = jnp.eye(keys.shape[1]) * jnp.exp(-sharpness)
    similarity = Exponential(sharpness)
    return jax.vmap(lambda key, query: retrieve(key, apart, query, similarity))(keys, queries)


def matches(
    keys: NDArray[np.float32], queries: NDArray[np.float32], sharpness: float
) -> NDArray[np.float64]:
    """How well each key answers a person's query: ``exp(κ (cos − 1))``, ``[people, item]``.

    It is read from the memory with a value for each trace that is 1 in a place of its own.
    """
    found = _matches(jnp.asarray(keys), jnp.asarray(queries), sharpness)
    return np.asarray(found, np.float64)
