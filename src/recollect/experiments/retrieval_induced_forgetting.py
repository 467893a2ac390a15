"""Retrieval-induced forgetting: practising some hides the others (Anderson, Bjork & Bjork 1994)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Parameters,
    Runs,
    Source,
    binomial_fit,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "category_recall"]

_KINDS = ("practised", "not practised,\nsame category", "category without\npractice")
_RECALLED = np.array([0.736, 0.375, 0.485])
_PEOPLE = 36
_WORDS = np.array([12, 12, 24])


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        exemplars: of a category.
        practised: of them.
        rounds: of practice.
        attempts: that a person makes to think of words of a category.
    """

    exemplars: int = 6
    practised: int = 3
    rounds: int = 3
    attempts: int = 10


def category_recall(
    memory: EpisodicMemory, strengths: Float[Array, " word"], attempts: int
) -> Float[Array, " word"]:
    """Chance that each word of a category comes up in some attempts to draw one by its category.

    Every attempt draws one trace, or nothing, by how strongly it answers to the category (Luce's
    choice rule); a word is recalled if it is drawn at least once.
    """
    strong = strengths**memory.choice
    drawn = strong / (strong.sum() + memory.noise**memory.choice)
    return 1 - (1 - drawn) ** attempts


def _after_practice(
    settings: Settings, values: Parameters, *, by_retrieval: bool
) -> Float[Array, " word"]:
    """Strengths of the words of a category, the practised ones first.

    Every practice writes a further trace of the word, the less the easier it was to find. In the
    rival with moving keys, a competitor that comes up during retrieval is also moved away, in its
    key, from what was asked; nothing comes up when words are only studied again.
    """
    memory = EpisodicMemory()
    written = jnp.asarray(values["written"])
    strengths = jnp.full(settings.exemplars, written)
    practised = np.arange(settings.exemplars) < settings.practised
    for _ in range(settings.rounds):
        strong = strengths**memory.choice
        intrudes = strong / (strong.sum() + memory.noise**memory.choice)
        # A round asks for every practised word once; each time all others may intrude.
        asked = settings.practised - practised
        away = jnp.exp(-values["repelled"] * intrudes * asked * by_retrieval)
        gain = values["gain"] * written * memory.written(memory.recalled(strengths))
        strengths = (strengths + gain * practised) * away
    return strengths


def _predicted(
    settings: Settings, values: Parameters, *, by_retrieval: bool = True, competing: bool = True
) -> Float[Array, " kind"]:
    memory = EpisodicMemory()
    before = jnp.full(settings.exemplars, values["written"])
    after = _after_practice(settings, values, by_retrieval=by_retrieval)
    if not competing:
        # Every word is drawn as if the others were as they had been before practice.
        strong, usual = after**memory.choice, before[0] ** memory.choice
        rest = (settings.exemplars - 1) * usual + memory.noise**memory.choice
        recall = 1 - (1 - strong / (strong + rest)) ** settings.attempts
    else:
        recall = category_recall(memory, after, settings.attempts)
    practised = settings.practised
    baseline = category_recall(memory, before, settings.attempts)[0]
    return jnp.stack([recall[:practised].mean(), recall[practised:].mean(), baseline])


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit competition, moving keys, and no competition to the three means."""
    hits, trials = _RECALLED * _PEOPLE * _WORDS, _PEOPLE * _WORDS

    def predict(values: Parameters) -> Float[Array, " kind"]:
        return _predicted(settings, values)

    def alone(values: Parameters) -> Float[Array, " kind"]:
        return _predicted(settings, values, competing=False)

    bounds, still = {"written": (0.01, 1.5), "gain": (0.0, 5.0)}, {"repelled": 0.0}
    ours, told = binomial_fit(
        "memory: the stronger are drawn instead", predict, bounds, hits, trials,
        ours=True, fixed=still,
    )  # fmt: skip
    none, flat = binomial_fit("no competition", alone, bounds, hits, trials, fixed=still)
    moving, moved = binomial_fit(
        "keys of intruders also move", predict, bounds | {"repelled": (0.0, 3.0)}, hits, trials
    )
    studied, moving_studied = (
        np.asarray(_predicted(settings, still | dict(fit.parameters), by_retrieval=False))
        for fit in (ours, moving)
    )
    return Findings(
        measures={
            "practised": 100 * told[0],
            "unpractised": 100 * told[1],
            "baseline": 100 * told[2],
            "study_cost": 100 * float(studied[2] - studied[1]),
            "none_gain": none.aic - ours.aic,
            "moving_gain": moving.aic - ours.aic,
        },
        curves={
            "memory": told,
            "flat": flat,
            "moved": moved,
            "studied": studied,
            "moving_studied": moving_studied,
        },
        fits=(ours, none, moving),
        data="published means",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall after retrieval practice, and what practice by study would cost."""
    left, right = figure.subplots(1, 2, width_ratios=(1.8, 1))
    places = np.arange(3)
    left.bar(places, 100 * _RECALLED, color="#c9d7e3", width=0.6, label="people")
    for shift, name, label, colour, marker in (
        (-0.1, "memory", "memory: the stronger are drawn instead", PALETTE[0], "o"),
        (0.0, "moved", "keys of intruders also move", PALETTE[2], "^"),
        (0.1, "flat", "no competition", PALETTE[1], "s"),
    ):
        left.plot(places + shift, 100 * runs.mean(name), marker, color=colour, label=label)
    left.set_xticks(places, _KINDS)
    left.set_ylabel("recalled (%)")
    left.set_ylim(0, 105)
    left.legend(loc="upper right")
    costs = [
        [100 * (runs.mean(name)[2] - runs.mean(name)[1]) for name in names]
        for names in (("memory", "studied"), ("moved", "moving_studied"))
    ]
    for shift, cost, colour, label in (
        (-0.18, costs[0], PALETTE[0], "memory"),
        (0.18, costs[1], PALETTE[2], "keys also move"),
    ):
        right.bar(np.arange(2) + shift, cost, 0.34, color=colour, label=label)
    right.axhline(0, color="#6b6b6b", lw=0.8)
    right.set_xticks([0, 1], ["by retrieval", "by study"])
    right.set_xlabel("how the others were practised")
    right.set_ylabel("forgetting of the unpractised (points)")
    right.legend()


EXPERIMENT = Experiment(
    name="retrieval-induced-forgetting",
    part="Interference",
    title="Remembering some makes the others harder to remember",
    claim="Retrieving some words of a category lowers later recall of its other words below that "
    "of categories left alone, and studying the same words again does not.",
    source=Source(
        "Anderson, Bjork & Bjork 1994, Remembering can cause forgetting; Ciranni & Shimamura 1999, "
        "Retrieval-induced forgetting in episodic memory",
        "Experiment 1, mean recall of practised, unpractised and baseline words",
        "https://doi.org/10.1037/0278-7393.20.5.1063",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "practised",
            "recall of practised words (Rp+)",
            (68.6, 78.6),
            73.6,
            "Anderson, Bjork & Bjork 1994, Experiment 1; band: 5 points either way, about two "
            "standard errors of 432 answers",
            unit="%",
        ),
        Expected(
            "unpractised",
            "recall of unpractised words of practised categories (Rp-)",
            (32.5, 42.5),
            37.5,
            "the same",
            unit="%",
        ),
        Expected(
            "baseline",
            "recall of words of categories left alone (Nrp)",
            (43.5, 53.5),
            48.5,
            "the same",
            unit="%",
        ),
        Expected(
            "study_cost",
            "forgetting that the fitted memory predicts if words were studied again instead",
            (-3.0, 3.0),
            0.0,
            "no forgetting after further study (Ciranni & Shimamura 1999; Anderson, Bjork & Bjork "
            "2000); band of our own",
            unit="points",
        ),
        Expected(
            "none_gain",
            "AIC of no competition minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion",
        ),
    ),
    caption="Left: unpractised words of practised categories (middle) fall below those of "
    "categories left alone (right); without competition they cannot. Right: the "
    "forgetting that each fitted model predicts after retrieval and after mere "
    "study. In people the bars for study would be near 0; those of the memory are "
    "as high as for retrieval, which is where it fails.",
    how_it_works="All words of a category answer to it. Those that were practised answer more "
    "strongly and are drawn instead of the others. The others' values stay as they were, and so do "
    "their keys; only who else answers has changed.",
    limits="Three means and two fitted parameters; the number of attempts is set. What further "
    "study does is predicted, not fitted: competition by strength cannot tell it from retrieval, "
    "which speaks for a part that retrieval alone plays.",
    seeds=1,
    quick_seeds=1,
)
