"""Hippocampal repulsion: keys that compete become less alike than keys that never met."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import Softmax, overlap, retrieve
from recollect.recall.plots.style import MUTED, PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        pairs: of items with cues that are alike.
        dim: length of cues, keys and values.
        cue_likeness: cosine of the cues of a pair.
        value_likeness: cosine of the values of a pair.
        sharpness: inverse temperature of the competition.
        noise: standard deviation of what blurs a cue, as a share of its length.
        trials: retrievals of every item.
        rate: of learning.
    """

    pairs: int = 12
    dim: int = 64
    cue_likeness: float = 0.7
    value_likeness: float = 0.7
    sharpness: float = 3.0
    noise: float = 0.5
    trials: int = 300
    rate: float = 0.1


class Items(NamedTuple):
    """Pairs side by side: items 0 and 1 are a pair, 2 and 3, and so on.

    Attributes:
        cues: ``[n, dim]`` as the cortex sees them; they stay as they are.
        values: ``[n, dim]`` what each leads to; they stay too.
        later: ``[n, dim]`` what each leads to in a second lesson.
    """

    cues: Float[Array, "n dim"]
    values: Float[Array, "n dim"]
    later: Float[Array, "n dim"]


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Let keys compete, and in a control let them drift as far without competition."""
    parts = jax.random.split(jax.random.key(seed), 6)
    items = Items(
        _alike(parts[0], settings, settings.cue_likeness),
        _alike(parts[1], settings, settings.value_likeness),
        _alike(parts[2], settings, 0.0),
    )
    keys, course = _learn(settings, items.cues, parts[3])
    _, drift_course = _learn(settings, items.cues, parts[3], competing=False)
    _, alone_course = _learn(settings, items.cues, parts[3], cue_counts=0.0)
    before = _read(settings, items, items.cues, items.values, parts[4])
    after = _read(settings, items, keys, items.values, parts[4])
    aimed = _of_pairs(items.values)
    return Findings(
        measures={
            "key_difference": float(course[-1, 0] - course[-1, 1]),
            "drift_difference": float(drift_course[-1, 0] - drift_course[-1, 1]),
            "alone_difference": float(alone_course[-1, 0] - alone_course[-1, 1]),
            "value_likeness_error": float(_of_pairs(after) - aimed),
            "value_likeness_error_before": float(_of_pairs(before) - aimed),
            "intrusion_left": _intrusion(settings, items, keys, parts[4])
            / _intrusion(settings, items, items.cues, parts[4]),
            "later_gain": float(
                overlap(_read(settings, items, keys, items.later, parts[5]), items.later)
                - overlap(_read(settings, items, items.cues, items.later, parts[5]), items.later)
            ),
        },
        curves={
            "competing": np.asarray(course),
            "drifting": np.asarray(drift_course),
            "alone": np.asarray(alone_course),
            "values": np.array([aimed, _of_pairs(before), _of_pairs(after)]),
        },
        data="simulated items",
    )


def _alike(random_key: PRNGKeyArray, settings: Settings, likeness: float) -> Float[Array, "n dim"]:
    """Unit vectors, each alike to its pairmate by a cosine of about ``likeness``."""
    shared, own = jax.random.normal(random_key, (2, 2 * settings.pairs, settings.dim))
    shared = jnp.repeat(shared[::2], 2, axis=0)
    return _unit(likeness**0.5 * shared + (1 - likeness) ** 0.5 * own)


def _unit(rows: Float[Array, "n dim"]) -> Float[Array, "n dim"]:
    return rows / jnp.linalg.norm(rows, axis=-1, keepdims=True)


def _blurred(
    settings: Settings, cues: Float[Array, "n dim"], random_key: PRNGKeyArray
) -> Float[Array, "n dim"]:
    noise = jax.random.normal(random_key, cues.shape) / settings.dim**0.5
    return cues + settings.noise * noise


def _of_pairs(rows: Float[Array, "n dim"]) -> Float[Array, ""]:
    """Mean cosine of the two of a pair."""
    return overlap(rows[::2], rows[1::2])


def _likeness(keys: Float[Array, "n dim"]) -> Float[Array, " 2"]:
    """Mean cosine of pairmates, and of items that are none."""
    unit = _unit(keys)
    of_all = jnp.sum(jnp.sum(unit, axis=0) ** 2) - len(keys)
    of_pairs = 2 * jnp.sum(unit[::2] * unit[1::2])
    others = len(keys) * (len(keys) - 2)
    return jnp.stack([of_pairs / len(keys), (of_all - of_pairs) / others])


@partial(jax.jit, static_argnames=("settings", "competing"))
def _learn(
    settings: Settings,
    cues: Float[Array, "n dim"],
    random_key: PRNGKeyArray,
    *,
    competing: bool = True,
    cue_counts: float | Array = 1.0,
) -> tuple[Float[Array, "n dim"], Float[Array, "trial 2"]]:
    """Keys, which begin as copies of the cues, after all trials, and their likeness on the way.

    A cue, blurred, drives its memory and those that it is alike to; keys step down the slope of
    ``-log`` of the share that the right memory gets, so away from those that intrude, by as much
    as they do. Without competition each step is as long, in a random direction. With
    ``cue_counts`` of 0 keys are matched alone, without the cues.
    """

    def lost(keys: Array, seen: Array) -> Array:
        match = settings.sharpness * (cue_counts * (seen @ cues.T) + keys @ keys.T)
        return -jnp.trace(jax.nn.log_softmax(match, axis=-1))

    def trial(keys: Array, now: Array) -> tuple[Array, Array]:
        for_cues, for_drift = jax.random.split(now)
        slope = jax.grad(lost)(keys, _blurred(settings, cues, for_cues))
        if not competing:
            size = jnp.linalg.norm(slope, axis=-1, keepdims=True)
            slope = size * _unit(jax.random.normal(for_drift, keys.shape))
        moved = _unit(keys - settings.rate * slope)
        return moved, _likeness(moved)

    keys, course = jax.lax.scan(trial, cues, jax.random.split(random_key, settings.trials))
    return keys, jnp.concatenate([_likeness(cues)[None], course])


@partial(jax.jit, static_argnames="settings")
def _read(
    settings: Settings,
    items: Items,
    keys: Float[Array, "n dim"],
    values: Float[Array, "n value"],
    random_key: PRNGKeyArray,
) -> Float[Array, "n value"]:
    """What blurred cues bring back: cortical cue and hippocampal key are matched together."""
    seen = jnp.concatenate([_blurred(settings, items.cues, random_key), keys], axis=-1)
    held = jnp.concatenate([items.cues, keys], axis=-1)
    return retrieve(held, values, seen, separation=Softmax(settings.sharpness))


def _intrusion(
    settings: Settings, items: Items, keys: Float[Array, "n dim"], random_key: PRNGKeyArray
) -> float:
    """Mean share of what is recalled that comes from the pairmate's memory."""
    shares = _read(settings, items, keys, jnp.eye(len(keys)), random_key)
    return float(jnp.mean(shares[::2, 1::2].diagonal() + shares[1::2, ::2].diagonal()) / 2)


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Likeness of keys over learning, with and without competition, and of what is recalled."""
    competing, controls, recalled = figure.subplots(1, 3, width_ratios=(1.3, 1.3, 1))
    shown = (
        (competing, "competing", 0, "similar cues (pairmates)", PALETTE[0], "-"),
        (competing, "competing", 1, "unrelated cues", PALETTE[1], "-"),
        (controls, "drifting", 0, "pairmates, drift only", PALETTE[2], "-"),
        (controls, "alone", 0, "pairmates, keys without cues", PALETTE[3], "--"),
        (controls, "drifting", 1, "unrelated cues", PALETTE[1], "-"),
    )
    for axes, name, which, label, colour, line in shown:
        each = runs.curves(name)[..., which]  # [seed, trial]
        trials = np.arange(each.shape[1])
        axes.fill_between(trials, each.min(0), each.max(0), color=colour, alpha=0.2)
        axes.plot(trials, each.mean(0), line, color=colour, label=label)
    for axes in (competing, controls):
        axes.axhline(0, color=MUTED, linewidth=0.8)
        axes.set_ylim(-0.9, 1.25)
        axes.set_xlabel("times each item was retrieved")
        axes.legend(loc="upper right", fontsize=8)
    competing.set_title("keys that compete")
    controls.set_title("controls")
    competing.set_ylabel("similarity of keys (cosine)")
    bars = runs.curves("values")
    recalled.bar(range(3), bars.mean(0), color=("#c9d7e3", PALETTE[1], PALETTE[0]), width=0.6)
    recalled.plot(np.tile(np.arange(3), (len(bars), 1)).T, bars.T, ".", color=MUTED)
    recalled.set_xticks(range(3), ["stored", "recalled\nbefore", "recalled\nafter"])
    recalled.set_ylabel("similarity of pairmates' values (cosine)")
    recalled.set_title("values")


EXPERIMENT = Experiment(
    name="repulsion",
    part="Adaptive keys",
    title="Similar memories that compete are pushed apart, farther than unrelated ones",
    claim="After competition at retrieval, keys of similar events are less similar than keys of "
    "unrelated events, while the values that they lead to keep their similarity.",
    source=Source(
        "Chanales, Oza, Favila & Kuhl 2017, Overlap among spatial memories triggers repulsion of "
        "hippocampal representations; Favila, Chanales & Kuhl 2016",
        "abstracts: similarity of overlapping routes below that of non-overlapping ones after "
        "learning; lower overlap benefits later learning",
        "https://doi.org/10.1016/j.cub.2017.06.057",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "key_difference",
            "similarity of pairmates' keys minus that of unrelated keys, after learning",
            (float("-inf"), 0.0),
            None,
            "Chanales et al. 2017, abstract: less similar than non-overlapping events",
        ),
        Expected(
            "drift_difference",
            "the same where keys drift as far without competition",
            (0.0, float("inf")),
            None,
            "Chanales et al. 2017: plain separation can take similarity away, not reverse it",
        ),
        Expected(
            "value_likeness_error",
            "similarity of pairmates' values as recalled minus as stored, after learning",
            (-0.05, 0.05),
            None,
            "our criterion: values must come back as similar as they were stored",
        ),
        Expected(
            "alone_difference",
            "the same where keys compete but are matched without the cues",
            (-0.1, float("inf")),
            None,
            "what the mechanism says: nothing to make up for, so no reversal; size our criterion",
        ),
        Expected(
            "intrusion_left",
            "share of the pairmate in what is recalled, after learning over before",
            (0.0, 0.5),
            None,
            "our criterion: competition must at least halve intrusions",
        ),
        Expected(
            "later_gain",
            "gain for new values learned later under the same keys (cosine of recall)",
            (0.0, float("inf")),
            None,
            "Favila et al. 2016, abstract: lower overlap prevents interference in later learning",
        ),
    ),
    caption="Left: keys of similar events start out alike and end below unrelated ones. Middle: "
    "drift of the same size, or keys matched without cues, take similarity away without reversing "
    "it. Right: pairmates' values as stored and as recalled.",
    how_it_works="A memory is found by the match of the cue, which the cortex keeps as it is, and "
    "of a hippocampal key that can move. Retrieval that lets the pairmate intrude pushes the two "
    "keys apart until the whole match is no better than that of unrelated memories; since the "
    "cues stay alike, the keys must become unlike beyond that. Values are not touched.",
    limits="That the cortical cue takes part in the match is an assumption, and the reversal rests "
    "on it. Sizes of fMRI pattern correlations are not fitted.",
    seeds=10,
    quick_seeds=3,
)
