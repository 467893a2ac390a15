"""Repetition lag: words that come again later on a list are recalled better (RepFR data)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.errors import DataFileError
from recollect.experiments.models.episodes import SECOND, EpisodicMemory
from recollect.experiments.models.problems import Problem
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Parameters,
    Runs,
    Source,
    Value,
    read_table,
)
from recollect.recall.plots.style import PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "Words", "read_words", "repetition_problem"]

_SET = "repfr_repeated_items"
_MOST = 3
_POSITIONS = 27
_LAG_EDGES = (3.0, 5.0, 8.0, 12.0, 16.0)
"""Where bins of the mean lag between presentations end; the last one is open."""
_TWICE = len(_LAG_EDGES) + 1
_THRICE = _TWICE - 1
"""Words shown three times cannot be far apart: they have a bin less."""
_CONDITIONS = 1 + _TWICE + _THRICE
_SHARED = ("choice", "decay", "surprise", "item_spread", "immediacy")


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        seconds_a_word: from one word to the next.
        to_recall_seconds: from the last word to the middle of recall.
        fitted_words: of each condition whose positions are followed, evenly from all of them.
        resamples: of participants.
    """

    seconds_a_word: float = 2.45
    to_recall_seconds: float = 27.0
    fitted_words: int = 100
    resamples: int = 1000


@dataclass(frozen=True)
class Words:
    """Words of many lists.

    Attributes:
        positions: of their presentations from 0, −1 for none, ``[word, 3]``.
        recalled: whether they were, ``[word]``.
        people: whose list it was, ``[word]``.
    """

    positions: NDArray[np.int64]
    recalled: NDArray[np.int64]
    people: NDArray[np.int64]

    @property
    def times(self) -> NDArray[np.int64]:
        """How often each was shown."""
        return np.asarray((self.positions >= 0).sum(1))

    @property
    def conditions(self) -> NDArray[np.int64]:
        """0 for words shown once, then lag bins of those shown twice, then of thrice."""
        times = self.times
        last = self.positions[np.arange(len(times)), times - 1]
        lag = (last - self.positions[:, 0]) / np.maximum(times - 1, 1)
        place = np.searchsorted(_LAG_EDGES, lag, side="left")
        thrice = 1 + _TWICE + np.minimum(place, _THRICE - 1)
        return np.select([times == 1, times == 2], [0, 1 + place], thrice)


def read_words(data: DataFolder) -> Words:
    """Words of all whole lists of the data set, and whether they were recalled."""
    columns = {"trial_type": str, "item_name": str, "serialpos": int}
    keys = ("subject", "session", "list")
    path = data.folder(_SET) / "repfr1_events.csv.gz"
    table = read_table(path, columns | dict.fromkeys(keys, str))
    shown: dict[tuple[str, ...], dict[str, list[int]]] = {}
    said: dict[tuple[str, ...], set[str]] = {}
    for row in zip(*(table[name].tolist() for name in (*columns, *keys)), strict=True):
        kind, item, position, *where = row
        if kind == "WORD" and position >= 0:
            shown.setdefault(tuple(where), {}).setdefault(item, []).append(position)
        elif kind == "REC_START":
            said.setdefault(tuple(where), set())
        elif kind == "REC_WORD":
            said.setdefault(tuple(where), set()).add(item)
    positions: list[list[int]] = []
    recalled: list[bool] = []
    people: list[str] = []
    for which, items in shown.items():
        if which not in said or sum(map(len, items.values())) != _POSITIONS:
            continue
        for item, places in items.items():
            positions.append((sorted(places) + [-1] * _MOST)[:_MOST])
            recalled.append(item in said[which])
            people.append(which[0])
    if not positions:
        raise DataFileError(f"{path}: no list of {_POSITIONS} words with its recall")
    _, person = np.unique(people, return_inverse=True)
    words = Words(np.array(positions), np.array(recalled, np.int64), person)
    if not np.bincount(words.conditions, minlength=_CONDITIONS).all():
        raise DataFileError(f"{path}: no words of some numbers and lags; is the data set whole?")
    return words


def repetition_problem(words: Words, settings: Settings) -> Problem:
    """Recall by number of presentations and lag; words count with their own positions."""
    conditions = words.conditions
    trials = np.bincount(conditions, minlength=_CONDITIONS).astype(np.float64)
    hits = np.bincount(conditions, words.recalled, minlength=_CONDITIONS)
    followed = [
        rows[np.linspace(0, len(rows) - 1, settings.fitted_words).astype(np.int64)]
        for rows in (np.flatnonzero(conditions == each) for each in range(_CONDITIONS))
    ]
    patterns = words.positions[np.concatenate(followed)]
    days = patterns * settings.seconds_a_word * SECOND
    there = patterns >= 0
    end = ((_POSITIONS - 1) * settings.seconds_a_word + settings.to_recall_seconds) * SECOND

    def predict(values: Parameters) -> Float[Array, " condition"]:
        memory = EpisodicMemory.of(values)
        more = 1 + values["primacy"] * jnp.exp(-patterns / values["primacy_words"])
        gains = jnp.where(there, more, 0.0) * values["studied"]
        weights = gains[:, :1, None] * memory.written(jnp.zeros(1)) + memory.fresh()
        for again in range(1, _MOST):
            gap = np.where(there[:, again], days[:, again] - days[:, again - 1], 0.0)
            gain = gains[:, again]
            weights = memory.studied(memory.faded(weights, gap), gain[:, None])
        last = np.where(there, days, 0.0).max(1)
        recalled = memory.found(memory.strength(memory.faded(weights, end - last)))
        return memory.over_items(recalled).reshape(_CONDITIONS, -1).mean(1)

    own = {"studied": (0.01, 3.0), "primacy": (0.0, 6.0), "primacy_words": (0.5, 6.0)}
    return Problem("repetition lag", hits / trials, predict, _SHARED, own, trials=trials)


def _levels(values: Parameters) -> Float[Array, " condition"]:
    """A level for each number of presentations, whatever the lag."""
    return jnp.concatenate(
        [
            jnp.full(1, values["once"]),
            jnp.full(_TWICE, values["twice"]),
            jnp.full(_THRICE, values["thrice"]),
        ]
    )


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit recall by lag with and without surprise; resample people."""
    words = read_words(data)
    problem = repetition_problem(words, settings)
    ours, told = problem.fit("memory")
    alike, without = problem.fit("writes all alike", fixed={"surprise": 0.0}, ours=False)
    levels = dict.fromkeys(("once", "twice", "thrice"), (0.01, 0.99))
    rival, _ = problem.fit_rival("a level for each number, no lag", _levels, levels)
    lag, often = _resampled(words, settings.resamples, seed)
    effect = told[_TWICE] - told[1]
    return Findings(
        measures={
            "people_lag": lag,
            "people_often": often,
            "r_squared": ours.r_squared,
            "lag_miss": Value(
                100 * effect - lag.value, 100 * effect - lag.high, 100 * effect - lag.low
            ),
            "gain_over_alike": alike.aic - ours.aic,
            "gain_over_levels": rival.aic - ours.aic,
        },
        curves={
            "lags": _mean_lags(words),
            "people": problem.observed,
            "errors": np.sqrt(problem.observed * (1 - problem.observed) / _counts(problem)),
            "memory": told,
            "alike": without,
        },
        fits=(ours, alike, rival),
        data=f"{len(words.recalled):,} words of {words.people.max() + 1} people",
    )


def _counts(problem: Problem) -> NDArray[np.float64]:
    return np.asarray(problem.trials)


def _mean_lags(words: Words) -> NDArray[np.float64]:
    times = words.times
    last = words.positions[np.arange(len(times)), times - 1]
    lag = (last - words.positions[:, 0]) / np.maximum(times - 1, 1)
    conditions = words.conditions
    return np.asarray(np.bincount(conditions, lag) / np.bincount(conditions))


def _resampled(words: Words, resamples: int, seed: int) -> tuple[Value, Value]:
    """Over people, in points: longest minus shortest lag of two; three presentations minus one."""
    people = int(words.people.max()) + 1
    where = words.people * _CONDITIONS + words.conditions
    size, shape = people * _CONDITIONS, (people, _CONDITIONS)
    asked = np.bincount(where, minlength=size).reshape(shape)
    right = np.bincount(where, words.recalled, minlength=size).reshape(shape)
    drawn = np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), resamples)

    def both(right: NDArray[Any], asked: NDArray[Any]) -> NDArray[np.float64]:
        share = right / asked
        thrice = right[..., 1 + _TWICE :].sum(-1) / asked[..., 1 + _TWICE :].sum(-1)
        return 100 * np.stack([share[..., _TWICE] - share[..., 1], thrice - share[..., 0]], -1)

    whole = both(right.sum(0), asked.sum(0))
    low, high = np.percentile(both(drawn @ right, drawn @ asked), [2.5, 97.5], axis=0)
    first, second = (
        Value(float(value), float(a), float(b))
        for value, a, b in zip(whole, low, high, strict=True)
    )
    return first, second


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall over the lag between presentations, for one, two and three of them."""
    axes = figure.subplots()
    lags, people, errors = runs.mean("lags"), runs.mean("people"), runs.mean("errors")
    memory, alike = runs.mean("memory"), runs.mean("alike")
    parts = (("once", slice(0, 1)), ("twice", slice(1, 1 + _TWICE)),
             ("three times", slice(1 + _TWICE, None)))  # fmt: skip
    for place, (name, part) in enumerate(parts):
        colour = PALETTE[place]
        axes.errorbar(lags[part], people[part], 1.96 * errors[part], fmt="osD"[place], color=colour,
                      label=f"people, shown {name}")  # fmt: skip
        if place:
            axes.plot(lags[part], memory[part], color=colour, label=f"memory, {name}")
            axes.plot(lags[part], alike[part], ":", color=colour,
                      label="writing without surprise" if place == 1 else None)  # fmt: skip
        else:
            axes.plot(lags[part], memory[part], "_", ms=24, mew=2, color=colour,
                      label="memory, once")  # fmt: skip
    axes.set_xticks([0, 5, 10, 15, 20], ["shown once", "5", "10", "15", "20"])
    axes.set(xlabel="mean lag between presentations, in words", ylabel="words recalled")
    axes.yaxis.set_major_formatter(percent)
    axes.legend(ncols=2)


_ANY = (0.0, float("inf"))
EXPERIMENT = Experiment(
    name="repetition-lag",
    part="Cue and context",
    title="Words that come again are recalled better if other words came between",
    claim="A word that comes again at once is expected and hardly written; after other words it is "
    "written again. So recall grows with the lag between presentations.",
    source=Source(
        "Herrema & Kahana, Free recall of word lists with repeated items (RepFR1), OpenNeuro "
        "ds005411; Madigan 1969, Intraserial repetition and coding processes in free recall",
        "the data set itself; direction of the lag effect",
        "https://doi.org/10.18112/openneuro.ds005411.v1.0.0",
    ),
    settings=Settings(),
    quick=Settings(fitted_words=12, resamples=300),
    run=run,
    plot=plot,
    expected=(
        Expected("people_lag", "people: shown twice at the longest lags minus at the shortest",
                 _ANY, None, "direction of the lag effect", unit="points"),
        Expected("people_often", "people: shown three times minus once", _ANY, None,
                 "direction: repetition helps", unit="points"),
        Expected("r_squared", "variance of recall by number and lag that the memory accounts for",
                 (0.85, 1.0), None, "our criterion: eight parameters for 12 means"),
        Expected("lag_miss", "lag effect of the memory minus that of people", (-5.0, 5.0), None,
                 "our criterion: within five points", unit="points"),
        Expected("gain_over_alike", "AIC of a memory that writes what it expects as well, minus "
                 "that of the memory", _ANY, None, "our criterion: surprise must pay"),
        Expected("gain_over_levels", "AIC of a level for each number of presentations, whatever "
                 "the lag, minus that of the memory", _ANY, None, "our criterion: lag must matter"),
    ),
    caption="The further apart two presentations of a word are, the more often it is recalled. "
    "Most "
    "of that rise is where far-apart words stand (they begin early on the list), as the dotted "
    "line "
    "of a memory that writes everything alike shows; surprise adds the rest at short lags.",
    how_it_works="When a word comes again its first trace is read by the contexts of now. Soon "
    "after "
    "the first time they match, the word is expected and little is written; later they match "
    "less and a second, full trace with other contexts in its key is added.",
    limits="Words are recalled in competition with noise, not with each other, and that first "
    "words are written more strongly is put in, not explained. The lists were recalled by "
    "patients with epilepsy.",
    data=(_SET,),
    needs_data=True,
    seeds=1,
    quick_seeds=1,
)  # fmt: skip
