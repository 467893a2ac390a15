"""What the two- and three-class experiments of Figure 1 share: a run, a picture, expectations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from recollect.experiments.models.joint import (
    Course,
    Joint,
    Problem,
    attention_in_class,
    margin_of_classes,
    optimise,
)
from recollect.experiments.protocol import DataFolder, Expected, Findings, Runs, Source
from recollect.memory import accuracy, discriminability, reconstruction_error
from recollect.recall.plots.style import INK, PALETTE

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["HOW_IT_WORKS", "LIMITS", "SOURCE", "expectations", "plot_joint", "run_joint"]

SOURCE = Source(
    "Gershman, Fiete & Irie 2025, Key-value memory in the brain",
    "Figure 1 and the released notebooks on joint optimisation",
    "https://arxiv.org/abs/2501.02950",
)
HOW_IT_WORKS = (
    "A value serves every item that attends to it, so it does best at the target of its class. A "
    "key serves only to be told from keys of other classes, so keys of a class draw together and "
    "away from the others, wherever that leads. One loss, two codes."
)
LIMITS = (
    "Keys and values in a plane, and classes without structure inside. Slopes reach a key only "
    "where it asks. The released notebooks never clear slopes between steps, which works like "
    "momentum; both ways are run. That the codes differ does not show that one code would do "
    "worse: see one-code."
)
_LOSSES_KEPT = 200
_TITLES = ("keys before", "keys after", "values before", "values after")


def run_joint(settings: Joint, data: DataFolder, seed: int) -> Findings:
    """Optimise as released and with slopes cleared, and measure both codes."""
    problem = Problem.draw(settings, seed)
    released = optimise(settings, problem, cleared=False)
    cleared = optimise(settings, problem, cleared=True)
    every = max(settings.steps // _LOSSES_KEPT, 1)
    return Findings(
        measures={
            **_measured(problem, released),
            "loss_released": float(released.losses[-1]),
            "loss_cleared": float(cleared.losses[-1]),
        },
        curves={
            "keys": np.stack([problem.codes.keys, *released.keys]),
            "values": np.stack([problem.codes.stored(), *released.values]),
            "classes": problem.classes,
            "released": np.asarray(released.losses[::every]),
            "cleared": np.asarray(cleared.losses[::every]),
            "every": np.array(every),
        },
        data="random codes",
    )


def _measured(problem: Problem, course: Course) -> dict[str, float]:
    before, after, classes = problem.codes, course.codes, problem.classes
    targets = jnp.asarray(problem.targets)
    first, last = (margin_of_classes(codes.keys, classes) for codes in (before, after))
    return {
        "margin_before": first,
        "margin_gained": last - first,
        "attention_in_class": attention_in_class(after.keys, classes),
        "values_at_target": float(accuracy(after.stored(), targets)),
        "fidelity_before": 1 - float(reconstruction_error(before.stored(), targets)),
        "fidelity": 1 - float(reconstruction_error(after.stored(), targets)),
        "effective_rank_before": float(discriminability(before.keys).effective_rank),
        "effective_rank": float(discriminability(after.keys).effective_rank),
    }


def expectations(
    released: float, cleared: float, *, share: float, read_from: str, why: str
) -> tuple[Expected, ...]:
    """What must come out, given the losses of the released notebook."""

    def around(measure: str, says: str, value: float) -> Expected:
        band = (value * (1 - share), value * (1 + share))
        return Expected(measure, says, band, value, f"{read_from}; band of {share:.0%}: {why}")

    at_least = float("inf")
    return (
        around("loss_released", "last loss, slopes never cleared", released),
        around("loss_cleared", "last loss, slopes cleared before each step", cleared),
        Expected(
            "margin_gained",
            "how much farther apart the classes' mean keys are than before (1 - cosine)",
            (0.5, at_least),
            None,
            "Figure 1 shows keys of the classes moving apart; size our criterion",
        ),
        Expected(
            "attention_in_class",
            "share of attention that goes to items of the same class",
            (0.9, at_least),
            None,
            "our criterion",
        ),
        Expected(
            "values_at_target",
            "share of values nearer to their own class's target than to another",
            (0.95, at_least),
            None,
            "Figure 1 shows values moving to the targets; size our criterion",
        ),
        Expected(
            "fidelity",
            "variance of the targets that the values keep",
            (0.5, at_least),
            None,
            "our criterion",
        ),
    )


def plot_joint(figure: Figure, runs: Runs, settings: Joint) -> None:
    """Keys and values of the first run before and after, with their ways, and the loss of all."""
    grid = figure.subplots(2, 3, width_ratios=(1, 1, 1.3))
    first = runs.each[0].curves
    for row, name in enumerate(("keys", "values")):
        for column, time in enumerate((0, -1)):
            _scatter(grid[row, column], first[name], first["classes"], time)
            grid[row, column].set_title(_TITLES[2 * row + column])
    marks, names = _legend(first["classes"])
    figure.legend(marks, names, loc="outside lower left", ncols=len(names))
    for axes in grid[:, 2]:
        axes.remove()
    axes = figure.add_subplot(grid[0, 2].get_gridspec()[:, 2])
    steps = np.arange(first["released"].shape[0]) * int(first["every"])
    for name, colour, line in (("released", INK, "-"), ("cleared", PALETTE[5], "--")):
        axes.fill_between(steps, *runs.spread(name), color=colour, alpha=0.15)
        says = "never cleared (as released)" if name == "released" else "cleared each step"
        axes.plot(steps, runs.mean(name), line, color=colour, label=says)
    axes.set_yscale("log")
    axes.set_xlabel("steps of learning")
    axes.set_ylabel("error of what is found (mean square)")
    axes.legend(title="slopes", alignment="left")


def _scatter(axes: Axes, places: NDArray[np.float32], classes: NDArray[np.int64], at: int) -> None:
    for number in range(int(classes.max()) + 1):
        colour, mine = PALETTE[number], classes == number
        if at:
            ways = places[:, mine].transpose(2, 0, 1)
            axes.plot(*ways, color=colour, alpha=0.15, linewidth=0.6)
        axes.plot(*places[at, mine].T, "o", color=colour, markersize=3)
    axes.set_xlabel("first number")
    axes.set_ylabel("second number")


def _legend(classes: NDArray[np.int64]) -> tuple[list[Artist], list[str]]:
    from matplotlib.lines import Line2D

    numbers = range(int(classes.max()) + 1)
    marks: list[Artist] = [
        Line2D([], [], color=PALETTE[n], marker="o", linestyle="", markersize=4) for n in numbers
    ]
    return marks, [f"class {n + 1}" for n in numbers]
