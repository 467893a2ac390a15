"""Behavioural time scale plasticity with binary synapses: one-shot storage without firing.

In hippocampal area CA1 a plateau potential, driven from entorhinal cortex and not by the neuron's
own firing, opens a window of seconds in which the synapses from active inputs may change. Which
way depends on the synapse: a weak one is strengthened, a strong one weakened. In its core, with
synapses of 0 or 1, input neuron j active (``x_j = 1``) and a plateau in memory neuron i::

    w_ij ← 1 - w_ij   with chance 1/2

Plateaus come by chance, in a small share of neurons for each pair. Reading thresholds the drive::

    y_i = 1 where Σ_j w_ij x_j > θ Σ_j x_j,   v̂ = Σ_i y_i (on_i - off_i) / Σ_i y_i

where the synapses ``on`` and ``off`` from memory to value neurons, binary as well, were switched
on by Hebb's rule in the neurons with a plateau.

What maps to what: key neurons to CA3, memory neurons to CA1, ``w`` to the synapses between them,
plateaus to entorhinal input, ``on`` and ``off`` to synapses of CA1 onto cortical cells that
signal a positive and a negative component.

What is a simplification: the seconds between input and plateau are a coin for each synapse; every
input reaches every memory neuron, where the paper connects a share of them; the threshold grows
with the number of active inputs, as feed-forward inhibition would make it; CA1 cells do not
compete.

References:
    Y. Wu, W. Maass, A simple model for behavioral time scale synaptic plasticity (BTSP) provides
    content addressable memory with binary synapses and one-shot learning, Nature Communications
    16 (2025).
    K. C. Bittner et al., Behavioral time scale synaptic plasticity underlies CA1 place fields,
    Science 357 (2017).
"""

from __future__ import annotations

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from recollect.errors import ParameterError

__all__ = ["BehaviouralTimeScale", "BinarySynapses"]


@jax.custom_jvp
def _fires(drive: Array) -> Array:
    """1 above 0, else 0; not a number stays so. Its slope is taken from a sigmoid.

    The surrogate slope lets gradients pass where the true one is 0 nearly everywhere.
    """
    return jnp.where(jnp.isnan(drive), drive, (drive > 0).astype(drive.dtype))


@_fires.defjvp
def _fires_jvp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (drive,), (change,) = primals, tangents
    smooth = jax.nn.sigmoid(drive)
    return _fires(drive), smooth * (1.0 - smooth) * change


class BinarySynapses(NamedTuple):
    """Synapses, each 0 or 1.

    Attributes:
        inputs: ``[memory, key]`` from key to memory neurons.
        on: ``[memory, value]`` to cells for positive components.
        off: ``[memory, value]`` to cells for negative components.
        writes: how many there were; exact up to 2²⁴ in single precision.
    """

    inputs: Float[Array, "memory key"]
    on: Float[Array, "memory value"]
    off: Float[Array, "memory value"]
    writes: Float[Array, ""]


class BehaviouralTimeScale(eqx.Module):
    """One-shot memory of binary synapses, written where plateau potentials occur.

    It sees which components of a key are above 0, and keeps the signs of values. It works best
    with sparse keys (0 and 1, few of them 1). Plateaus and coins are drawn from ``seed`` and the
    number of writes so far: the same stream gives the same state.

    Attributes:
        key_dim: input neurons.
        value_dim: length of values.
        neurons: memory neurons.
        plateau_chance: of each memory neuron in a write.
        flip_chance: of each synapse from an active input onto a neuron with a plateau.
        threshold: θ, share of the active inputs whose synapses must be on for a neuron to fire.
        seed: whole number from 0 on.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    neurons: int = eqx.field(static=True, default=1000)
    plateau_chance: float | Float[Array, ""] = 0.01
    flip_chance: float | Float[Array, ""] = 0.5
    threshold: float | Float[Array, ""] = 0.3
    seed: float | Float[Array, ""] = 0.0

    def __check_init__(self) -> None:
        """Refuse a memory without neurons."""
        if min(self.key_dim, self.value_dim, self.neurons) < 1:
            raise ParameterError(
                "a behavioural time scale memory needs key_dim, value_dim and neurons above 0"
            )

    def init(self) -> BinarySynapses:
        """All synapses off."""
        return BinarySynapses(
            jnp.zeros((self.neurons, self.key_dim)),
            jnp.zeros((self.neurons, self.value_dim)),
            jnp.zeros((self.neurons, self.value_dim)),
            jnp.zeros(()),
        )

    def write(
        self, state: BinarySynapses, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> BinarySynapses:
        """Store a pair at once, in the neurons that have a plateau now."""
        has_plateau, flips = self._chances(state)
        plateau = has_plateau.astype(key.dtype)[:, None]
        open_to_change = plateau * flips.astype(key.dtype) * _fires(key)[None, :]
        return BinarySynapses(
            state.inputs + open_to_change * (1.0 - 2.0 * state.inputs),
            state.on + plateau * _fires(value)[None, :] * (1.0 - state.on),
            state.off + plateau * _fires(-value)[None, :] * (1.0 - state.off),
            state.writes + 1.0,
        )

    def _chances(
        self, state: BinarySynapses
    ) -> tuple[Bool[Array, " memory"], Bool[Array, "memory key"]]:
        """Which neurons have a plateau in the next write, and which synapses would flip."""
        seeded = jax.random.key(jnp.asarray(self.seed).astype(jnp.int32))
        of_write = jax.random.fold_in(seeded, state.writes.astype(jnp.int32))
        of_plateau, of_flip = jax.random.split(of_write)
        dtype = state.inputs.dtype
        plateau = jax.random.uniform(of_plateau, (self.neurons,), dtype) < self.plateau_chance
        flips = jax.random.uniform(of_flip, state.inputs.shape, dtype) < self.flip_chance
        return plateau, flips

    def trace(self, state: BinarySynapses, query: Float[Array, " key"]) -> Float[Array, " memory"]:
        """Memory neurons that fire for a query: the trace of what it was stored as, 0 or 1."""
        active = _fires(query)
        return _fires(state.inputs @ active - self.threshold * jnp.sum(active))

    def read(self, state: BinarySynapses, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """What the firing neurons say on average, -1 to 1; zeros where none fires."""
        fired = self.trace(state, query)
        total = jnp.sum(fired)
        said = fired @ (state.on - state.off)
        return said / jnp.where(total == 0, 1.0, total)
