"""List length: the longer the list, the smaller the share recalled (Murdock 1962)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from recollect.experiments.models.search import Search, contexts, matches
from recollect.experiments.models.simulated import unit_vectors
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Parameters,
    Runs,
    Source,
    least_squares_fit,
)
from recollect.memory import Exponential, retrieve
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "expected_recall"]

# Murdock 1962, Table 1: words on the list, seconds a word, mean recalled, SD, people.
_MURDOCK = np.array(
    [
        (10, 2, 6.39, 0.76, 18),
        (20, 1, 6.87, 1.16, 16),
        (15, 2, 8.25, 1.40, 19),
        (30, 1, 8.82, 1.98, 19),
        (20, 2, 8.53, 2.08, 15),
        (40, 1, 8.24, 1.08, 16),
    ]
)
_WORDS, _SECONDS, _RECALLED, _SPREAD, _PEOPLE = _MURDOCK.T
_LENGTHS = (10, 20, 40, 80)


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        people: simulated for each length.
        key_dim: length of keys.
        shared: cosine of a word's key with the list's context.
        sharpness: κ of the match with the context.
        word_sharpness: κ of the match with a word that is judged.
        fidelity: cosine of what was stored of a word with the word.
        search: how people search.
    """

    people: int = 300
    key_dim: int = 32
    shared: float = 0.8
    sharpness: float = 4.0
    word_sharpness: float = 6.0
    fidelity: float = 0.6
    search: Search = field(default_factory=Search)


def expected_recall(
    values: Parameters, words: NDArray[np.float64], seconds: NDArray[np.float64]
) -> Float[Array, " condition"]:
    """Words that some attempts bring, each drawing one of all words or nothing.

    A word of ``n`` is drawn with the chance ``1 / (n + b)``, where ``b`` is the noise beside one
    word, which a second more of study divides, and comes up at least once in L attempts.
    """
    beside = values["noise"] * jnp.asarray(seconds) ** -values["study"]
    missed = (1 - 1 / (jnp.asarray(words) + beside)) ** values["attempts"]
    return jnp.asarray(words) * (1 - missed)


def _each_alone(values: Parameters) -> Float[Array, " condition"]:
    """Rival: a word's chance depends on how long it was shown, not on the other words."""
    missed = (1 - values["chance"]) ** jnp.asarray(_SECONDS) ** values["study"]
    return jnp.asarray(_WORDS) * (1 - missed)


def _total_time(values: Parameters) -> Float[Array, " condition"]:
    """Rival: Murdock's own summary, a line in total presentation time."""
    return values["start"] + values["per_s"] * jnp.asarray(_WORDS * _SECONDS)


def _recall(settings: Settings, random: np.random.Generator, words: int, search: Search) -> float:
    keys, context = contexts(random, settings.people, words, settings.key_dim, settings.shared)
    strengths = matches(keys, context, settings.sharpness)
    return float(search.recall(random, strengths / strengths.mean()).recalled.mean())


def _recognition(settings: Settings, random: np.random.Generator, words: int) -> float:
    """d' of old against new words by summed match, from the area under the ROC."""
    old, new = [], []
    ones = jnp.ones((words, 1))
    for _ in range(max(10, settings.people // 10)):
        shown = unit_vectors(random, 2 * words, settings.key_dim)
        noise = unit_vectors(random, words, settings.key_dim)
        keys = settings.fidelity * shown[:words] + np.sqrt(1 - settings.fidelity**2) * noise
        match = retrieve(
            jnp.asarray(keys), ones, jnp.asarray(shown), Exponential(settings.word_sharpness)
        )
        felt = np.log(np.asarray(match)[:, 0])
        old.append(felt[:words])
        new.append(felt[words:])
    hits, false = np.concatenate(old), np.concatenate(new)
    area = stats.mannwhitneyu(hits, false).statistic / (len(hits) * len(false))
    return float(np.sqrt(2) * stats.norm.ppf(area))


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit Murdock's means; simulate recall and recognition of lists of four lengths."""
    errors = _SPREAD / np.sqrt(_PEOPLE)
    ours, told = least_squares_fit(
        "memory: all words compete",
        lambda values: expected_recall(values, _WORDS, _SECONDS),
        {"noise": (0.0, 100.0), "study": (0.0, 3.0), "attempts": (1.0, 60.0)},
        _RECALLED,
        standard_errors=errors,
        ours=True,
    )
    alone, flat = least_squares_fit(
        "each word alone", _each_alone, {"chance": (0.01, 0.99), "study": (0.0, 3.0)},
        _RECALLED, standard_errors=errors,
    )  # fmt: skip
    line, _ = least_squares_fit(
        "line in total time", _total_time, {"start": (0.0, 20.0), "per_s": (-1.0, 1.0)},
        _RECALLED, standard_errors=errors,
    )  # fmt: skip
    random = np.random.default_rng(seed)
    shares = np.array([_recall(settings, random, n, settings.search) for n in _LENGTHS])
    known = np.array([_recognition(settings, random, n) for n in _LENGTHS])
    return Findings(
        measures={
            "share_ratio": (told[5] / 40) / (told[1] / 20),
            "alone_gain": alone.aic - ours.aic,
            "line_gain": line.aic - ours.aic,
            "r_squared": ours.r_squared,
            "simulated_ratio": shares[2] / shares[1],
            "more_words": 40 * shares[2] - 20 * shares[1],
            "sensitivity_fall": known[1] - known[3],
        },
        curves={
            "memory": told,
            "alone": flat,
            "shares": shares,
            "known": known,
        },
        fits=(ours, alone, line),
        data="published means and simulated lists",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Murdock's means, and simulated recall and recognition by length."""
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.5, 1, 1))
    for seconds, colour in ((1, PALETTE[0]), (2, PALETTE[1])):
        here = seconds == _SECONDS
        error = 1.96 * _SPREAD[here] / np.sqrt(_PEOPLE[here])
        left.errorbar(
            _WORDS[here], _RECALLED[here], error, fmt="o", color=colour, capsize=3,
            label=f"people, {seconds} s a word (95 %)",
        )  # fmt: skip
        left.plot(_WORDS[here], runs.mean("memory")[here], "-", color=colour)
        left.plot(_WORDS[here], runs.mean("alone")[here], ":", color=colour)
    left.plot([], [], "-", color="#6b6b6b", label="memory")
    left.plot([], [], ":", color="#6b6b6b", label="rival: each word alone")
    left.set_xlabel("words on the list")
    left.set_ylabel("words recalled")
    left.set_ylim(0, 16)
    left.legend(loc="upper left", fontsize=8.5)
    for axes, name, factor, label in (
        (middle, "shares", 100, "recalled (%), simulated"),
        (right, "known", 1, "recognition, d', simulated"),
    ):
        low, high = runs.spread(name)
        axes.fill_between(
            _LENGTHS, factor * low, factor * high, color=PALETTE[2], alpha=0.2, lw=0
        )  # fmt: skip
        axes.plot(_LENGTHS, factor * runs.mean(name), "o-", color=PALETTE[2])
        axes.set_xscale("log", base=2)
        axes.set_xticks(_LENGTHS, [str(n) for n in _LENGTHS])
        axes.set_ylim(0, None)
        axes.set_xlabel("words on the list")
        axes.set_ylabel(label)


EXPERIMENT = Experiment(
    name="list-length",
    part="Interference",
    title="The longer the list, the smaller the share that is found",
    claim="Adding words to a list lowers the share of them that is recalled, and how well they "
    "are recognised, because all compete for the same search.",
    source=Source(
        "Murdock 1962, The serial position effect of free recall; Strong 1912, The effect of "
        "length of series upon recognition memory",
        "Table 1: mean number of words recalled",
        "https://doi.org/10.1037/h0045106",
    ),
    settings=Settings(),
    quick=Settings(people=100),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "share_ratio",
            "fitted share recalled of 40 words as a share of that of 20, at a second a word",
            (0.45, 0.75),
            (8.24 / 40) / (6.87 / 20),
            "Table 1: 8.24 of 40 and 6.87 of 20 words; band: a quarter either way",
        ),
        Expected(
            "alone_gain",
            "AIC of each word alone minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion",
        ),
        Expected(
            "line_gain",
            "AIC of a line in total presentation time minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion; the line is Murdock's own summary",
        ),
        Expected(
            "r_squared",
            "variance of the six means that the memory accounts for",
            (0.7, 1.0),
            None,
            "our criterion",
        ),
        Expected(
            "more_words",
            "words recalled of a simulated list of 40 minus of one of 20",
            (0.0, float("inf")),
            None,
            "number rises while the share falls (Murdock 1962; many since)",
            unit="words",
        ),
        Expected(
            "sensitivity_fall",
            "simulated recognition d' of 20 words minus of 80",
            (0.0, float("inf")),
            None,
            "Strong 1912; Ratcliff, Clark & Shiffrin 1990",
        ),
    ),
    caption="Left: twice as many words bring hardly more recalled; if words did not compete, "
    "recall would double. Middle and right: the same in simulated lists.",
    how_it_works="Every word's key holds the context of the list, and the search asks with that "
    "context. More words that answer leave each a smaller share of the draws. In recognition all "
    "keys match a little; the more there are, the more their sum varies from one new word to "
    "the next.",
    limits="Recency, which long and short lists share, is not modelled; six means, three fitted "
    "parameters. Simulated strengths are set, not fitted.",
    seeds=5,
)
