"""Induction: A was followed by B, so after A say B, by attention and by fast weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import causal_attention, fast_weights_along
from recollect.recall.plots.style import LINES, MARKERS, MUTED, PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_MEMORIES = {
    "attention": "attention (all pairs kept)",
    "hebbian": "fast weights, Hebbian",
    "delta": "fast weights, delta rule",
}
_LESION = "keys without\nthe step before"


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        key_dim: length of keys; fast weights hold about so many pairs.
        vocabulary: number of different tokens.
        lengths: of the sequences that are shown twice.
        changed: length of the sequence whose order changes; one of the lengths.
        sequences: of each length.
        sharpness: inverse temperature of attention, for keys of length 1.
    """

    key_dim: int = 64
    vocabulary: int = 512
    lengths: tuple[int, ...] = (8, 16, 32, 64, 128, 256)
    changed: int = 16
    sequences: int = 16
    sharpness: float = 16.0


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Show random sequences twice; then one whose order changes, and go on from its tokens."""
    random = np.random.default_rng(seed)
    codes = jnp.asarray(random.normal(size=(2, settings.vocabulary, settings.key_dim)), jnp.float32)
    codes /= jnp.linalg.norm(codes, axis=-1, keepdims=True)
    names = (*_MEMORIES, "lesion")
    right = {name: np.zeros(len(settings.lengths)) for name in names}
    for place, length in enumerate(settings.lengths):
        once = _tokens(random, settings, length)
        twice = np.concatenate([once, once], axis=1)
        for name in names:
            told = _told(settings, codes, twice, name)[:, length:-1]
            right[name][place] = (told == twice[:, length + 1 :]).mean()
    newest, oldest = _after_change(random, settings, codes)
    ends = {name: shares[-1] for name, shares in right.items()}
    short = settings.lengths.index(settings.changed)
    return Findings(
        measures={
            "attention_longest": ends["attention"],
            "hebbian_short": float(right["hebbian"][short]),
            "delta_short": float(right["delta"][short]),
            "hebbian_behind": ends["attention"] - ends["hebbian"],
            "lesion": float(right["lesion"].max()),
            **{f"{name}_newest": newest[place] for place, name in enumerate(_MEMORIES)},
        },
        curves={**right, "newest": np.array(newest), "oldest": np.array(oldest)},
        data="random sequences",
    )


def _tokens(
    random: np.random.Generator, settings: Settings, length: int
) -> Int[np.ndarray, "sequence token"]:
    """Sequences of different tokens."""
    everything = np.tile(np.arange(settings.vocabulary), (settings.sequences, 1))
    return random.permuted(everything, axis=1)[:, :length]


def _told(
    settings: Settings,
    codes: Float[Array, "2 vocabulary key"],
    tokens: Int[np.ndarray, "sequence token"],
    name: str,
) -> Int[np.ndarray, "sequence token"]:
    """The token expected after each.

    Sequences are filled up to one length, compiled once; what comes later changes no answer.
    """
    most = max(2 * max(settings.lengths), 3 * settings.changed)
    filled = np.pad(tokens, ((0, 0), (0, most - tokens.shape[1])))
    told = np.asarray(_expected(codes, jnp.asarray(filled), name, settings.sharpness))
    return told[:, : tokens.shape[1]]


@partial(jax.jit, static_argnames=("name", "sharpness"))
def _expected(codes: Array, tokens: Array, name: str, sharpness: float) -> Array:
    for_keys, for_values = codes

    def along(tokens: Array) -> Array:
        queries, values = for_keys[tokens], for_values[tokens]
        # The key of a step is what came before it; the first step has none.
        before = jnp.concatenate([jnp.zeros_like(queries[:1]), queries[:-1]])
        if name in ("attention", "lesion"):
            keys = queries if name == "lesion" else before
            found = causal_attention(keys, values, queries, inverse_temperature=sharpness)
        else:
            rate = jnp.ones(len(tokens)) if name == "delta" else None
            found = fast_weights_along(before, values, queries, rate=rate).outputs
        return jnp.argmax(found @ for_values.T, axis=-1)

    return jax.vmap(along)(tokens)


def _after_change(
    random: np.random.Generator, settings: Settings, codes: Float[Array, "2 vocabulary key"]
) -> tuple[list[float], list[float]]:
    """Shares of the newest and of the oldest follower, after the same tokens in another order."""
    first = _tokens(random, settings, settings.changed)
    second = random.permuted(first, axis=1)
    shown = np.concatenate([first, second, second], axis=1)
    follows = np.full((settings.sequences, settings.vocabulary), -1)
    np.put_along_axis(follows, first[:, :-1], first[:, 1:], axis=1)
    asked = slice(2 * settings.changed, -1)
    new = shown[:, 2 * settings.changed + 1 :]
    old = np.take_along_axis(follows, shown[:, asked], axis=1)
    counted = (old >= 0) & (old != new)
    newest, oldest = [], []
    for name in _MEMORIES:
        told = _told(settings, codes, shown, name)[:, asked]
        newest.append(float((told == new)[counted].mean()))
        oldest.append(float((told == old)[counted].mean()))
    return newest, oldest


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Share of right continuations by length, and what is told after a change."""
    by_length, changed = figure.subplots(1, 2, width_ratios=(1.5, 1))
    labels = {**_MEMORIES, "lesion": f"attention, {_LESION}"}
    for place, (name, label) in enumerate(labels.items()):
        colour = MUTED if name == "lesion" else PALETTE[place]
        by_length.fill_between(settings.lengths, *runs.spread(name), color=colour, alpha=0.15)
        by_length.plot(
            settings.lengths,
            runs.mean(name),
            linestyle=LINES[place],
            marker=MARKERS[place],
            color=colour,
            label=label,
        )
    by_length.set_xscale("log", base=2)
    by_length.set_xticks(settings.lengths, [str(length) for length in settings.lengths])
    by_length.set_xlabel("tokens in the sequence that is repeated")
    by_length.set_ylabel("next token told rightly")
    by_length.yaxis.set_major_formatter(percent)
    by_length.set_title("A B ... A: what comes next?")
    by_length.legend(loc="center left", bbox_to_anchor=(0.0, 0.35))
    _plot_change(changed, runs)


def _plot_change(axes: Axes, runs: Runs) -> None:
    places = np.arange(len(_MEMORIES))
    new, old = runs.mean("newest"), runs.mean("oldest")
    axes.bar(places, new, 0.55, color=PALETTE[:3], label="C, the newest")
    axes.bar(places, old, 0.55, bottom=new, color="#d9d9d9", label="B, the oldest")
    axes.set_xticks(places, ["attention", "Hebbian", "delta rule"])
    axes.set_ylim(0, 1.15)
    axes.set_ylabel("answers")
    axes.yaxis.set_major_formatter(percent)
    axes.set_title("A B ... A C ... A: coloured C, grey B")


EXPERIMENT = Experiment(
    name="induction",
    part="Machine learning",
    title="After A B ... A comes B: retrieval within a context",
    claim="A memory whose keys are what came before and whose values are what came next continues "
    "any repeated sequence; fast weights do so until they are full, and the delta rule alone tells "
    "the newest continuation after a change.",
    source=Source(
        "Olsson et al. 2022, In-context learning and induction heads; Schlag, Irie & Schmidhuber "
        "2021, Linear transformers are secretly fast weight programmers",
        "repeated random sequences; section on the delta update",
        "https://arxiv.org/abs/2209.11895",
    ),
    settings=Settings(),
    quick=Settings(sequences=8),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "attention_longest",
            "longest sequence continued rightly by attention",
            (0.98, 1.0),
            None,
            "in principle all, as every pair is kept; band: chance likeness of keys",
        ),
        Expected(
            "hebbian_short",
            "16 tokens continued rightly by Hebbian fast weights, a quarter of the key's length",
            (0.95, 1.0),
            None,
            "in principle all, as 16 keys of 64 numbers are nearly orthogonal",
        ),
        Expected(
            "delta_short",
            "16 tokens continued rightly by the delta rule",
            (0.95, 1.0),
            None,
            "as above",
        ),
        Expected(
            "hebbian_behind",
            "longest sequence: attention minus Hebbian fast weights",
            (0.0, float("inf")),
            None,
            "Schlag et al. 2021: fast weights overflow beyond the length of keys",
        ),
        Expected(
            "lesion",
            "best share right where keys lack the step before",
            (0.0, 0.1),
            None,
            "Olsson et al. 2022: induction needs a key that knows the token before; size ours",
            premise=True,
        ),
        Expected(
            "delta_newest",
            "after a change, the delta rule tells the newest",
            (0.9, 1.0),
            None,
            "Schlag et al. 2021: the delta rule replaces what a key held; band our own",
        ),
        Expected(
            "hebbian_newest",
            "after a change, Hebbian fast weights tell the newest",
            (0.3, 0.7),
            None,
            "both followers are held alike: even odds; band our own",
            premise=True,
        ),
        Expected(
            "attention_newest",
            "after a change, attention tells the newest",
            (0.3, 0.7),
            None,
            "both keys match alike: even odds; band our own",
            premise=True,
        ),
    ),
    caption="Left: sequences of random tokens are shown twice; how often is the next token of the "
    "second showing told? Grey: without the step before in its key attention only finds the token "
    "itself. Right: after the order changed, the delta rule tells the new follower; the others "
    "waver.",
    how_it_works="At every step the token before is the key and the token now is the value; the "
    "query is the token now. So A finds the step after an earlier A, and the value there is B. "
    "Attention keeps all pairs; fast weights add them up in one matrix of limited room.",
    limits="Codes of tokens are random and the keys are given, where a trained network has to find "
    "them (see many-pairs).",
    seeds=10,
    quick_seeds=3,
)
