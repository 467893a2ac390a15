"""What every layer offers: a whole sequence at once, or a stretch or a step from a state."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float

__all__ = ["Layer"]


class Layer(eqx.Module):
    """A causal map of sequences to sequences; batches by ``jax.vmap``.

    A subclass gives ``init_state`` and ``run``; one that has a quicker way to run a whole
    sequence gives a ``__call__`` of its own.
    """

    @abstractmethod
    def init_state(self) -> Any:
        """The state before the first step, a PyTree of arrays."""

    @abstractmethod
    def run(
        self, state: Any, inputs: Float[Array, "step dim"]
    ) -> tuple[Float[Array, "step dim"], Any]:
        """A stretch of a sequence from a state.

        Args:
            state: after the steps before.
            inputs: of each step.

        Returns:
            Outputs ``[step, dim]`` and the state after the last step. Stretches that follow one
            another give what the whole sequence gives.
        """

    def __call__(self, inputs: Float[Array, "step dim"]) -> Float[Array, "step dim"]:
        """Outputs of a whole sequence; that of a step depends on none that comes later."""
        return self.run(self.init_state(), inputs)[0]

    def step(self, state: Any, inputs: Float[Array, " dim"]) -> tuple[Float[Array, " dim"], Any]:
        """One step: its output, and the state after it."""
        outputs, state = self.run(state, inputs[None])
        return outputs[0], state
