"""Keys and values of two classes, optimised together (Figure 1A)."""

from __future__ import annotations

from recollect.experiments.models.joint import TWO, Joint
from recollect.experiments.models.joint_figure import (
    HOW_IT_WORKS,
    LIMITS,
    SOURCE,
    expectations,
    plot_joint,
    run_joint,
)
from recollect.experiments.protocol import Experiment

__all__ = ["EXPERIMENT"]

EXPERIMENT = Experiment(
    name="joint-two",
    part="Keys and values learned together",
    title="Two classes: keys become easy to tell apart, values take the targets",
    claim="Optimised together for one loss, keys and values become different codes: keys of the "
    "two classes move apart, values move to what is to be answered.",
    source=SOURCE,
    settings=Joint(targets=TWO, items=200, steps=5000),
    quick=Joint(targets=TWO, items=200, steps=5000),
    run=run_joint,
    plot=plot_joint,
    expected=expectations(
        0.0227,
        0.0456,
        share=0.15,
        read_from="last loss of the released notebook (seed 42), and with slopes cleared",
        why="other seeds draw other items and shares of the classes",
    ),
    caption="Each dot is an item, each faint line its way. Keys (top) of the two classes part; "
    "values (bottom) go to the classes' targets at (1, 0) and (0, 1). Right: the error.",
    how_it_works=HOW_IT_WORKS,
    limits=LIMITS,
    seeds=10,
    quick_seeds=1,
)
