"""Sparse random barcodes as keys beside content keys: many events at similar places, kept apart.

When a chickadee caches a seed, its hippocampus shows a sparse pattern that is unique to the event
and unrelated to those of nearby caches, on top of the place code, which is alike for all of them;
the pattern comes back when that cache is retrieved. Place leads to the barcode, the barcode leads
to what was stored. With k the content (place) key at length 1 and c the barcode of the event::

    write: A ← A + k ⊗ c,   B ← B + c ⊗ v,   C ← C + k ⊗ v
    competition: (G + ε) s = c · Aᵀq for all written barcodes,  G their overlaps c · c'
    recalled barcode: ĉ = softmax(β s) c / a
    read: (1 - m) Bᵀĉ + m Cᵀq

A similar place drives the barcodes of its neighbours too. Whole barcodes compete: each is inhibited
by the others as much as it shares units with them (at rest of ``τ ds/dt = c · Aᵀq - (G + ε) s``),
which leaves ``s = k · q`` of each event, free of what shared units add up to; the softmax then
settles on the best of them. The choice of units one by one would take those that many barcodes
share. ``m = 1`` is the content code alone.

What maps to what: k to place cells, c to the barcode in the same hippocampal population, A to
recurrent synapses there, the competition to attractor dynamics under inhibition, B and C to
synapses onto what represents the cache.

What is a simplification: barcodes are drawn beforehand and taken in turn, where chaotic recurrent
dynamics may make them; place and barcode units are two sets, where cells show both; the
competition is solved for its rest, with inhibition of the right strength at once; synapses are
linear, and nothing fades.

References:
    S. N. Chettih, E. L. Mackevicius, S. Hale, D. Aronov, Barcoding of episodic memories in the
    hippocampus of a food-caching bird, Cell 187 (2024).
    C. J. Rozell, D. H. Johnson, R. G. Baraniuk, B. A. Olshausen, Sparse coding via thresholding
    and local competition in neural circuits, Neural Computation 20 (2008): inhibition by overlap.
    C. Fang, J. Lindsey, L. F. Abbott, D. Aronov, S. N. Chettih, Barcode activity in a recurrent
    network model of the hippocampus enables efficient memory binding, eLife (2025).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError
from recollect.memory.feature_maps import Unit
from recollect.memory.separation import Softmax

__all__ = ["BarcodeState", "Barcodes"]

_RIDGE = 1e-4
"""ε as a share of the active units."""


class BarcodeState(NamedTuple):
    """Synapses.

    Attributes:
        content_to_barcode: ``[key, code]`` A.
        barcode_to_value: ``[code, value]`` B.
        content_to_value: ``[key, value]`` C.
        writes: how many there were; exact up to 2²⁴ in single precision.
    """

    content_to_barcode: Float[Array, "key code"]
    barcode_to_value: Float[Array, "code value"]
    content_to_value: Float[Array, "key value"]
    writes: Float[Array, ""]


class Barcodes(eqx.Module):
    """Every event under a barcode of its own, found through its content.

    Make one with :meth:`draw`. After as many writes as there are barcodes they are used again,
    from the first on.

    Attributes:
        barcodes: ``[event, code]``, 0 or 1.
        key_dim: length of content keys and queries.
        value_dim: length of values.
        active: a, units of a barcode.
        content_share: m, how much the content code says beside the barcode, 0-1.
        inverse_temperature: β of the competition, by the cosine of contents: of two events whose
            cosines with the query differ by d, the worse has ``exp(-β d)`` of the better's share.
    """

    barcodes: Float[Array, "event code"]
    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    active: int = eqx.field(static=True, default=20)
    content_share: float | Float[Array, ""] = 0.0
    inverse_temperature: float | Float[Array, ""] = 100.0

    @classmethod
    def draw(
        cls,
        random_key: PRNGKeyArray,
        key_dim: int,
        value_dim: int,
        events: int = 256,
        code_dim: int = 1024,
        active: int = 20,
        content_share: float = 0.0,
    ) -> Barcodes:
        """Barcodes with ``active`` of their ``code_dim`` units at 1, each chosen at random.

        Raises:
            ParameterError: not ``1 <= active <= code_dim``, or sizes below 1.
        """
        if not 1 <= active <= code_dim:
            raise ParameterError(
                f"barcodes of {code_dim} units need 1 to {code_dim} active ones, not {active}"
            )
        _, chosen = jax.lax.top_k(jax.random.uniform(random_key, (events, code_dim)), active)
        barcodes = jnp.zeros((events, code_dim)).at[jnp.arange(events)[:, None], chosen].set(1.0)
        return cls(barcodes, key_dim, value_dim, active, content_share)

    def __check_init__(self) -> None:
        """Refuse a memory without room."""
        events, code_dim = self.barcodes.shape[-2:]
        if min(self.key_dim, self.value_dim, events) < 1 or not 1 <= self.active <= code_dim:
            raise ParameterError(
                "barcodes need key_dim, value_dim and events above 0 and 1 to code_dim active units"
            )

    def init(self) -> BarcodeState:
        """Synapses of 0."""
        code_dim = int(self.barcodes.shape[-1])
        return BarcodeState(
            jnp.zeros((self.key_dim, code_dim)),
            jnp.zeros((code_dim, self.value_dim)),
            jnp.zeros((self.key_dim, self.value_dim)),
            jnp.zeros(()),
        )

    def write(
        self, state: BarcodeState, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> BarcodeState:
        """Bind content, the next barcode and value."""
        content = Unit()(key)
        turn = state.writes.astype(jnp.int32) % self.barcodes.shape[0]
        barcode = self.barcodes[turn]
        return BarcodeState(
            state.content_to_barcode + content[:, None] * barcode[None, :],
            state.barcode_to_value + barcode[:, None] * value[None, :],
            state.content_to_value + content[:, None] * value[None, :],
            state.writes + 1.0,
        )

    def similarity(
        self, state: BarcodeState, query: Float[Array, " key"]
    ) -> Float[Array, " event"]:
        """Drive of every barcode after inhibition, about the cosine of its content and the query.

        Minus infinity for barcodes that were not written.
        """
        written = jnp.arange(self.barcodes.shape[0], dtype=state.writes.dtype) < state.writes
        held = jnp.where(written[:, None], self.barcodes, 0.0)
        driven = held @ (Unit()(query) @ state.content_to_barcode)
        # Barcodes that happen to be the same would leave the competition without a rest.
        own = _RIDGE * self.active * jnp.eye(held.shape[0], dtype=held.dtype)
        inhibition = jax.scipy.linalg.cho_factor(held @ held.T + own)
        return jnp.where(written, jax.scipy.linalg.cho_solve(inhibition, driven), -jnp.inf)

    def recalled(self, state: BarcodeState, query: Float[Array, " key"]) -> Float[Array, " code"]:
        """The barcode that a content key brings back, its units summing to 1.

        Several in their shares where contents are too alike for the competition; none for a query
        of length 0 or from an empty memory.
        """
        shares = Softmax(self.inverse_temperature)(self.similarity(state, query))
        barcode = shares @ self.barcodes / self.active
        return jnp.where(jnp.any(query != 0), barcode, 0.0)

    def read(self, state: BarcodeState, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """What the recalled barcode and the content lead to, in their shares."""
        by_barcode = self.recalled(state, query) @ state.barcode_to_value
        by_content = Unit()(query) @ state.content_to_value
        return (1.0 - self.content_share) * by_barcode + self.content_share * by_content
