"""The fan effect: what a word is part of many times is harder to tell (Anderson 1974)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from recollect.experiments.models.simulated import resampled
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Parameters,
    Runs,
    Source,
    Value,
    binomial_fit,
    least_squares_fit,
    read_table,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "summed_match"]

_FOLDER = "memory_experiments_popov_reder"
_PLACE = np.repeat([1, 2, 3], 3)
_PERSON = np.tile([1, 2, 3], 3)
_SECONDS = np.array([1.11, 1.17, 1.22, 1.17, 1.20, 1.22, 1.15, 1.23, 1.36])

# Condition of a test pair: name, partners of either word, presentations of the pair itself.
_TESTS = (
    ("match1and1", 1, 1, 1),
    ("match1and5", 1, 5, 1),
    ("match5and1", 5, 1, 1),
    ("match5and5", 5, 5, 1),
    ("rep5and5", 1, 1, 5),
    ("swap1and1", 1, 1, 0),
    ("swap1and5", 1, 5, 0),
    ("swap5and1", 5, 1, 0),
    ("swap5and5", 5, 5, 0),
    ("new1andN", 1, 0, 0),
    ("newNand1", 0, 1, 0),
    ("new5andN", 5, 0, 0),
    ("newNand5", 0, 5, 0),
    ("newNandN", 0, 0, 0),
)
_FIRST, _SECOND, _PAIR = (np.array([test[place] for test in _TESTS], float) for place in (1, 2, 3))
_OLD_PAIR = {"match": 1, "rep": 1, "swap": 2, "new": 2}


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        resamples: of participants for intervals.
    """

    resamples: int = 1000


def summed_match(
    half_match: Float[Array, ""] | float, repeated: Float[Array, ""] | float
) -> Float[Array, " condition"]:
    """How much all traces answer to each test pair, in units of one whole match.

    A key holds both words of a pair. The trace of the pair matches whole; a trace that shares one
    of the words matches by ``half_match``: the general form with an exponential similarity,
    whose κ is ``-2 log half_match`` for keys of two words at right angles.
    """
    own = jnp.where(_PAIR == 5, repeated, jnp.minimum(_PAIR, 1.0))
    once = np.minimum(_PAIR, 1)  # the pair's own trace is none of the others
    others = jnp.maximum(_FIRST - once, 0) + jnp.maximum(_SECOND - once, 0)
    return own + half_match * others


def _old_by_match(values: Parameters) -> Float[Array, " condition"]:
    match = summed_match(values["half_match"], values["repeated"]) + values["background"]
    return norm.cdf((jnp.log(match) - values["criterion"]) / values["noise"])


def _old_by_sum(values: Parameters) -> Float[Array, " condition"]:
    """Rival: the pair and the familiarity of its two words add up, without any competition."""
    familiar = jnp.log1p(_FIRST) + jnp.log1p(_SECOND)
    pair = jnp.where(_PAIR == 5, values["pair_repeated"], values["pair"] * (_PAIR > 0))
    repeated = jnp.where(_PAIR == 5, 2 * np.log1p(5.0), familiar)
    return norm.cdf(pair + values["word"] * repeated - values["criterion"])


def _counts(data: DataFolder) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Answers "old pair" and all answers, ``[participant, condition]``."""
    columns = {"subject": str, "procedure": str, "condition": str, "acc_resp": float}
    table = read_table(data.folder(_FOLDER) / "buchler2008_exp1.csv.gz", columns)
    names, who = np.unique(table["subject"], return_inverse=True)
    # 1 is the right answer and 0 none in time; other numbers are the answer that was given.
    answered = (table["procedure"] == "test") & (table["acc_resp"] >= 1)
    old, given = np.zeros((2, len(names), len(_TESTS)))
    for place, (name, *_) in enumerate(_TESTS):
        here = answered & (table["condition"] == name)
        kind = name.rstrip("andN0123456789")
        np.add.at(given, (who[here], place), 1)
        said = here & (table["acc_resp"] == _OLD_PAIR[kind])
        np.add.at(old, (who[said], place), 1)
    return old, given


def _sensitivity(old: NDArray[np.float64], given: NDArray[np.float64]) -> NDArray[np.float64]:
    """d' of studied against rearranged pairs for words with one and with five partners."""
    z = stats.norm.ppf((old + 0.5) / (given + 1))
    return np.asarray(z[..., [0, 3]] - z[..., [5, 8]])


def _recognition(
    settings: Settings, data: DataFolder, seed: int
) -> tuple[list[Fit], dict[str, float | Value], dict[str, NDArray[np.float64]]]:
    old, given = _counts(data)
    hits, trials = old.sum(0), given.sum(0)
    match = {
        "half_match": (0.0, 1.0),
        "repeated": (1.0, 20.0),
        "background": (0.005, 1.0),
        "criterion": (-4.0, 3.0),
        "noise": (0.1, 4.0),
    }
    ours, told = binomial_fit(
        "memory: summed match of pairs", _old_by_match, match, hits, trials, ours=True
    )
    added, flat = binomial_fit(
        "pair and words add up",
        _old_by_sum,
        {
            "pair": (0.0, 5.0),
            "pair_repeated": (0.0, 8.0),
            "word": (-1.0, 3.0),
            "criterion": (-2.0, 8.0),
        },
        hits,
        trials,
    )
    match.pop("half_match")
    whole, _ = binomial_fit(
        "keys matched whole or not at all", _old_by_match, match, hits, trials,
        fixed={"half_match": 0.0},
    )  # fmt: skip
    drawn = resampled(np.random.default_rng(seed), len(old), settings.resamples)
    falls = np.diff(_sensitivity(old[drawn].sum(1), given[drawn].sum(1)))[:, 0]
    people, memory = _sensitivity(hits, trials), _sensitivity(told * trials, trials)
    measures: dict[str, float | Value] = {
        "sensitivity_fall": Value(
            float(people[0] - people[1]), *(-np.quantile(falls, (0.975, 0.025))).tolist()
        ),
        "memory_fall": float(memory[0] - memory[1]),
        "added_gain": added.aic - ours.aic,
        "whole_gain": whole.aic - ours.aic,
        "r_squared": ours.r_squared,
    }
    curves = {"people": hits / trials, "memory": told, "added": flat}
    return [ours, added, whole], measures, curves


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit published times and, where there are data, answers about pairs."""
    others = jnp.asarray(_PERSON + _PLACE - 2.0)

    def searched(values: Parameters) -> Float[Array, " condition"]:
        return values["base_s"] + values["rival_s"] * others

    def product(values: Parameters) -> Float[Array, " condition"]:
        return values["base_s"] + values["rival_s"] * jnp.sqrt(jnp.asarray(_PERSON * _PLACE))

    def same(values: Parameters) -> Float[Array, " condition"]:
        return values["base_s"] + 0 * others

    base = {"base_s": (0.0, 3.0)}
    slope = base | {"rival_s": (-0.5, 0.5)}
    ours, told = least_squares_fit("times: memory", searched, slope, _SECONDS, ours=True)
    spread, _ = least_squares_fit("times: product of fans", product, slope, _SECONDS)
    flat, _ = least_squares_fit("times: fan without effect", same, base, _SECONDS)
    measures: dict[str, float | Value] = {
        "slowing_s": told[-1] - told[0],
        "times_r_squared": ours.r_squared,
        "times_gain": flat.aic - ours.aic,
        **dict.fromkeys(
            ("sensitivity_fall", "memory_fall", "added_gain", "whole_gain", "r_squared"),
            float("nan"),
        ),
    }
    fits, curves = [ours, spread, flat], {"times": told}
    real = data.has(_FOLDER)
    if real:
        more, measured, answers = _recognition(settings, data, seed)
        fits, measures, curves = more + fits, measures | measured, curves | answers
    return Findings(
        measures=measures,
        curves=curves,
        fits=tuple(fits),
        data="answers of 47 participants and published times" if real else "published times",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Times by number of facts, and answers about pairs by number of partners."""
    real = "people" in runs.each[0].curves
    panels = figure.subplots(1, 1 + real, squeeze=False, width_ratios=[1, 1.5][: 1 + real])[0]
    times = panels[0]
    told = runs.mean("times")
    for fan, colour in zip((1, 2, 3), PALETTE, strict=False):
        here = fan == _PERSON
        label = f"{fan} fact{'s' if fan > 1 else ''} about the person"
        times.plot(_PLACE[here], _SECONDS[here], "o", color=colour, label=label)
        times.plot(_PLACE[here], told[here], "-", color=colour)
    times.plot([], [], "-", color="#6b6b6b", label="memory")
    times.set_xticks([1, 2, 3])
    times.set_xlabel("facts about the place")
    times.set_ylabel("time to say that a fact is known (s)")
    times.legend()
    if not real:
        return
    axes = panels[1]
    places = np.arange(len(_TESTS))
    axes.bar(places, 100 * runs.mean("people"), color="#c9d7e3", label="people")
    axes.plot(places, 100 * runs.mean("memory"), "o", color=PALETTE[0], label="memory")
    axes.plot(
        places, 100 * runs.mean("added"), "s", color=PALETTE[1], ms=5, label="pair and words add up"
    )
    kinds = {"match": "studied", "rep": "studied\n5 times", "swap": "rearranged", "new": "new word"}
    labels = []
    for name, first, second, _ in _TESTS:
        labels.append("5 times" if name.startswith("rep") else f"{first or '–'}, {second or '–'}")
    axes.set_xticks(places, labels, rotation=60)
    for start, kind in ((1.5, "match"), (7, "swap"), (11, "new")):
        axes.text(start, 99, kinds[kind], ha="center", va="top")
    axes.set_xlabel("partners of the first and of the second word")
    axes.set_ylabel("called an old pair (%)")
    axes.set_ylim(0, 100)
    axes.legend(loc="center right")


EXPERIMENT = Experiment(
    name="fan",
    part="Interference",
    title="The more a word is part of, the harder each part is to tell",
    claim="Facts about persons and places with many other facts are recognised more slowly, and "
    "pairs of words with many partners are told from rearranged ones less well.",
    source=Source(
        "Anderson 1974, Retrieval of propositional information from long-term memory; Buchler, "
        "Light & Reder 2008, Memory for items and associations",
        "mean times of true facts by fan of person and place; Experiment 1",
        "https://doi.org/10.1016/0010-0285(74)90021-8",
    ),
    settings=Settings(),
    quick=Settings(resamples=300),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "slowing_s",
            "fitted time for three facts about both minus one fact about both",
            (0.125, 0.375),
            0.25,
            "1.36 s and 1.11 s (Anderson 1974, as given in the fan unit of the ACT-R tutorial); "
            "band: half as much either way",
            unit="s",
        ),
        Expected(
            "times_r_squared",
            "variance of the nine mean times that the memory accounts for",
            (0.7, 1.0),
            None,
            "our criterion",
        ),
        Expected(
            "times_gain",
            "AIC of times that no fan changes minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion",
        ),
        Expected(
            "sensitivity_fall",
            "d' of studied against rearranged pairs: one partner minus five partners, people",
            (0.0, float("inf")),
            None,
            "the fan effect on accuracy (Buchler, Light & Reder 2008)",
            only_with=(_FOLDER,),
        ),
        Expected(
            "memory_fall",
            "the same for the fitted memory",
            (0.0, float("inf")),
            None,
            "as in people",
            only_with=(_FOLDER,),
        ),
        Expected(
            "added_gain",
            "AIC of pair and words adding up minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion: other pairs must compete, not only make words familiar",
            only_with=(_FOLDER,),
        ),
        Expected(
            "whole_gain",
            "AIC of keys that match whole or not at all minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion: parts of keys must match",
            only_with=(_FOLDER,),
        ),
        Expected(
            "r_squared",
            "variance of the 14 shares of answers that the memory accounts for",
            (0.9, 1.0),
            None,
            "our criterion",
            only_with=(_FOLDER,),
        ),
    ),
    caption="Points are people's mean times, lines the memory's: every further fact about "
    "the person or the place costs the same. Where a second panel is drawn (real "
    "data), words with five partners draw yes to studied and to rearranged pairs "
    "alike.",
    how_it_works="A key holds both words (or person and place). What shares one of them matches in "
    "part. Looking for one fact, all that match in part are drawn now and then instead, and each "
    "draw takes time; judging a pair by its summed match, they raise the match of pairs that were "
    "never studied and drown the difference that the pair's own trace makes.",
    limits="Times: mean number of draws until the fact is found, one over its share, so that "
    "base time and time for a rival are all that is fitted. Answers are pooled over people.",
    data=(_FOLDER,),
    built_in="published mean times (Anderson 1974)",
    seeds=1,
    quick_seeds=1,
)
