"""Overlearning: trials beyond the criterion help less and less, and for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.experiments.models.common import delta_rule_memory
from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.models.relearning import criterion_trials, learned
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.recall.plots.style import PALETTE, duration_ticks, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_SECOND = 1 / 86_400
_WEEKS = (1, 3, 9)
_DEGREES = (1.0, 1.5, 2.0, 4.0)
_LABELS = ("to the criterion", "half as much again", "twice as much", "four times as much")


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        criterion: share of the list that must be recalled for learning to be complete.
        seconds_between: from one test of an item to the next.
        most_trials: that are tried to reach the criterion; four times as many are run.
        gain: strength that one trial writes.
        delays: how many times from a minute to a year are tried.
    """

    criterion: float = 0.8
    seconds_between: float = 10.0
    most_trials: int = 40
    gain: float = 1.0
    delays: int = 100


def _retention(
    memory: EpisodicMemory, days: Float[Array, " delay"], settings: Settings
) -> Float[Array, "degree delay"]:
    """Recall after a time, for every degree of learning."""
    between = settings.seconds_between * _SECOND
    trials = int(_DEGREES[-1] * settings.most_trials)
    learn = jax.jit(lambda each: learned(each, each.fresh(), trials, between, settings.gain))
    recall, after = learn(memory)
    needed = int(np.ceil(criterion_trials(np.asarray(recall, np.float64), settings.criterion)))
    rows = []
    for degree in _DEGREES:
        weights = after[round(degree * needed) - 1]
        later = memory.faded(jnp.broadcast_to(weights, (len(days), *weights.shape)), days)
        rows.append(memory.over_items(memory.found(memory.strength(later))))
    return jnp.stack(rows)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Recall after different degrees of learning, by the delta rule and without surprise."""
    days = np.geomspace(1 / 1440, 365.25, settings.delays)
    tested = jnp.asarray([*(7.0 * week for week in _WEEKS), *days])
    recall = np.asarray(_retention(delta_rule_memory(), tested, settings), np.float64)
    alike = np.asarray(_retention(delta_rule_memory(surprise=0.0), tested, settings), np.float64)
    weeks = recall[:, : len(_WEEKS)]
    advantage = weeks[-1] - weeks[0]
    first_half, second_half = weeks[1, 0] - weeks[0, 0], weeks[2, 0] - weeks[1, 0]
    return Findings(
        measures={
            "week": 100 * float(advantage[0]),
            "fades": 100 * float(advantage[-1] - advantage[0]),
            "second_half": float(second_half / first_half),
            "fades_without_surprise": 100
            * float(alike[-1, 2] - alike[0, 2] - alike[-1, 0] + alike[0, 0]),
            "efficiency": float(weeks[-1, 0] / weeks[0, 0] / _DEGREES[-1]),
        },
        curves={
            "days": days,
            "recall": recall[:, len(_WEEKS) :],
            "alike": alike[:, len(_WEEKS) :],
            "weeks": weeks,
        },
        data="simulated lists",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall over the delay, for every degree of learning."""
    axes = figure.subplots()
    days, recall = runs.mean("days"), runs.mean("recall")
    for place, label in enumerate(_LABELS):
        axes.plot(days, recall[place], color=PALETTE[place], label=f"learned {label}")
    alike = runs.mean("alike")
    for place in (0, len(_DEGREES) - 1):
        same = "the same, writing without surprise" if place else None
        axes.plot(days, alike[place], ":", lw=1, color=PALETTE[place], label=same)
    for week in _WEEKS:
        axes.axvline(7 * week, color="#cccccc", lw=1)
    duration_ticks(axes, days[0], days[-1])
    axes.set(xlabel="time since learning", ylabel="recalled", ylim=(0, 1))
    axes.yaxis.set_major_formatter(percent)
    axes.legend()


EXPERIMENT = Experiment(
    name="overlearning",
    part="Time",
    title="Trials beyond the criterion help less and less, and for a while",
    claim="Overlearning pays less than its trials, its second half less than its first, and the "
    "advantage shrinks with time, though every trial writes to the same memory.",
    source=Source(
        "Krueger 1929, The effect of overlearning on retention; Rohrer, Taylor, Pashler, Wixted & "
        "Cepeda 2005, The effect of overlearning on long-term retention",
        "directions: gains of 50 and 100 % overlearning; recall one to nine weeks later",
        "https://doi.org/10.1002/acp.1083",
    ),
    settings=Settings(),
    quick=Settings(delays=50),
    run=run,
    plot=plot,
    expected=(
        Expected("week", "recall after a week: four times the trials minus the criterion",
                 (3.0, float("inf")), None,
                 "abstract of Rohrer et al.: far more at one week; three points are our criterion",
                 unit="points"),
        Expected("fades", "how much that advantage changes from one week to nine",
                 (float("-inf"), -1.0), None,
                 "abstract of Rohrer et al.: it decreased dramatically; a point is our criterion",
                 unit="points"),
        Expected("second_half", "gain of the second half as many trials again, as a share of the "
                 "gain of the first, after a week", (0.0, 0.95), None,
                 "direction of Krueger: the second half of overlearning is worth less"),
        Expected("efficiency", "recall a trial with four times the trials, as a share of that with "
                 "the criterion, after a week", (0.0, 0.9), None,
                 "direction of both papers: more trials are less efficient"),
    ),
    caption="Grey lines: one, three and nine weeks. The more the list was overlearned the higher "
    "its line, but less and less, and the lines approach each other.",
    how_it_works="A trial that finds the answer writes little (a delta rule), and what it adds "
    "counts ever less in the competition, where doubling a strength that already wins hardly "
    "matters. All "
    "trials share the contexts of one session, most of which are gone a week later.",
    limits="Without surprise (dotted) all directions hold too, though the advantage fades less: "
    "competition alone explains most of it. One strength of writing a trial stands for all lists; "
    "forgetting and choice are those of the joint fit; only directions are claimed.",
    seeds=1,
    quick_seeds=1,
)  # fmt: skip
