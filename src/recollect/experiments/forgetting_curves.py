"""Forgetting curves: savings of Ebbinghaus and his followers, and recall by lag (Rubin et al.)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.errors import DataFileError
from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.models.problems import Problem
from recollect.experiments.models.rivals import BOUNDS, CURVES, curve_of
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Parameters,
    Runs,
    Source,
    read_table,
)
from recollect.recall.plots.style import PALETTE, duration_ticks, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "EXPERIMENT",
    "Settings",
    "ebbinghaus_problem",
    "lag_problem",
    "rubin_problem",
    "savings_problem",
]

_SET = "ebbinghaus_murre_dros"
_DAYS = np.array([1200, 3600, 32400, 86400, 172800, 518400, 2678400]) / 86400
_EBBINGHAUS = np.array([0.582, 0.442, 0.358, 0.337, 0.278, 0.254, 0.211])
_FOLLOWERS = ("Mack", "Seitz", "Drost")
_DAY = 1 / 86400


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        study_seconds: from the first answer to the end of learning, the least age of a trace.
    """

    study_seconds: float = 2.0


def savings_problem(
    name: str,
    days: NDArray[np.float64],
    savings: NDArray[np.float64],
    standard_errors: NDArray[np.float64] | None = None,
) -> Problem:
    """Savings as the share of strength that is left, times a level of its own."""

    def predict(values: Parameters) -> Float[Array, " time"]:
        memory = EpisodicMemory.of(values)
        return values["level"] * memory.retained(days)

    own = {"level": (0.0, 4.0)}
    return Problem(name, savings, predict, ("decay",), own, standard_errors=standard_errors)


def ebbinghaus_problem() -> Problem:
    """Ebbinghaus's savings, as he published them."""
    return savings_problem("savings", _DAYS, _EBBINGHAUS)


def lag_problem(
    lags: NDArray[np.float64],
    recalled: NDArray[np.float64],
    standard_errors: NDArray[np.float64],
    study_seconds: float,
) -> Problem:
    """Cued recall after a number of other pairs, whose length in seconds is fitted."""

    def predict(values: Parameters) -> Float[Array, " lag"]:
        memory = EpisodicMemory.of(values)
        seconds = study_seconds + jnp.asarray(lags) * values["seconds_a_lag"]
        return memory.recalled(values["studied"] * memory.retained(seconds * _DAY))

    shared = ("choice", "decay", "item_spread", "immediacy")
    own = {"studied": (0.05, 3.0), "seconds_a_lag": (2.0, 20.0)}
    return Problem("recall by lag", recalled, predict, shared, own, standard_errors=standard_errors)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit the memory's curve and its rivals to every learner and to recall by lag."""
    real = data.has(_SET)
    learners = {"Ebbinghaus": (_EBBINGHAUS, None)} | (_savings(data) if real else {})
    fits: list[Fit] = []
    curves: dict[str, NDArray[np.float64]] = {"days": _DAYS}
    behind: dict[str, float] = {}
    gains: list[float] = []
    squared: list[float] = []
    fine = np.geomspace(_DAYS[0], _DAYS[-1], 60)
    for learner, (savings, errors) in learners.items():
        problem = savings_problem(learner, _DAYS, savings, errors)
        ours, _ = problem.fit(f"memory ({learner})")
        rivals = {
            name: problem.fit_rival(f"{name} ({learner})", curve_of(name, _DAYS), BOUNDS)[0]
            for name in CURVES
        }
        fits += [ours, *rivals.values()]
        gains.append(rivals["exponential"].aic - ours.aic)
        squared.append(ours.r_squared)
        behind[learner] = min(rival.aic for rival in rivals.values()) - ours.aic
        curves[f"{learner} people"] = savings
        smooth = savings_problem(learner, fine, fine)
        curves[f"{learner} memory"] = np.asarray(smooth.predict(ours.parameters), np.float64)
        curves[f"{learner} exponential"] = np.asarray(
            curve_of("exponential", fine)(rivals["exponential"].parameters), np.float64
        )
    measures = {
        "r_squared": squared[0],
        "gain_over_exponential": gains[0],
        "against_best": behind["Ebbinghaus"],
        "followers_r_squared": min(squared[1:], default=float("nan")),
        "followers_gain": min(gains[1:], default=float("nan")),
    }
    lag_measures, lag_curves, lag_fits = _by_lag(settings, data) if real else (_NO_LAGS, {}, [])
    return Findings(
        measures | lag_measures,
        curves | {"fine_days": fine} | lag_curves,
        tuple(fits + lag_fits),
        "Ebbinghaus and three followers; recall by lag" if real else "Ebbinghaus's savings",
    )


_NO_LAGS = dict.fromkeys(("lag_r_squared", "lag_against_best"), float("nan"))


def _savings(
    data: DataFolder,
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64] | None]]:
    columns = dict.fromkeys(_FOLLOWERS, float) | {f"{name} SE": float for name in _FOLLOWERS}
    path = data.folder(_SET) / "murre_dros_2015_savings.csv"
    table = read_table(path, columns | {"Interval secs": float})
    if not np.array_equal(table["Interval secs"], np.round(_DAYS * 86400)):
        raise DataFileError(f"{path}: intervals are not the seven from 1200 to 2678400 seconds")
    return {name: (table[name] / 100, table[f"{name} SE"]) for name in _FOLLOWERS}


def _by_lag(
    settings: Settings, data: DataFolder
) -> tuple[dict[str, float], dict[str, NDArray[np.float64]], list[Fit]]:
    problem = rubin_problem(data, settings.study_seconds)
    lags = _rubin(data)["lag"]
    ours, told = problem.fit("memory (by lag)")
    rivals = {
        name: problem.fit_rival(f"{name} (by lag)", curve_of(name, lags + 1), BOUNDS)[0]
        for name in CURVES
    }
    best = min(rival.aic for rival in rivals.values())
    _, power = problem.fit_rival("power", curve_of("power", lags + 1), BOUNDS)
    measures = {"lag_r_squared": ours.r_squared, "lag_against_best": best - ours.aic}
    curves = {"lags": lags, "lag people": problem.observed, "lag memory": told, "lag power": power}
    return measures, curves, [ours, *rivals.values()]


def rubin_problem(data: DataFolder, study_seconds: float) -> Problem:
    """Recall by lag of the data set, all three conditions together."""
    table = _rubin(data)
    return lag_problem(table["lag"], table["all_3"], table["a_sd"], study_seconds)


def _rubin(data: DataFolder) -> dict[str, NDArray[np.float64]]:
    path = data.folder(_SET) / "rubin_hinton_wenzel_1999.csv"
    table = read_table(path, {"measured": str, "lag": float, "all_3": float, "a_sd": float})
    chosen = table["measured"] == "accuracy"
    return {name: table[name][chosen] for name in ("lag", "all_3", "a_sd")}


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Savings of every learner over time; beside them recall by lag where there is data."""
    found = runs.each[0].curves
    by_lag = "lags" in found
    places = figure.subplots(1, 2 if by_lag else 1, squeeze=False)[0]
    _draw_savings(places[0], runs)
    if by_lag:
        axes = places[1]
        lags = runs.mean("lags") + 1
        axes.plot(lags, runs.mean("lag people"), "o", color="black", label="people")
        axes.plot(lags, runs.mean("lag memory"), color=PALETTE[0], label="memory")
        axes.plot(lags, runs.mean("lag power"), "--", color=PALETTE[1], label="power law")
        axes.set_xscale("log")
        axes.set_xticks([1, 2, 5, 10, 20, 50, 100], ["1", "2", "5", "10", "20", "50", "100"])
        axes.set(xlabel="pairs since it was studied, plus one", ylabel="recalled", ylim=(0, 1))
        axes.yaxis.set_major_formatter(percent)
        axes.set_title("Rubin, Hinton & Wenzel 1999")
        axes.legend()


def _draw_savings(axes: Axes, runs: Runs) -> None:
    days, fine = runs.mean("days"), runs.mean("fine_days")
    learners = [
        name for name in ("Ebbinghaus", *_FOLLOWERS) if f"{name} people" in runs.each[0].curves
    ]
    for place, name in enumerate(learners):
        colour = "#000000" if place == 0 else PALETTE[place + 1]
        axes.plot(days, runs.mean(f"{name} people"), "osD^"[place], color=colour, label=name)
        label = "memory" if place == 0 else None
        axes.plot(fine, runs.mean(f"{name} memory"), color=PALETTE[0], label=label, lw=1.2)
    exponential = runs.mean("Ebbinghaus exponential")
    axes.plot(fine, exponential, "--", color=PALETTE[1], label="exponential (Ebbinghaus)")
    duration_ticks(axes, days[0] * 0.8, days[-1] * 1.25)
    axes.set(xlabel="time since learning", ylabel="savings in relearning", ylim=(0, 0.7))
    axes.yaxis.set_major_formatter(percent)
    axes.set_title("Lists of syllables, learned and relearned")
    axes.legend()


_BAND = (0.9, 1.0)
_ANY = (0.0, float("inf"))
EXPERIMENT = Experiment(
    name="forgetting-curves",
    part="Time",
    title="Forgetting is fast at first, then ever slower",
    claim="A key made of contexts that drift at many speeds forgets as people do: much at first, "
    "ever less later, which no single speed of forgetting does.",
    source=Source(
        "Ebbinghaus 1885, Über das Gedächtnis; Murre & Dros 2015, Replication and analysis of "
        "Ebbinghaus' forgetting curve; Rubin, Hinton & Wenzel 1999, The precise time course of "
        "retention",
        "savings of Ebbinghaus, chapter VII; table of savings of the replication; recall by lag",
        "https://doi.org/10.1371/journal.pone.0120644",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "r_squared",
            "variance of Ebbinghaus's savings that the memory accounts for",
            _BAND,
            None,
            "our criterion: with two parameters for seven means",
        ),
        Expected(
            "gain_over_exponential",
            "AIC of an exponential curve minus that of the memory, Ebbinghaus",
            _ANY,
            None,
            "our criterion; Ebbinghaus's own curve is logarithmic",
        ),
        Expected(
            "against_best",
            "AIC of the best of three rival curves minus that of the memory, Ebbinghaus",
            (-2.0, float("inf")),
            None,
            "our criterion: no curve of as many parameters is clearly better (AIC by 2)",
        ),
        Expected(
            "followers_r_squared",
            "the same share of variance for the worst fitted of the three followers",
            _BAND,
            None,
            "our criterion",
            only_with=(_SET,),
        ),
        Expected(
            "followers_gain",
            "least AIC by which the memory beats an exponential curve among the followers",
            _ANY,
            None,
            "our criterion",
            only_with=(_SET,),
        ),
        Expected(
            "lag_r_squared",
            "variance of recall by lag that the memory accounts for",
            (0.95, 1.0),
            None,
            "our criterion; means of 300 people have small errors",
            only_with=(_SET,),
        ),
        Expected(
            "lag_against_best",
            "AIC of the best rival curve minus that of the memory, recall by lag",
            _ANY,
            None,
            "our criterion: its further parameters must pay",
            only_with=(_SET,),
        ),
    ),
    caption="Points: savings of people who learned lists again after a time, one line each, "
    "and, where real data are given, recall of pairs after others came between. On "
    "a logarithmic axis they fall almost straight; the memory follows, an "
    "exponential curve cannot. A power curve, in the table, fits single people as "
    "well or better.",
    how_it_works="A trace's key holds the contexts of its moment, of which some change within "
    "seconds and some over years. The query brings today's contexts: the fast ones no longer "
    "match, the slow ones still do. Values stay whole; only the match of keys falls.",
    limits="Savings are taken as the share of match that is left. Seconds between pairs in the "
    "study by lag are fitted, and its first lags lean on the memory's extra weight for contexts "
    "of a few seconds.",
    data=(_SET,),
    built_in="Ebbinghaus's savings",
    seeds=1,
    quick_seeds=1,
)
