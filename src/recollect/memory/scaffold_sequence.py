"""A sequence walked over a scaffold: one cue brings back all that followed.

Contents are tied, in their order, to successive states of the scaffold, as
:class:`ScaffoldMemory` does when it writes them. A cue leads to the state of its content; from
there the scaffold steps from state to state by itself, and each state tells what is tied to it.
Steps are exact however noisy the contents are, so errors do not add up on the way, as they do
where each content must call up the next (Chandra et al. 2025).

In Vector-HaSH's terms the step is a velocity that moves the grid cells. Simplified here: it is the
same all along, so a sequence is one unbroken walk over the scaffold.

References:
    S. Chandra, S. Sharma, R. Chaudhuri, I. Fiete, Episodic and associative memory from spatial
    scaffolds in the hippocampus, Nature 637 (2025).
"""

from __future__ import annotations

import jax
from jaxtyping import Array, Float

from recollect.errors import ParameterError
from recollect.memory.scaffold import ScaffoldMemory, ScaffoldState

__all__ = ["recall_sequence"]


def recall_sequence(
    memory: ScaffoldMemory, state: ScaffoldState, cue: Float[Array, " key"], length: int
) -> Float[Array, "length value"]:
    """What a cue is tied to, and what was stored after it.

    Args:
        memory: of contents that were stored in their order.
        state: what it holds.
        cue: ``[key]``, a content as it was stored or nearly.
        length: how many contents to bring back, the cue's own first.

    Returns:
        Contents ``[length, value]``; for contents of ``±1``, their signs.

    Raises:
        ParameterError: a length below 1, or beyond the states of the scaffold.
    """
    if not 1 <= length <= memory.scaffold.size:
        raise ParameterError(
            f"a sequence has 1 to {memory.scaffold.size} contents on this scaffold"
        )

    def step(label: Array, _: None) -> tuple[Array, Array]:
        return memory.scaffold.following(label), memory.tell(state, label)

    return jax.lax.scan(step, memory.find(state, cue), None, length)[1]
