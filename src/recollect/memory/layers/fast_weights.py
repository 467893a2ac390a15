"""What layers over fast weights share; each adds how it writes.

Every head's keys, values and queries go through
:func:`~recollect.memory.fast_weights_along`: in chunks where gradients are asked, step after step
otherwise, with the same result.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from recollect.memory.layers.heads import Addressed, Heads, Recent
from recollect.memory.layers.layer import Layer
from recollect.memory.sequence import Along, fast_weights_along

__all__ = ["FastWeightLayer", "FastWeightState", "Writing"]


class FastWeightState(NamedTuple):
    """What a layer over fast weights knows.

    Attributes:
        recent: what its short convolution still sees.
        weights: ``[head, key, value]``.
    """

    recent: Recent
    weights: Float[Array, "head key value"]


class Writing(NamedTuple):
    """What is written and asked at each step.

    Attributes:
        keys: ``[step, head, key]`` as the weights see them.
        values: ``[step, head, value]``.
        queries: ``[step, head, key]``.
        rate: ``[step, head]`` of the delta rule; Hebbian without it.
        retained: ``[step, head]`` share of the weights that is kept; all without it.
    """

    keys: Float[Array, "step head key"]
    values: Float[Array, "step head value"]
    queries: Float[Array, "step head key"]
    rate: Float[Array, "step head"] | None = None
    retained: Float[Array, "step head"] | None = None


class FastWeightLayer(Layer):
    """A layer whose memory is a matrix of fast weights for each head.

    Attributes:
        heads: projections.
        form: how the recurrence is worked out, one of :data:`~recollect.memory.sequence.FORMS`.
            ``auto`` has no forward-mode derivative.
    """

    heads: Heads
    form: str = eqx.field(static=True)

    @abstractmethod
    def writing(self, addressed: Addressed, inputs: Float[Array, "step dim"]) -> Writing:
        """What is written at each step, and how."""

    def reading(self, found: Float[Array, "step head value"]) -> Float[Array, "step head value"]:
        """What the heads make of what their weights gave."""
        return found

    def init_state(self) -> FastWeightState:
        """Empty weights."""
        dim, dtype = self.heads.to_key.shape[0], self.heads.to_key.dtype
        recent = self.heads.init_state()
        shape = jax.eval_shape(self._write, recent, jnp.zeros((1, dim), dtype))[0]
        size = (self.heads.count, shape.keys.shape[-1], shape.values.shape[-1])
        return FastWeightState(recent, jnp.zeros(size, dtype))

    def run(
        self, state: FastWeightState, inputs: Float[Array, "step dim"]
    ) -> tuple[Float[Array, "step dim"], FastWeightState]:
        """A stretch of a sequence from a state, all steps at once."""
        writing, recent = self._write(state.recent, inputs)

        @partial(jax.vmap, in_axes=(1, 0), out_axes=Along(outputs=1, state=0))  # type: ignore[arg-type]
        def along(head: Writing, weights: Array) -> Along:
            return fast_weights_along(**head._asdict(), state=weights, form=self.form)

        found = along(writing, state.weights)
        outputs = self.heads.gather(self.reading(found.outputs))
        return outputs, FastWeightState(recent, found.state)

    def _write(self, recent: Recent, inputs: Float[Array, "step dim"]) -> tuple[Writing, Recent]:
        addressed, recent = self.heads.address(recent, inputs)
        return self.writing(addressed, inputs), recent
