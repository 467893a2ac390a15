"""Keys and values of three classes, optimised together (Figure 1B)."""

from __future__ import annotations

from recollect.experiments.models.joint import THREE, Joint
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
    name="joint-three",
    part="Keys and values learned together",
    title="Three classes: keys become easy to tell apart, values take the targets",
    claim="With three classes too, keys optimised together with values move apart by class while "
    "values move to what is to be answered.",
    source=SOURCE,
    settings=Joint(targets=THREE, items=300, steps=10_000),
    quick=Joint(targets=THREE, items=300, steps=10_000),
    run=run_joint,
    plot=plot_joint,
    expected=expectations(
        0.000884,
        0.00558,
        share=0.3,
        read_from="the released notebook run with PyTorch 2.13 (seed 42), and with slopes cleared; "
        "the paper gives no number",
        why="so late a loss falls fast, and other seeds draw other items",
    ),
    caption="Each dot is an item, each faint line its way. Keys (top) of the three classes part; "
    "values (bottom) go to the targets at (1, 0), (0, 1) and (1, 1). Right: the error.",
    how_it_works=HOW_IT_WORKS,
    limits=LIMITS,
    seeds=5,
    quick_seeds=1,
)
