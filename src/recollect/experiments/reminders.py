"""Reminders: a glimpse of the situation brings back what seemed forgotten (Rovee-Collier 1980)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
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
from recollect.memory import Exponential, retrieve
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "drifted"]

_Contexts = tuple[NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        infants: simulated in each group.
        delays_days: after training at which the mobile is hung up again.
        reminder_before_days: how long before the test the reminder comes.
        cue_dim: length of what is seen.
        context_dim: length of the drifting context.
        drift_days: time constants of two contexts, one fast and one slow.
        sharpness: κ of the match of a whole key.
        noise: strength of everything else.
        other_traces: that share some of what is seen.
        reminder_share: share of the whole situation that the reminder shows.
        test_share: share of it that the test shows, before kicking has any effect.
        rekeyed: strength of the new key that a reminder writes for a value it found.
    """

    infants: int = 200
    delays_days: tuple[float, ...] = (1.0, 4.0, 8.0, 14.0, 21.0)
    reminder_before_days: float = 1.0
    cue_dim: int = 24
    context_dim: int = 24
    drift_days: tuple[float, float] = (2.0, 20.0)
    sharpness: float = 6.0
    noise: float = 0.12
    other_traces: int = 20
    reminder_share: float = 0.95
    test_share: float = 0.75
    rekeyed: float = 1.0


class _Infant(NamedTuple):
    """What is shown, contexts at training, and the memory: keys, strengths and values.

    The first value is what kicking does; the others are of other things.
    """

    cue: NDArray[np.float32]
    contexts: _Contexts
    keys: NDArray[np.float32]
    strengths: NDArray[np.float32]
    values: NDArray[np.float32]


@eqx.filter_jit
def _read(
    keys: Float[Array, "infant trace key"],
    values: Float[Array, "infant trace value"],
    queries: Float[Array, "infant key"],
    sharpness: float,
) -> Float[Array, "infant value"]:
    similarity = Exponential(sharpness)
    scaled = values * jnp.exp(-sharpness)
    return jax.vmap(lambda k, v, q: retrieve(k, v, q, similarity))(keys, scaled, queries)


def drifted(
    random: np.random.Generator, context: NDArray[np.float32], days: float, constant_days: float
) -> NDArray[np.float32]:
    """A context some days later: its cosine with the former one is ``exp(-days / τ)``."""
    alike = np.exp(-days / constant_days)
    fresh = unit_vectors(random, len(context))
    fresh = fresh - (fresh @ context) * context
    fresh = fresh / np.linalg.norm(fresh)
    return np.asarray(alike * context + np.sqrt(1 - alike**2) * fresh, np.float32)


def _key(cue: NDArray[np.float32], contexts: _Contexts) -> NDArray[np.float32]:
    """What is seen and both contexts, a unit vector."""
    return np.asarray(np.concatenate([cue, *contexts]) / np.sqrt(3), np.float32)


def _born(settings: Settings, random: np.random.Generator, *, trained: bool) -> _Infant:
    cue = unit_vectors(random, settings.cue_dim)
    contexts = (
        unit_vectors(random, settings.context_dim),
        unit_vectors(random, settings.context_dim),
    )
    dim = settings.cue_dim + 2 * settings.context_dim
    others = unit_vectors(random, settings.other_traces, dim)
    # A place for the key that a reminder may write; its value is that of training.
    keys = np.concatenate([_key(cue, contexts)[None], np.zeros((1, dim), np.float32), others])
    strengths = np.ones(len(keys), np.float32)
    strengths[0], strengths[1] = float(trained), 0.0
    values = np.zeros((len(keys), 1 + settings.other_traces), np.float32)
    values[:2, 0] = 1.0
    values[2:, 1:] = np.eye(settings.other_traces)
    return _Infant(cue, contexts, keys, strengths, values)


def _shown(
    random: np.random.Generator, cue: NDArray[np.float32], share: float
) -> NDArray[np.float32]:
    noise = unit_vectors(random, len(cue))
    return np.asarray(share * cue + np.sqrt(1 - share**2) * noise, np.float32)


def _kicking(
    settings: Settings, infants: Sequence[_Infant], queries: Sequence[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Each infant's chance to recall what kicking does, against other traces and noise."""
    amounts = np.stack([each.strengths[:, None] * each.values for each in infants])
    found = np.asarray(
        _read(
            jnp.asarray(np.stack([each.keys for each in infants])),
            jnp.asarray(amounts),
            jnp.asarray(np.stack(queries)),
            settings.sharpness,
        ),
        np.float64,
    )
    return np.asarray(found[:, 0] / (found.sum(1) + settings.noise))


def _tested(
    settings: Settings,
    random: np.random.Generator,
    delay_days: float,
    *,
    trained: bool = True,
    reminded: bool = False,
    rekeys: bool = True,
) -> tuple[float, float]:
    """Mean chance of recall at test, and bits of the values that changed since training."""
    infants = [_born(settings, random, trained=trained) for _ in range(settings.infants)]
    kept = [each.values.copy() for each in infants]
    days, contexts = 0.0, [each.contexts for each in infants]
    if reminded:
        days = delay_days - settings.reminder_before_days
        contexts = [_later(settings, random, each, days) for each in contexts]
        _remind(settings, random, infants, contexts, rekeys=rekeys)
    contexts = [_later(settings, random, each, delay_days - days) for each in contexts]
    seen = [_shown(random, each.cue, settings.test_share) for each in infants]
    chances = _kicking(settings, infants, list(map(_key, seen, contexts)))
    bits = sum(changed_bits(old, each.values) for old, each in zip(kept, infants, strict=True))
    return float(chances.mean()), bits


def _remind(
    settings: Settings,
    random: np.random.Generator,
    infants: Sequence[_Infant],
    contexts: Sequence[_Contexts],
    *,
    rekeys: bool,
) -> None:
    """The mobile moves again, in the crib: more of the situation than a still mobile shows.

    It also brings the slow context of training back, while the fast one is of now. What is found
    gets a further key, of the present moment.
    """
    seen = [_shown(random, each.cue, settings.reminder_share) for each in infants]
    back = [(now[0], each.contexts[1]) for now, each in zip(contexts, infants, strict=True)]
    recalled = random.random(len(infants)) < _kicking(
        settings, infants, list(map(_key, seen, back))
    )
    for infant, cue, now, found in zip(infants, seen, contexts, recalled, strict=True):
        if found and rekeys:
            infant.keys[1] = _key(cue, now)
            infant.strengths[1] = settings.rekeyed


def _later(
    settings: Settings, random: np.random.Generator, contexts: _Contexts, days: float
) -> _Contexts:
    fast, slow = (
        drifted(random, each, days, constant)
        for each, constant in zip(contexts, settings.drift_days, strict=True)
    )
    return fast, slow


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Test after days with and without a reminder, and infants who never were trained."""
    random = np.random.default_rng(seed)

    def group(delay: float, **kinds: bool) -> tuple[float, float]:
        return _tested(settings, random, delay, **kinds)

    delays = settings.delays_days
    plain = [group(delay)[0] for delay in delays]
    reminded = [group(delay, reminded=True) for delay in delays[1:]]
    two_weeks = delays.index(14.0)
    untrained = group(14.0, trained=False, reminded=True)[0]
    naive = group(14.0, trained=False)[0]
    unchanged_key = group(14.0, reminded=True, rekeys=False)[0]
    with_reminder = reminded[two_weeks - 1][0]
    return Findings(
        measures={
            "forgotten": 100 * plain[two_weeks] / plain[0],
            "reminded_share": 100 * with_reminder / plain[0],
            "gain": 100 * (with_reminder - plain[two_weeks]),
            "gain_untrained": 100 * (untrained - naive),
            "gain_without_new_key": 100 * (unchanged_key - plain[two_weeks]),
            "values_changed_bits": sum(bits for _, bits in reminded),
        },
        curves={
            "delays": np.array(delays),
            "plain": np.array(plain),
            "reminded": np.array([chance for chance, _ in reminded]),
            "groups": np.array([naive, untrained, plain[two_weeks], unchanged_key, with_reminder]),
        },
        data="simulated infants",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Retention by days with and without a reminder, and the control groups."""
    left, right = figure.subplots(1, 2, width_ratios=(1.2, 1))
    delays = runs.mean("delays")
    for name, at, label, colour, style in (
        ("plain", delays, "no reminder", PALETTE[1], "s--"),
        ("reminded", delays[1:], "reminded a day before the test", PALETTE[0], "o-"),
    ):
        low, high = runs.spread(name)
        left.fill_between(at, 100 * low, 100 * high, color=colour, alpha=0.15, lw=0)
        left.plot(at, 100 * runs.mean(name), style, color=colour, label=label)
    left.set_xlabel("days from training to test")
    left.set_ylabel("chance that what kicking does is recalled (%)")
    left.set_ylim(0, 100)
    left.legend()
    names = (
        "never trained",
        "never trained, reminded",
        "trained",
        "trained, reminded,\nno new key (lesion)",
        "trained, reminded",
    )
    colours = ["#c9d7e3", "#c9d7e3", PALETTE[1], PALETTE[3], PALETTE[0]]
    right.barh(range(5), 100 * runs.mean("groups"), color=colours, height=0.65)
    right.set_yticks(range(5), names)
    right.invert_yaxis()
    right.set_xlim(0, 100)
    right.set_xlabel("recalled after 14 days (%)")


EXPERIMENT = Experiment(
    name="reminders",
    part="Storage against retrieval",
    title="A reminder brings back what seemed forgotten",
    claim="A brief reminder restores a memory that is no longer found, and does nothing for those "
    "who never learned.",
    source=Source(
        "Rovee-Collier, Sullivan, Enright, Lucas & Fagen 1980, Reactivation of infant memory",
        "kicking of three-month-olds two weeks after training, with and without a reminder",
        "https://doi.org/10.1126/science.7375924",
    ),
    settings=Settings(),
    quick=Settings(infants=100),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "forgotten",
            "recall after two weeks without a reminder, as a share of recall after one day",
            (float("-inf"), 50.0),
            None,
            "nothing left of it after two weeks (Rovee-Collier et al. 1980); at most half is our "
            "criterion",
            unit="%",
        ),
        Expected(
            "reminded_share",
            "recall after two weeks with a reminder, as a share of recall after one day",
            (75.0, 125.0),
            100.0,
            "as good as after a day (Rovee-Collier et al. 1980, text); band: a quarter either way",
            unit="%",
        ),
        Expected(
            "gain",
            "what the reminder adds after two weeks",
            (0.0, float("inf")),
            None,
            "Rovee-Collier et al. 1980",
            unit="points",
        ),
        Expected(
            "gain_untrained",
            "what the same reminder adds in infants who never were trained",
            (-3.0, 3.0),
            0.0,
            "no effect without training (Rovee-Collier et al. 1980, control group); band of our "
            "own",
            unit="points",
            premise=True,
        ),
        Expected(
            "gain_without_new_key",
            "what the reminder adds if what it found is not keyed to the new moment",
            (-3.0, 3.0),
            None,
            "our criterion: the further key must be what lasts until the test; band of our own",
            unit="points",
            premise=True,
        ),
        Expected(
            "values_changed_bits",
            "bits of what was stored that reminders changed",
            (0.0, 0.0),
            None,
            "the theory: a reminder helps finding, and teaches nothing",
            premise=True,
        ),
    ),
    caption="Left: with a reminder a day before the test the memory is found about twice as "
    "often after two weeks as without one, though less often than after a day, "
    "where infants were back at that level. Right: the reminder alone, without "
    "training, does nothing.",
    how_it_works="The key of what was learned holds the moment, and moments drift apart until a "
    "still mobile finds it no more. The reminder shows more of the situation, which is enough to "
    "find it once; being found, the same value gets a further key, of now.",
    limits="How fast contexts drift and how much a reminder shows is set, not fitted; a chance of "
    "recall stands for rates of kicking. That a reminder does nothing without training follows, "
    "since there is no value to find.",
    quick_seeds=3,
)
