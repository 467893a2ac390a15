"""Extinction hides fear without unlearning it: recovery, renewal, savings (Quirk 2002)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.episodes import EpisodicMemory, Traces
from recollect.experiments.models.simulated import changed_bits
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.memory import Attention, NormalisedDelta, Slots
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_MINUTE = 1 / 1440
_CUE = np.array([1.0], np.float32)
_PLACES = np.eye(3, dtype=np.float32)  # the places A, B and C
_SHOCK, _NOTHING = np.eye(2, dtype=np.float32)


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        conditioning: trials of tone and shock.
        extinction: trials of the tone alone.
        spacing_minutes: from trial to trial.
        break_minutes: from conditioning to extinction.
        delays_days: after extinction at which the tone is tested.
        context_sharpness: γ, how much the place must be alike.
        shock_strength: of a trial with a shock, beside 1 of a trial with the tone alone.
        second_key_days: time constant to which the keys of what is learned second are bound:
            contradiction makes the moment matter (Bouton); infinite in the rival.
        unlearning_rate: of the rival, which corrects its weights.
    """

    conditioning: int = 7
    extinction: int = 20
    spacing_minutes: float = 3.0
    break_minutes: float = 60.0
    delays_days: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 6.0, 10.0, 14.0)
    context_sharpness: float = 1.0
    shock_strength: float = 5.0
    second_key_days: float = 4.0
    unlearning_rate: float = 0.3


@eqx.filter_jit
def _strengths(
    memory: EpisodicMemory,
    slots: Slots,
    written: Float[Array, " slot"],
    when_days: Float[Array, " slot"],
    place: Float[Array, " context"],
    now_days: Float[Array, ""],
) -> Float[Array, " value"]:
    traces = Traces(slots.keys[:, :1], slots.keys[:, 1:], slots.values, written, when_days)
    return memory.strengths(traces, jnp.asarray(_CUE), place, now_days)


class _Animal:
    """One animal: slots that hold what happened, with when and how strongly it was written."""

    def __init__(self, settings: Settings) -> None:
        self.memory = EpisodicMemory(context_sharpness=settings.context_sharpness)
        room = settings.conditioning + 2 * settings.extinction
        self.store = Attention(1 + len(_PLACES), 2, room)
        self.slots = self.store.init()
        self.written = np.zeros(room, np.float32)
        self.when_days = np.zeros(room, np.float32)
        self.used = 0
        self.settings = settings
        self._write = eqx.filter_jit(self.store.write)

    def expects(self, place: int, now_days: float) -> tuple[float, float]:
        """How much a shock, and nothing, is expected of the tone in a place."""
        second = np.asarray(self.slots.values)[:, 1] > 0
        bound = np.exp(-(now_days - self.when_days) / self.settings.second_key_days)
        match = np.where(second, self.written * bound, self.written).astype(np.float32)
        found = _strengths(
            self.memory, self.slots, jnp.asarray(match), jnp.asarray(self.when_days),
            jnp.asarray(_PLACES[place]), jnp.asarray(now_days, jnp.float32),
        )  # fmt: skip
        shock, nothing = np.asarray(found, np.float64)
        beta, noise = self.memory.choice, self.memory.noise
        total = shock**beta + nothing**beta + noise**beta
        return float(shock**beta / total), float(nothing**beta / total)

    def learn(self, place: int, value: NDArray[np.float32], now_days: float) -> None:
        """One trial: a trace, the stronger the less it was expected."""
        expected = self.expects(place, now_days)[0 if value[0] else 1]
        key = np.concatenate([_CUE, _PLACES[place]])
        self.slots = self._write(self.slots, jnp.asarray(key), jnp.asarray(value))
        event = self.settings.shock_strength if value[0] else 1.0
        self.written[self.used] = event * float(self.memory.written(jnp.asarray(expected)))
        self.when_days[self.used] = now_days
        self.used += 1


def _trained(settings: Settings, *, extinguished_in: int | None) -> tuple[_Animal, float, float]:
    """An animal after conditioning in A and extinction, its fear before, and bits that changed."""
    animal = _Animal(settings)
    step = settings.spacing_minutes * _MINUTE
    for trial in range(settings.conditioning):
        animal.learn(0, _SHOCK, trial * step)
    begins = (settings.conditioning - 1) * step + settings.break_minutes * _MINUTE
    before = animal.expects(0, begins)[0]
    kept = np.asarray(animal.slots.values)[: settings.conditioning].copy()
    if extinguished_in is not None:
        for trial in range(settings.extinction):
            animal.learn(extinguished_in, _NOTHING, begins + trial * step)
    after = np.asarray(animal.slots.values)[: settings.conditioning]
    return animal, before, changed_bits(kept, after)


def _ends(settings: Settings) -> float:
    between = (settings.conditioning + settings.extinction - 2) * settings.spacing_minutes
    return (between + settings.break_minutes + settings.spacing_minutes) * _MINUTE


def _trials_to_extinguish(settings: Settings, animal: _Animal, from_days: float) -> int:
    """Trials until nothing is expected more than a shock."""
    for trial in range(settings.extinction):
        now = from_days + trial * settings.spacing_minutes * _MINUTE
        shock, nothing = animal.expects(0, now)
        if nothing > shock:
            return trial
        animal.learn(0, _NOTHING, now)
    return settings.extinction


def _unlearned(settings: Settings) -> tuple[float, float]:
    """Fear of the rival, whose one weight is corrected: before and ever after extinction."""
    rule = NormalisedDelta(1, 1, settings.unlearning_rate)
    state, tone = rule.init(), jnp.asarray(_CUE)
    for _ in range(settings.conditioning):
        state = rule.write(state, tone, jnp.ones(1))
    before = float(rule.read(state, tone)[0])
    for _ in range(settings.extinction):
        state = rule.write(state, tone, jnp.zeros(1))
    return before, float(rule.read(state, tone)[0])


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Condition, extinguish, and test after days, in other places, and by a second extinction."""
    animal, before, bits = _trained(settings, extinguished_in=0)
    alike, _, _ = _trained(replace(settings, second_key_days=np.inf), extinguished_in=0)
    control, _, _ = _trained(settings, extinguished_in=None)
    elsewhere, _, _ = _trained(settings, extinguished_in=1)
    end = _ends(settings)
    delays = np.array(settings.delays_days)
    fear = np.array([animal.expects(0, end + days)[0] for days in delays])
    untouched = np.array([control.expects(0, end + days)[0] for days in delays])
    same_key = np.array([alike.expects(0, end + days)[0] for days in delays])
    renewed, hidden, third = (elsewhere.expects(place, end)[0] for place in (0, 1, 2))
    day_10 = int(np.argmin(np.abs(delays - 10)))
    first = _trials_to_extinguish(settings, control, end + 10.0)
    second = _trials_to_extinguish(settings, animal, end + 10.0)
    unlearned_before, unlearned = _unlearned(settings)
    return Findings(
        measures={
            "extinguished": 100 * fear[0] / before,
            "recovered_day_10": 100 * fear[day_10] / before,
            "slowest_step": 100 * float(np.diff(fear).min()),
            "control_change": 100 * (untouched[-1] - untouched[0]),
            "renewal": 100 * (renewed - hidden),
            "third_place": 100 * (third - hidden),
            "savings_trials": float(first - second),
            "same_key_recovered": 100 * same_key[day_10] / before,
            "unlearning_recovered": 100 * unlearned / unlearned_before,
            "values_changed_bits": bits,
        },
        curves={
            "delays": delays,
            "fear": fear,
            "control": untouched,
            "same_key": same_key,
            "before": np.array(before),
            "unlearning": np.full(len(delays), before * unlearned / unlearned_before),
            "places": np.array([hidden, third, renewed]),
        },
        data="simulated animal",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Fear by days since extinction, and by place."""
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    delays = runs.mean("delays")
    for name, label, colour, style in (
        ("control", "never extinguished", "#6b6b6b", "D:"),
        ("fear", "extinguished: memory", PALETTE[0], "o-"),
        ("same_key", "extinguished: both keys alike", PALETTE[3], "^-."),
        ("unlearning", "extinguished: rival that unlearns", PALETTE[1], "s--"),
    ):
        left.plot(delays, 100 * runs.mean(name), style, color=colour, label=label)
    left.axhline(100 * runs.mean("before"), color=PALETTE[2], lw=1, label="before extinction")
    left.set_xlabel("days since extinction")
    left.set_ylabel("fear of the tone (shock recalled, %)")
    left.set_ylim(-4, 135)
    left.legend(loc="upper right", ncols=2, fontsize=8.5)
    right.bar(range(3), 100 * runs.mean("places"), color=PALETTE[0], width=0.6)
    right.set_xticks(range(3), ["B\n(extinction)", "C\n(new)", "A\n(conditioning)"])
    right.set_xlabel("tested at once in place")
    right.set_ylim(-4, 125)


EXPERIMENT = Experiment(
    name="spontaneous-recovery",
    part="Storage against retrieval",
    title="Fear that was extinguished comes back by itself",
    claim="Extinction writes a second trace and leaves the first: fear returns with time and in "
    "the place where it was learned, and is extinguished faster a second time.",
    source=Source(
        "Quirk 2002, Memory for extinction of conditioned fear is long-lasting and persists "
        "following spontaneous recovery; Bouton 2004, Context and behavioral processes in "
        "extinction",
        "abstract: recovery after 0 to 14 days, no-extinction controls, savings in re-extinction",
        "https://doi.org/10.1101/lm.49602",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "extinguished",
            "fear right after extinction, as a share of what it was before",
            (float("-inf"), 50.0),
            None,
            "extinction worked (Quirk 2002); at most half is our criterion",
            unit="%",
        ),
        Expected(
            "recovered_day_10",
            "fear ten days after extinction, as a share of what it was before",
            (80.0, 110.0),
            100.0,
            "gradually recovered with time to reach 100 % by day 10 (Quirk 2002, abstract); band "
            "of our own",
            unit="%",
        ),
        Expected(
            "slowest_step",
            "smallest change of fear from one test delay to the next",
            (0.0, float("inf")),
            None,
            "gradual recovery (Quirk 2002, abstract)",
            unit="points",
        ),
        Expected(
            "control_change",
            "change of fear over the two weeks without extinction",
            (float("-inf"), 5.0),
            None,
            "the increase was not incubation of conditioning (Quirk 2002, abstract); at most 5 "
            "points is our criterion",
            unit="points",
        ),
        Expected(
            "renewal",
            "fear where it was learned minus where it was extinguished, right afterwards",
            (10.0, float("inf")),
            None,
            "ABA renewal (Bouton 2004); at least 10 points is our criterion",
            unit="points",
        ),
        Expected(
            "third_place",
            "fear in a place that is new minus where it was extinguished",
            (0.0, float("inf")),
            None,
            "ABC renewal (Bouton 2004)",
            unit="points",
        ),
        Expected(
            "savings_trials",
            "trials that a second extinction after ten days takes less than a first one",
            (1.0, float("inf")),
            None,
            "savings in the rate of re-extinction (Quirk 2002, abstract); at least a trial",
            unit="trials",
        ),
        Expected(
            "unlearning_recovered",
            "fear after extinction of a rival that corrects its weight, at any delay",
            (float("-inf"), 50.0),
            None,
            "our criterion: what is unlearned cannot return",
            unit="%",
            premise=True,
        ),
        Expected(
            "same_key_recovered",
            "recovery after ten days if what is learned second is bound to its moment no more "
            "than what is learned first",
            (float("-inf"), 80.0),
            None,
            "our criterion: the difference of the keys must be needed",
            unit="%",
        ),
        Expected(
            "values_changed_bits",
            "bits of what conditioning stored that extinction changed",
            (0.0, 0.0),
            None,
            "the theory: extinction adds, it does not erase",
            premise=True,
        ),
    ),
    caption="Left: fear falls with extinction and then rises by itself from day to day, though "
    "nothing is learned; unlearned fear stays away. Right: right after extinction in B, fear is "
    "back in A.",
    how_it_works="Extinction writes traces of the same tone with another value, nothing. Both "
    "answer to the tone and compete. What contradicts earlier learning is keyed more to its moment "
    "and place: fresh, it wins; days later or elsewhere its key matches no more, and the first "
    "trace, whose value was there all the time, is found again.",
    limits="That second-learned keys are bound to their moment, by a time constant of four days, "
    "is put in; with keys alike the memory recovers little. That constant and the strength of a "
    "shock were chosen by hand, knowing the course that rats' freezing takes, so that agreement on "
    "day ten shows that the form can, not that it must. Fear that was never extinguished fades in "
    "the memory, as it did not in rats.",
    seeds=1,
    quick_seeds=1,
)
