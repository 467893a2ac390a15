"""Part-list cueing: being given some of a list hinders recall of the rest (Slamecka 1968)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.experiments.models.search import Search, contexts, matches
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        people: simulated in each condition.
        words: on the list.
        cues: how many of them are given, by condition; the first condition has none.
        key_dim: length of keys.
        shared: cosine of a word's key with the list's context.
        sharpness: κ of the match.
        seen_again: what being given as a cue adds to a word's strength.
        search: how people search.
    """

    people: int = 400
    words: int = 30
    cues: tuple[int, ...] = (0, 5, 10, 15, 20, 25)
    key_dim: int = 32
    shared: float = 0.8
    sharpness: float = 4.0
    seen_again: float = 1.0
    search: Search = field(default_factory=Search)


def _rest_recalled(
    settings: Settings, random: np.random.Generator, search: Search, seen_again: float, cues: int
) -> float:
    """Recall of the words that are a cue in no condition, with the first ``cues`` given."""
    keys, context = contexts(
        random, settings.people, settings.words, settings.key_dim, settings.shared
    )
    strengths = matches(keys, context, settings.sharpness)
    strengths = strengths / strengths.mean()
    given = np.zeros(strengths.shape, bool)
    given[:, :cues] = True
    test = search.recall(random, strengths + seen_again * given, given)
    critical = settings.words - max(settings.cues)
    return float(test.recalled[:, -critical:].mean())


def _curve(settings: Settings, seed: int, search: Search, seen_again: float) -> NDArray[np.float64]:
    random = np.random.default_rng(seed)
    return np.array(
        [_rest_recalled(settings, random, search, seen_again, n) for n in settings.cues]
    )


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Recall of the same words with more and more of the others given."""
    memory = _curve(settings, seed, settings.search, settings.seen_again)
    alone = replace(settings.search, competing=False)
    without = _curve(settings, seed, alone, settings.seen_again)
    unseen = _curve(settings, seed, settings.search, 0.0)
    half = settings.cues.index(settings.words // 2)
    return Findings(
        measures={
            "loss": 100 * (memory[0] - memory[half]),
            "trend": float(np.polyfit(settings.cues, 100 * memory, 1)[0]) * 10,
            "loss_no_competition": 100 * (without[0] - without[half]),
            "loss_not_strengthened": 100 * (unseen[0] - unseen[half]),
        },
        curves={
            "cues": np.array(settings.cues),
            "memory": memory,
            "without": without,
            "unseen": unseen,
        },
        data="simulated lists",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall of the same five words by how many others are given."""
    axes = figure.subplots()
    cues = runs.mean("cues")
    for name, label, colour, style in (
        ("memory", "memory: cues are strengthened and compete", PALETTE[0], "o-"),
        ("unseen", "cues compete but are not strengthened", PALETTE[2], "^-."),
        ("without", "rival: no competition", PALETTE[1], "s--"),
    ):
        low, high = runs.spread(name)
        axes.fill_between(cues, 100 * low, 100 * high, color=colour, alpha=0.15, lw=0)
        axes.plot(cues, 100 * runs.mean(name), style, color=colour, label=label)
    axes.set_xlabel(f"words given as cues, of {settings.words}")
    axes.set_ylabel("recalled of five words that never are cues (%)")
    axes.set_ylim(0, None)
    axes.legend()


EXPERIMENT = Experiment(
    name="part-list-cueing",
    part="Interference",
    title="Being told some of a list hinders recall of the rest",
    claim="Words of a list that are given as cues lower recall of the other words, the more the "
    "more there are.",
    source=Source(
        "Slamecka 1968, An examination of trace storage in free recall; Nickerson 1984, Retrieval "
        "inhibition from part-set cuing: a persisting enigma in memory research",
        "recall of the words that were not given, with and without cues",
        "https://doi.org/10.1037/h0025695",
    ),
    settings=Settings(),
    quick=Settings(people=200),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "loss",
            "recall of the rest without cues minus with half of the list given",
            (1.0, float("inf")),
            None,
            "Slamecka 1968; Nickerson 1984: cues never help and often harm; at least a point",
            unit="points",
        ),
        Expected(
            "trend",
            "change of recall of the rest for ten cues more",
            (float("-inf"), 0.0),
            None,
            "the more cues, the greater the harm (review by Nickerson 1984)",
            unit="points",
        ),
        Expected(
            "loss_no_competition",
            "the loss in a rival whose traces do not compete",
            (-3.0, 3.0),
            None,
            "our criterion: competition must be what harms; band of our own",
            unit="points",
        ),
    ),
    caption="The same five words are recalled less and less as more of the others are given; "
    "where traces do not compete, cues do nothing.",
    how_it_works="All words answer to the context of the list. Seeing some again strengthens them, "
    "so that they are drawn again and again in the search, in vain since they are given already. "
    "The others' keys and values are as before.",
    limits="Words are linked only through the list's context; links from word to word, which may "
    "help in some conditions, are left out. Only directions are claimed.",
    quick_seeds=3,
)
