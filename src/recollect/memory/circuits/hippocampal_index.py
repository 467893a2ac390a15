"""Hippocampal index over cortical values, and replay that makes the cortex independent of it.

The hippocampus keeps no content: a sparse code stands for an episode and is bound to the cortical
patterns that were active, so that a cue brings back the code and the code brings back the
patterns. The cortex learns slowly, so as not to overwrite what it knows; during rest the
hippocampus reinstates its episodes one after the other, and the cortex learns from them by the
delta rule until it answers alone::

    code(k) = softmax over the a largest of P k / ‖k‖    (sparse, separates similar keys)
    hippocampus: code(k) ↔ (k, v)                        (one episode, in one shot)
    replay: W ← W + rate · k ⊗ (v - Wᵀk) / ‖k‖²          (cortex, little by little)
    read: g · hippocampus + (1 - g) · cortex,  g = 1 where the best code overlaps enough

What maps to what: P and the competition to dentate gyrus, codes to CA3, the way back to CA1 and
entorhinal cortex, W to cortico-cortical synapses, replay to sharp-wave ripples in sleep and rest.

What is a simplification: an episode has a slot of its own, found by comparison rather than by an
attractor; every episode is replayed equally often and in order; the cortex is one linear layer,
so that it can take over only as many independent keys as it has inputs; the choice between the
two is a threshold.

References:
    T. J. Teyler, P. DiScenna, The hippocampal memory indexing theory, Behavioral Neuroscience 100
    (1986).
    J. L. McClelland, B. L. McNaughton, R. C. O'Reilly, Why there are complementary learning
    systems in the hippocampus and neocortex, Psychological Review 102 (1995).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError
from recollect.memory.attention import Attention, Slots
from recollect.memory.delta import NormalisedDelta
from recollect.memory.feature_maps import Unit
from recollect.memory.separation import Softmax, TopK
from recollect.memory.similarity import Cosine

__all__ = ["HippocampalIndex", "IndexState"]


class IndexState(NamedTuple):
    """Both memories.

    Attributes:
        episodes: codes ``[slot, code]`` with the patterns ``[slot, key + value]`` they stand for.
        cortex: ``[key, value]`` slow weights.
    """

    episodes: Slots
    cortex: Float[Array, "key value"]


class HippocampalIndex(eqx.Module):
    """A fast index of episodes over a slow cortex.

    Make one with :meth:`draw`. When all slots are taken, the oldest episode goes; what was
    replayed before stays in the cortex.

    Attributes:
        projection: ``[code, key]`` onto the units that compete for the code.
        value_dim: length of values.
        slots: episodes that the hippocampus holds.
        active: code units that win.
        inverse_temperature: of the choice among episodes by the cosine of their codes.
        familiar: least cosine of codes at which the hippocampus answers, 0-1.
        cortical_rate: share of its error that the cortex removes in one replay of an episode.
    """

    projection: Float[Array, "code key"]
    value_dim: int = eqx.field(static=True)
    slots: int = eqx.field(static=True, default=64)
    active: int = eqx.field(static=True, default=10)
    inverse_temperature: float | Float[Array, ""] = 30.0
    familiar: float | Float[Array, ""] = 0.5
    cortical_rate: float | Float[Array, ""] = 0.1

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        key_dim: int,
        value_dim: int,
        code_dim: int = 512,
        slots: int = 64,
        active: int = 10,
    ) -> HippocampalIndex:
        """Random projections, standard normal: so is the drive of a code unit by a key."""
        projection = jax.random.normal(random_key, (code_dim, key_dim))
        return cls(projection, value_dim, slots, active)

    def __check_init__(self) -> None:
        """Refuse codes that cannot be sparse and a memory without room."""
        code_dim = self.projection.shape[-2]
        if not 1 <= self.active <= code_dim:
            raise ParameterError(
                f"a hippocampal index needs 1 to {code_dim} active code units, not {self.active}"
            )
        if min(self.key_dim, self.value_dim, self.slots) < 1:
            raise ParameterError("a hippocampal index needs key_dim, value_dim and slots above 0")

    @property
    def key_dim(self) -> int:
        """Length of keys and queries."""
        return int(self.projection.shape[-1])

    def _hippocampus(self) -> Attention:
        return Attention(
            int(self.projection.shape[-2]),
            self.key_dim + self.value_dim,
            self.slots,
            Cosine(),
            Softmax(self.inverse_temperature),
        )

    def _cortex(self) -> NormalisedDelta:
        return NormalisedDelta(self.key_dim, self.value_dim, self.cortical_rate)

    def init(self) -> IndexState:
        """No episodes and a cortex that knows nothing."""
        return IndexState(self._hippocampus().init(), self._cortex().init())

    def code(self, key: Float[Array, " key"]) -> Float[Array, " code"]:
        """Sparse code of a key, whatever its length: ``active`` units above 0, summing to 1.

        A key of length 0 drives nothing and has a code of 0.
        """
        code = TopK(self.active)(self.projection @ Unit()(key))
        return jnp.where(jnp.any(key != 0), code, 0.0)

    def write(
        self, state: IndexState, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> IndexState:
        """Bind an episode to its code at once; the cortex is left as it is."""
        patterns = jnp.concatenate([key, value])
        episodes = self._hippocampus().write(state.episodes, self.code(key), patterns)
        return IndexState(episodes, state.cortex)

    def replay(self, state: IndexState, rounds: int = 1) -> IndexState:
        """Reinstate every episode, ``rounds`` times, for the cortex to learn from."""
        patterns = state.episodes.values
        held = state.episodes.strength > 0
        keys = jnp.where(held[:, None], patterns[:, : self.key_dim], 0.0)
        values = patterns[:, self.key_dim :]

        def one(cortex: Array, pair: tuple[Array, Array]) -> tuple[Array, None]:
            return self._cortex().write(cortex, *pair), None

        def all_once(cortex: Array, _: None) -> tuple[Array, None]:
            return jax.lax.scan(one, cortex, (keys, values))[0], None

        cortex, _ = jax.lax.scan(all_once, state.cortex, length=rounds)
        return IndexState(state.episodes, cortex)

    def lesion(self, state: IndexState) -> IndexState:
        """The same cortex without any episode in the hippocampus."""
        return IndexState(self._hippocampus().init(), state.cortex)

    def read(self, state: IndexState, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """What the hippocampus brings back of a familiar cue, and else what the cortex knows."""
        code = self.code(query)
        held = state.episodes.strength > 0
        overlap = jnp.max(jnp.where(held, Cosine()(state.episodes.keys, code), 0.0))
        answers = (overlap >= self.familiar).astype(query.dtype)
        indexed = self._hippocampus().read(state.episodes, code)[self.key_dim :]
        known = self._cortex().read(state.cortex, query)
        return answers * indexed + (1.0 - answers) * known
