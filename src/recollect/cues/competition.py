"""Which cards compete: similar prompts with different answers, among all cards at once.

All pairs are compared, a tile of the triangle at a time; of each card only its closest competitors
are kept, so that memory grows with the number of cards and never with that of the pairs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recollect.cues.contract import Keys
from recollect.errors import ParameterError

__all__ = ["Competitors", "Pairs", "closest_competitors", "pairs_of"]

_TILE = 2_048
_DENSE = 32  # a tile is gone through as a whole where one in so many of its entries counts
_PENDING = 2**21
_NO_ONE = -1


class Competitors(NamedTuple):
    """The closest competitors of each card, most similar first.

    Attributes:
        places: ``[card, most]`` places of other cards, -1 where there are no more.
        similarity: ``[card, most]`` of the prompts' keys, 0 where there are no more.
    """

    places: NDArray[np.int64]
    similarity: NDArray[np.float32]


class Pairs(NamedTuple):
    """Pairs of competing cards, most similar first; each once, ``first < second``.

    Attributes:
        first: ``[pair]`` places of cards.
        second: ``[pair]`` places of cards.
        similarity: ``[pair]`` of their prompts' keys.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]


def closest_competitors(
    prompts: Keys,
    answers: Keys,
    *,
    answer_ids: NDArray[np.int64] | None = None,
    groups: NDArray[np.int64] | None = None,
    most: int = 10,
    least: float = 0.5,
    ally: float = 0.8,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Competitors:
    """The closest competitors of every card.

    Args:
        prompts: ``[card, component]`` keys of what the cards ask.
        answers: ``[card, component]`` keys of their answers.
        answer_ids: ``[card]``; cards with the same number have the same answer, and so do not
            compete. None where keys are all that is known.
        groups: ``[card]``; cards with the same number, such as those of one note, are left out of
            each other's. None for no groups.
        most: how many for each card.
        least: prompts that are less similar do not compete; above 0.
        ally: answers that are this similar support each other and do not compete.
        told: called with how many tiles are done, of how many.

    Raises:
        ParameterError: lengths that differ, or a ``most`` or ``least`` out of range.
    """
    count = len(prompts)
    sides = [side for side in (answers, answer_ids, groups) if side is not None]
    if any(len(side) != count for side in sides):
        raise ParameterError("prompts, answers, answer_ids and groups have a row for each card")
    if most < 1 or not least > 0:
        raise ParameterError("most is 1 or more, and least above 0")
    cards = _Cards(prompts, answers, answer_ids, groups, ally)
    kept = _Kept.none(count, most, least)
    starts = range(0, count, _TILE)
    total = len(starts) * (len(starts) + 1) // 2
    done = 0
    for top in starts:
        rows = slice(top, min(top + _TILE, count))
        for left in range(top, count, _TILE):
            kept.add(cards.found(rows, slice(left, min(left + _TILE, count)), kept))
            done += 1
            told(done, total)
    return kept.result()


def pairs_of(competitors: Competitors) -> Pairs:
    """Each pair that is in the list of one of its cards, or of both."""
    cards, columns = np.nonzero(competitors.places >= 0)
    others = competitors.places[cards, columns]
    similarity = competitors.similarity[cards, columns]
    first, second = np.minimum(cards, others), np.maximum(cards, others)
    # Both sides of a pair have the similarity that was computed for the one tile that it is in.
    _, chosen = np.unique(first * len(competitors.places) + second, return_index=True)
    first, second, similarity = first[chosen], second[chosen], similarity[chosen]
    order = np.lexsort((second, first, -similarity))
    return Pairs(first[order], second[order], similarity[order])


class _Found(NamedTuple):
    """Pairs within a tile."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]


@dataclass(frozen=True)
class _Cards:
    prompts: Keys
    answers: Keys
    answer_ids: NDArray[np.int64] | None
    groups: NDArray[np.int64] | None
    ally: float

    def found(self, rows: slice, columns: slice, kept: _Kept) -> _Found:
        """The pairs of a tile that compete and are closer than what is kept for one of them."""
        tile = self.prompts[rows] @ self.prompts[columns].T
        bound = min(kept.bound[rows].min(), kept.bound[columns].min())
        enough = tile >= bound
        if rows == columns:
            enough = np.triu(enough, 1)
        number = np.count_nonzero(enough)
        if number > enough.size // _DENSE:
            enough = self._in_whole_tile(tile, enough, rows, columns, kept)
        first, second = np.nonzero(enough)
        similarity = tile[first, second]
        first, second = first + rows.start, second + columns.start
        wanted = (similarity >= kept.bound[first]) | (similarity >= kept.bound[second])
        if number <= enough.size // _DENSE:
            wanted &= self._compete(first, second)
        return _Found(first[wanted], second[wanted], similarity[wanted])

    def _compete(self, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.bool_]:
        differ = np.ones(len(first), np.bool_)
        for numbers in (self.answer_ids, self.groups):
            if numbers is not None:
                differ &= numbers[first] != numbers[second]
        alike = np.einsum("pk,pk->p", self.answers[first], self.answers[second])
        return differ & (alike < self.ally)

    def _in_whole_tile(
        self,
        tile: NDArray[np.float32],
        enough: NDArray[np.bool_],
        rows: slice,
        columns: slice,
        kept: _Kept,
    ) -> NDArray[np.bool_]:
        """Where prompts are alike by the thousand: the closest of each row and of each column."""
        enough &= self.answers[rows] @ self.answers[columns].T < self.ally
        for numbers in (self.answer_ids, self.groups):
            if numbers is not None:
                enough &= numbers[rows, None] != numbers[None, columns]
        similarity = np.where(enough, tile, -np.inf)
        chosen = np.zeros_like(enough)
        for axis in (0, 1):
            size = similarity.shape[axis]
            number = min(kept.most, size)
            best = np.argpartition(similarity, size - number, axis=axis)
            best = np.take(best, range(size - number, size), axis=axis)
            np.put_along_axis(chosen, best, True, axis=axis)
        return chosen & enough


@dataclass
class _Kept:
    """The closest so far, and pairs that are still to be sorted in."""

    places: NDArray[np.int64]
    similarity: NDArray[np.float32]
    bound: NDArray[np.float32]
    pending: list[_Found] = field(default_factory=list)
    waiting: int = 0

    @classmethod
    def none(cls, count: int, most: int, least: float) -> _Kept:
        return cls(
            np.full((count, most), _NO_ONE, np.int64),
            np.full((count, most), -np.inf, np.float32),
            np.full(count, least, np.float32),
        )

    @property
    def most(self) -> int:
        return self.places.shape[1]

    def add(self, found: _Found) -> None:
        if len(found.first):
            self.pending.append(found)
            self.waiting += len(found.first)
        if self.waiting > _PENDING:
            self.settle()

    def settle(self) -> None:
        """Sort in what waits, and raise the bounds of cards that have enough."""
        if not self.pending:
            return
        first, second, similarity = (
            np.concatenate(part) for part in zip(*self.pending, strict=True)
        )
        self.pending, self.waiting = [], 0
        touched = np.unique(np.concatenate([first, second]))
        there = touched.repeat(self.most)
        card = np.concatenate([there, first, second])
        other = np.concatenate([self.places[touched].ravel(), second, first])
        alike = np.concatenate([self.similarity[touched].ravel(), similarity, similarity])
        order = np.lexsort((other, -alike, card))
        card, other, alike = card[order], other[order], alike[order]
        rank = np.arange(len(card)) - np.searchsorted(card, card)
        chosen = rank < self.most
        card, rank = card[chosen], rank[chosen]
        self.places[card, rank], self.similarity[card, rank] = other[chosen], alike[chosen]
        full = self.places[touched, -1] != _NO_ONE
        # From here on only what is closer counts; else thousands of equal prompts would be sorted.
        last = self.similarity[touched[full], -1]
        self.bound[touched[full]] = np.nextafter(last, np.float32(np.inf))

    def result(self) -> Competitors:
        self.settle()
        return Competitors(self.places, np.where(self.places >= 0, self.similarity, np.float32(0)))
