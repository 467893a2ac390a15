"""Spacing: the best gap between two sessions grows with the time to the test (Cepeda et al.)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.common import common_memory, delta_rule_memory
from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.recall.plots.style import PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "final_recall"]

_MINUTE = 1 / 1440
_NO_GAP_DAYS = 5 * _MINUTE
_LONGEST_GAP_DAYS = 105.0
_DELAYS_DAYS = (7.0, 35.0, 70.0, 350.0)


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        first_session: presentations of a fact in the first session, the later ones tests with
            feedback: about what it takes to recall it once.
        second_session: tests with feedback in the second session.
        between_minutes: between two presentations of a fact within a session.
        gaps: how many gaps from a day's twentieth to 105 days are tried, evenly in log time.
    """

    first_session: int = 3
    second_session: int = 2
    between_minutes: float = 2.0
    gaps: int = 300


def final_recall(
    memory: EpisodicMemory,
    gaps_days: Float[Array, " gap"],
    delays_days: Float[Array, " delay"],
    settings: Settings,
) -> Float[Array, "delay gap"]:
    """Recall at the test, for every gap between the sessions and every delay after the second."""
    between = settings.between_minutes * _MINUTE
    weights = memory.studied(memory.fresh())
    for _ in range(settings.first_session - 1):
        weights = memory.tested(memory.faded(weights, jnp.asarray(between)))
    weights = memory.tested(memory.faded(weights, gaps_days))
    for _ in range(settings.second_session - 1):
        weights = memory.tested(memory.faded(weights, jnp.full_like(gaps_days, between)))
    elapsed = jnp.broadcast_to(delays_days[:, None], (len(delays_days), len(gaps_days)))
    later = memory.faded(weights, elapsed)
    return memory.over_items(memory.found(memory.strength(later)))


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Try many gaps: with the delta rule, without surprise, and with writing as fitted jointly."""
    gaps = np.concatenate([[_NO_GAP_DAYS], np.geomspace(0.05, _LONGEST_GAP_DAYS, settings.gaps)])
    delays = jnp.asarray(_DELAYS_DAYS)
    of = jax.jit(lambda memory: final_recall(memory, jnp.asarray(gaps), delays, settings))
    recall = np.asarray(of(delta_rule_memory()), np.float64)
    unsurprised = np.asarray(of(delta_rule_memory(surprise=0.0)), np.float64)
    fitted = np.asarray(of(common_memory()), np.float64)
    best = recall.argmax(1)
    ratios = gaps[best] / np.asarray(_DELAYS_DAYS)
    gain = recall.max(1) - recall[:, 0]
    return Findings(
        measures={
            "ratio_week": 100 * ratios[0],
            "ratio_year": 100 * ratios[-1],
            "growth": float(np.min(np.diff(gaps[best]))),
            "fall": float(np.max(np.diff(ratios))) * 100,
            "gain": 100 * float(gain.min()),
            "too_far": 100 * float((recall.max(1) - recall[:, -1])[0]),
            "gain_as_fitted": 100 * float((fitted.max(1) - fitted[:, 0]).min()),
            "gain_without_surprise": 100 * float((unsurprised.max(1) - unsurprised[:, 0]).max()),
        },
        curves={
            "gaps": gaps,
            "recall": recall,
            "unsurprised": unsurprised,
            "fitted": fitted,
            "best_gaps": gaps[best],
            "best_recall": recall.max(1),
        },
        data="simulated facts",
    )


_TICKS = (_NO_GAP_DAYS, 1 / 24, 1.0, 7.0, 105.0)


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall over the gap for each delay, and the best gap over the delay."""
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    gaps, recall = runs.mean("gaps"), runs.mean("recall")
    best, height = runs.mean("best_gaps"), runs.mean("best_recall")
    for place, delay in enumerate(_DELAYS_DAYS):
        colour = PALETTE[place]
        left.plot(gaps, recall[place], color=colour, label=f"test after {delay:.0f} days")
        left.plot(gaps, runs.mean("unsurprised")[place], ":", color=colour, lw=1)
        left.plot(best[place], height[place], "o", color=colour)
    left.plot([], [], ":", color="#6b6b6b", label="writing without surprise")
    left.set_xscale("log")
    left.set_xticks(_TICKS, ["none", "1 h", "1 day", "1 week", "15 weeks"])
    left.set_xticks([], minor=True)
    left.set_ylim(0, 1.35 * max(recall.max(), runs.mean("unsurprised").max()))
    left.set(xlabel="gap between the two sessions", ylabel="recalled at the test")
    left.yaxis.set_major_formatter(percent)
    left.legend(ncols=2, loc="upper left")
    _draw_ratios(right, np.asarray(_DELAYS_DAYS), best)


def _draw_ratios(axes: object, delays: NDArray[np.float64], best: NDArray[np.float64]) -> None:
    from matplotlib.axes import Axes

    assert isinstance(axes, Axes)
    axes.plot(delays, 100 * best / delays, "o-", color=PALETTE[0], label="memory")
    for delay, (low, high) in ((7.0, (20, 40)), (350.0, (5, 10))):
        axes.plot([delay, delay], [low, high], color="black", lw=6, alpha=0.35)
    axes.plot([], [], color="black", lw=6, alpha=0.35, label="people (Cepeda et al.)")
    axes.set_xscale("log")
    axes.set_xticks(list(delays), [f"{delay:.0f}" for delay in delays])
    axes.set_xticks([], minor=True)
    axes.set(xlabel="days from the second session to the test", ylim=(0, None))
    axes.set_ylabel("best gap, % of the delay")
    axes.legend()


_ANY = (0.0, float("inf"))
_PAPER = "abstract of the paper"
EXPERIMENT = Experiment(
    name="spacing",
    part="Time",
    title="The best gap between two sessions grows with the time to the test",
    claim="Because what is expected is hardly written, a gap pays; because the first trace fades "
    "too, it can be too long. The best gap grows with the delay of the test, and its share of the "
    "delay falls.",
    source=Source(
        "Cepeda, Vul, Rohrer, Wixted & Pashler 2008, Spacing effects in learning: a temporal "
        "ridgeline of optimal retention",
        "abstract; recall over gaps of 0 to 105 days and delays of 7 to 350 days",
        "https://doi.org/10.1111/j.1467-9280.2008.02209.x",
    ),
    settings=Settings(),
    quick=Settings(gaps=100),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "ratio_week",
            "best gap as a share of the delay, test after a week",
            (20.0, 40.0),
            30.0,
            f"{_PAPER}: about 20 to 40 %; the middle stands for it",
            unit="%",
        ),
        Expected(
            "ratio_year",
            "the same, test after a year",
            (5.0, 10.0),
            7.5,
            f"{_PAPER}: about 5 to 10 %; the middle stands for it",
            unit="%",
        ),
        Expected(
            "growth",
            "least growth of the best gap from one delay to the next longer one",
            _ANY,
            None,
            _PAPER,
            unit="days",
        ),
        Expected(
            "fall",
            "change of the best gap's share of the delay from one delay to the next, the largest",
            (float("-inf"), 0.0),
            None,
            _PAPER,
            unit="points",
        ),
        Expected(
            "gain",
            "recall with the best gap minus recall without a gap, the least over delays",
            (1.0, float("inf")),
            None,
            "our criterion: a gap is worth a point at every delay",
            unit="points",
        ),
        Expected(
            "too_far",
            "recall with the best gap minus recall with 105 days, test after a week",
            _ANY,
            None,
            "the paper: recall first rises, then falls with the gap",
            unit="points",
        ),
        Expected(
            "gain_as_fitted",
            "what the best gap is worth if writing, too, is as the joint fit has it (which says "
            "that "
            "expectation matters little and found answers much), the least over delays",
            (1.0, float("inf")),
            None,
            "our criterion: one memory should do both",
            unit="points",
        ),
        Expected(
            "gain_without_surprise",
            "what the best gap is worth if all is written alike (surprise 0), the most over delays",
            (float("-inf"), 0.5),
            None,
            "our criterion: the mechanism must be the one that is claimed",
            unit="points",
            premise=True,
        ),
    ),
    caption="Left: dots mark the best gap of each delay; it moves right as the test moves "
    "away. What counts is where a line peaks, not its height: dotted is a memory "
    "that writes everything alike, which stores more and gains nothing from a gap. "
    "Right: the best gap as a share of the delay falls; bars show what people did "
    "after a week and after a year.",
    how_it_works="A second session writes only what the query did not already find (a delta rule). "
    "After a short gap the key still matches, so little is written; after a long one much is, "
    "but the first trace has faded by then. Nothing in the memory is made for spacing: forgetting "
    "and choice are those of the joint fit to other experiments, writing is the plain delta rule.",
    limits="The joint fit of other experiments wants less surprise than the delta rule, and "
    "slower keys for what was retrieved; with its writing a gap is worth nothing here. "
    "Presentations within a session are fixed in number, not until everybody has recalled "
    "every fact. The published recall itself is not fitted, only where its best gaps are.",
    seeds=1,
    quick_seeds=1,
)
