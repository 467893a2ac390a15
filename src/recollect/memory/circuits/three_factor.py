"""Slot memory with three-factor plasticity: which synapses may change is a signal of its own.

Hidden neurons are the slots. Their input synapses hold keys, their output synapses hold values,
and they compete through a softmax. Two third factors gate learning: a global one (store now or
not) and a local one ``q`` (which hidden neurons are plastic at this moment). With both at 1 the
slot's input synapses become the key, whatever the neuron itself does; its output synapses follow
Hebb's rule::

    K ← (1 - γq) K + γq ⊗ key
    h = softmax(β K key)
    V ← (1 - γq) V + γ(q h) ⊗ value          read: softmax(β K query) V

What maps to what: hidden neurons to a hippocampal population, K and V to the synapses onto and
from it; the global factor to a neuromodulator such as acetylcholine or dopamine; the local one to
dendritic plateau potentials or to an excitability that is high in some neurons at a time.

What is a simplification: the sequential choice presumes a counter that no circuit has been shown
to keep (the random choice needs none); the softmax stands for lateral inhibition at its end; both
layers learn in one step; rates have signs.

References:
    D. Tyulmankov, C. Fang, A. Vadaparty, G. R. Yang, Biological learning in key-value memory
    networks, NeurIPS 2021.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError, UnknownNameError
from recollect.memory.separation import Softmax
from recollect.memory.similarity import Dot

__all__ = ["CHOICES", "ThreeFactor", "ThreeFactorState"]

CHOICES = ("sequential", "random")
"""How the local third factor picks the plastic slots."""


class ThreeFactorState(NamedTuple):
    """Synapses.

    Attributes:
        keys: ``[slot, key]`` onto the hidden neurons.
        values: ``[slot, value]`` from the hidden neurons.
        writes: how many there were with the gate open; exact up to 2²⁴ in single precision.
    """

    keys: Float[Array, "slot key"]
    values: Float[Array, "slot value"]
    writes: Float[Array, ""]


class ThreeFactor(eqx.Module):
    """Slots written where a local third factor allows it.

    With ``"sequential"`` the slots take turns, one a write. With ``"random"`` each slot is plastic
    by chance, so that a pair goes to several slots, or now and then to none. The chances are drawn
    from ``seed`` and the number of writes so far: the same stream gives the same state.

    The local factor knows nothing of what a slot holds: an untouched slot has synapses of 0, takes
    part in the softmax, and has nothing to say. Keys should therefore be long (``±1`` components,
    or a larger β), so that a match stands out from 0.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        slots: hidden neurons.
        choice: one of :data:`CHOICES`.
        inverse_temperature: β of the competition.
        plastic_slots: with ``"random"``, how many slots are plastic in a write on average.
        seed: whole number from 0 on, of the random choice.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    slots: int = eqx.field(static=True, default=64)
    choice: str = eqx.field(static=True, default="sequential")
    inverse_temperature: float | Float[Array, ""] = 1.0
    plastic_slots: float | Float[Array, ""] = 4.0
    seed: float | Float[Array, ""] = 0.0

    def __check_init__(self) -> None:
        """Refuse a choice that does not exist and a memory without room."""
        if self.choice not in CHOICES:
            raise UnknownNameError("choice", self.choice, CHOICES)
        if min(self.key_dim, self.value_dim, self.slots) < 1:
            raise ParameterError("a three-factor memory needs key_dim, value_dim and slots above 0")

    def init(self) -> ThreeFactorState:
        """Synapses of 0."""
        return ThreeFactorState(
            jnp.zeros((self.slots, self.key_dim)),
            jnp.zeros((self.slots, self.value_dim)),
            jnp.zeros(()),
        )

    def write(
        self,
        state: ThreeFactorState,
        key: Float[Array, " key"],
        value: Float[Array, " value"],
        gate: float | Float[Array, ""] = 1.0,
    ) -> ThreeFactorState:
        """Store a pair where the local third factor allows it.

        Args:
            state: synapses.
            key: what to find it by.
            value: what to keep.
            gate: γ, the global third factor: 1 stores, 0 leaves the state as it is, so that the
                next pair finds the slots that this one would have had.
        """
        plastic = gate * self.local_factor(state)
        kept = 1.0 - plastic
        keys = kept[:, None] * state.keys + plastic[:, None] * key[None, :]
        hidden = self._compete(keys, key)
        values = kept[:, None] * state.values + (plastic * hidden)[:, None] * value[None, :]
        opened = jnp.asarray(gate != 0, state.writes.dtype)
        return ThreeFactorState(keys, values, state.writes + opened)

    def local_factor(self, state: ThreeFactorState) -> Float[Array, " slot"]:
        """1 for the slots that are plastic in the next write, 0 for the others."""
        writes = state.writes.astype(jnp.int32)
        if self.choice == "sequential":
            return jax.nn.one_hot(writes % self.slots, self.slots, dtype=state.keys.dtype)
        seeded = jax.random.key(jnp.asarray(self.seed).astype(jnp.int32))
        chance = jax.random.uniform(
            jax.random.fold_in(seeded, writes), (self.slots,), state.keys.dtype
        )
        return (chance * self.slots < self.plastic_slots).astype(state.keys.dtype)

    def read(self, state: ThreeFactorState, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """``softmax(β K query) V``.

        A value that went to several slots comes back in the right direction but weaker, as each of
        them fired less while it was stored; its signs are what this memory keeps.
        """
        return self._compete(state.keys, query) @ state.values

    def _compete(
        self, keys: Float[Array, "slot key"], query: Float[Array, " key"]
    ) -> Float[Array, " slot"]:
        return Softmax(self.inverse_temperature)(Dot()(keys, query))
