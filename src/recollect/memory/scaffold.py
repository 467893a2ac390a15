"""Content tied to a fixed scaffold: memory that fades with load and never falls off a cliff.

A scaffold is a network whose stable states are there before anything is learned. The next content
is tied to the next free state, in both directions by least squares: from content to the state, so
that a cue finds it, and from the state to content, so that it is told. Because the states
themselves are never learned over, every one of them can still be found with more content than
can be kept in full; each then holds less. (Sharma, Chandra & Fiete 2022; Chandra et al. 2025.)

Content is keys and values: equal for auto-association, different for hetero-association.

What maps to what: labels of the scaffold are grid cells of the entorhinal cortex, hidden units
place cells of the hippocampus, content the sensory cortex. Simplified away: time, spikes, and
how least squares would come about at synapses.

References:
    S. Sharma, S. Chandra, I. Fiete, Content addressable memory without catastrophic forgetting by
    heteroassociation with a fixed scaffold, ICML 2022.
    S. Chandra, S. Sharma, R. Chaudhuri, I. Fiete, Episodic and associative memory from spatial
    scaffolds in the hippocampus, Nature 637 (2025).
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError
from recollect.memory.least_squares import LeastSquares, LeastSquaresState

__all__ = ["Scaffold", "ScaffoldMemory", "ScaffoldState"]


@runtime_checkable
class Scaffold(Protocol):
    """Stable states in two layers, labels and hidden units, joined by fixed weights."""

    @property
    def size(self) -> int:
        """How many states there are."""
        ...

    @property
    def hidden_dim(self) -> int:
        """How many hidden units."""
        ...

    def label(self, place: Array) -> Array:
        """Labels ``[label]`` of the state at a place, counted from 0 and round again."""
        ...

    def following(self, label: Array) -> Array:
        """Labels of the state at the next place."""
        ...

    def hidden(self, label: Array) -> Array:
        """Hidden units ``[hidden]`` that labels drive."""
        ...

    def enter(self, drive: Array) -> Array:
        """Hidden units that content drives."""
        ...

    def clean(self, hidden: Array) -> Array:
        """Labels of the state that is nearest in the scaffold's own terms."""
        ...


class ScaffoldState(NamedTuple):
    """What has been tied to a scaffold.

    Attributes:
        inward: from keys to hidden units.
        outward: from hidden units to values.
        used: states that something was tied to, so the place of the next.
    """

    inward: LeastSquaresState
    outward: LeastSquaresState
    used: Float[Array, ""]


class ScaffoldMemory(eqx.Module):
    """A memory of content tied to the states of a scaffold.

    Attributes:
        scaffold: :class:`MeshScaffold` or :class:`GridScaffold`.
        key_dim: length of keys and queries.
        value_dim: length of values.
        steps: times that hidden units are cleaned by the scaffold at reading.
        ridge: what keeps the least squares bounded, as a share of the squared length of a key of
            ``±1``, and of hidden units likewise.
    """

    scaffold: Scaffold
    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    steps: int = eqx.field(static=True, default=1)
    ridge: float | Float[Array, ""] = 1e-4

    def __check_init__(self) -> None:
        """Refuse a memory without content or without a scaffold's help."""
        if min(self.key_dim, self.value_dim, self.steps) < 1:
            raise ParameterError("a scaffold memory needs key_dim, value_dim and steps above 0")

    def _inward(self) -> LeastSquares:
        hidden = self.scaffold.hidden_dim
        return LeastSquares(self.key_dim, hidden, self.ridge * self.key_dim)

    def _outward(self) -> LeastSquares:
        hidden = self.scaffold.hidden_dim
        return LeastSquares(hidden, self.value_dim, self.ridge * hidden)

    def init(self) -> ScaffoldState:
        """Nothing tied yet."""
        return ScaffoldState(self._inward().init(), self._outward().init(), jnp.zeros(()))

    def write(
        self, state: ScaffoldState, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> ScaffoldState:
        """Tie a pair to the next state of the scaffold."""
        hidden = self._at(state.used)
        return ScaffoldState(
            self._inward().write(state.inward, key, hidden),
            self._outward().write(state.outward, hidden, value),
            state.used + 1.0,
        )

    def write_all(
        self,
        state: ScaffoldState,
        keys: Float[Array, "n key"],
        values: Float[Array, "n value"],
    ) -> ScaffoldState:
        """Tie pairs to the next states of the scaffold, all at once."""
        places = state.used + jnp.arange(keys.shape[0], dtype=state.used.dtype)
        hidden = jax.vmap(self._at)(places)
        return ScaffoldState(
            self._inward().write_all(state.inward, keys, hidden),
            self._outward().write_all(state.outward, hidden, values),
            state.used + keys.shape[0],
        )

    def _at(self, place: Float[Array, ""]) -> Float[Array, " hidden"]:
        return self.scaffold.hidden(self.scaffold.label(place))

    def find(self, state: ScaffoldState, query: Float[Array, " key"]) -> Float[Array, " label"]:
        """Labels of the state that a query leads to."""
        hidden = self.scaffold.enter(query @ state.inward.weights)
        for _ in range(self.steps - 1):
            hidden = self.scaffold.hidden(self.scaffold.clean(hidden))
        return self.scaffold.clean(hidden)

    def tell(self, state: ScaffoldState, label: Float[Array, " label"]) -> Float[Array, " value"]:
        """The value tied to the state with some labels."""
        return self.scaffold.hidden(label) @ state.outward.weights

    def read(self, state: ScaffoldState, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """The value tied to the state that a query leads to; its signs, for values of ``±1``."""
        return self.tell(state, self.find(state, query))
