"""Savings: what can no longer be recalled is still learned again faster (Ebbinghaus, Nelson)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from recollect.experiments.models.common import delta_rule_memory
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
_NIL = 0.05
_PUBLISHED_DAYS = np.array([1200, 3600, 32400, 86400, 172800, 518400, 2678400]) / 86400
_PUBLISHED = np.array([0.582, 0.442, 0.358, 0.337, 0.278, 0.254, 0.211])


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        criterion: share of the list that must be recalled to end learning.
        seconds_between: from one test of an item to the next.
        trials: most trials of learning.
        gain: strength that one trial writes.
        delays: how many times from 20 minutes to 30 years are tried.
    """

    criterion: float = 0.8
    seconds_between: float = 10.0
    trials: int = 120
    gain: float = 1.0
    delays: int = 200


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Learn a list, wait, test it, learn it again; and the same if what is not found were gone."""
    memory = delta_rule_memory()
    days = np.geomspace(_PUBLISHED_DAYS[0], 30 * 365.25, settings.delays)
    between = settings.seconds_between * _SECOND
    learn = jax.jit(
        lambda weights: learned(memory, weights, settings.trials, between, settings.gain)
    )
    recall, after = (np.asarray(each, np.float64) for each in learn(memory.fresh()))
    needed = criterion_trials(recall, settings.criterion)
    last = after[int(np.ceil(needed)) - 1]
    later = memory.faded(jnp.broadcast_to(last, (len(days), *last.shape)), jnp.asarray(days))
    again = np.asarray(learn(later)[0], np.float64)
    savings = 1 - criterion_trials(again, settings.criterion) / needed
    left = again[0]
    # If what is not found were gone, only found items would need no second learning.
    nil = int(np.argmax(left < _NIL)) if (left < _NIL).any() else -1
    month = float(np.interp(np.log(31), np.log(days), savings))
    return Findings(
        measures={
            "savings_at_nil": 100 * float(savings[nil]),
            "recall_at_nil": 100 * float(left[nil]),
            "savings_at_month": 100 * month,
            "over_recall": 100 * float((savings - left)[-1]),
            "falls": 100 * float(np.diff(savings).max()),
        },
        curves={"days": days, "savings": savings, "recall": left, "nil": np.array([days[nil]])},
        data="simulated lists",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Savings and recall over the time since learning, beside Ebbinghaus."""
    axes = figure.subplots()
    days = runs.mean("days")
    axes.plot(days, runs.mean("savings"), color=PALETTE[0], label="memory, savings in relearning")
    axes.plot(days, runs.mean("recall"), "--", color=PALETTE[1], label="memory, recall before it")
    axes.plot(_PUBLISHED_DAYS, _PUBLISHED, "o", color="black", label="Ebbinghaus, savings")
    axes.axhline(_NIL, color="#999999", lw=0.8)
    axes.text(days[0] * 1.2, _NIL + 0.01, "one item in twenty", color="#6b6b6b", fontsize=9)
    duration_ticks(axes, days[0] * 0.8, days[-1] * 1.2)
    axes.set(xlabel="time since learning", ylabel="recalled, or trials saved (%)", ylim=(0, 1))
    axes.yaxis.set_major_formatter(percent)
    axes.legend()


EXPERIMENT = Experiment(
    name="savings",
    part="Time",
    title="What cannot be recalled is still learned again faster",
    claim="When recall is nil the values are still there: relearning takes fewer trials than "
    "learning did.",
    source=Source(
        "Ebbinghaus 1885, Über das Gedächtnis; Nelson 1978, Detecting small amounts of information "
        "in memory: savings for nonrecognized items",
        "savings after 31 days; direction for what is neither recalled nor recognised",
    ),
    settings=Settings(),
    quick=Settings(delays=80),
    run=run,
    plot=plot,
    expected=(
        Expected("recall_at_nil", "recall when it first falls below 5 %, or after 30 years",
                 (0.0, 5.0), None, "our meaning of nil", unit="%", premise=True,),
        Expected("savings_at_nil", "savings in relearning at that time", (5.0, float("inf")), None,
                 "direction of Nelson 1978; at least five points are our criterion", unit="%"),
        Expected("savings_at_month", "savings after 31 days", (4.0, 30.0), 21.1,
                 "Ebbinghaus: 21.1 %; three replications found 25.8, 20.1 and 4.1 %", unit="%"),
        Expected("falls", "largest rise of savings from one delay to the next longer one",
                 (float("-inf"), 0.0), None, "direction of Ebbinghaus: savings only fall",
                 unit="points", premise=True,),
    ),
    caption="The dashed line, recall, falls below one list item in twenty (grey) while the "
    "full line, savings, is still well above it: what cannot be found is not gone.",
    how_it_works="Relearning adds to traces that are still there but match too weakly to win the "
    "competition. A little more strength brings them back over it; new ones need all of it.",
    limits="One strength of writing a trial and one criterion stand for all lists; forgetting "
    "and choice are those of the joint fit, writing is the plain delta rule.",
    seeds=1,
    quick_seeds=1,
)  # fmt: skip
