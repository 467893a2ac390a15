"""Feature and memory neurons whose dynamics settle on softmax attention.

A dense associative memory needs terms of many neurons at once, which synapses do not have. With a
layer of memory neurons in between, two-body synapses suffice: feature neurons drive memory neurons
through synapses that hold the patterns, and the memory neurons, in competition, drive them back.
Here the features are a key part, clamped to the query ``q``, and a value part ``y``::

    τ_h dh/dt = K q + ρ V y - h          (memory neurons, one a stored pair)
    τ_y dy/dt = Vᵀ softmax(β h) - y      (value feature neurons)

Without feedback (ρ = 0) the circuit settles exactly on ``softmax(β K q) V``. With feedback it
settles on ``y = softmax(β (K q + ρ V y)) V``: what is being recalled takes part in the choice. An
energy falls all the way (for ρ ≥ 0).

What maps to what: feature neurons to cortex, memory neurons to hippocampal cells, K and V to the
synapses between them; the softmax to divisive inhibition among memory neurons.

What is a simplification: one memory neuron a pair, recruited by writing; a synapse is equally
strong in both directions; the softmax acts at once; no spikes and no noise.

References:
    D. Krotov, J. J. Hopfield, Large associative memory problem in neurobiology and machine
    learning, ICLR 2021, eq. 1-3 and model B.
    H. Ramsauer et al., Hopfield networks is all you need, ICLR 2021.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.errors import MissingExtraError, ParameterError
from recollect.memory.attention import Attention, Slots
from recollect.memory.separation import Softmax

__all__ = ["Bipartite", "Neurons"]

_MOST_STEPS = 4096
_TOLERANCE = 1e-6
_AT_REST = 1e-4
"""Most that settled features may be away from their target, as a share of the largest value."""


class Neurons(NamedTuple):
    """Activity of the circuit.

    Attributes:
        features: ``[value]`` y of the value feature neurons.
        memories: ``[slot]`` h of the memory neurons.
    """

    features: Float[Array, "*time value"]
    memories: Float[Array, "*time slot"]


class Bipartite(eqx.Module):
    """Stored pairs read by letting two populations of neurons settle.

    Reading integrates differential equations and needs the extra ``circuits`` (diffrax). When all
    memory neurons are taken, the one recruited longest ago is recruited anew.

    Attributes:
        key_dim: length of keys and queries.
        value_dim: length of values.
        slots: memory neurons.
        inverse_temperature: β of the competition.
        feedback: ρ, how strongly recalled values drive the memory neurons.
        feature_ms: time constant τ_y of the feature neurons.
        memory_ms: time constant τ_h of the memory neurons.
        duration_ms: how long the circuit is given to settle; many times the longer constant.
    """

    key_dim: int = eqx.field(static=True)
    value_dim: int = eqx.field(static=True)
    slots: int = eqx.field(static=True, default=64)
    inverse_temperature: float | Float[Array, ""] = 1.0
    feedback: float | Float[Array, ""] = 0.0
    feature_ms: float | Float[Array, ""] = 10.0
    memory_ms: float | Float[Array, ""] = 5.0
    duration_ms: float | Float[Array, ""] = 250.0

    def __check_init__(self) -> None:
        """Refuse a circuit without neurons, and times that do not pass forwards."""
        if min(self.key_dim, self.value_dim, self.slots) < 1:
            raise ParameterError("a bipartite memory needs key_dim, value_dim and slots above 0")
        for name in ("feature_ms", "memory_ms", "duration_ms"):
            time_ms = getattr(self, name)
            # What is being traced has no number yet; a wrong one reads as not a number.
            if not isinstance(time_ms, jax.core.Tracer) and not np.all(np.asarray(time_ms) > 0):
                raise ParameterError(f"a bipartite memory needs {name} above 0, not {time_ms}")

    def _slots(self) -> Attention:
        return Attention(self.key_dim, self.value_dim, self.slots)

    def init(self) -> Slots:
        """Memory neurons without synapses."""
        return self._slots().init()

    def write(
        self, state: Slots, key: Float[Array, " key"], value: Float[Array, " value"]
    ) -> Slots:
        """Give a memory neuron the pair as its synapses."""
        return self._slots().write(state, key, value)

    def read(self, state: Slots, query: Float[Array, " key"]) -> Float[Array, " value"]:
        """Activity of the value feature neurons once settled; not a number if they did not.

        They did if no component of :meth:`target` is further from them than 10⁻⁴ of the largest
        component of a stored value. Where they did not, give them a longer ``duration_ms``; near
        a critical feedback settling takes very long. Gradients are those of the settled state, and
        not a number where there is none.

        Raises:
            MissingExtraError: diffrax is not installed.
        """
        return _settled(self, state, query)

    def settle(
        self, state: Slots, query: Float[Array, " key"], shares: Float[Array, " time"]
    ) -> Neurons:
        """Activity from rest at some times while the query is held, ``[time, ...]``.

        Args:
            state: synapses.
            query: held by the key feature neurons.
            shares: of ``duration_ms`` passed, ascending, 0-1.

        Raises:
            MissingExtraError: diffrax is not installed.
        """
        duration = jnp.asarray(self.duration_ms, query.dtype)
        return _integrated(self, state, query, {"ts": shares * duration})

    def flow(self, state: Slots, neurons: Neurons, query: Float[Array, " key"]) -> Neurons:
        """How fast the neurons change, in 1/ms, while the query is held."""
        driven = self._driven(state, neurons.features, query)
        fired = self._fired(state, neurons.memories)
        return Neurons(
            (fired @ state.values - neurons.features) / self.feature_ms,
            (driven - neurons.memories) / self.memory_ms,
        )

    def energy(
        self, state: Slots, neurons: Neurons, query: Float[Array, " key"]
    ) -> Float[Array, ""]:
        """What never rises while the circuit settles, if the feedback is not negative.

        ``ρ ‖y‖²/2 + (h - Kq) · f - log Σ exp(β h) / β - ρ f · V y`` with ``f = softmax(β h)``, over
        the recruited memory neurons, at least one.
        """
        fired = self._fired(state, neurons.memories)
        scaled = self.inverse_temperature * neurons.memories
        recruited = jnp.where(state.strength > 0, scaled, -jnp.inf)
        lagrangian = jax.nn.logsumexp(recruited) / self.inverse_temperature
        recalled = fired @ (state.values @ neurons.features)
        return (
            0.5 * self.feedback * jnp.sum(jnp.square(neurons.features))
            + fired @ (neurons.memories - state.keys @ query)
            - lagrangian
            - self.feedback * recalled
        )

    def target(
        self, state: Slots, features: Float[Array, " value"], query: Float[Array, " key"]
    ) -> Float[Array, " value"]:
        """Where the memory neurons, once settled, drive the features: equal to them at rest."""
        return self._fired(state, self._driven(state, features, query)) @ state.values

    def _driven(
        self, state: Slots, features: Float[Array, " value"], query: Float[Array, " key"]
    ) -> Float[Array, " slot"]:
        return state.keys @ query + self.feedback * (state.values @ features)

    def _fired(self, state: Slots, memories: Float[Array, " slot"]) -> Float[Array, " slot"]:
        recruited = jnp.where(state.strength > 0, memories, -jnp.inf)
        return Softmax(self.inverse_temperature)(recruited)


@jax.custom_jvp
def _settled(circuit: Bipartite, state: Slots, query: Array) -> Array:
    """Features at the end of the settling, ``[value]``; not a number if they still move."""
    features = _integrated(circuit, state, query, {"t1": True}).features[0]
    away = jnp.max(jnp.abs(circuit.target(state, features, query) - features))
    return jnp.where(away <= _AT_REST * jnp.max(jnp.abs(state.values)), features, jnp.nan)


@_settled.defjvp
def _settled_jvp(
    primals: tuple[Bipartite, Slots, Array], tangents: tuple[Any, Any, Any]
) -> tuple[Array, Array]:
    """How the settled state moves, by the implicit function theorem.

    It is a fixed point of :meth:`Bipartite.target`, whichever way the circuit went there, so that
    gradients need not go back through the steps of the integration.
    """
    circuit, state, query = primals
    found = _settled(circuit, state, query)
    _, pushed = jax.jvp(
        lambda *given: given[0].target(given[1], found, given[2]), primals, tangents
    )
    pulled = jax.jacfwd(lambda features: circuit.target(state, features, query))(found)
    return found, jnp.linalg.solve(jnp.eye(found.size, dtype=found.dtype) - pulled, pushed)


def _integrated(circuit: Bipartite, state: Slots, query: Array, saved: dict[str, Any]) -> Neurons:
    """Activity from rest at the times to be saved, ``[time, ...]``; not a number on failure."""
    diffrax = _diffrax()
    duration = jnp.asarray(circuit.duration_ms, query.dtype)
    rest = Neurons(jnp.zeros(circuit.value_dim, query.dtype), jnp.zeros(circuit.slots, query.dtype))
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda _, neurons, held: held[0].flow(held[1], neurons, held[2])),
        diffrax.Bosh3(),
        t0=jnp.zeros_like(duration),
        t1=duration,
        dt0=None,
        y0=rest,
        args=(circuit, state, query),
        saveat=diffrax.SaveAt(**saved),
        stepsize_controller=diffrax.PIDController(rtol=_TOLERANCE, atol=_TOLERANCE),
        max_steps=_MOST_STEPS,
        throw=False,
    )
    settled = solution.result == diffrax.RESULTS.successful
    return jax.tree.map(lambda leaf: jnp.where(settled, leaf, jnp.nan), solution.ys)


def _diffrax() -> Any:
    """The library that integrates, imported when first needed."""
    try:
        import diffrax
    except ImportError as error:
        raise MissingExtraError("circuits", "integrating neuron dynamics") from error
    return diffrax
