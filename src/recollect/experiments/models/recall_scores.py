"""What free recall is described by: serial position, first recalls, and lags between recalls."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recollect.errors import DataFileError
from recollect.experiments.protocol import read_table

__all__ = ["Recalls", "first_recall", "lag_counts", "lag_crp", "read_recalls", "serial_position"]


@dataclass(frozen=True)
class Recalls:
    """Recalls of many lists of one length.

    Attributes:
        places: of the recalled words on the list, from 0, in order; −1 after the last. Words
            that were not on the list and repeated ones are left out. ``[list, word]``.
        people: who recalled, ``[list]``.
    """

    places: NDArray[np.int64]
    people: NDArray[np.int64]

    @property
    def words(self) -> int:
        """Words on a list."""
        return self.places.shape[1]

    def some(self, lists: int) -> Recalls:
        """At most so many lists, evenly from the whole."""
        if lists >= len(self.people):
            return self
        chosen = np.linspace(0, len(self.people) - 1, lists).astype(np.int64)
        return Recalls(self.places[chosen], self.people[chosen])


def read_recalls(path: Path) -> Recalls:
    """Read a table in the layout of psifr: subject, list, position, trial_type, item."""
    columns = {"subject": int, "list": int, "position": int, "trial_type": str, "item": str}
    table = read_table(path, columns)
    shown: dict[tuple[int, int], dict[str, int]] = {}
    said: dict[tuple[int, int], list[tuple[int, str]]] = {}
    rows = zip(*(table[name].tolist() for name in columns), strict=True)
    for subject, number, position, kind, item in rows:
        if kind == "study":
            shown.setdefault((subject, number), {})[item] = position - 1
        else:
            said.setdefault((subject, number), []).append((position, item))
    if not shown:
        raise DataFileError(f"{path}: no row has the trial_type study")
    words = max(map(len, shown.values()))
    places = np.full((len(shown), words), -1)
    for row, (which, items) in enumerate(shown.items()):
        found = [items[item] for _, item in sorted(said.get(which, ())) if item in items]
        unique = list(dict.fromkeys(found))
        places[row, : len(unique)] = unique
    return Recalls(places, np.array([subject for subject, _ in shown]))


def serial_position(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of lists on which the word of each place was recalled."""
    words = places.shape[1]
    counts = np.bincount(places[places >= 0], minlength=words)
    return np.asarray(counts / len(places))


def first_recall(places: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of lists whose recall began with the word of each place."""
    words = places.shape[1]
    begun = places[:, 0][places[:, 0] >= 0]
    return np.asarray(np.bincount(begun, minlength=words) / max(len(begun), 1))


def lag_counts(
    places: NDArray[np.int64], furthest: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How often each lag was taken, and how often it could have been, for every list.

    Returns:
        Two arrays ``[list, lag]``, lags from ``-furthest`` to ``furthest`` without 0. A lag is
        possible where the word at that distance is on the list and not yet recalled (Kahana 1996).
    """
    lists, words = places.shape
    lags = np.concatenate([np.arange(-furthest, 0), np.arange(1, furthest + 1)])
    taken = np.zeros((lists, len(lags)), np.int64)
    possible = np.zeros((lists, len(lags)), np.int64)
    free = np.ones((lists, words + 2 * furthest), bool)
    free[:, :furthest] = free[:, words + furthest :] = False
    rows = np.arange(lists)
    for step in range(words - 1):
        now, then = places[:, step], places[:, step + 1]
        free[rows[now >= 0], now[now >= 0] + furthest] = False
        on = then >= 0
        where = now[on, None] + lags + furthest
        possible[on] += free[rows[on, None], where]
        taken[on] += (then - now)[on, None] == lags
    return taken, possible


def lag_crp(places: NDArray[np.int64], furthest: int) -> NDArray[np.float64]:
    """Conditional response probability of each lag, all lists together."""
    taken, possible = lag_counts(places, furthest)
    return np.asarray(taken.sum(0) / np.maximum(possible.sum(0), 1))
