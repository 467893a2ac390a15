"""Free recall: a list's traces, found one after the other by contexts that each find brings back.

The query is the context of now, and of what was just recalled: its key brings back the contexts
of its moment (which words on both sides share), and the word itself, which entered the contexts
of the words after it. Word j, shown at t_j, answers with

    s_j = a_j · R(now − t_j) · exp(γ [(1 − φ) R(|t_i − t_j|) + φ R(t_j − t_i) 1[j > i]]),

where i was recalled last, R is :meth:`EpisodicMemory.retained` and γ the sharpness of contexts;
the last factor is 1 before the first recall. Words not yet recalled compete by Luce's rule with
each other and with giving up (the account of Howard & Kahana 2002 in this memory's terms).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray
from numpy.typing import NDArray

from recollect.experiments.models.episodes import SECOND, EpisodicMemory
from recollect.experiments.protocol import Parameters

__all__ = [
    "OWN_BOUNDS",
    "SHARED",
    "List",
    "chances",
    "expected_recall",
    "odds",
    "simulated",
    "transitions",
]

SHARED = ("choice", "decay", "immediacy", "context_sharpness")
OWN_BOUNDS: dict[str, tuple[float, float]] = {
    "forward": (0.0, 1.0),
    "primacy": (0.0, 6.0),
    "primacy_words": (0.5, 6.0),
    "giving_up": (0.01, 40.0),
}
"""An experiment's own: φ, how much more strongly the first word is written, over how many words
that wears off, and the strength of giving up in units of
what a second of study writes."""

_Field = tuple[Float[Array, " word"], Float[Array, " previous"], Float[Array, " word"]]


@dataclass(frozen=True)
class List:
    """How a list is shown and recalled.

    Attributes:
        words: on the list.
        seconds_a_word: from one word to the next.
        delay_seconds: from the last word's end to recall.
        seconds_a_recall: from one recalled word to the next.
    """

    words: int
    seconds_a_word: float
    delay_seconds: float = 1.0
    seconds_a_recall: float = 3.0


def odds(
    shown: List, values: Parameters, outputs: int | None = None
) -> Float[Array, "output previous word"]:
    """Strengths to the power β, in units of giving up.

    The first axis is how many words were recalled before, up to ``outputs``; on the second, the
    last place stands for no word recalled yet.
    """
    memory = EpisodicMemory.of(values)
    place = np.arange(shown.words)
    since = (shown.words - place) * shown.seconds_a_word + shown.delay_seconds
    now = since + place[:outputs, None] * shown.seconds_a_recall
    apart = (place[None] - place[:, None]) * shown.seconds_a_word
    shared = memory.retained(np.abs(apart) * SECOND)
    after = jnp.where(apart > 0, shared, 0.0)
    shares = (1 - values["forward"]) * shared + values["forward"] * after
    more = 1 + values["primacy"] * jnp.exp(-place / values["primacy_words"])
    written = shown.seconds_a_word * more / values["giving_up"]
    recent = (memory.retained(now * SECOND) * written) ** memory.choice
    matched = jnp.exp(memory.choice * memory.context_sharpness * shares)
    matched = jnp.concatenate([matched, jnp.ones((1, shown.words))])
    return recent[:, None] * matched[None]


def chances(
    table: Float[Array, "output previous word"],
    output: Int[Array, " n"],
    previous: Int[Array, " n"],
    free: Float[Array, "n word"],
) -> Float[Array, "n choice"]:
    """Probability of each word, and of giving up, where ``free`` words are left."""
    weights = table[output, previous] * free
    total = weights.sum(-1, keepdims=True) + 1
    return jnp.concatenate([weights, jnp.ones_like(total)], axis=-1) / total


def expected_recall(
    table: Float[Array, "output previous word"],
) -> Float[Array, " word"]:
    """Probability that each word is recalled, by a mean field.

    It follows how many lists are still being recalled, the word that each of them had last, and
    which words those lists have left, as if these three did not depend on each other.
    """
    words = table.shape[-1]

    def step(carry: _Field, now: Float[Array, "previous word"]) -> tuple[_Field, None]:
        free, last, recalled = carry
        weights = now * free
        found = last @ (weights / (weights.sum(-1, keepdims=True) + 1))
        left = jnp.maximum(free - found / found.sum(), 0.0)
        return (left, jnp.append(found, 0.0), recalled + found), None

    start = (jnp.ones(words), jnp.zeros(words + 1).at[words].set(1.0), jnp.zeros(words))
    (_, _, recalled), _ = jax.lax.scan(step, start, table)
    return jnp.minimum(recalled, 1.0)


@partial(jax.jit, static_argnames="lists")
def simulated(
    table: Float[Array, "output previous word"], key: PRNGKeyArray, lists: int
) -> Int[Array, "lists output"]:
    """Places of the words that simulated people recall, in order; −1 after they gave up."""
    words = table.shape[-1]

    def step(
        carry: tuple[Float[Array, "lists word"], Int[Array, " lists"]],
        now: tuple[Float[Array, "p word"], PRNGKeyArray],
    ) -> tuple[tuple[Float[Array, "lists word"], Int[Array, " lists"]], Int[Array, " lists"]]:
        free, last = carry
        weights, random = now
        ours = weights[last] * free
        all_odds = jnp.concatenate([ours, jnp.ones((lists, 1))], axis=-1)
        drawn = jax.random.categorical(random, jnp.log(all_odds), axis=-1)
        drawn = jnp.where(last == words + 1, words, drawn)
        gave_up = drawn == words
        free = free * (1 - jax.nn.one_hot(drawn, words))
        return (free, jnp.where(gave_up, words + 1, drawn)), jnp.where(gave_up, -1, drawn)

    padded = jnp.concatenate([table, jnp.zeros((len(table), 1, words))], axis=1)
    start = (jnp.ones((lists, words)), jnp.full(lists, words))
    _, drawn = jax.lax.scan(step, start, (padded, jax.random.split(key, len(table))))
    return drawn.T


def transitions(
    recalls: NDArray[np.int64], words: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Every step of real recalls: words recalled before, the last one, the choice, what is free.

    Args:
        recalls: places in order, −1 after the last, no word twice, ``[list, output]``.
        words: on a list; as a choice it stands for giving up, as the last one for none.

    Returns:
        ``output``, ``previous``, ``choice`` ``[n]`` and ``free`` ``[n, word]``. Lists recalled
        whole have no last step, as nothing is left to choose from.
    """
    lists = len(recalls)
    padded = np.concatenate([recalls[:, :words], np.full((lists, 1), -1)], axis=1)
    output, previous, choice, free = [], [], [], []
    left = np.ones((lists, words))
    last = np.full(lists, words)
    going = np.ones(lists, bool)
    for step in range(words):
        chosen = np.where(padded[:, step] < 0, words, padded[:, step])
        output.append(np.full(int(going.sum()), step))
        previous.append(last[going])
        choice.append(chosen[going])
        free.append(left[going].copy())
        going &= chosen < words
        left[np.flatnonzero(going), chosen[going]] = 0.0
        last = np.where(going, chosen, last)
    parts = (output, previous, choice)
    first, second, third = (np.concatenate(part).astype(np.int64) for part in parts)
    return first, second, third, np.concatenate(free)
