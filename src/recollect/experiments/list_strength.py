"""List strength: strong items harm weak ones in free recall, not in recognition (Ratcliff 1990)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from recollect.experiments.models.search import Search, contexts, matches
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

__all__ = ["EXPERIMENT", "Settings", "keys_with_fullness", "ratio_of_ratios"]


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        people: simulated.
        words: on a list, and as many new ones.
        times: that a strong word is shown.
        features: of a word, each 1 or -1.
        noticed: chance that a feature not yet stored is stored at a showing.
        correct: how far what is stored can be trusted: the mean of a stored feature times the
            true one.
        key_dim: length of keys in free recall.
        shared: cosine of a word's key with the list's context.
        sharpness: κ of the match with the context.
        search: how people search.
    """

    people: int = 300
    words: int = 16
    times: int = 4
    features: int = 24
    noticed: float = 0.22
    correct: float = 0.8
    key_dim: int = 32
    shared: float = 0.8
    sharpness: float = 4.0
    search: Search = field(default_factory=Search)


def ratio_of_ratios(
    mixed_strong: float, mixed_weak: float, pure_strong: float, pure_weak: float
) -> float:
    """Advantage of strong words in mixed lists over that in pure lists (Ratcliff et al. 1990)."""
    return (mixed_strong / mixed_weak) / (pure_strong / pure_weak)


def keys_with_fullness(
    stored: NDArray[np.float32], correct: float
) -> tuple[NDArray[np.float32], float]:
    """Keys that know how full they are, and the sharpness κ at which they are compared.

    With ``κ = atanh(c)``, ``exp(κ k·q + filled · ½ log(1 - c²))`` is the likelihood ratio of a
    word's being the one stored (Shiffrin & Steyvers 1997, A model for recognition memory: REM):
    a fuller key matches its own word more and other words less, and a new word by 1 on average.

    Args:
        stored: features, 1, -1 or 0 where nothing is stored, ``[..., feature]``.
        correct: c, trust in a stored feature.

    Returns:
        Keys ``[..., feature + 1]``, to be asked with a query that has 1 in the last place.
    """
    sharpness = float(np.arctanh(correct))
    filled = np.abs(stored).sum(-1, keepdims=True)
    fullness = filled * 0.5 * np.log(1 - correct**2) / sharpness
    return np.concatenate([stored, fullness], axis=-1).astype(np.float32), sharpness


def _stored(
    settings: Settings,
    random: np.random.Generator,
    words: NDArray[np.float32],
    times: NDArray[np.int64],
) -> NDArray[np.float32]:
    """What was stored of each word after its showings: all in one trace."""
    full = random.random(words.shape) < 1 - (1 - settings.noticed) ** times[:, None]
    right = random.random(words.shape) < (1 + settings.correct) / 2
    return (full * np.where(right, words, -words)).astype(np.float32)


@eqx.filter_jit
def _felt(
    keys: Float[Array, "people word key"],
    queries: Float[Array, "people query key"],
    amounts: Float[Array, "people word"],
    sharpness: float,
) -> Float[Array, "people query"]:
    """Logarithm of the summed match of each word that is judged."""
    similarity = Exponential(sharpness)
    match = jax.vmap(lambda k, a, q: retrieve(k, a[:, None], q, similarity))(keys, amounts, queries)
    return jnp.log(match[..., 0])


def _sensitivity(old: NDArray[np.float64], new: NDArray[np.float64]) -> float:
    """d' with the same area under the ROC."""
    area = stats.mannwhitneyu(old.ravel(), new.ravel()).statistic / (old.size * new.size)
    return float(np.sqrt(2) * stats.norm.ppf(area))


def _recognised(
    settings: Settings, random: np.random.Generator, times: NDArray[np.int64], *, fuller: bool
) -> NDArray[np.float64]:
    """d' of each half of a list; in the rival, further showings add strength to a like trace."""
    shape = (settings.people, 2 * settings.words, settings.features)
    words = random.choice(np.array([-1, 1], np.float32), shape)
    showings = times if fuller else np.ones_like(times)
    learned = [_stored(settings, random, each[: settings.words], showings) for each in words]
    keys, sharpness = keys_with_fullness(np.stack(learned), settings.correct)
    queries = np.concatenate([words, np.ones((*shape[:2], 1), np.float32)], axis=-1)
    amounts = np.ones_like(times) if fuller else times
    felt = np.asarray(
        _felt(
            jnp.asarray(keys),
            jnp.asarray(queries),
            jnp.broadcast_to(jnp.asarray(amounts, jnp.float32), keys.shape[:2]),
            sharpness,
        ),
        np.float64,
    )
    new, half = felt[:, settings.words :], settings.words // 2
    return np.array(
        [_sensitivity(felt[:, :half], new), _sensitivity(felt[:, half : settings.words], new)]
    )


def _recalled(
    settings: Settings, random: np.random.Generator, times: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Share recalled of each half of a list; every showing binds the word to the context."""
    keys, context = contexts(
        random, settings.people, settings.words, settings.key_dim, settings.shared
    )
    strengths = matches(keys, context, settings.sharpness)
    came = settings.search.recall(random, strengths / strengths.mean() * times).recalled
    half = settings.words // 2
    return np.array([came[:, :half].mean(), came[:, half:].mean()])


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Pure weak, pure strong and mixed lists, recognised and recalled."""
    random = np.random.default_rng(seed)
    half = settings.words // 2
    weak, strong = np.ones(settings.words, np.int64), np.full(settings.words, settings.times)
    mixed = np.concatenate([strong[:half], weak[half:]])

    def table(
        test: Callable[[NDArray[np.int64]], NDArray[np.float64]],
    ) -> NDArray[np.float64]:
        """Mixed strong, mixed weak, pure strong, pure weak."""
        in_mixed = test(mixed)
        return np.array([*in_mixed, test(strong).mean(), test(weak).mean()])

    known = table(lambda times: _recognised(settings, random, times, fuller=True))
    rival = table(lambda times: _recognised(settings, random, times, fuller=False))
    recalled = table(lambda times: _recalled(settings, random, times))
    return Findings(
        measures={
            "recognition_ratio": ratio_of_ratios(*known.tolist()),
            "recall_ratio": ratio_of_ratios(*recalled.tolist()),
            "weak_harmed": 100 * (recalled[3] - recalled[1]),
            "strength_gain": known[2] - known[3],
            "rival_ratio": ratio_of_ratios(*rival.tolist()),
        },
        curves={"known": known, "rival": rival, "recalled": recalled},
        data="simulated lists",
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Strong and weak words in pure and in mixed lists."""
    panels = figure.subplots(1, 3)
    shown = (
        ("recalled", "free recall", "recalled (%)", 100),
        ("known", "recognition", "d'", 1),
        ("rival", "recognition, rival:\nstrength only added", "d'", 1),
    )
    for axes, (name, title, label, factor) in zip(panels, shown, strict=True):
        low, high = (factor * each for each in runs.spread(name))
        middle = factor * runs.mean(name)
        for mixed, pure, text, colour, style in (
            (0, 2, f"shown {settings.times} times", PALETTE[0], "o-"),
            (1, 3, "shown once", PALETTE[1], "s--"),
        ):
            at = [pure, mixed]
            error = np.stack([middle[at] - low[at], high[at] - middle[at]])
            axes.errorbar(
                [0, 1], middle[at], error, fmt=style, color=colour, capsize=3, label=text
            )  # fmt: skip
        axes.set_xticks([0, 1], ["list of its\nown kind", "mixed list"])
        axes.set_xlim(-0.4, 1.4)
        axes.set_ylim(0, 1.25 * high.max())
        axes.set_title(title)
        axes.set_ylabel(label)
    panels[0].legend(loc="upper left")


EXPERIMENT = Experiment(
    name="list-strength",
    part="Interference",
    title="Strong words crowd out weak ones in recall, not in recognition",
    claim="Studying some words of a list more lowers free recall of the others, but does not make "
    "the others harder to recognise.",
    source=Source(
        "Ratcliff, Clark & Shiffrin 1990, List-strength effect: I. Data and discussion",
        "ratio of ratios: the advantage of strong words in mixed lists over that in pure lists",
        "https://doi.org/10.1037/0278-7393.16.2.163",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "recognition_ratio",
            "ratio of ratios of recognition d'",
            (0.8, 1.1),
            1.0,
            "no list-strength effect in recognition: the ratio is near 1 or somewhat below "
            "(Ratcliff, Clark & Shiffrin 1990); band of our own, wider below",
        ),
        Expected(
            "recall_ratio",
            "ratio of ratios of the share recalled",
            (1.1, float("inf")),
            None,
            "a positive list-strength effect in free recall (same); at least 1.1 is our criterion",
        ),
        Expected(
            "weak_harmed",
            "free recall of weak words among weak ones minus among strong ones",
            (0.0, float("inf")),
            None,
            "Tulving & Hastie 1972; Ratcliff, Clark & Shiffrin 1990",
            unit="points",
        ),
        Expected(
            "strength_gain",
            "d' of strong minus of weak words in pure lists",
            (0.3, float("inf")),
            None,
            "more study is recognised better; at least 0.3 is our criterion",
        ),
        Expected(
            "rival_ratio",
            "ratio of ratios of d' in a rival where study only adds strength to like keys",
            (1.1, float("inf")),
            None,
            "the prediction that made the finding a surprise (same); at least 1.1",
        ),
    ),
    caption="A line that falls from the list of its own kind to the mixed list is harm. In recall "
    "weak words lose and strong ones gain in mixed lists; in recognition both stay. A memory that "
    "only adds strength has them part in recognition too.",
    how_it_works="Showing a word again makes its key fuller, not only stronger. A fuller key "
    "matches its own word more and other words less, so that judging others is no harder. Free "
    "recall asks with the context alone, which every showing binds; there strong keys win the "
    "draws.",
    limits="Features, their number and how many are stored are set, not fitted. Showings of a word "
    "are taken to find its earlier trace.",
    quick_seeds=3,
)
