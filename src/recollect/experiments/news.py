"""Memory for the news over a year, asked openly and as a choice of four (Meeter et al. 2005)."""

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
    Parameters,
    Prediction,
    Runs,
    Source,
    Value,
    read_table,
)
from recollect.recall.plots.style import PALETTE, duration_ticks, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Answers", "Settings", "news_problem", "read_answers"]

_SET = "meeter2005_news_retention"
_CHOICES = 4
_EDGES = np.array([0, 3, 5, 8, 12, 18, 27, 40, 60, 90, 135, 200, 290, 366])
_FORMATS = 2


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        resamples: of participants, for intervals.
    """

    resamples: int = 1000


@dataclass(frozen=True)
class Answers:
    """Answers counted by session, format and age of the event.

    Attributes:
        right: ``[session, format, bin]``; the four-choice format is first.
        asked: the same shape.
        days: mean age of the events of each bin, ``[bin]``.
    """

    right: NDArray[np.int64]
    asked: NDArray[np.int64]
    days: NDArray[np.float64]


def read_answers(data: DataFolder) -> Answers:
    """Count the answers of the data set."""
    columns = {"Q_TYPE": int, "SESS_ID": int, "SCORE": int, "Q_AGE": int}
    path = data.folder(_SET) / "dnmt_exp1.tsv.gz"
    table = read_table(path, columns, delimiter="\t")
    age = table["Q_AGE"]
    if not np.isin([table["Q_TYPE"], table["SCORE"]], (0, 1)).all():
        raise DataFileError(f"{path}: Q_TYPE and SCORE must be 0 or 1")
    if age.min() < _EDGES[0] or age.max() >= _EDGES[-1]:
        raise DataFileError(f"{path}: Q_AGE must be {_EDGES[0]} to {_EDGES[-1] - 1} days")
    place = np.searchsorted(_EDGES, age, side="right") - 1
    _, session = np.unique(table["SESS_ID"], return_inverse=True)
    shape = (session.max() + 1, _FORMATS, len(_EDGES) - 1)
    where = np.ravel_multi_index((session, table["Q_TYPE"], place), shape)
    size = int(np.prod(shape))
    asked = np.bincount(where, minlength=size).reshape(shape)
    right = np.bincount(where, table["SCORE"], minlength=size).reshape(shape)
    if not asked.sum(0).all():
        raise DataFileError(f"{path}: has no answers about events of some ages; is it whole?")
    days = np.bincount(place, age) / np.bincount(place)
    return Answers(right.astype(np.int64), asked, days)


def news_problem(days: NDArray[np.float64], right: ArrayInt, asked: ArrayInt) -> Problem:
    """Both formats at once, four-choice first: ``right`` and ``asked`` are ``[format, bin]``."""
    return Problem(
        "news",
        (right / asked).reshape(-1),
        _memory(days),
        ("choice", "decay", "item_spread"),
        {"studied": (0.02, 4.0), "alternative": (0.002, 1.0)},
        trials=np.asarray(asked, np.float64).reshape(-1),
    )


ArrayInt = NDArray[np.int64]


def _memory(days: NDArray[np.float64]) -> Prediction:
    def predict(values: Parameters) -> Float[Array, " condition"]:
        memory = EpisodicMemory.of(values)
        left = values["studied"] * memory.retained(days)
        rivals = memory.together(jnp.full(_CHOICES, values["alternative"]))
        shown = EpisodicMemory(choice=memory.choice, item_spread=memory.item_spread, noise=rivals)
        known = shown.recalled(left)
        return jnp.concatenate([known + (1 - known) / _CHOICES, memory.recalled(left)])

    return predict


def _rival(curve: str, days: NDArray[np.float64]) -> tuple[Prediction, dict[str, tuple]]:  # type: ignore[type-arg]
    shown, asked = curve_of(curve, days + 1, 1 / _CHOICES), curve_of(curve, days + 1)

    def predict(values: Parameters) -> Float[Array, " condition"]:
        return jnp.concatenate(
            [
                shown({"level": values["choice level"], "rate": values["choice rate"]}),
                asked({"level": values["open level"], "rate": values["open rate"]}),
            ]
        )

    return predict, {
        f"{f} {name}": span for f in ("choice", "open") for name, span in BOUNDS.items()
    }


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit one memory to both formats, and three curves for each format; resample people."""
    answers = read_answers(data)
    right, asked = answers.right.sum(0), answers.asked.sum(0)
    problem = news_problem(answers.days, right, asked)
    ours, told = problem.fit("memory, both formats")
    rivals = {
        name: problem.fit_rival(f"{name}, a curve for each format", *_rival(name, answers.days))
        for name in CURVES
    }
    told = told.reshape(_FORMATS, -1)
    drops = _resampled_drops(answers, settings.resamples, seed)
    ends = told[:, :3].mean(1) - told[:, -2:].mean(1)
    fine = np.geomspace(answers.days[0], answers.days[-1], 60)
    smooth = np.asarray(_memory(fine)(ours.parameters), np.float64).reshape(_FORMATS, -1)
    return Findings(
        measures={
            "r_squared": ours.r_squared,
            "against_exponential": rivals["exponential"][0].aic - ours.aic,
            "against_best": min(fit.aic for fit, _ in rivals.values()) - ours.aic,
            "open_drop": drops[1],
            "choice_drop": drops[0],
            "open_miss": _less(drops[1], ends[1]),
            "choice_miss": _less(drops[0], ends[0]),
        },
        curves={
            "days": answers.days,
            "people": right / asked,
            "errors": np.sqrt(right / asked * (1 - right / asked) / asked),
            "memory": told,
            "fine_days": fine,
            "smooth": smooth,
            "exponential": rivals["exponential"][1].reshape(_FORMATS, -1),
        },
        fits=(ours, *(fit for fit, _ in rivals.values())),
        data=f"{int(asked.sum()):,} answers of {len(answers.asked):,} sessions",
    )


def _resampled_drops(answers: Answers, resamples: int, seed: int) -> tuple[Value, Value]:
    """Fall from the first week to the last five months, of each format, over people."""
    random = np.random.default_rng(seed)
    people = len(answers.right)
    weights = random.multinomial(people, np.full(people, 1 / people), size=resamples)
    shape = (resamples, _FORMATS, -1)
    right = (weights @ answers.right.reshape(people, -1)).reshape(shape)
    asked = (weights @ answers.asked.reshape(people, -1)).reshape(shape)
    whole = _drop(answers.right.sum(0), answers.asked.sum(0))
    low, high = np.percentile(_drop(right, asked), [2.5, 97.5], axis=0)
    return (
        Value(float(whole[0]), float(low[0]), float(high[0])),
        Value(float(whole[1]), float(low[1]), float(high[1])),
    )


def _drop(right: ArrayInt, asked: ArrayInt) -> NDArray[np.float64]:
    share = right / asked
    return np.asarray(share[..., :3].mean(-1) - share[..., -2:].mean(-1))


def _less(value: Value, told: float) -> Value:
    """What people show minus what the memory says, in percent."""
    return Value(100 * (value.value - told), 100 * (value.low - told), 100 * (value.high - told))


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Right answers over the age of the event, in both formats."""
    axes = figure.subplots()
    days, fine = runs.mean("days"), runs.mean("fine_days")
    for place, name in enumerate(("choice of four", "open question")):
        people, errors = runs.mean("people")[place], runs.mean("errors")[place]
        axes.errorbar(
            days,
            people,
            1.96 * errors,
            fmt="os"[place],
            color="black",
            ms=5,
            label=f"people, {name}",
        )
        axes.plot(
            fine,
            runs.mean("smooth")[place],
            color=PALETTE[0],
            label="memory, one set of parameters" if place == 0 else None,
        )
        axes.plot(
            days,
            runs.mean("exponential")[place],
            "--",
            color=PALETTE[1],
            label="exponential, a curve for each" if place == 0 else None,
        )
    axes.axhline(1 / _CHOICES, color="#999999", lw=0.8)
    axes.text(days[0], 1 / _CHOICES + 0.01, "guessing among four", color="#6b6b6b", fontsize=9)
    duration_ticks(axes, days[0] * 0.9, days[-1] * 1.1)
    axes.set(xlabel="age of the event", ylabel="right answers", ylim=(0.2, 0.85))
    axes.yaxis.set_major_formatter(percent)
    axes.legend(ncols=2)


EXPERIMENT = Experiment(
    name="news",
    part="Time",
    title="A year of news: one memory answers open questions and choices of four",
    claim="One trace, read in competition with everything or with three alternatives, gives both "
    "curves of forgetting over a year.",
    source=Source(
        "Meeter, Murre & Janssen 2005, Remembering the news: Modeling retention data from a study "
        "with 14,000 participants",
        "Experiment 1, answers by age of the event",
        "https://doi.org/10.3758/BF03193077",
    ),
    settings=Settings(),
    quick=Settings(resamples=200),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "r_squared",
            "variance of the means by age and format that the memory accounts for",
            (0.95, 1.0),
            None,
            "our criterion: five parameters for 26 means of two formats",
        ),
        Expected(
            "against_exponential",
            "AIC of an exponential curve for each format minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion",
        ),
        Expected(
            "against_best",
            "AIC of the best of three rivals, with a curve for each format, minus that of the "
            "memory",
            (-2.0, float("inf")),
            None,
            "our criterion: one memory is not clearly worse than curves of their own",
        ),
        Expected(
            "open_miss",
            "fall from the first week to the last five months in open questions: people minus "
            "memory",
            (-3.0, 3.0),
            None,
            "our criterion: within three points of the data",
            unit="points",
        ),
        Expected(
            "choice_miss",
            "the same for choices of four",
            (-3.0, 3.0),
            None,
            "our criterion: within three points of the data",
            unit="points",
        ),
    ),
    caption="Both lines come from the same traces and the same forgetting. They differ only in "
    "what the answer competes with: everything in memory, or the alternatives on the screen.",
    how_it_works="An event is one trace, whose key holds the contexts of its day. The fewer "
    "contexts still match, the weaker it is against its rivals. In an open question the rivals are "
    "all other memories; in a choice of four they are three alternatives, and whoever finds "
    "nothing guesses one in four.",
    limits="Events differ in how much they were reported and repeated; this is only in the spread "
    "of strengths. Participants chose themselves how many questions to answer.",
    data=(_SET,),
    needs_data=True,
    seeds=1,
    quick_seeds=1,
)
