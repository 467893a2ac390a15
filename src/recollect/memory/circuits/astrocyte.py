"""Neuron-astrocyte memory: pairs stored in how calcium travels between processes of an astrocyte.

One astrocyte ensheathes many synapses, each with a fine process. A process listens to its synapse,
calcium diffuses from process to process, and each process sets the strength of its own synapse in
return. Two synapses that share no neuron thus act on each other: four neurons meet in one term,
which makes a dense associative memory. With keys on the presynaptic side clamped to a query
``q``, neurons x, synapses s and processes p follow::

    τ_p dp_kl/dt = -p_kl + q_k q_l                    (processes at synapses among key neurons)
    τ_s ds_ij/dt = -s_ij + Σ_kl T_ijkl p_kl           (synapses from key to value neurons)
    τ_n dx_i/dt  = -x_i + Σ_j s_ij q_j

and settle at ``x_i = Σ_jkl T_ijkl q_j q_k q_l``. With ``T = Σ_n v_n ⊗ k_n ⊗ k_n ⊗ k_n`` this is
``Σ_n v_n (k_n · q)³``: crosstalk shrinks with the cube of the overlap, and capacity grows with
the cube of the number of key neurons, where Hebbian synapses grow linearly.

What maps to what: T to the coupling of processes by diffusion inside the astrocyte, s to
gliotransmitter-modulated synaptic strength, p to calcium in a process.

What is a simplification: all responses are linear; processes that listen and processes that speak
are two sets, and the network is read in one direction (in the paper one recurrent population does
both, with an energy; :meth:`NeuronAstrocyte.complete` closes that loop in steps); how a biological
astrocyte would learn T is not known; T is dense, ``value · key³`` numbers, so keys are short.

References:
    L. Kozachkov, J.-J. Slotine, D. Krotov, Neuron-astrocyte associative memory, PNAS 122 (2025).
    D. Krotov, J. J. Hopfield, Dense associative memory for pattern recognition, NeurIPS 2016.
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.errors import ParameterError

__all__ = ["Activity", "NeuronAstrocyte"]


class Activity(NamedTuple):
    """What changes while a query is held, each relative to rest.

    Attributes:
        neurons: ``[value]`` of the value neurons.
        synapses: ``[value, key]`` strength from key to value neurons.
        processes: ``[key, key]`` calcium at synapses among key neurons.
    """

    neurons: Float[Array, " value"]
    synapses: Float[Array, "value key"]
    processes: Float[Array, "key key"]


class NeuronAstrocyte(eqx.Module):
    """Pairs kept in the transport of calcium between processes, ``Σ v (k · q)³``.

    Attributes:
        key_dim: key neurons; the state has ``value_dim · key_dim³`` numbers.
        value_dim: value neurons.
        neuron_ms: time constant τ_n of the neurons.
        synapse_ms: time constant τ_s of the synapses.
        process_ms: time constant τ_p of calcium in the processes, the slowest.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    neuron_ms: float | Float[Array, ""] = 10.0
    synapse_ms: float | Float[Array, ""] = 100.0
    process_ms: float | Float[Array, ""] = 1000.0

    def __check_init__(self) -> None:
        """Refuse a memory without neurons."""
        if min(self.key_dim, self.value_dim) < 1:
            raise ParameterError("a neuron-astrocyte memory needs key_dim and value_dim above 0")

    def init(self) -> Float[Array, "value key key key"]:
        """An astrocyte whose processes do not exchange anything."""
        return jnp.zeros((self.value_dim, self.key_dim, self.key_dim, self.key_dim))

    def write(
        self,
        state: Float[Array, "value key key key"],
        key: Float[Array, " key"],
        value: Float[Array, " value"],
    ) -> Float[Array, "value key key key"]:
        """``T + value ⊗ key ⊗ key ⊗ key``."""
        pair = key[:, None] * key[None, :]
        synapse = value[:, None] * key[None, :]
        return state + synapse[:, :, None, None] * pair[None, None]

    def read(
        self, state: Float[Array, "value key key key"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """Where the value neurons settle while the query is held, ``T q q q``."""
        return ((state @ query) @ query) @ query

    def flow(
        self,
        state: Float[Array, "value key key key"],
        activity: Activity,
        query: Float[Array, " key"],
    ) -> Activity:
        """How fast each part of the circuit changes, in 1/ms, while the query is held."""
        neurons, synapses, processes = activity
        heard = query[:, None] * query[None, :]
        spoken = jnp.sum(state * processes[None, None], axis=(-1, -2))
        return Activity(
            (synapses @ query - neurons) / self.neuron_ms,
            (spoken - synapses) / self.synapse_ms,
            (heard - processes) / self.process_ms,
        )

    def complete(
        self, state: Float[Array, "key key key key"], cue: Float[Array, " key"], steps: int = 10
    ) -> Float[Array, " key"]:
        """Auto-association: feed the signs of what is found back as the next query.

        Args:
            state: patterns of ``±1`` written with themselves as values.
            cue: a pattern with some components wrong or 0.
            steps: passes round the loop.
        """
        return jax.lax.fori_loop(
            0, steps, lambda _, pattern: jnp.sign(self.read(state, pattern)), cue
        )
