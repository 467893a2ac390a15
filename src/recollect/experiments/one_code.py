"""One code for key and value against two: what a shared representation costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np

from recollect.experiments.models.joint import (
    THREE,
    TWO,
    Codes,
    Joint,
    Problem,
    attention_in_class,
    margin_of_classes,
    optimise,
)
from recollect.experiments.models.joint_figure import SOURCE
from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import reconstruction_error
from recollect.recall.plots.style import MARKERS, MUTED, PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

ALIKE = ((0.9, 0.9), (0.6, 0.6))
_TASKS = {"two": TWO, "three": THREE, "alike": ALIKE}
_LABELS = {
    "two": "two classes (Figure 1A)",
    "three": "three classes (Figure 1B)",
    "alike": "two classes, answers alike",
}


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        items: of all classes together.
        steps: of learning, the same for one code and two.
    """

    items: int = 100
    steps: int = 5000


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Optimise two codes and one for each task, with the same steps."""
    measures: dict[str, float] = {}
    rows = []
    for task, targets in _TASKS.items():
        joint = Joint(targets, settings.items, settings.steps)
        problem = Problem.draw(joint, seed)
        both = []
        for shared in (False, True):
            course = optimise(joint, problem, cleared=True, shared=shared)
            both.append((float(course.losses[-1]), *_measured(problem, course.codes)))
        rows.append(both)
        (loss, fidelity, margin, own), (loss_one, fidelity_one, margin_one, own_one) = both
        measures |= {
            f"{task}_error_ratio": loss_one / loss,
            f"{task}_fidelity_gain": fidelity - fidelity_one,
            f"{task}_margin_gain": margin - margin_one,
            f"{task}_attention_gain": own - own_one,
        }
    return Findings(measures, {"all": np.array(rows)}, data="random codes")


def _measured(problem: Problem, codes: Codes) -> tuple[float, float, float]:
    targets = jnp.asarray(problem.targets)
    return (
        1 - float(reconstruction_error(codes.stored(), targets)),
        margin_of_classes(codes.keys, problem.classes),
        attention_in_class(codes.keys, problem.classes),
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Fidelity against discriminability, and the error, of one code and two."""
    plane, bars = figure.subplots(1, 2, width_ratios=(1.2, 1))
    found = runs.curves("all")  # [seed, task, code, measure]
    for task, name in enumerate(_TASKS):
        colour, mark = PALETTE[task], MARKERS[task]
        two, one = found[:, task, 0], found[:, task, 1]
        plane.plot(two[:, 1], two[:, 3], mark, color=colour, label=f"{_LABELS[name]}: two codes")
        plane.plot(one[:, 1], one[:, 3], mark, color=colour, fillstyle="none", label="one code")
        ends = np.stack([one.mean(0), two.mean(0)])
        plane.plot(ends[:, 1], ends[:, 3], color=MUTED, linewidth=0.8)
        for code, style in enumerate(({}, {"fill": False, "hatch": "///"})):
            mean = found[:, task, code, 0]
            at = task + 0.4 * code - 0.2
            bars.bar(at, mean.mean(), 0.36, color=colour, edgecolor=colour, **style)
            bars.plot(np.full_like(mean, at), mean, ".", color=MUTED, markersize=4)
    plane.set_xlabel("fidelity of values (share of the targets' variance kept)")
    plane.set_ylabel("discriminability of keys\n(attention to items of the same class)")
    plane.legend(loc="lower right", fontsize=8)
    bars.set_xticks(range(3), ["two\nclasses", "three\nclasses", "two classes,\nanswers alike"])
    bars.set_yscale("log")
    bars.set_ylabel("error of what is found (mean square)")
    bars.set_title("filled: two codes, hatched: one code")


_WHY = "what the theory says of separate keys and values; the paper gives no number"


def _gain(measure: str, says: str, least: float) -> Expected:
    return Expected(measure, says, (least, float("inf")), None, _WHY)


EXPERIMENT = Experiment(
    name="one-code",
    part="Keys and values learned together",
    title="One code for key and value does worse than two",
    claim="With the same learning, one representation that is both key and value is less faithful "
    "and less discriminable than a key and a value of its own.",
    source=Source(
        SOURCE.paper, "text on Figure 1; the comparison itself is not in it", SOURCE.link
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        _gain("two_error_ratio", "two classes: error with one code over error with two", 1.0),
        _gain("three_error_ratio", "three classes: error with one code over error with two", 1.0),
        _gain("alike_error_ratio", "answers alike: error with one code over error with two", 1.0),
        _gain("two_fidelity_gain", "two classes: fidelity that two codes add", 0.0),
        _gain("three_fidelity_gain", "three classes: fidelity that two codes add", 0.0),
        _gain("alike_fidelity_gain", "answers alike: fidelity that two codes add", 0.0),
        _gain("two_attention_gain", "two classes: attention in class that two codes add", 0.0),
        _gain("three_attention_gain", "three classes: attention in class that two codes add", 0.0),
        _gain("alike_attention_gain", "answers alike: attention in class that two codes add", 0.0),
    ),
    caption="Left: each mark is a run; up and right is better. Thin lines join the mean of "
    "runs with one code (open marks) to that with two (filled) on the same task. "
    "Right: the error of what is found, lower is better.",
    how_it_works="A value must be like the answer; a key must be unlike the keys of other answers. "
    "Where answers are far apart both wishes agree, and one code can serve. Where answers are "
    "alike, (0.9, 0.9) and (0.6, 0.6), a faithful code is a poor key.",
    limits="The one code is two numbers, used as they are for the key and through the sigmoid for "
    "the value; two codes are four numbers. Steps, rate and items are the same.",
    seeds=10,
    quick_seeds=2,
)
