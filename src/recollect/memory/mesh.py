"""The scaffold of MESH: labels with k of n units on, and random signs as hidden units.

Every choice of ``active`` of ``labels`` units is a state. Labels drive hidden units through
random weights, ``h = sign(W g)``; hidden units drive labels through weights learned once over all
states, ``g = top-k(Σ g hᵀ · h)``. With hidden units enough, all the ``C(labels, active)`` states
are stable (Sharma, Chandra & Fiete 2022).

References:
    S. Sharma, S. Chandra, I. Fiete, Content addressable memory without catastrophic forgetting by
    heteroassociation with a fixed scaffold, ICML 2022.
"""

from __future__ import annotations

from itertools import combinations
from math import comb

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.errors import ParameterError

__all__ = ["MeshScaffold"]


class MeshScaffold(eqx.Module):
    """States of k-of-n labels under random signs. Build it with :meth:`draw`.

    Attributes:
        active: labels on in a state.
        labels: ``[state, label]`` of 0 and 1, in the order in which states are used.
        projection: ``[label, hidden]`` random weights from labels to hidden units.
        recall: ``[hidden, label]`` weights back.
    """

    active: int = eqx.field(static=True)
    labels: Float[Array, "state label"]
    projection: Float[Array, "label hidden"]
    recall: Float[Array, "hidden label"]

    @classmethod
    def draw(
        cls, random_key: PRNGKeyArray, *, labels: int = 18, active: int = 3, hidden: int = 300
    ) -> MeshScaffold:
        """A scaffold with normal weights, and its states in random order.

        Args:
            random_key: of weights and order.
            labels: label units.
            active: how many of them are on in a state.
            hidden: hidden units.

        Raises:
            ParameterError: sizes that leave no states.
        """
        if not 0 < active < labels or hidden < 1:
            raise ParameterError("a MESH needs 0 < active < labels and hidden above 0")
        of_weights, of_order = jax.random.split(random_key)
        chosen = np.array(list(combinations(range(labels), active)))
        states = np.zeros((comb(labels, active), labels))
        np.put_along_axis(states, chosen, 1.0, axis=1)
        projection = jax.random.normal(of_weights, (labels, hidden))
        book = jax.random.permutation(of_order, jnp.asarray(states, projection.dtype))
        recall = jnp.sign(book @ projection).T @ book / book.shape[0]
        return cls(active, book, projection, recall)

    @property
    def size(self) -> int:
        """How many states there are."""
        return self.labels.shape[0]

    @property
    def hidden_dim(self) -> int:
        """How many hidden units."""
        return self.projection.shape[1]

    def label(self, place: Float[Array, ""]) -> Float[Array, " label"]:
        """Labels of the state at a place, counted from 0 and round again."""
        return self.labels[place.astype(int) % self.size]

    def following(self, label: Float[Array, " label"]) -> Float[Array, " label"]:
        """Labels of the state that is used next."""
        at = jnp.argmax(self.labels @ label)
        after = self.labels[(at + 1) % self.size]
        return jnp.where(jnp.isnan(label), label, after)

    def hidden(self, label: Float[Array, " label"]) -> Float[Array, " hidden"]:
        """``sign(g W)``."""
        return jnp.sign(label @ self.projection)

    def enter(self, drive: Float[Array, " hidden"]) -> Float[Array, " hidden"]:
        """Signs of what content drives."""
        return jnp.sign(drive)

    def clean(self, hidden: Float[Array, " hidden"]) -> Float[Array, " label"]:
        """The labels with the most input on, as many as a state has."""
        drive = hidden @ self.recall
        on = jax.lax.top_k(drive, self.active)[1]
        return jnp.where(jnp.isnan(drive), drive, jnp.zeros_like(drive).at[on].set(1.0))
