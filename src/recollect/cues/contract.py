"""From a text to a key: what every encoder has in common.

A key is a unit vector of float32; the similarity of two texts is the dot product of their keys,
1 for the same text. A text in which there is nothing to read has the key 0, which is like nothing.
Where keys are short for what they stand for, that product is an estimate, and the encoder can
compare a few texts exactly.
How keys are made is a value of its own (:class:`EncoderSettings`), so that what was made can be
kept and known again; an encoder is those settings with what was learned from a collection's texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Arrays", "Encoder", "EncoderSettings", "Keys", "unit_keys"]

Keys = NDArray[np.float32]
"""``[text, component]``; rows have length 1, or 0."""

Arrays = Mapping[str, NDArray[Any]]
"""What was learned, by name; plain numbers, to be kept without pickling."""


@runtime_checkable
class Encoder(Protocol):
    """Makes keys."""

    @property
    def dim(self) -> int:
        """Components of a key."""

    def encode(self, texts: Sequence[str]) -> Keys:
        """The keys of texts, ``[text, dim]``; a text's key does not depend on the other texts."""

    @property
    def exact(self) -> bool:
        """Whether dot products of keys are the similarity itself, not an estimate of it."""

    def compared(self, first: Sequence[str], second: Sequence[str]) -> NDArray[np.float32]:
        """The similarity of each text to the one at its place in the other list, exactly."""

    def strangers(self, texts: Sequence[str]) -> int:
        """How many of the texts are mostly made of what the fit has never seen."""

    def refit_due(self, texts: int, strangers: int = 0) -> bool:
        """Whether it is time to fit anew.

        Args:
            texts: how many different texts there are now.
            strangers: how many of those that came since the fit are strange to it.
        """

    def arrays(self) -> Arrays:
        """What was learned, for :meth:`EncoderSettings.restored`."""


@runtime_checkable
class EncoderSettings(Protocol):
    """How keys are made."""

    @property
    def identity(self) -> str:
        """Differs wherever the same texts would get other keys."""

    def fit(self, texts: Sequence[str]) -> Encoder:
        """Learn from a collection's texts what there is to learn; their order is of no account."""

    def restored(self, arrays: Arrays) -> Encoder:
        """The encoder that :meth:`Encoder.arrays` was taken from.

        Raises:
            ParameterError: the arrays are of another kind.
        """


def unit_keys(vectors: NDArray[Any]) -> Keys:
    """Vectors, ``[n, dim]``, as unit vectors; those of length 0 stay."""
    vectors = np.ascontiguousarray(vectors, dtype=np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
