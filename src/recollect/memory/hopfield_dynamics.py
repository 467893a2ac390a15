"""How a recurrent memory of ``±1`` patterns comes to rest, all units at once or one after another.

A unit takes the sign of its field. When units change one at a time and the weights are symmetric
without self-connections, the energy never rises, so the state comes to rest in a minimum
(Hopfield 1982); when all change at once it comes to rest or to alternate between two states
(Goles & Olivos 1981).

References:
    J. J. Hopfield, Neural networks and physical systems with emergent collective computational
    abilities, PNAS 79 (1982).
    E. Goles, J. Olivos, Comportement périodique des fonctions à seuil binaires et applications,
    Discrete Applied Mathematics 3 (1981).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

__all__ = ["Recurrent", "rest", "settle_in_turn", "together"]


@runtime_checkable
class Recurrent(Protocol):
    """A memory whose reading is a dynamic of ``±1`` units with an energy."""

    def unit_field(
        self, state: Any, pattern: Float[Array, " key"], unit: Int[Array, ""]
    ) -> Float[Array, ""]:
        """What one unit receives from the others; its sign is what the unit becomes."""
        ...

    def field(self, state: Any, pattern: Float[Array, " key"]) -> Float[Array, " key"]:
        """What every unit receives, ``[key]``."""
        ...

    def energy(self, state: Any, pattern: Float[Array, " key"]) -> Float[Array, ""]:
        """The energy of a pattern."""
        ...


def rest(step: Callable[[Any], Any], start: Any, steps: int) -> Any:
    """Repeat a step until nothing changes, or so many times.

    Signs have no slope, so nothing is differentiated through; the loop stops early.

    Args:
        step: from state to next state, of the same shapes.
        start: arrays.
        steps: most repetitions.
    """

    def changed(now: Any, after: Any) -> Array:
        differs = jax.tree.map(lambda a, b: jnp.any(a != b), now, after)
        return jax.tree.reduce(jnp.logical_or, differs)

    def again(carry: tuple[Any, Array, Array]) -> Array:
        return carry[1] & (carry[2] < steps)

    def once(carry: tuple[Any, Array, Array]) -> tuple[Any, Array, Array]:
        after = step(carry[0])
        return after, changed(carry[0], after), carry[2] + 1

    held = jax.lax.stop_gradient(start)
    return jax.lax.while_loop(again, once, (held, jnp.array(True), jnp.array(0)))[0]


def together(
    memory: Recurrent, state: Any, pattern: Float[Array, " key"], steps: int
) -> Float[Array, " key"]:
    """Change all units at once, again and again, until none changes or ``steps`` are done.

    A unit without a field becomes 0.
    """
    frozen = jax.lax.stop_gradient(state)
    return rest(lambda now: jnp.sign(memory.field(frozen, now)), pattern, steps)


def settle_in_turn(
    memory: Recurrent,
    state: Any,
    pattern: Float[Array, " key"],
    order: Int[Array, " change"],
) -> tuple[Float[Array, " key"], Float[Array, " change"]]:
    """Change one unit at a time, in a given order.

    A unit without a field stays as it is.

    Args:
        memory: a recurrent memory.
        state: what it holds.
        pattern: ``[key]`` components of ``±1`` to start from.
        order: ``[change]`` units, such as a random permutation for one sweep.

    Returns:
        The pattern after the last change, and the energy after each ``[change]``.
    """

    def change(now: Array, unit: Array) -> tuple[Array, Array]:
        received = memory.unit_field(state, now, unit)
        after = now.at[unit].set(jnp.where(received == 0, now[unit], jnp.sign(received)))
        return after, memory.energy(state, after)

    return jax.lax.scan(change, pattern, order)
