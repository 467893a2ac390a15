"""Serial position: first and last words are recalled best, on lists of any length (Murdock)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.free_recall import (
    OWN_BOUNDS,
    SHARED,
    List,
    expected_recall,
    odds,
)
from recollect.experiments.models.problems import Problem
from recollect.experiments.models.recall_fits import fit_recalls, simulate_recalls
from recollect.experiments.models.recall_scores import (
    first_recall,
    read_recalls,
    serial_position,
)
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
from recollect.recall.plots.style import PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "LISTS", "Settings", "serial_problem"]

_SET = "free_recall_psifr"
_PEERS = List(words=16, seconds_a_word=4.0)
_MOST_OUTPUTS = 16
LISTS = (
    List(words=10, seconds_a_word=2.0),
    List(words=15, seconds_a_word=2.0),
    List(words=20, seconds_a_word=2.0),
    List(words=20, seconds_a_word=1.0),
    List(words=30, seconds_a_word=1.0),
    List(words=40, seconds_a_word=1.0),
)
"""The six lists of Murdock (1962), named 10-2 to 40-1 for words and seconds a word."""

_PERCENT = (
    "68 56 48 44 45 57 67 70 82 95",
    "62 49 44 40 38 38 39 40 41 48 57 61 79 87 97",
    "54 41 38 35 28 31 28 27 23 28 30 32 30 38 39 44 57 73 83 94",
    "46 27 20 15 16 15 14 15 20 22 23 20 22 25 29 38 61 75 83 95",
    "47 30 20 18 20 20 18 17 20 20 19 18 18 19 16 15 19 18 18 18 20 20 23 25 33 38 52 73 89 96",
    "30 20 12 12 11 11 12 13 13 9 15 12 10 10 11 13 11 10 13 10 11 10 11 15 13 12 12 14 14 14 "
    "17 17 15 22 26 38 50 71 84 95",
)
_PUBLISHED = [np.array(row.split(), np.float64) / 100 for row in _PERCENT]
_DESCRIPTION = {
    "level": (0.0, 1.0),
    "length": (0.0, 1.5),
    "first": (0.0, 1.0),
    "first_words": (0.3, 5.0),
    "last": (0.0, 1.0),
    "last_words": (0.5, 8.0),
}


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        fitted: which of the six published lists are fitted; all six are predicted.
        lists: of the data set that are fitted, evenly from all of them.
        simulated: lists that the fitted memory recalls.
    """

    fitted: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    lists: int = 1000
    simulated: int = 20_000


_ALL = Settings().fitted


def serial_problem(fitted: tuple[int, ...] = _ALL) -> Problem:
    """Recall by position on some of the six lists."""

    def predict(values: Parameters) -> Float[Array, " condition"]:
        curves = [
            expected_recall(odds(shown, values, _MOST_OUTPUTS))
            for shown in (LISTS[place] for place in fitted)
        ]
        return jnp.concatenate(curves)

    observed = np.concatenate([_PUBLISHED[place] for place in fitted])
    return Problem("serial position", observed, predict, SHARED, OWN_BOUNDS)


def _described(values: Parameters, fitted: tuple[int, ...] = _ALL) -> Float[Array, " condition"]:
    """A plateau that falls with length, and a bow at each end: a description, not a memory."""
    curves = []
    for shown in (LISTS[place] for place in fitted):
        place = np.arange(shown.words)
        first = values["first"] * jnp.exp(-place / values["first_words"])
        last = values["last"] * jnp.exp(-((place[::-1] / values["last_words"]) ** 2))
        plateau = values["level"] * (shown.words / 10) ** -values["length"]
        curves.append(1 - (1 - plateau) * (1 - first) * (1 - last))
    return jnp.concatenate(curves)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit the six published curves, and the steps of many people's recalls."""
    problem = serial_problem(settings.fitted)
    ours, _ = problem.fit("memory (published lists)")
    told = np.asarray(serial_problem().predict(ours.parameters), np.float64)
    rival, _ = problem.fit_rival(
        "plateau with two bows (published lists)",
        lambda values: _described(values, settings.fitted),
        _DESCRIPTION,
    )
    described = np.asarray(_described(rival.parameters), np.float64)
    curves = _by_list(told)
    measures: dict[str, Any] = {
        "r_squared": r_squared(np.concatenate(_PUBLISHED), told),
        "aic_gain": rival.aic - ours.aic,
        "first_over_middle": min(100 * (c[0] - c[len(c) // 2 - 1]) for c in curves),
        "last_over_middle": min(100 * (c[-1] - c[len(c) // 2 - 1]) for c in curves),
        "length_effect": 100 * float(curves[2][4:10].mean() - curves[5][4:10].mean()),
        **dict.fromkeys(_WITH_DATA, float("nan")),
    }
    drawn: dict[str, NDArray[Any]] = {"memory": told, "described": described}
    fits: tuple[Fit, ...] = (ours, rival)
    if data.has(_SET):
        recalls = read_recalls(data.folder(_SET) / "peers_notask.csv.gz")
        steps, values = fit_recalls(
            "memory (steps of recall)", _PEERS, recalls.some(settings.lists), ours=True
        )
        simulated = simulate_recalls(_PEERS, values, settings.simulated, seed)
        people = np.stack([serial_position(recalls.places), first_recall(recalls.places)])
        model = np.stack([serial_position(simulated), first_recall(simulated)])
        measures |= {
            "steps_r_squared": r_squared(people[0], model[0]),
            "first_r_squared": r_squared(people[1], model[1]),
        }
        drawn |= {"people_steps": people, "memory_steps": model}
        fits += (steps,)
    return Findings(
        measures, drawn, fits, "published means" + (" and a data set" if data.has(_SET) else "")
    )


_WITH_DATA = ("steps_r_squared", "first_r_squared")


def _by_list(values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    return np.split(values, np.cumsum([shown.words for shown in LISTS])[:-1])


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall by position: six lists, and where there is data 126 people with first recalls."""
    with_people = "people_steps" in runs.each[0].curves
    places = figure.subplots(1, 2 if with_people else 1, squeeze=False, width_ratios=(
        (3, 2) if with_people else None))[0]  # fmt: skip
    _draw_lists(places[0], _by_list(runs.mean("memory")))
    if with_people:
        axes = places[1]
        people, model = runs.mean("people_steps"), runs.mean("memory_steps")
        where = np.arange(1, people.shape[1] + 1)
        for row, name in enumerate(("recalled", "recalled first")):
            axes.plot(where, people[row], "os"[row], color=PALETTE[row], label=f"people, {name}")
            axes.plot(where, model[row], color=PALETTE[row], label=f"memory, {name}")
        axes.set(xlabel="position on the list", ylabel="share of lists", ylim=(0, 1))
        axes.set_title("126 people, 16 words")
        axes.set_xticks([1, 4, 8, 12, 16])
        axes.yaxis.set_major_formatter(percent)
        axes.legend()


def _draw_lists(axes: Axes, told: list[NDArray[np.float64]]) -> None:
    for place, (shown, people, model) in enumerate(zip(LISTS, _PUBLISHED, told, strict=True)):
        where = np.arange(1, shown.words + 1)
        label = f"{shown.words} words, {shown.seconds_a_word:.0f} s each"
        axes.plot(where, people, "os^DvP"[place], ms=4, color=PALETTE[place], label=label)
        axes.plot(where, model, color=PALETTE[place], lw=1.2)
    axes.plot([], [], color="#222222", label="memory (lines)")
    axes.set(xlabel="position on the list", ylabel="recalled", ylim=(0, 1))
    axes.set_xticks([1, 10, 20, 30, 40])
    axes.set_title("Murdock 1962")
    axes.yaxis.set_major_formatter(percent)
    axes.set_ylim(0, 1.4)
    axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    axes.legend(fontsize=8.5, loc="upper center", ncols=2)


_ANY = (0.0, float("inf"))
EXPERIMENT = Experiment(
    name="serial-position",
    part="Cue and context",
    title="First and last words are recalled best, on lists of any length",
    claim="The last words are recalled best because their contexts still match, in the same way on "
    "lists of 10 and of 40 words; words before them suffer as the list grows.",
    source=Source(
        "Murdock 1962, The serial position effect of free recall",
        "the six curves, as tabled by Murre & Dros, rounded to percent",
        "https://doi.org/10.1037/h0045106",
    ),
    settings=Settings(),
    quick=Settings(fitted=(0, 5), lists=150, simulated=4000),
    run=run,
    plot=plot,
    expected=(
        Expected("r_squared", "variance of the six curves that the memory accounts for",
                 (0.9, 1.0), None, "our criterion: nine parameters for 135 means"),
        Expected("aic_gain", "AIC of a description with a plateau and two bows minus that of the "
                 "memory", _ANY, None, "our criterion"),
        Expected("first_over_middle", "memory: first word minus a middle one, the least over lists",
                 _ANY, None, "direction of the paper", unit="points"),
        Expected("last_over_middle", "memory: last word minus a middle one, the least over lists",
                 (30.0, float("inf")), None,
                 "direction of the paper, where it is 50 points or more", unit="points"),
        Expected("length_effect", "memory: positions 5 to 10 of 20 words (2 s) minus the same of "
                 "40 words (1 s)", (5.0, 30.0), 16.9,
                 "the paper's means, rounded; band of our own", unit="points"),
        Expected("steps_r_squared", "variance of 126 people's curve that recalls simulated after "
                 "a fit to their steps account for", (0.8, 1.0), None, "our criterion",
                 only_with=(_SET,)),
        Expected("first_r_squared", "the same for the word recalled first", (0.8, 1.0), None,
                 "our criterion", only_with=(_SET,)),
    ),
    caption="Points are people, lines the memory with one set of parameters for all six lists. The "
    "rise at the end is the same on all lists; the middle sinks with length.",
    how_it_works="At the end of the list its last moments share most contexts with now, so their "
    "keys match best. More words mean more values that compete for the same "
    "contexts, so each is found more rarely. Values are all there all the time.",
    limits="That first words are written more strongly is put in by two parameters, not explained. "
    "The six curves are computed as if mean recalls were recalls (a mean field).",
    data=(_SET,),
    built_in="published means",
    seeds=1,
    quick_seeds=1,
)  # fmt: skip
