"""Multi-query associative recall: key-value pairs in a sequence, then some keys asked again.

A sequence of N tokens begins with K pairs ``k₁ v₁ k₂ v₂ ...``. Keys are distinct tokens of the
first half of the vocabulary (token 0 is filler), values distinct tokens of the second half. In
what follows every key comes once more, at an even place; the answer to it is its value. How far
behind the pairs it comes follows a power law: place i of ``(N - 2K) / 2`` has weight
``i^(a - 1)``, and places are drawn one after the other without putting back.

References:
    S. Arora et al., Zoology: measuring and improving recall in efficient language models, ICLR
    2024, and the recipe of its published code (a = 0.01, 8,192 tokens).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recollect.errors import ParameterError

__all__ = ["AssociativeRecall", "RecallBatch"]


class RecallBatch(NamedTuple):
    """Sequences, and what is asked of them.

    Attributes:
        tokens: ``[n, token]``.
        places: ``[n, pair]`` where the keys are asked again.
        answers: ``[n, pair]`` the values of the keys at those places.
    """

    tokens: NDArray[np.int32]
    places: NDArray[np.int32]
    answers: NDArray[np.int32]


@dataclass(frozen=True)
class AssociativeRecall:
    """The task.

    Attributes:
        tokens: N, length of a sequence.
        pairs: K, at most a quarter of the tokens.
        vocabulary: number of different tokens.
        power: a; 1 asks everywhere alike, the nearer to 0 the sooner.
        filled: whether the places between are filled with random tokens of the whole vocabulary
            in place of the filler token 0.

    Raises:
        ParameterError: pairs and queries do not fit into the sequence or the vocabulary.
    """

    tokens: int = 64
    pairs: int = 4
    vocabulary: int = 8192
    power: float = 0.01
    filled: bool = False

    def __post_init__(self) -> None:
        if self.pairs < 1 or self.tokens % 2 or 4 * self.pairs > self.tokens:
            raise ParameterError(
                f"{self.pairs} pairs and their queries need an even number of tokens, "
                f"{4 * max(self.pairs, 1)} or more, not {self.tokens}"
            )
        if self.vocabulary // 2 - 1 < self.pairs:
            raise ParameterError(
                f"{self.pairs} keys and values need a vocabulary of {2 * self.pairs + 2} or more, "
                f"not {self.vocabulary}"
            )

    def draw(self, random: np.random.Generator, count: int) -> RecallBatch:
        """Sequences with pairs and queries of their own.

        Args:
            random: what to draw from.
            count: how many.
        """
        half = self.vocabulary // 2
        keys = _distinct(random, 1, half, (count, self.pairs))
        values = _distinct(random, half, self.vocabulary, (count, self.pairs))
        begin = 2 * self.pairs
        tokens = np.zeros((count, self.tokens), np.int32)
        tokens[:, 0:begin:2], tokens[:, 1:begin:2] = keys, values
        places = begin + 2 * self._gaps(random, count)
        if self.filled:
            rest = (count, self.tokens - begin)
            tokens[:, begin:] = random.integers(self.vocabulary, size=rest)
        np.put_along_axis(tokens, places, keys, axis=1)
        return RecallBatch(tokens, places, values)

    def _gaps(self, random: np.random.Generator, count: int) -> NDArray[np.int32]:
        """Distinct places ``[count, pair]``, each drawn by the weights of those that are left."""
        space = (self.tokens - 2 * self.pairs) // 2
        log_weight = (self.power - 1.0) * np.log(np.arange(1, space + 1))
        # The largest of weights with Gumbel noise are such a draw, in order.
        noisy = log_weight + random.gumbel(size=(count, space))
        return np.argsort(-noisy, axis=1)[:, : self.pairs].astype(np.int32)


def _distinct(
    random: np.random.Generator, least: int, beyond: int, shape: tuple[int, int]
) -> NDArray[np.int32]:
    """Rows of different numbers, every ordered choice alike."""
    if 2 * shape[1] ** 2 > beyond - least:
        everyone = np.broadcast_to(np.arange(least, beyond), (shape[0], beyond - least))
        return random.permuted(everyone, axis=1)[:, : shape[1]].astype(np.int32)
    rows = random.integers(least, beyond, size=shape)
    while True:  # most rows have no number twice; those that do are drawn again as a whole
        ordered = np.sort(rows, axis=1)
        again = np.any(ordered[:, 1:] == ordered[:, :-1], axis=1)
        if not again.any():
            return rows.astype(np.int32)
        rows[again] = random.integers(least, beyond, size=(int(again.sum()), shape[1]))
