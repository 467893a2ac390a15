"""Retroactive inhibition: later lists hide the first one (Riefer & Batchelder 1988)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Parameters,
    Runs,
    Source,
    binomial_fit,
    read_table,
)
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "pair_shares"]

_FOLDER = "ab_ac_interference_mpt"
_KINDS = ("E1", "E2", "E3", "E4", "F1", "F2")
_LISTS = np.arange(5)
_PANELS = ("both words of a pair, together", "one word of a pair", "a single word")


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        item_spread: σ, standard deviation of log strength between words and people.
    """

    item_spread: float = 0.5


def pair_shares(
    stored: Float[Array, " n"], found: Float[Array, " n"], single: Float[Array, " n"]
) -> Float[Array, " condition"]:
    """The pair-clustering tree as binomials, each given that those before did not happen.

    Args:
        stored: c, that a pair became one cluster.
        found: r, that a cluster is found.
        single: u, that a word is found that stands alone.

    Returns:
        ``[4n]``: both together; both apart; one word; a single word of its own category.
    """
    together = stored * found
    apart = (1 - stored) * single**2
    one = 2 * (1 - stored) * single * (1 - single)
    return jnp.concatenate([together, apart / (1 - together), one / (1 - together - apart), single])


def _counts(data: DataFolder) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    columns = {"lists": int, "resp": str, "freq": float}
    table = read_table(data.folder(_FOLDER) / "retroact.csv", columns)
    e1, e2, e3, e4, f1, f2 = (
        np.array(
            [table["freq"][(table["lists"] == n) & (table["resp"] == k)].sum() for n in _LISTS]
        )
        for k in _KINDS
    )
    successes = np.concatenate([e1, e2, e3, f1])
    trials = np.concatenate([e1 + e2 + e3 + e4, e2 + e3 + e4, e3 + e4, f1 + f2])
    return successes, trials


def _memory(values: Parameters, item_spread: float) -> Float[Array, " condition"]:
    """Whole values, found against the traces of the later lists, which share the context in part.

    A cluster is one value and so is a word alone; each later list adds as many rivals as the
    first list has, together as strong as ``rivals``.
    """
    memory = EpisodicMemory(item_spread=item_spread)
    # A power of nothing has no slope; this little is nothing beside the noise.
    added = jnp.maximum(jnp.asarray(_LISTS, dtype=float), 1e-8)
    rivals = values["rivals"] * added ** (1 / memory.choice)

    def found(strength: Float[Array, ""] | float) -> Float[Array, " n"]:
        return memory.recalled(jnp.full(len(_LISTS), strength), rivals)

    stored = jnp.full(len(_LISTS), values["stored"])
    return pair_shares(stored, found(values["cluster"]), found(values["word"]))


def _fading(values: Parameters) -> Float[Array, " condition"]:
    """Every later list destroys the same share of what the first one left."""
    left = values["kept"] ** jnp.asarray(_LISTS, dtype=float)
    stored = jnp.full(len(_LISTS), values["stored"])
    return pair_shares(stored, values["found"] * left, values["word"] * left)


def _unlearning(values: Parameters) -> Float[Array, " condition"]:
    """Every later list breaks the same share of clusters up; finding is as before."""
    stored = values["stored"] * values["kept"] ** jnp.asarray(_LISTS, dtype=float)
    ones = jnp.ones(len(_LISTS))
    return pair_shares(stored, values["found"] * ones, values["word"] * ones)


def _tree(values: Parameters) -> Float[Array, " condition"]:
    """The tree itself, with a parameter for every list where ``_0`` to ``_4`` are given."""

    def each(name: str) -> Float[Array, " n"]:
        return jnp.stack([jnp.asarray(values.get(f"{name}_{n}", values.get(name))) for n in _LISTS])

    return pair_shares(each("c"), each("r"), each("u"))


def _unit(*names: str) -> dict[str, tuple[float, float]]:
    return dict.fromkeys(names, (0.01, 0.99))


def _all(name: str) -> tuple[str, ...]:
    return tuple(f"{name}_{n}" for n in _LISTS)


def _p_value(small: Fit, large: Fit) -> float:
    """Likelihood-ratio test of a model within a larger one."""
    more = large.free_parameters - small.free_parameters
    ratio = (small.aic - 2 * small.free_parameters) - (large.aic - 2 * large.free_parameters)
    return float(stats.chi2.sf(max(ratio, 0.0), more))


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit retrieval competition, two kinds of storage loss, and the multinomial tree."""
    successes, trials = _counts(data)

    def competition(values: Parameters) -> Float[Array, " condition"]:
        return _memory(values, settings.item_spread)

    strengths = {"cluster": (0.02, 3.0), "word": (0.02, 3.0), "rivals": (0.0, 2.0)}
    models = (
        ("memory: whole values, more rivals", competition, _unit("stored") | strengths),
        ("traces fade with every list", _fading, _unit("stored", "found", "word", "kept")),
        ("clusters are unlearned", _unlearning, _unit("stored", "found", "word", "kept")),
        ("tree: storage one, finding free", _tree, _unit("c", *_all("r"), *_all("u"))),
        ("tree: all free", _tree, _unit(*_all("c"), *_all("r"), *_all("u"))),
        ("tree: finding one, storage free", _tree, _unit(*_all("c"), "r", *_all("u"))),
    )
    pairs = [
        binomial_fit(name, predict, bounds, successes, trials, ours=place == 0)
        for place, (name, predict, bounds) in enumerate(models)
    ]
    fits, told = [fit for fit, _ in pairs], [shares for _, shares in pairs]
    ours, fading, unlearned, stored_one, free, found_one = fits
    people = _shown(successes / trials)
    return Findings(
        measures={
            "storage_p": _p_value(stored_one, free),
            "retrieval_p": _p_value(found_one, free),
            "fading_gain": fading.aic - ours.aic,
            "unlearning_gain": unlearned.aic - ours.aic,
            "r_squared": ours.r_squared,
        },
        curves={
            "people": people,
            "memory": _shown(told[0]),
            "fading": _shown(told[1]),
            "unlearning": _shown(told[2]),
            "tree": _of_tree(free.parameters),
        },
        fits=tuple(fits),
        data="recall frequencies of 75 participants",
    )


def _shown(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shares of all pairs and words, ``[3, lists]``, from the conditional ones."""
    together, apart, one, single = shares.reshape(4, len(_LISTS))
    return np.stack([together, (1 - together) * (1 - apart) * one, single])


def _of_tree(values: Mapping[str, float]) -> NDArray[np.float64]:
    return np.array([[values[name] for name in _all(letter)] for letter in "cr"])


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """What is recalled of the first list, and what the tree says of storing and finding."""
    left, right = figure.subplots(1, 2)
    looks = (
        ("memory", "memory: values whole, rivals added", PALETTE[0], "o-"),
        ("fading", "traces fade", PALETTE[1], "s--"),
        ("unlearning", "pairs are unlearned", PALETTE[2], "^:"),
    )
    width = 0.38
    for place, (kind, shade) in enumerate(((0, "#c9d7e3"), (2, "#e3dcc9"))):
        at = _LISTS + (place - 0.5) * width
        shown = 100 * runs.mean("people")[kind]
        left.bar(at, shown, width, color=shade, label=f"people: {_PANELS[kind]}")
        for name, label, colour, style in looks:
            left.plot(
                at, 100 * runs.mean(name)[kind], style, color=colour, ms=5,
                label=label if place else None,
            )  # fmt: skip
    left.set_ylabel("recalled of the first list (%)")
    left.set_ylim(0, 118)
    left.legend(loc="upper right", fontsize=8.5)
    for values, label, colour, style in zip(
        runs.mean("tree"),
        ("stored as a pair (c)", "a stored pair is found (r)"),
        (PALETTE[3], PALETTE[0]),
        ("D-", "o-"),
        strict=True,
    ):
        right.plot(_LISTS, 100 * values, style, color=colour, label=label)
    right.set_ylim(0, 105)
    right.set_ylabel("estimated from people's answers (%)")
    right.legend(loc="lower left")
    for axes in (left, right):
        axes.set_xticks(_LISTS)
        axes.set_xlabel("lists learned in between")


EXPERIMENT = Experiment(
    name="retroactive",
    part="Interference",
    title="Later lists hide the first one without harming it",
    claim="What later learning takes from a list is finding it, not having it: adding rivals to "
    "the search accounts for the loss with every value whole.",
    source=Source(
        "Riefer & Batchelder 1988, Multinomial modeling and the measurement of cognitive processes",
        "experiment on retroactive inhibition, Figure 3: c constant, r falling",
        "https://doi.org/10.1037/0033-295x.95.3.318",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "storage_p",
            "chance of data as uneven if storage is the same after every number of lists",
            (0.05, 1.0),
            None,
            "c remains constant (Riefer & Batchelder 1988); the usual 5 %",
        ),
        Expected(
            "retrieval_p",
            "chance of data as uneven if finding is the same after every number of lists",
            (0.0, 0.05),
            None,
            "r decreases the more lists have been interpolated (same); the usual 5 %",
        ),
        Expected(
            "fading_gain",
            "AIC of traces that fade with every list minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion; both have four parameters",
        ),
        Expected(
            "unlearning_gain",
            "AIC of unlearned pairs minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion; both have four parameters",
        ),
        Expected(
            "r_squared",
            "variance of the 20 shares that the memory accounts for",
            (0.9, 1.0),
            None,
            "our criterion",
        ),
    ),
    caption="Left: recall of the first list falls at once and then less and less, as it does when "
    "rivals are added one by one; people level off even more than that. Right: a model that knows "
    "nothing of keys says that pairs stay stored and become harder to find.",
    how_it_works="All lists hang on nearly the same context. Every further list adds traces that "
    "the context also matches, and the search divides among them. The first list's values are "
    "the same at the end as at the beginning.",
    limits="A model in which whole pairs vanish cannot be told from one in which they are not "
    "found by the tree alone, but only by the shape of the curve. Answers are pooled over people.",
    data=(_FOLDER,),
    needs_data=True,
    seeds=1,
    quick_seeds=1,
)
