"""Recovery: what was forgotten comes back when its memories are amplified (Figure 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from recollect.experiments.models.forgetting import Tasks, batches, right, start, train
from recollect.experiments.models.images import FASHION, MNIST
from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.recall.plots.style import INK, MUTED, PALETTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "PUBLISHED", "STRENGTHS", "Settings"]

STRENGTHS = np.round(np.arange(1.0, 1.95, 0.1), 1)
PUBLISHED = np.array([9.13, 28.65, 55.51, 77.73, 89.22, 94.52, 97.26, 98.53, 99.10, 99.48])
"""Accuracy on task 1 at these strengths: output of the released notebook, one seed."""

_Curve = NDArray[np.float64]
_NOTEBOOK_SEED = 0
_CHOSEN = 1.7
_BAND = 2.0


@dataclass(frozen=True)
class Settings:
    """What can be varied; the protocol itself is that of the paper.

    Attributes:
        strengths: β, by which memories of the first task are amplified at test.
    """

    strengths: tuple[float, ...] = tuple(float(each) for each in STRENGTHS)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Learn both tasks and test the first with its memories amplified.

    The published run is done again too, from the first weights that its own seed draws.
    """
    tasks = Tasks.read(data)
    curves = _learn_and_amplify(settings, tasks, seed)
    again = (
        curves if seed == _NOTEBOOK_SEED else _learn_and_amplify(settings, tasks, _NOTEBOOK_SEED)
    )
    curves["published run again"] = again["recovered"]
    return Findings(_measures(settings, curves, tasks.protocol.epochs), curves, data=tasks.name)


def _learn_and_amplify(settings: Settings, tasks: Tasks, seed: int) -> dict[str, _Curve]:
    protocol = tasks.protocol
    earlier = start(seed, tasks.first.learned.pixels.shape[1], protocol.hidden)
    later = jax.tree.map(jnp.zeros_like, earlier)
    both = (tasks.first, tasks.second)
    course = [[float(right(earlier, later, task)[0]) for task in both]]
    for second, task in enumerate(both):
        once = batches(task, protocol.batch)
        for _ in range(protocol.epochs):
            earlier, later = train(earlier, later, once, protocol.rate, second_task=bool(second))
            course.append([float(right(earlier, later, each)[0]) for each in both])
    strengths = np.array(settings.strengths)
    return {
        "course": np.array(course).T,
        "recovered": right(earlier, later, tasks.first, strengths),
        "task 2 meanwhile": right(earlier, later, tasks.second, strengths),
    }


def _measures(settings: Settings, curves: dict[str, _Curve], epochs: int) -> dict[str, float]:
    learned, forgotten = curves["course"][0, epochs], curves["course"][0, -1]
    recovered = dict(zip(settings.strengths, curves["recovered"], strict=True))
    return {
        "task_1_learned": learned,
        "task_2_learned": curves["course"][1, -1],
        "published_run": max(
            abs(found - told)
            for strength, found in zip(
                settings.strengths, curves["published run again"], strict=True
            )
            for told in PUBLISHED[np.isclose(STRENGTHS, strength)]
        ),
        "lost": learned - forgotten,
        "share_recovered": (recovered[_CHOSEN] - forgotten) / (learned - forgotten),
        **{f"at_{strength:.1f}": found for strength, found in recovered.items()},
    }


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Learning and forgetting, and what amplifying brings back."""
    learning, amplifying = figure.subplots(1, 2, width_ratios=(1, 1.15), sharey=True)
    _plot_course(learning, runs)
    strengths = np.array(settings.strengths)
    amplifying.plot(strengths, runs.curves("recovered").T, color=PALETTE[4], alpha=0.5)
    amplifying.plot(
        strengths, runs.mean("recovered"), "-o", color=PALETTE[0], label="task 1 (mean of runs)"
    )
    if runs.each[0].data.startswith("MNIST"):
        amplifying.plot(
            STRENGTHS, PUBLISHED, "x", color=INK, markersize=8, label="task 1, published run"
        )
    amplifying.plot(
        strengths, runs.mean("task 2 meanwhile"), "--s", color=PALETTE[1], label="task 2 meanwhile"
    )
    amplifying.set_xlabel("how much memories of task 1 are amplified (β)")
    amplifying.set_title("Then: amplify, learn nothing new")
    amplifying.legend(loc="lower right")


def _plot_course(axes: Axes, runs: Runs) -> None:
    course = runs.curves("course")
    passes = np.arange(course.shape[2])
    for task, (colour, marker) in enumerate(zip(PALETTE[:2], "os", strict=True)):
        axes.fill_between(
            passes, course[:, task].min(0), course[:, task].max(0), color=colour, alpha=0.2
        )
        axes.plot(
            passes, course[:, task].mean(0), color=colour, marker=marker, label=f"task {task + 1}"
        )
    middle = (course.shape[2] - 1) / 2
    axes.axvline(middle, color=MUTED, linestyle=":")
    axes.set_xlabel("passes over the pictures (dotted: task 2 begins)")
    axes.set_ylabel("test pictures answered rightly (%)")
    axes.set_title("First: learn task 1, then task 2")
    axes.legend(loc="center", bbox_to_anchor=(0.36, 0.5))


_NOTEBOOK = "output of the released notebook (seed 0)"
_BOTH = (MNIST, FASHION)

EXPERIMENT = Experiment(
    name="recovery",
    part="Forgetting as retrieval failure",
    title="A forgotten task comes back when its memories are amplified",
    claim="A network that learned a second task answers the first one wrongly; amplifying the "
    "memories of the first task, without learning anything again, brings it back.",
    source=Source(
        "Gershman, Fiete & Irie 2025, Key-value memory in the brain",
        "Figure 2 and the released notebook on forgetting and recovery",
        "https://arxiv.org/abs/2501.02950",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "published_run",
            "largest distance from the published curve, from the same first weights",
            (0.0, _BAND),
            0.0,
            f"{_NOTEBOOK}; band of 2 points",
            unit="points",
            only_with=_BOTH,
        ),
        Expected(
            "task_1_learned",
            "task 1 after learning it, mean over first weights",
            (97.72, 100.0),
            99.72,
            f"{_NOTEBOOK}; band of 2 points",
            unit="%",
            only_with=_BOTH,
        ),
        Expected(
            "task_2_learned",
            "task 2 after learning it, mean over first weights",
            (92.95, 96.95),
            94.95,
            f"{_NOTEBOOK}; band of 2 points",
            unit="%",
            only_with=_BOTH,
        ),
        *(
            Expected(
                f"at_{strength:.1f}",
                f"task 1 after task 2, its memories amplified by {strength:.1f}"
                if strength > 1
                else "task 1 after task 2, nothing amplified",
                (value - _BAND, min(value + _BAND, 100.0)),
                value,
                f"{_NOTEBOOK}; band of 2 points for the mean over first weights",
                unit="%",
                only_with=_BOTH,
            )
            for strength, value in zip(STRENGTHS.tolist(), PUBLISHED.tolist(), strict=True)
        ),
        Expected(
            "lost",
            "points of task 1 lost by learning task 2",
            (50.0, float("inf")),
            99.72 - 9.13,
            f"{_NOTEBOOK}; on any pictures at least half of what could be lost",
            unit="points",
        ),
        Expected(
            "share_recovered",
            "share of the loss that amplifying by 1.7 brings back",
            (0.9, float("inf")),
            (98.53 - 9.13) / (99.72 - 9.13),
            f"{_NOTEBOOK}; on any pictures nine tenths",
        ),
    ),
    caption="Left: task 1 is learned, then lost while task 2 is learned. Right: the same network, "
    "with nothing learned again; the stronger the memories of task 1 are weighted, the more of it "
    "comes back. Thin lines: single runs, which differ in their first weights. The price is paid "
    "by task 2 (dashed), which is drowned in turn.",
    how_it_works="Every training step leaves a memory in a layer: what came in is its key, the "
    "error at the output its value. An answer is the sum of all values, weighted by the match of "
    "their keys. Task 2 adds memories that speak against classes 0 and 1 and outweigh the older "
    "ones, which are all still there; amplifying tips the balance back.",
    limits="Two easy tasks and a small network. The first weights are amplified with the memories "
    "of task 1, as in the released notebook. The published curve is one run; the first seed here "
    "draws the very same first weights.",
    data=_BOTH,
    built_in="scikit-learn's digits: 0 and 1, then 2 and 3",
    seeds=10,
    quick_seeds=2,
)
