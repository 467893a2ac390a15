"""Confidence and accuracy in recognition: how much matches is how sure one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from recollect.experiments.models.simulated import resampled, unit_vectors
from recollect.experiments.protocol import (
    DataFolder,
    Expected,
    Experiment,
    Findings,
    Fit,
    Parameters,
    Prediction,
    Runs,
    Source,
    Value,
    binomial_fit,
    read_table,
)
from recollect.memory import Exponential, retrieve
from recollect.recall.plots.style import PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings", "at_least", "sequential", "zroc_slope"]

_FOLDER = "recognition_priming_lange"
_RATINGS = 6
# A fine even grid: what is integrated bends sharply where a word's own match reaches a criterion.
_NODES = np.linspace(-4.0, 4.0, 321)
_WEIGHTS = stats.norm.pdf(_NODES) / stats.norm.pdf(_NODES).sum()


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        resamples: of participants for intervals.
        people: simulated where there are no data.
        words: old ones in a simulated test, and as many new ones.
        key_dim: length of simulated keys.
        sharpness: κ of the simulated match.
    """

    resamples: int = 1000
    people: int = 30
    words: int = 120
    key_dim: int = 24
    sharpness: float = 8.0


# --- what each model says -----------------------------------------------------------------------


def _criteria(values: Parameters) -> Float[Array, " criterion"]:
    steps = jnp.stack([jnp.asarray(values[f"step_{n}"]) for n in range(1, _RATINGS - 1)])
    return values["lowest"] + jnp.concatenate([jnp.zeros(1), jnp.cumsum(steps)])


def at_least(values: Parameters) -> Float[Array, "kind criterion"]:
    """Chance that the logarithm of the summed match exceeds each criterion, old then new.

    All keys together match a new word by ``e^z``, z standard normal; an old word adds the match
    of its own key, which varies from word to word: ``log(e^z + a e^{σw})``.
    """
    criteria = _criteria(values)
    own = values["own_match"] * jnp.exp(values["item_spread"] * jnp.asarray(_NODES))
    left = jnp.exp(criteria)[:, None] - own
    safe = jnp.where(left > 0, left, 1.0)
    exceeds = jnp.where(left > 0, norm.sf(jnp.log(safe)), 1.0)
    return jnp.stack([exceeds @ jnp.asarray(_WEIGHTS), norm.sf(criteria)])


def _normal(values: Parameters) -> Float[Array, "kind criterion"]:
    criteria = _criteria(values)
    return jnp.stack(
        [norm.sf((criteria - values["distance"]) / values["old_spread"]), norm.sf(criteria)]
    )


def _threshold(values: Parameters) -> Float[Array, "kind criterion"]:
    """Detected words get the surest rating; the others are guessed at, old and new alike."""
    guess = norm.sf(_criteria(values))
    detected, rejected = values["detect_old"], values["detect_new"]
    return jnp.stack([detected + (1 - detected) * guess, (1 - rejected) * guess])


def sequential(exceeds: Float[Array, "kind criterion"]) -> Float[Array, " condition"]:
    """Ratings from the surest "old" down, each given that no surer one was chosen."""
    surest_first = exceeds[:, ::-1]
    before = jnp.concatenate([jnp.zeros((2, 1)), surest_first[:, :-1]], axis=1)
    return ((surest_first - before) / (1 - before)).ravel()


def _rated(model: Callable[[Parameters], Float[Array, "kind criterion"]]) -> Prediction:
    return lambda values: sequential(model(values))


def _binomials(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Successes and trials of :func:`sequential` from ``[kind, rating]`` counts."""
    surest_first = counts[:, ::-1]
    left = surest_first[:, ::-1].cumsum(1)[:, ::-1]
    return surest_first[:, :-1].ravel(), left[:, :-1].ravel()


def zroc_slope(exceeds: NDArray[np.float64]) -> float:
    """Slope of z(hits) on z(false alarms); 1 if old and new words vary alike."""
    hits, false = stats.norm.ppf(np.clip(exceeds, 1e-4, 1 - 1e-4))
    return float(np.polyfit(false, hits, 1)[0])


# --- answers ------------------------------------------------------------------------------------


def _people(data: DataFolder) -> NDArray[np.float64]:
    """Numbers of ratings ``[participant, kind, rating]``, old words first, sure "new" first."""
    columns = {"SubjID": str, "RecConf": int, "Bottom1Top2New0": int}
    table = read_table(data.folder(_FOLDER) / "CIDRS14.csv.gz", columns)
    names, who = np.unique(table["SubjID"], return_inverse=True)
    counts = np.zeros((len(names), 2, _RATINGS))
    given = (table["RecConf"] >= 1) & (table["RecConf"] <= _RATINGS)
    kind = (table["Bottom1Top2New0"] == 0).astype(int)
    np.add.at(counts, (who[given], kind[given], table["RecConf"][given] - 1), 1)
    return counts


@eqx.filter_jit
def _summed_match(
    keys: Float[Array, "n key"], queries: Float[Array, "q key"], sharpness: float
) -> Float[Array, " q"]:
    return retrieve(keys, jnp.ones((keys.shape[0], 1)), queries, Exponential(sharpness))[:, 0]


def _simulated(settings: Settings, seed: int) -> NDArray[np.float64]:
    """The same counts from keys kept with varying fidelity, rated by their summed match."""
    random = np.random.default_rng(seed)
    counts = np.zeros((settings.people, 2, _RATINGS))
    for person in range(settings.people):
        words = unit_vectors(random, 2 * settings.words, settings.key_dim)
        fidelity = random.uniform(0.2, 0.9, (settings.words, 1)).astype(np.float32)
        noise = unit_vectors(random, settings.words, settings.key_dim)
        keys = fidelity * words[: settings.words] + np.sqrt(1 - fidelity**2) * noise
        found = _summed_match(jnp.asarray(keys), jnp.asarray(words), settings.sharpness)
        evidence = np.log(np.asarray(found)).reshape(2, settings.words)
        edges = np.quantile(evidence, np.linspace(0, 1, _RATINGS + 1)[1:-1])
        for kind in (0, 1):
            rated = np.searchsorted(edges, evidence[kind])
            counts[person, kind] = np.bincount(rated, minlength=_RATINGS)
    return counts


def _right_by_confidence(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share right when unsure, rather sure and sure; ratings 3 and 4, 2 and 5, 1 and 6."""
    old, new = counts[..., 0, :], counts[..., 1, :]
    right = old[..., 3:] + new[..., 2::-1]
    wrong = new[..., 3:] + old[..., 2::-1]
    return np.asarray(right / (right + wrong))


def _exceeding(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = counts / counts.sum(-1, keepdims=True)
    return np.asarray(shares[..., ::-1].cumsum(-1)[..., ::-1][..., 1:])


# --- the experiment -----------------------------------------------------------------------------


def _fits(pooled: NDArray[np.float64]) -> tuple[list[Fit], list[NDArray[np.float64]]]:
    successes, trials = _binomials(pooled)
    criteria = {"lowest": (-3.0, 1.0)} | {f"step_{n}": (0.01, 2.0) for n in range(1, 5)}
    memory = {"own_match": (0.01, 30.0), "item_spread": (0.0, 3.0)}
    distance = {"distance": (0.0, 5.0)}
    models = (
        ("memory: summed match of keys", at_least, memory | criteria, None),
        ("signal detection, equal variances", _normal, distance | criteria, {"old_spread": 1.0}),
        ("signal detection, unequal", _normal,
         distance | {"old_spread": (0.3, 4.0)} | criteria, None),
        ("two high thresholds", _threshold,
         {"detect_old": (0.0, 0.99), "detect_new": (0.0, 0.99)} | criteria, None),
    )  # fmt: skip
    fits, exceeds = [], []
    for place, (name, model, bounds, fixed) in enumerate(models):
        fit, _ = binomial_fit(
            name, _rated(model), bounds, successes, trials, ours=place == 0, fixed=fixed
        )
        fits.append(fit)
        exceeds.append(np.asarray(model({**fit.parameters, **(fixed or {})}), np.float64))
    return fits, exceeds


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Fit four readings of the same ratings; intervals are from resampled participants."""
    real = data.has(_FOLDER)
    counts = _people(data) if real else _simulated(settings, seed)
    pooled = counts.sum(0)
    fits, exceeds = _fits(pooled)
    ours, equal, unequal, threshold = fits
    drawn = resampled(np.random.default_rng(seed), len(counts), settings.resamples)
    again = counts[drawn].sum(1)
    gaps = [share[2] - share[0] for share in _right_by_confidence(again)]
    slopes = [zroc_slope(each) for each in _exceeding(again)]
    people, memory = _right_by_confidence(pooled), _right_by_confidence(_told(exceeds[0], pooled))
    shown = _exceeding(pooled)
    return Findings(
        measures={
            "sure_minus_unsure": _value(100 * (people[2] - people[0]), 100 * np.array(gaps)),
            "memory_error": 100 * float(np.abs(memory - people).max()),
            "people_slope": _value(zroc_slope(shown), np.array(slopes)),
            "memory_slope": zroc_slope(exceeds[0]),
            "equal_gain": equal.aic - ours.aic,
            "threshold_gain": threshold.aic - ours.aic,
            "unequal_gain": unequal.aic - ours.aic,
            "r_squared": ours.r_squared,
        },
        curves={
            "people_roc": shown,
            "rocs": np.stack(exceeds),
            "people": people,
            "people_spread": np.quantile(_right_by_confidence(again), (0.025, 0.975), axis=0),
            "models": np.stack([_right_by_confidence(_told(each, pooled)) for each in exceeds]),
        },
        fits=tuple(fits),
        data=f"ratings of {len(counts)} participants" if real else "simulated lists",
    )


def _told(exceeds: NDArray[np.float64], pooled: NDArray[np.float64]) -> NDArray[np.float64]:
    ends = np.concatenate([np.ones((2, 1)), exceeds, np.zeros((2, 1))], axis=1)
    return np.asarray(-np.diff(ends, axis=1) * pooled.sum(1, keepdims=True))


def _value(middle: float, resamples: NDArray[np.float64]) -> Value:
    low, high = np.quantile(resamples, (0.025, 0.975))
    return Value(float(middle), float(low), float(high))


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Hits by false alarms, and accuracy by confidence."""
    left, right = figure.subplots(1, 2)
    looks = (
        (0, "memory: summed match", PALETTE[0], "-"),
        (1, "equal variances", PALETTE[1], "--"),
        (3, "two thresholds", PALETTE[2], ":"),
    )
    hits, false = 100 * runs.mean("people_roc")
    left.plot(false, hits, "o", color="#222222", label="answers", zorder=3)
    for place, label, colour, style in looks:
        hits, false = 100 * runs.mean("rocs")[place]
        left.plot(
            np.r_[100, false, 0], np.r_[100, hits, 0], style, color=colour, label=label
        )  # fmt: skip
    left.plot([0, 100], [0, 100], color="#c9c9c9", lw=0.8)
    left.set_xlabel("new words called old (%), strict to lax")
    left.set_ylabel("old words called old (%)")
    left.legend(loc="lower right")
    places = np.arange(3)
    people = 100 * runs.mean("people")
    low, high = 100 * runs.mean("people_spread")
    right.bar(
        places, people, color="#c9d7e3", width=0.6, yerr=np.stack([people - low, high - people]),
        capsize=3, label="answers, 95 % of resamples",
    )  # fmt: skip
    for place, label, colour, _ in looks:
        right.plot(
            places, 100 * runs.mean("models")[place], "os^"[min(place, 2)], color=colour,
            label=label,
        )  # fmt: skip
    right.set_xticks(places, ["unsure", "rather sure", "sure"])
    right.set_ylabel("right (%)")
    right.set_xlabel("confidence")
    right.set_ylim(40, 112)
    right.legend(loc="upper left")


EXPERIMENT = Experiment(
    name="confidence",
    part="Knowing that one knows",
    title="How sure one is follows how much matches",
    claim="Confidence in recognition is read from the summed match of keys: who is surer is more "
    "often right, and old words vary more in match than new ones.",
    source=Source(
        "Ratcliff, Sheu & Gronlund 1992, Testing global memory models using ROC curves; answers: "
        "experiment CIDRS14 of the recognition and priming data of Lange, Berry and colleagues",
        "slope of the z-transformed ROC",
        "https://doi.org/10.1037/0033-295X.99.3.518",
    ),
    settings=Settings(),
    quick=Settings(resamples=300),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "sure_minus_unsure",
            "share right when sure minus when unsure",
            (10.0, float("inf")),
            None,
            "found in nearly every study of recognition; at least ten points is our criterion",
            unit="points",
        ),
        Expected(
            "memory_slope",
            "slope of the z-transformed ROC of the fitted memory",
            (0.65, 0.95),
            0.8,
            "about 0.8 whatever the strength (Ratcliff, Sheu & Gronlund 1992, abstract); band of "
            "our own",
            only_with=(_FOLDER,),
        ),
        Expected(
            "equal_gain",
            "AIC of signal detection with equal variances minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion: that match varies must be worth its parameter",
        ),
        Expected(
            "threshold_gain",
            "AIC of two high thresholds minus that of the memory",
            (0.0, float("inf")),
            None,
            "our criterion: match is graded; the number of parameters is the same",
        ),
        Expected(
            "unequal_gain",
            "AIC of signal detection with unequal variances minus that of the memory",
            (-2.0, float("inf")),
            None,
            "our criterion: no worse than the usual description with as many parameters; 2 is "
            "the usual margin",
        ),
        Expected(
            "memory_error",
            "largest error of the memory's accuracy at a level of confidence",
            (0.0, 3.0),
            None,
            "our criterion",
            unit="points",
        ),
    ),
    caption="Left: hits against false alarms from the strictest to the laxest rating; the memory "
    "bends and leans as answers do. Right: the surer, the more often right.",
    how_it_works="A word is compared with all keys at once; the summed match is how familiar it "
    "is, before any value is read. An old word adds the match of its own key, and since some keys "
    "were laid down better than others, old words vary more than new ones. Confidence is where "
    "the match lies between the rater's criteria.",
    limits="Ratings are pooled over participants, whose criteria differ; both places at which "
    "words were studied are taken together. The thresholds are of the strict kind, in which what "
    "is detected gets the surest rating; one that spreads it over ratings has more parameters and "
    "would fit better.",
    data=(_FOLDER,),
    built_in="simulated lists, rated by the library's summed match",
    seeds=1,
    quick_seeds=1,
)
