"""Contiguity: what was recalled brings back its neighbours, the next one most (Kahana 1996)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.common import COMMON
from recollect.experiments.models.free_recall import List, odds
from recollect.experiments.models.problems import Problem
from recollect.experiments.models.recall_fits import (
    crp_of_people,
    fit_recalls,
    simulate_recalls,
)
from recollect.experiments.models.recall_scores import lag_crp, read_recalls
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Parameters,
    Runs,
    Source,
    r_squared,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "contiguity_problem"]

_SET = "free_recall_psifr"
_FURTHEST = 5
_LAGS = np.array([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5])
_PUBLISHED = np.array([0.052, 0.049, 0.045, 0.065, 0.085, 0.205, 0.09, 0.045, 0.04, 0.035])
_ERRORS = np.array([0.015, 0.015, 0.015, 0.015, 0.02, 0.0375, 0.016, 0.012, 0.01, 0.01])
_PUBLISHED_LIST = List(words=12, seconds_a_word=1.2)
_PEERS = List(words=16, seconds_a_word=4.0)
_OTHERS = List(words=24, seconds_a_word=4.0)
_NO_REINSTATEMENT = {"context_sharpness": 0.0, "forward": 0.0}
# A decay this far below zero leaves only the slowest context, which no list outlasts.
_ANY_WORD = _NO_REINSTATEMENT | {
    "choice": 1.0, "decay": -20.0, "immediacy": 0.0, "primacy": 0.0, "primacy_words": 1.0
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        lists: of the data set that are fitted, evenly from all of them.
        simulated: lists that the fitted memory recalls.
        resamples: of people, for intervals.
    """

    lists: int = 1000
    simulated: int = 20_000
    resamples: int = 1000


def contiguity_problem() -> Problem:
    """The published curve, from words anywhere on a list of which nothing else was recalled."""

    def predict(values: Parameters) -> Float[Array, " lag"]:
        given = {"primacy": 0.0, "primacy_words": 1.0, "giving_up": 1.0}
        table = odds(_PUBLISHED_LIST, {**values, **given})[1, :-1]
        words = _PUBLISHED_LIST.words
        weights = table * (1 - jnp.eye(words))
        share = weights / weights.sum(-1, keepdims=True)
        curve = jnp.stack([jnp.diagonal(share, lag).mean() for lag in _LAGS.tolist()])
        return values["level"] * curve

    return Problem(
        "contiguity",
        _PUBLISHED,
        predict,
        ("choice", "decay", "immediacy", "context_sharpness"),
        {"forward": (0.0, 1.0), "level": (0.3, 1.5)},
        standard_errors=_ERRORS,
    )


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit the published curve, and all steps of many people's recalls."""
    problem = contiguity_problem()
    given = {name: COMMON[name] for name in ("choice", "decay", "immediacy")}
    ours, told = problem.fit("memory (published curve)", fixed=given)
    rival, flat = problem.fit(
        "no reinstatement (published curve)", fixed=given | _NO_REINSTATEMENT, ours=False
    )
    measures: dict[str, Any] = {
        "published_r_squared": ours.r_squared,
        "published_gain": rival.aic - ours.aic,
        **dict.fromkeys(_WITH_DATA, float("nan")),
    }
    curves = {"lags": _LAGS, "published": _PUBLISHED, "published_errors": _ERRORS,
              "published_memory": told, "published_rival": flat}  # fmt: skip
    fits: tuple[Fit, ...] = (ours, rival)
    if data.has(_SET):
        more, further, others = _with_people(settings, data, seed)
        measures, curves, fits = measures | more, curves | further, fits + others
    source = "the published curve" + (" and two data sets" if data.has(_SET) else "")
    return Findings(measures, curves, fits, source)


_WITH_DATA = (
    "people_asymmetry",
    "crp_r_squared",
    "next_miss",
    "gain_over_no_reinstatement",
    "gain_over_symmetric",
    "other_r_squared",
)


def _with_people(
    settings: Settings, data: DataFolder, seed: int
) -> tuple[dict[str, Any], dict[str, NDArray[Any]], tuple[Fit, ...]]:
    folder = data.folder(_SET)
    recalls = read_recalls(folder / "peers_notask.csv.gz")
    people, ends, asymmetry = crp_of_people(recalls, _FURTHEST, settings.resamples, seed)
    fitted = recalls.some(settings.lists)
    ours, values = fit_recalls("memory (steps of recall)", _PEERS, fitted, ours=True)
    without, lesioned = fit_recalls(
        "no reinstatement (steps of recall)", _PEERS, fitted, fixed=_NO_REINSTATEMENT
    )
    symmetric, _ = fit_recalls("no word in context", _PEERS, fitted, fixed={"forward": 0.0})
    any_word, _ = fit_recalls("any word left", _PEERS, fitted, fixed=_ANY_WORD)
    simulated = lag_crp(simulate_recalls(_PEERS, values, settings.simulated, seed), _FURTHEST)
    cut = lag_crp(simulate_recalls(_PEERS, lesioned, settings.simulated, seed), _FURTHEST)
    others = lag_crp(read_recalls(folder / "Morton2013.csv.gz").places, _FURTHEST)
    carried = lag_crp(simulate_recalls(_OTHERS, values, settings.simulated, seed), _FURTHEST)
    measures = {
        "people_asymmetry": asymmetry,
        "crp_r_squared": r_squared(people, simulated),
        "next_miss": float(simulated[_FURTHEST] - people[_FURTHEST]),
        "gain_over_no_reinstatement": without.aic - ours.aic,
        "gain_over_symmetric": symmetric.aic - ours.aic,
        "other_r_squared": r_squared(others, carried),
    }
    curves = {"people": people, "people_ends": ends, "memory": simulated, "rival": cut,
              "others": others, "others_memory": carried}  # fmt: skip
    return measures, curves, (ours, without, symmetric, any_word)


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Probability of the next recall over its lag: published, and of the data sets."""
    found = runs.each[0].curves
    panels = [("published", "Howard & Kahana 1999")]
    if "people" in found:
        panels += [("people", "126 people, 16 words"), ("others", "40 others, nothing refitted")]
    places = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
    for axes, (name, title) in zip(places, panels, strict=True):
        _draw(axes, runs, name)
        axes.set_title(title)
        axes.set_xlabel("lag to the next recalled word")
        axes.set_xticks([-5, -3, -1, 1, 3, 5])
    places[0].set_ylabel("probability, where possible")
    places[0].set_ylim(0, None)
    places[0].legend()


def _draw(axes: Axes, runs: Runs, name: str) -> None:
    lags, people = runs.mean("lags"), runs.mean(name)
    errors = np.zeros(len(lags))
    if name == "published":
        errors = runs.mean("published_errors")
    elif name == "people":
        errors = np.abs(runs.mean("people_ends") - people)
    memory = {"published": "published_memory", "people": "memory", "others": "others_memory"}
    rival = {"published": "published_rival", "people": "rival"}
    for side in (lags < 0, lags > 0):
        first = bool(side[0])
        axes.errorbar(lags[side], people[side], errors[..., side], fmt="o", color="black",
                      label="people" if first else None)  # fmt: skip
        axes.plot(lags[side], runs.mean(memory[name])[side], "-", color=PALETTE[0],
                  label="memory" if first else None)  # fmt: skip
        if name in rival:
            axes.plot(lags[side], runs.mean(rival[name])[side], "--", color=PALETTE[1],
                      label="contexts not brought back" if first else None)  # fmt: skip


_ANY = (0.0, float("inf"))
EXPERIMENT = Experiment(
    name="contiguity",
    part="Cue and context",
    title="What is recalled brings its neighbours back",
    claim="After a word people recall one from nearby on the list, and rather the next than the "
    "one before, because a found key brings its contexts back.",
    source=Source(
        "Kahana 1996, Associative retrieval processes in free recall; Howard & Kahana 1999, "
        "Contextual variability and serial position effects in free recall",
        "conditional response probability by lag, as tabled by Murre & Dros",
        "https://doi.org/10.3758/BF03197276",
    ),
    settings=Settings(),
    quick=Settings(lists=80, simulated=4000, resamples=300),
    run=run,
    plot=plot,
    expected=(
        Expected("published_r_squared", "variance of the published curve that the memory accounts "
                 "for", (0.9, 1.0), None, "our criterion: three parameters for ten points"),
        Expected("published_gain", "AIC without reinstatement minus that of the memory, published "
                 "curve", _ANY, None, "our criterion"),
        Expected("people_asymmetry", "people: probability of lag +1 minus that of lag −1", _ANY,
                 None, "direction of the papers", only_with=(_SET,)),
        Expected("crp_r_squared", "variance of people's curve that simulated recalls account for",
                 (0.85, 1.0), None, "our criterion: fitted to steps, not to the curve",
                 only_with=(_SET,)),
        Expected("next_miss", "probability of lag +1: simulated minus people", (-0.05, 0.05), None,
                 "our criterion", only_with=(_SET,)),
        Expected("gain_over_no_reinstatement", "AIC without reinstatement minus that of the "
                 "memory, all steps of recall", _ANY, None, "our criterion", only_with=(_SET,)),
        Expected("gain_over_symmetric", "AIC of a memory whose words do not enter the contexts of "
                 "the words after them, minus that of the memory", _ANY, None, "our criterion",
                 only_with=(_SET,)),
        Expected("other_r_squared", "variance of other people's curve (24 words, categories) that "
                 "the same parameters account for", (0.7, 1.0), None,
                 "our criterion: nothing is fitted to them", only_with=(_SET,)),
    ),
    caption="Each point is the probability that the next recalled word is that many places "
    "further on the list, among those that can still come. People peak at +1, and "
    "so does the memory, which falls too fast to both sides: words far back come "
    "more often than it says. A memory that does not bring contexts back has no "
    "peak around 0.",
    how_it_works="The key of a word holds the contexts of its moment. When the word is found its "
    "contexts become a part of the next query and match the keys of neighbours on both sides. The "
    "word itself entered the contexts of the words after it, not before: so the next one wins.",
    limits="The table of the published curve does not say how many words were left to "
    "recall, so its height is fitted. Words mean something: their likeness also guides recall "
    "and is not in this memory. One "
    "set of parameters stands for all people.",
    data=(_SET,),
    built_in="the published curve",
    seeds=1,
    quick_seeds=1,
)  # fmt: skip
