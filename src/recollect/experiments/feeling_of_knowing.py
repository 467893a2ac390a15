"""Feeling of knowing: the key matches though the value is not found (Hart 1965)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from recollect.experiments.models.simulated import gamma_correlation, unit_vectors
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

__all__ = ["EXPERIMENT", "Settings"]

_LEVELS = 4


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        people: simulated.
        pairs: a question and its answer each.
        key_dim: length of cues.
        topics: groups of questions that are alike.
        topic_share: how much of a cue is its topic, 0-1.
        sharpness: κ, how much a cue must be alike.
        spread: σ, standard deviation of log strength of what was learned.
        choice: β, how decidedly the strongest wins.
        noise: B, strength of everything else, beside a mean trace of 1.
        alternatives: in the recognition test.
        judgement_noise: standard deviation of the logarithm of a felt match.
        shown_before: strength of having seen a question again without an answer.
    """

    people: int = 200
    pairs: int = 80
    key_dim: int = 40
    topics: int = 8
    topic_share: float = 0.5
    sharpness: float = 6.0
    spread: float = 1.0
    choice: float = 1.5
    noise: float = 1.0
    alternatives: int = 4
    judgement_noise: float = 0.5
    shown_before: float = 0.7


@eqx.filter_jit
def _matches(keys: jnp.ndarray, strengths: jnp.ndarray, sharpness: float) -> jnp.ndarray:
    """How strongly each question, asked again, calls every trace: ``[question, trace]``.

    Each trace's value is a place of its own, so that what is read tells the traces apart.
    """
    own = jnp.diag(strengths * jnp.exp(-sharpness))
    return retrieve(keys, own, keys, Exponential(sharpness))


def _one_person(settings: Settings, random: np.random.Generator) -> dict[str, NDArray[np.float64]]:
    """Strength, felt match, recall and recognition of every question."""
    topics = unit_vectors(random, settings.topics, settings.key_dim)
    own = unit_vectors(random, settings.pairs, settings.key_dim)
    topic = random.integers(0, settings.topics, settings.pairs)
    mixed = settings.topic_share**0.5 * topics[topic] + (1 - settings.topic_share) ** 0.5 * own
    keys = (mixed / np.linalg.norm(mixed, axis=1, keepdims=True)).astype(np.float32)
    strengths = np.exp(settings.spread * random.standard_normal(settings.pairs))
    called = np.asarray(
        _matches(jnp.asarray(keys), jnp.asarray(strengths, jnp.float32), settings.sharpness),
        np.float64,
    )
    target = np.diag(called)
    beta = settings.choice
    against = (called**beta).sum(1) - target**beta + settings.noise**beta
    recalled = random.random(settings.pairs) < target**beta / (target**beta + against)
    # Among given answers only these compete; the false ones are called by nothing but noise.
    false = (settings.alternatives - 1) * settings.noise**beta
    right = (target + settings.noise) ** beta
    recognised = random.random(settings.pairs) < right / (right + false)
    seen_again = random.random(settings.pairs) < 0.5
    judgement = settings.judgement_noise * random.standard_normal(settings.pairs)
    match = called.sum(1) + settings.noise
    return {
        "felt": np.log(match) + judgement,
        "felt_primed": np.log(match + settings.shown_before * seen_again) + judgement,
        "felt_value": np.log(target + settings.noise) + judgement,
        "felt_elsewhere": np.log(random.permutation(match)) + judgement,
        "recalled": recalled,
        "recognised": recognised,
        "seen_again": seen_again,
    }


def _levels(felt: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share right from the weakest to the strongest quarter of feelings."""
    order = np.argsort(felt, kind="stable")
    return np.array([right[part].mean() for part in np.array_split(order, _LEVELS)])


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Ask, judge the feeling of what was not recalled, and let it be recognised."""
    random = np.random.default_rng(seed)
    people = [_one_person(settings, random) for _ in range(settings.people)]
    gammas: dict[str, list[float]] = {}
    halves, levels, value_levels, raised, recall_raised = [], [], [], [], []
    for one in people:
        open_still = one["recalled"] == 0
        right = one["recognised"][open_still].astype(float)
        for name in ("felt", "felt_value", "felt_elsewhere"):
            gammas.setdefault(name, []).append(gamma_correlation(one[name][open_still], right))
        felt = one["felt"][open_still]
        high = felt >= np.median(felt)
        halves.append((right[high].mean(), right[~high].mean()))
        levels.append(_levels(felt, right))
        value_levels.append(_levels(one["felt_elsewhere"][open_still], right))
        again, primed = one["seen_again"] == 1, one["felt_primed"]
        raised.append(primed[again].mean() - primed[~again].mean())
        recall_raised.append(one["recalled"][again].mean() - one["recalled"][~again].mean())
    known, unknown = np.mean(halves, axis=0)
    return Findings(
        measures={
            "gamma": float(np.nanmean(gammas["felt"])),
            "known_minus_unknown": 100 * (known - unknown),
            "known": 100 * known,
            "unknown_above_chance": 100 * (unknown - 1 / settings.alternatives),
            "gamma_other_key": float(np.nanmean(gammas["felt_elsewhere"])),
            "primed_feeling": float(np.mean(raised)),
            "primed_recall": 100 * float(np.mean(recall_raised)),
            "gamma_gap": float(np.nanmean(gammas["felt_value"]) - np.nanmean(gammas["felt"])),
        },
        curves={
            "levels": np.mean(levels, axis=0),
            "elsewhere": np.mean(value_levels, axis=0),
            "chance": np.array(1 / settings.alternatives),
        },
        data="simulated people and questions",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recognition by feeling, and what seeing a question again does."""
    left, right = figure.subplots(1, 2, width_ratios=(1.6, 1))
    places = np.arange(_LEVELS)
    for name, label, colour, style in (
        ("levels", "feeling: match of the question's own key", PALETTE[0], "o-"),
        ("elsewhere", "rival: match of another question's key", PALETTE[1], "s--"),
    ):
        low, high = runs.spread(name)
        left.fill_between(places, 100 * low, 100 * high, color=colour, alpha=0.15, lw=0)
        left.plot(places, 100 * runs.mean(name), style, color=colour, label=label)
    left.axhline(100 * runs.mean("chance"), color="#6b6b6b", ls=":", label="chance")
    left.set_xticks(places, ["weakest", "weak", "strong", "strongest"])
    left.set_xlabel("feeling of knowing what was not recalled (quarters)")
    left.set_ylabel("then recognised (%)")
    left.set_ylim(0, 100)
    left.legend(loc="lower right")
    bars = [runs.measure("primed_feeling").value * 100, runs.measure("primed_recall").value]
    right.bar([0, 1], bars, color=[PALETTE[0], PALETTE[1]], width=0.6)
    right.axhline(0, color="#6b6b6b", lw=0.8)
    right.set_xticks([0, 1], ["feeling\n(felt match, %)", "recall\n(points)"])
    right.set_ylabel("change when the question was seen again")


EXPERIMENT = Experiment(
    name="feeling-of-knowing",
    part="Knowing that one knows",
    title="Knowing that one knows what one cannot recall",
    claim="The feeling of knowing an answer that cannot be recalled predicts that it will be "
    "recognised, and seeing the question again raises the feeling but not recall.",
    source=Source(
        "Hart 1965, Memory and the feeling-of-knowing experience; Schwartz & Metcalfe 1992, Cue "
        "familiarity but not target retrievability enhances feeling-of-knowing judgments",
        "recognition of what was not recalled, by the feeling of knowing",
        "https://doi.org/10.1037/h0022263",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "gamma",
            "rank correlation (gamma) of feeling and later recognition of what was not recalled",
            (0.1, float("inf")),
            None,
            "Hart 1965 and what followed: reliably above 0; at least 0.1 is our criterion",
        ),
        Expected(
            "known_minus_unknown",
            "recognition with a strong feeling minus with a weak one",
            (0.0, float("inf")),
            None,
            "Hart 1965: what felt known was recognised more often",
            unit="points",
        ),
        Expected(
            "unknown_above_chance",
            "recognition with a weak feeling minus chance",
            (0.0, float("inf")),
            None,
            "Hart 1965: also above chance, since much of what does not feel known is stored",
            unit="points",
            premise=True,
        ),
        Expected(
            "primed_feeling",
            "what seeing a question again adds to the logarithm of its felt match",
            (0.0, float("inf")),
            None,
            "Schwartz & Metcalfe 1992: primed cues felt better known",
            premise=True,
        ),
        Expected(
            "primed_recall",
            "what it adds to recall",
            (-3.0, 3.0),
            None,
            "Schwartz & Metcalfe 1992: priming the cue did not change recall; band of our own",
            unit="points",
            premise=True,
        ),
        Expected(
            "gamma_other_key",
            "the correlation if the feeling came from another question's key",
            (-0.1, 0.1),
            None,
            "our criterion: the feeling must rest on the key of what is asked",
            premise=True,
        ),
        Expected(
            "gamma_gap",
            "what a feeling that read the answer itself would predict better",
            (0.0, float("inf")),
            None,
            "the theory: a feeling from keys alone is fallible, since similar questions raise it",
            premise=True,
        ),
    ),
    caption="Left: the better the question matches keys in memory, the more often an answer that "
    "was not recalled is recognised. Right: a question seen again matches more and feels better "
    "known; the answer is no easier to recall.",
    how_it_works="A question is first matched with all keys; how much matches is the feeling. "
    "Which value comes out is a competition that the right one can lose, while it is stored all "
    "the same. Given a few answers to choose from, far fewer compete, and it wins.",
    limits="How much noise there is in judgement and memory is set, not fitted; only directions "
    "are claimed. A question seen again without an answer writes a key that leads to no value, so "
    "that it cannot compete: that recall stays as it was follows from this alone. People's gammas "
    "are often larger than ours.",
    quick_seeds=10,
)
