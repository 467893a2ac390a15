"""Tip of the tongue: parts of a word that does not come (Brown & McNeill 1966)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.simulated import unit_vectors
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Runs,
    Source,
)
from recollect.memory import Dot, Softmax, retrieve
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_STATES = ("did not feel it", "on the tip of\nthe tongue")


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        people: simulated.
        words: rare ones that each person has learned.
        meaning_dim: length of meanings, which are the keys.
        topics: groups of words with meanings that are alike.
        topic_share: how much of a meaning is its topic, 0-1.
        letters: of a word; each is a part of its value.
        alphabet: letters there are.
        syllables: numbers of syllables there are; one more part of the value.
        sharpness: κ of the match of meanings.
        spread: standard deviation of log strength of words.
        definition: cosine of a definition with the meaning.
        background: cosine that a word of middling strength must reach to answer as strongly as
            everything else together, which has no value.
        noise: standard deviation of what is read of a part.
        clear: how much the best reading of a part must lead the next for it to be said.
        judgement_noise: standard deviation of the felt match.
    """

    people: int = 60
    words: int = 60
    meaning_dim: int = 40
    topics: int = 10
    topic_share: float = 0.4
    letters: int = 6
    alphabet: int = 15
    syllables: int = 4
    sharpness: float = 10.0
    spread: float = 1.0
    definition: float = 0.85
    background: float = 0.9
    noise: float = 0.12
    clear: float = 0.15
    judgement_noise: float = 0.5


class _Attempt(NamedTuple):
    """One try at every word.

    Attributes:
        felt: logarithm of the summed match of the definition, ``[word]``.
        said: the best reading of each part, ``[word, part]``.
        whole: whether every part was clear and right, ``[word]``.
    """

    felt: NDArray[np.float64]
    said: NDArray[np.int64]
    whole: NDArray[np.bool_]


@eqx.filter_jit
def _read(
    keys: Float[Array, "trace key"],
    values: Float[Array, "trace value"],
    queries: Float[Array, "word key"],
    sharpness: float,
) -> Float[Array, "word value"]:
    return retrieve(keys, values, queries, Dot(), Softmax(sharpness))


def _learned(
    settings: Settings, random: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Keys with strength as their last part, values of parts side by side, and the parts.

    The last key is everything else there is, with an empty value.
    """
    topics = unit_vectors(random, settings.topics, settings.meaning_dim)
    own = unit_vectors(random, settings.words, settings.meaning_dim)
    topic = topics[random.integers(0, settings.topics, settings.words)]
    meanings = settings.topic_share**0.5 * topic + (1 - settings.topic_share) ** 0.5 * own
    meanings = meanings / np.linalg.norm(meanings, axis=1, keepdims=True)
    strength = settings.spread * random.standard_normal((settings.words, 1)) / settings.sharpness
    letters = random.integers(0, settings.alphabet, (settings.words, settings.letters))
    syllables = random.integers(0, settings.syllables, (settings.words, 1))
    parts = np.concatenate([letters, syllables], axis=1)
    eye = np.eye(settings.alphabet, dtype=np.float32)
    values = eye[parts].reshape(settings.words, -1)
    everything_else = np.zeros((1, settings.meaning_dim + 1))
    everything_else[0, -1] = settings.background
    keys = np.concatenate([np.concatenate([meanings, strength], axis=1), everything_else])
    return keys.astype(np.float32), np.pad(values, [(0, 1), (0, 0)]), parts


def _attempt(
    settings: Settings,
    random: np.random.Generator,
    keys: NDArray[np.float32],
    values: NDArray[np.float32],
    parts: NDArray[np.int64],
) -> _Attempt:
    """Ask for every word by its definition and read its parts."""
    noise = unit_vectors(random, settings.words, settings.meaning_dim)
    asked = settings.definition * keys[:-1, :-1] + np.sqrt(1 - settings.definition**2) * noise
    queries = np.concatenate([asked, np.ones((settings.words, 1))], axis=1).astype(np.float32)
    read = np.asarray(
        _read(jnp.asarray(keys), jnp.asarray(values), jnp.asarray(queries), settings.sharpness),
        np.float64,
    )
    read = read.reshape(settings.words, -1, settings.alphabet)
    read = read + settings.noise * random.standard_normal(read.shape)
    # Nobody takes a word to have more syllables than words have.
    read[:, -1, settings.syllables :] = -np.inf
    ordered = np.sort(read, axis=-1)
    clear = ordered[..., -1] - ordered[..., -2] > settings.clear
    said = read.argmax(-1)
    felt = np.log(np.exp(settings.sharpness * (queries @ keys[:-1].T)).sum(1))
    felt = felt + settings.judgement_noise * random.standard_normal(settings.words)
    return _Attempt(felt, said, (clear & (said == parts)).all(1))


def _one_person(settings: Settings, random: np.random.Generator) -> dict[str, NDArray[np.bool_]]:
    """States, right parts, and what a later attempt brings, for every word."""
    learned = _learned(settings, random)
    first, later = (_attempt(settings, random, *learned) for _ in range(2))
    parts = learned[2]
    open_still = ~first.whole
    tip = open_still & (first.felt >= np.median(first.felt))
    # Rival: a value comes whole or not at all, and what is not found must be guessed.
    guessed = random.integers(0, settings.alphabet, parts.shape)
    guessed[:, -1] = random.integers(0, settings.syllables, settings.words)
    return {
        "tip": tip,
        "unfelt": open_still & ~tip,
        "right": first.said == parts,
        "guessed": guessed == parts,
        "later": later.whole,
    }


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Ask for rare words, look at what is known of those that did not come, and ask again."""
    random = np.random.default_rng(seed)
    people = [_one_person(settings, random) for _ in range(settings.people)]
    tip, unfelt, right, guessed, later = (
        np.concatenate([one[name] for one in people])
        for name in ("tip", "unfelt", "right", "guessed", "later")
    )
    kinds = np.stack([right[:, 0], right[:, -1]], axis=1)
    known = np.array([kinds[state].mean(0) for state in (unfelt, tip)])
    whole = np.array([guessed[tip][:, place].mean() for place in (0, -1)])
    chance = np.array([1 / settings.alphabet, 1 / settings.syllables])
    resolved = np.array([later[state].mean() for state in (unfelt, tip)])
    near = right[tip & later].mean() - right[tip & ~later].mean()
    return Findings(
        measures={
            "first_letter": 100 * known[1, 0],
            "first_letter_above_chance": 100 * (known[1, 0] - chance[0]),
            "syllables_above_chance": 100 * (known[1, 1] - chance[1]),
            "tip_minus_unfelt": 100 * (known[1, 0] - known[0, 0]),
            "resolved_gain": 100 * (resolved[1] - resolved[0]),
            "nearer_knows_more": 100 * float(near),
            "whole_above_chance": 100 * (whole[0] - chance[0]),
            "tip_share": 100 * float(tip.mean()),
        },
        curves={"known": known, "whole": whole, "chance": chance, "resolved": resolved},
        data="simulated people and words",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Parts known of words that did not come, and what came later."""
    left, middle, right = figure.subplots(1, 3)
    for axes, place, title in ((left, 0, "first letter"), (middle, 1, "number of syllables")):
        known = 100 * runs.curves("known")[:, :, place]
        axes.bar(
            [0, 1], known.mean(0), color=["#c9d7e3", PALETTE[0]], width=0.6,
            yerr=np.stack([known.mean(0) - known.min(0), known.max(0) - known.mean(0)]), capsize=3,
        )  # fmt: skip
        axes.plot(
            1, 100 * runs.mean("whole")[place], "s", color=PALETTE[1],
            label="rival: whole or nothing",
        )  # fmt: skip
        axes.axhline(100 * runs.mean("chance")[place], color="#6b6b6b", ls=":", label="chance")
        axes.set_title(title)
        axes.set_ylabel("right about words that did not come (%)")
        axes.set_ylim(0, 100)
        axes.legend(loc="upper left")
    later = 100 * runs.curves("resolved")
    right.bar(
        [0, 1], later.mean(0), color=["#c9d7e3", PALETTE[0]], width=0.6,
        yerr=np.stack([later.mean(0) - later.min(0), later.max(0) - later.mean(0)]), capsize=3,
    )  # fmt: skip
    right.set_title("came at a later try")
    right.set_ylabel("of words that had not come (%)")
    for axes in (left, middle, right):
        axes.set_xticks([0, 1], _STATES, fontsize=9)


EXPERIMENT = Experiment(
    name="tip-of-the-tongue",
    part="Knowing that one knows",
    title="Parts of a word that does not come",
    claim="Of a word that feels near but does not come, people know its first letter and its "
    "number of syllables better than chance, the better the nearer they are to it.",
    source=Source(
        'Brown & McNeill 1966, The "tip of the tongue" phenomenon',
        "abstract: letters and syllables known before recall; more accurate the nearer to recall",
        "https://doi.org/10.1016/S0022-5371(66)80040-3",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "first_letter_above_chance",
            "right first letters of words on the tip of the tongue minus chance",
            (5.0, float("inf")),
            None,
            "knowledge of some of the letters (Brown & McNeill 1966, abstract); at least 5 points "
            "is our criterion",
            unit="points",
        ),
        Expected(
            "syllables_above_chance",
            "right numbers of syllables minus chance",
            (5.0, float("inf")),
            None,
            "knowledge of the number of syllables (same); at least 5 points is our criterion",
            unit="points",
        ),
        Expected(
            "tip_minus_unfelt",
            "right first letters on the tip of the tongue minus of words that were not felt",
            (0.0, float("inf")),
            None,
            "the state is one of being near (same)",
            unit="points",
        ),
        Expected(
            "nearer_knows_more",
            "right parts of words that came later minus of those that did not",
            (0.0, float("inf")),
            None,
            "the nearer to successful recall, the more accurate (same, abstract)",
            unit="points",
        ),
        Expected(
            "resolved_gain",
            "words that came later: from the tip of the tongue minus from those not felt",
            (0.0, float("inf")),
            None,
            "such states are mostly resolved (same; many since)",
            unit="points",
        ),
        Expected(
            "whole_above_chance",
            "right first letters minus chance in a rival whose values come whole or not at all",
            (-3.0, 3.0),
            None,
            "our criterion: that values are read part by part must be needed; band of our own",
            unit="points",
            premise=True,
        ),
    ),
    caption="Words that did not come, by whether their meaning matched well (tip of the tongue) "
    "or not. First letter and syllables are known above chance, and more of these words come at a "
    "later try.",
    how_it_works="The meaning is the key, the word's form is the value, made of parts. On the tip "
    "of the tongue the key matches, which is felt, but others match too and what is read is their "
    "mixture: some parts stand out clearly enough and others do not. Asked again, another mixture "
    "comes.",
    limits="All letters are alike, while people know first and last ones best, and more of them "
    "are known than people know. Number of parts, noise and how much else competes were set by "
    "hand so that some words come and some do not; only directions are claimed. In the rival "
    "nothing but guessing is left by its definition.",
    quick_seeds=5,
)
