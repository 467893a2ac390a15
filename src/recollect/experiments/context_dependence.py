"""Context-dependent memory: divers recall best where they learned (Godden & Baddeley 1975)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.experiments.models.common import COMMON
from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.models.problems import Problem
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Parameters,
    Runs,
    Source,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "context_problem"]

_CONDITIONS = ("dry, dry", "dry, wet", "wet, dry", "wet, wet")
_RECALLED_OF_36 = np.array([13.5, 8.6, 8.4, 11.4])
_DRY_LEARNED = np.array([True, True, False, False])
_SAME_PLACE = np.array([True, False, False, True])


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        retention_minutes: from study to test.
        words: on a list.
    """

    retention_minutes: float = 4.0
    words: int = 36


def context_problem(settings: Settings | None = None) -> Problem:
    """The four means, with a strength of writing for each place."""
    chosen = settings or Settings()
    elapsed_days = np.full(4, chosen.retention_minutes / (24 * 60))

    def predict(values: Parameters) -> Float[Array, " condition"]:
        written = jnp.where(_DRY_LEARNED, values["written_dry"], values["written_wet"])
        memory = EpisodicMemory.of(values)
        match = jnp.exp(memory.context_sharpness * (jnp.where(_SAME_PLACE, 1.0, 0.0) - 1))
        return memory.recalled(written * match * memory.retained(elapsed_days))

    return Problem(
        "context dependence",
        _RECALLED_OF_36 / chosen.words,
        predict,
        ("choice", "decay", "item_spread", "context_sharpness"),
        {"written_dry": (0.01, 4.0), "written_wet": (0.01, 4.0)},
    )


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit the memory, and one whose keys have no context, to the four means."""
    problem = context_problem(settings)
    observed = problem.observed
    given = {name: COMMON[name] for name in ("choice", "decay", "item_spread")}
    ours, predicted = problem.fit("memory with context in its keys", fixed=given)
    rival, flat = problem.fit(
        "keys without context", fixed=given | {"context_sharpness": 0.0}, ours=False
    )
    same, other = predicted[_SAME_PLACE].mean(), predicted[~_SAME_PLACE].mean()
    return Findings(
        measures={
            "ratio": same / other,
            "r_squared": ours.r_squared,
            "aic_gain": rival.aic - ours.aic,
        },
        curves={
            "observed": observed * settings.words,
            "memory": predicted * settings.words,
            "rival": flat * settings.words,
        },
        fits=(ours, rival),
        data="published means",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Four conditions: people, the memory, and the rival."""
    axes = figure.subplots()
    places = np.arange(len(_CONDITIONS))
    axes.bar(places, runs.mean("observed"), color="#c9d7e3", label="people", width=0.6)
    axes.plot(places, runs.mean("memory"), "o", color=PALETTE[0], label="memory, context in keys")
    axes.plot(places, runs.mean("rival"), "s", color=PALETTE[1], label="keys without context")
    axes.set_xticks(
        places, [f"learned {c.split(', ')[0]},\nrecalled {c.split(', ')[1]}" for c in _CONDITIONS]
    )
    axes.set_ylabel(f"words recalled of {settings.words}")
    axes.legend()


EXPERIMENT = Experiment(
    name="context-dependence",
    part="Cue and context",
    title="Words learned under water are recalled best under water",
    claim="What was learned in one place is recalled better in that place than in another.",
    source=Source(
        "Godden & Baddeley 1975, Context-dependent memory in two natural environments",
        "Experiment 1, mean recall scores",
        "https://doi.org/10.1111/j.2044-8295.1975.tb01468.x",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "ratio",
            "recall where it was learned, divided by recall elsewhere",
            (1.25, 1.7),
            24.9 / 17.0,
            "means of the paper; band of our own, about a sixth either way",
        ),
        Expected(
            "r_squared",
            "variance of the four means that the memory accounts for",
            (0.9, 1.0),
            None,
            "our criterion",
        ),
    ),
    caption="Bars: divers' recall. The memory follows the crossing; without context in the keys "
    "only the place of learning can matter, and the two conditions of a place are alike.",
    how_it_works="The place is a part of the key. A query made in the same place matches the whole "
    "key, one made elsewhere only the cue; the values are the same.",
    limits="Four means and three parameters: the fit shows that the form can hold, not that it "
    "must, and AIC, which is shown, cannot decide between models with so few means and is not "
    "judged. The effect itself did not come out in a replication with 16 divers (Murre 2021).",
    seeds=1,
    quick_seeds=1,
)
