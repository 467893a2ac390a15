"""Amnesia that spares the engram: natural cues fail, engram cells still tell (Ryan et al. 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from recollect.experiments.models.simulated import changed_bits, unit_vectors
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.memory import DecayedHebbian, read, write
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_CONDITIONS = (
    "control: natural cue",
    "amnesic: natural cue",
    "amnesic: light on engram",
    "control: light on engram",
    "amnesic: light on the engram\nof another context",
    "spines restored: natural cue",
)

# Compiled once: every animal has memories of the same size.
_write, _read = eqx.filter_jit(write), eqx.filter_jit(read)


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        animals: simulated in each group.
        features: that a context can show.
        shown: of them in one context.
        cells: that engrams are made of.
        engram: cells of one engram.
        contexts: learned, the first one with a shock.
        value_dim: length of what is kept of an experience.
        threshold: share of a whole cue's drive at which a cell fires.
        noise: standard deviation of a cell's drive, as a share of a whole cue's.
        missing: share of a context's features that a natural cue lacks.
        spines_lost: share of an amnesic engram's key synapses that are gone.
        spines_restored: share of the lost ones that are grown again.
        labelled: share of an engram's cells that light reaches.
    """

    animals: int = 40
    features: int = 300
    shown: int = 40
    cells: int = 500
    engram: int = 50
    contexts: int = 8
    value_dim: int = 40
    threshold: float = 0.5
    noise: float = 0.12
    missing: float = 0.15
    spines_lost: float = 0.7
    spines_restored: float = 0.8
    labelled: float = 0.6


class _Animal(NamedTuple):
    """Contexts ``[context, feature]``, engrams ``[context, cell]``, values, and both synapses."""

    contexts: NDArray[np.float32]
    engrams: NDArray[np.float32]
    values: NDArray[np.float32]
    keys: NDArray[np.float32]
    stored: NDArray[np.float32]


def _subsets(random: np.random.Generator, rows: int, of: int, size: int) -> NDArray[np.float32]:
    ranks = random.random((rows, of)).argsort(1).argsort(1)
    return (ranks < size).astype(np.float32)


def _learn(settings: Settings, random: np.random.Generator) -> _Animal:
    """Every context drives an engram of its own; the engram holds what happened there."""
    contexts = _subsets(random, settings.contexts, settings.features, settings.shown)
    engrams = _subsets(random, settings.contexts, settings.cells, settings.engram)
    values = unit_vectors(random, settings.contexts, settings.value_dim)
    to_cells = DecayedHebbian(settings.features, settings.cells)
    to_values = DecayedHebbian(settings.cells, settings.value_dim)
    keys = _write(to_cells, to_cells.init(), jnp.asarray(contexts), jnp.asarray(engrams))
    stored = _write(to_values, to_values.init(), jnp.asarray(engrams), jnp.asarray(values))
    return _Animal(contexts, engrams, values, np.asarray(keys), np.asarray(stored))


def _natural(
    settings: Settings, animal: _Animal, keys: NDArray[np.float32], random: np.random.Generator
) -> NDArray[np.float32]:
    """Cells that fire in the fearful context, of which some features are missing."""
    seen = animal.contexts[0] * (random.random(settings.features) >= settings.missing)
    to_cells = DecayedHebbian(settings.features, settings.cells)
    drive = np.asarray(_read(to_cells, jnp.asarray(keys), jnp.asarray(seen)))
    drive = drive / settings.shown + settings.noise * random.standard_normal(settings.cells)
    return (drive >= settings.threshold).astype(np.float32)


def _response(
    settings: Settings, animal: _Animal, active: NDArray[np.float32], stored: NDArray[np.float32]
) -> float:
    """How much of the fearful value the active cells bring back; 1 is a whole engram's."""
    to_values = DecayedHebbian(settings.cells, settings.value_dim)
    found = np.asarray(_read(to_values, jnp.asarray(stored), jnp.asarray(active)))
    return float(found @ animal.values[0] / settings.engram)


def _one_animal(settings: Settings, random: np.random.Generator, lost: float) -> dict[str, float]:
    """Every test of one animal, which loses its own spines, or, in the rival, its values."""
    animal = _learn(settings, random)
    kept = animal.stored.copy()
    gone = random.random(animal.keys.shape) < lost
    back = gone & (random.random(animal.keys.shape) < settings.spines_restored)
    weak = np.where(gone, 0, animal.keys).astype(np.float32)
    regrown = np.where(gone & ~back, 0, animal.keys).astype(np.float32)
    broken = np.where(random.random(kept.shape) < lost, 0, kept).astype(np.float32)
    light = (random.random(settings.cells) < settings.labelled).astype(np.float32)

    def tell(active: NDArray[np.float32], stored: NDArray[np.float32]) -> float:
        return _response(settings, animal, active, stored)

    cue = [_natural(settings, animal, keys, random) for keys in (animal.keys, weak, regrown)]
    lit, other = animal.engrams[0] * light, animal.engrams[1] * light
    return {
        "control_natural": tell(cue[0], animal.stored),
        "natural": tell(cue[1], animal.stored),
        "direct": tell(lit, animal.stored),
        "control_direct": tell(lit, kept),
        "other": tell(other, animal.stored),
        "restored": tell(cue[2], animal.stored),
        "broken_natural": tell(cue[0], broken),
        "broken_direct": tell(lit, broken),
        "bits": changed_bits(kept, animal.stored),
    }


def _group(settings: Settings, seed: int, lost: float, animals: int) -> dict[str, float]:
    random = np.random.default_rng([seed, round(1000 * lost)])
    each = [_one_animal(settings, random, lost) for _ in range(animals)]
    return {name: float(np.mean([one[name] for one in each])) for name in each[0]}


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Natural and direct recall before and after spines or values are lost."""
    found = _group(settings, seed, settings.spines_lost, settings.animals)
    losses = np.linspace(0, 0.95, 11)
    along = [_group(settings, seed, float(lost), max(4, settings.animals // 4)) for lost in losses]
    names = ("control_natural", "natural", "direct", "control_direct", "other", "restored")
    return Findings(
        measures={
            "natural_left": found["natural"] / found["control_natural"],
            "direct_left": found["direct"] / found["control_direct"],
            "restored_left": found["restored"] / found["control_natural"],
            "light_gain": found["direct"] - found["natural"],
            "other_engram": found["other"] / found["control_direct"],
            "direct_left_values_lost": found["broken_direct"] / found["control_direct"],
            "values_changed_bits": found["bits"],
        },
        curves={
            "recall": np.array([found[name] for name in names]),
            "losses": losses,
            "natural": np.array([each["natural"] for each in along]),
            "direct": np.array([each["direct"] for each in along]),
            "broken_direct": np.array([each["broken_direct"] for each in along]),
        },
        data="simulated animals",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Fear shown in every test, and by how much was lost."""
    left, right = figure.subplots(1, 2)
    colours = ["#c9d7e3", PALETTE[1], PALETTE[0], "#c9d7e3", "#c9d7e3", PALETTE[2]]
    low, high = runs.spread("recall")
    shown = runs.mean("recall")
    places = np.arange(len(_CONDITIONS))
    errors = 100 * np.stack([shown - low, high - shown])
    left.barh(places, 100 * shown, color=colours, xerr=errors, capsize=3, height=0.65)
    left.set_yticks(places, _CONDITIONS)
    left.invert_yaxis()
    left.set_xlabel("fear brought back (% of the whole engram)")
    lost = 100 * runs.mean("losses")
    for name, label, colour, style in (
        ("natural", "keys lost: natural cue", PALETTE[1], "o-"),
        ("direct", "keys lost: light", PALETTE[0], "s-"),
        ("broken_direct", "rival, values lost: light", PALETTE[3], "^--"),
    ):
        right.plot(lost, 100 * runs.mean(name), style, color=colour, label=label)
    right.set_xlabel("synapses lost (%)")
    right.set_ylabel("fear brought back (% of the whole engram)")
    right.set_ylim(-5, 130)
    right.legend(loc="upper right")


EXPERIMENT = Experiment(
    name="engrams",
    part="Storage against retrieval",
    title="Amnesia hides a memory that light on its cells brings back",
    claim="After retrograde amnesia natural cues no longer bring a memory back, but activating "
    "its engram cells does, as well as in controls.",
    source=Source(
        "Ryan, Roy, Pignatelli, Arons & Tonegawa 2015, Engram cells retain memory under "
        "retrograde amnesia; Roy, Muralidhar, Smith & Tonegawa 2017, Silent memory engrams as the "
        "basis for retrograde amnesia",
        "freezing to the context and to light; spine density of engram cells",
        "https://doi.org/10.1126/science.aaa5542",
    ),
    settings=Settings(),
    quick=Settings(animals=24),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "natural_left",
            "recall by natural cues in amnesia, as a share of controls",
            (float("-inf"), 0.6),
            None,
            "amnesic animals froze less to the context (Ryan et al. 2015); at least two fifths "
            "less is our criterion",
        ),
        Expected(
            "direct_left",
            "recall by light on the engram in amnesia, as a share of controls",
            (0.85, 1.15),
            1.0,
            "light-induced freezing did not differ between the groups (Ryan et al. 2015, text); "
            "band of our own",
            premise=True,
        ),
        Expected(
            "light_gain",
            "recall in amnesia by light minus by natural cues, in shares of the whole engram",
            (0.0, float("inf")),
            None,
            "Ryan et al. 2015: light recovered what the context did not",
        ),
        Expected(
            "other_engram",
            "fear when the engram of another context is lit, as a share of its own",
            (float("-inf"), 0.25),
            None,
            "control of Ryan et al. 2015: cells of a neutral context brought no fear; at most a "
            "quarter is our criterion",
        ),
        Expected(
            "restored_left",
            "recall by natural cues after spines are restored, as a share of controls",
            (0.8, float("inf")),
            None,
            "Roy et al. 2017: restored spines made silent engrams answer natural cues again; "
            "four fifths is our criterion",
        ),
        Expected(
            "direct_left_values_lost",
            "the same light in a rival that loses its values instead of its keys",
            (float("-inf"), 0.6),
            None,
            "our criterion: the experiment must tell the two kinds of loss apart",
            premise=True,
        ),
        Expected(
            "values_changed_bits",
            "bits of the stored values that differ after amnesia and all tests",
            (0.0, 0.0),
            None,
            "the theory: only keys were harmed",
            premise=True,
        ),
    ),
    caption="Left: amnesia takes recall by natural cues (second bar) and leaves recall by light "
    "(third bar as long as the fourth). Right: where values are lost instead of keys, light "
    "fails too.",
    how_it_works="The synapses from the senses to engram cells are the key, those from engram "
    "cells to what was experienced are the value. Amnesia loses spines, and with them the key: "
    "a cue no longer drives the cells over their threshold. Light needs no key.",
    limits="Recall is how much of the stored value comes back, not seconds of freezing; that "
    "amnesia spares the synapses behind the engram cells is put in, and the rival shows what "
    "would be seen if it did not.",
)
