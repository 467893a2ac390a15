"""Many pairs at once: which layers learn to recall them from a sequence (MQAR, small)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray

from recollect.experiments.models.adam import Moments, adam_start, adam_step
from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory.layers import (
    AssociativeRecall,
    DeltaNet,
    GatedConvolution,
    GatedDeltaNet,
    Layer,
    LinearAttention,
    RecallBatch,
    SelfAttention,
)
from recollect.recall.plots.style import LINES, MUTED, PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_LAYERS: dict[str, Callable[[PRNGKeyArray, int], Layer]] = {
    "softmax": lambda key, dim: SelfAttention.draw(key, dim),
    "linear": lambda key, dim: LinearAttention.draw(key, dim),
    "delta": lambda key, dim: DeltaNet.draw(key, dim, convolution=4),
    "gated delta": lambda key, dim: GatedDeltaNet.draw(key, dim, convolution=4),
    "no memory": lambda key, dim: GatedConvolution.draw(key, dim),
}
_LABELS = {
    "softmax": "softmax attention",
    "linear": "linear attention",
    "delta": "delta rule",
    "gated delta": "gated delta rule",
    "no memory": "no memory",
}
_WARM_UP, _DECAY = 0.05, 0.1


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        tokens: of a sequence.
        pairs: of key and value in it, each asked once.
        vocabulary: different tokens.
        width: of the layers.
        steps: of learning, each with new sequences.
        batch: sequences a step.
        rate: largest learning rate.
        tested: sequences of the test.
        stretches: times that the test is taken on the way.
        layers: kinds that are trained.
    """

    tokens: int = 16
    pairs: int = 4
    vocabulary: int = 32
    width: int = 32
    steps: int = 600
    batch: int = 32
    rate: float = 1e-2
    tested: int = 500
    stretches: int = 12
    layers: tuple[str, ...] = tuple(_LAYERS)


class Batch(NamedTuple):
    """Sequences, and what is asked of them; training has them by stretch and step.

    Attributes:
        tokens: ``[..., n, token]``.
        places: ``[..., n, pair]`` where keys come again.
        answers: ``[..., n, pair]`` their values.
    """

    tokens: Int[Array, "*n token"]
    places: Int[Array, "*n pair"]
    answers: Int[Array, "*n pair"]

    @classmethod
    def of(cls, drawn: RecallBatch, *shape: int) -> Batch:
        """Sequences in some shape."""
        tokens, places, answers = (jnp.asarray(part.reshape(*shape, -1)) for part in drawn)
        return cls(tokens, places, answers)


class Recaller(eqx.Module):
    """Token embedding, a short convolution, a layer with a memory, the embedding as readout."""

    embedding: Float[Array, "vocabulary dim"]
    layers: tuple[Layer, Layer]
    norms: tuple[eqx.nn.LayerNorm, eqx.nn.LayerNorm, eqx.nn.LayerNorm]

    @classmethod
    def draw(cls, random_key: PRNGKeyArray, settings: Settings, layer: str) -> Recaller:
        """Random weights."""
        for_tokens, first, second = jax.random.split(random_key, 3)
        width = settings.width
        norms = (eqx.nn.LayerNorm(width), eqx.nn.LayerNorm(width), eqx.nn.LayerNorm(width))
        return cls(
            0.02 * jax.random.normal(for_tokens, (settings.vocabulary, width)),
            (GatedConvolution.draw(first, width), _LAYERS[layer](second, width)),
            norms,
        )

    def __call__(
        self, tokens: Int[Array, " token"], places: Int[Array, " query"]
    ) -> Float[Array, "query vocabulary"]:
        """Log odds of every token as the answer at some places."""
        inner = self.embedding[tokens]
        for norm, layer in zip(self.norms, self.layers, strict=False):
            inner = inner + layer(jax.vmap(norm)(inner))
        return jax.vmap(self.norms[-1])(inner[places]) @ self.embedding.T


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Train each kind of layer on the same sequences and test it on others."""
    task = AssociativeRecall(settings.tokens, settings.pairs, settings.vocabulary)
    random = np.random.default_rng(seed)
    shape = (settings.stretches, settings.steps // settings.stretches, settings.batch)
    lessons = Batch.of(task.draw(random, int(np.prod(shape))), *shape)
    test = Batch.of(task.draw(random, settings.tested), settings.tested)
    curves = {}
    for layer in settings.layers:
        model = Recaller.draw(jax.random.key(seed), settings, layer)
        curves[layer] = np.asarray(_learn(model, lessons, test, settings.rate))
    ends = {layer.replace(" ", "_"): float(course[-1]) for layer, course in curves.items()}
    return Findings(
        measures={**ends, "linear_behind": ends["softmax"] - ends["linear"]},
        curves=curves,
        data="random sequences",
    )


@eqx.filter_jit
def _learn(model: Recaller, lessons: Batch, test: Batch, rate: float) -> Float[Array, " stretch"]:
    """Share of the test's answers that are right after each stretch of learning."""
    weights, fixed = eqx.partition(model, eqx.is_inexact_array)
    most = lessons.tokens.shape[0] * lessons.tokens.shape[1]

    def loss(weights: Any, batch: Batch) -> Array:
        odds = jax.vmap(eqx.combine(weights, fixed))(batch.tokens, batch.places)
        right = jnp.take_along_axis(odds, batch.answers[..., None], axis=-1)[..., 0]
        return jnp.mean(jax.nn.logsumexp(odds, axis=-1) - right)

    def step(moments: Moments, batch: Batch) -> tuple[Moments, None]:
        share = (moments.steps + 1) / most
        now = rate * jnp.minimum(share / _WARM_UP, 0.5 * (1 + jnp.cos(jnp.pi * share)))
        slope = jax.grad(loss)(moments.weights, batch)
        return adam_step(moments, slope, now, _DECAY), None

    def stretch(moments: Moments, batches: Batch) -> tuple[Moments, Array]:
        moments, _ = jax.lax.scan(step, moments, batches)
        odds = jax.vmap(eqx.combine(moments.weights, fixed))(test.tokens, test.places)
        return moments, jnp.mean((jnp.argmax(odds, axis=-1) == test.answers).astype(jnp.float32))

    return jax.lax.scan(stretch, adam_start(weights), lessons)[1]


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Share of right answers as learning goes on."""
    axes = figure.subplots()
    steps = np.arange(1, settings.stretches + 1) * (settings.steps // settings.stretches)
    for place, (layer, label) in enumerate(_LABELS.items()):
        if layer not in settings.layers:
            continue
        colour = MUTED if layer == "no memory" else PALETTE[place]
        axes.fill_between(steps, *runs.spread(layer), color=colour, alpha=0.15)
        line = LINES[place % len(LINES)]
        axes.plot(steps, runs.mean(layer), line, color=colour, marker=".", label=label)
    axes.set_xlabel(f"steps of learning, each with {settings.batch} new sequences")
    axes.set_ylabel("answers that are right")
    axes.yaxis.set_major_formatter(percent)
    axes.set_ylim(-0.03, 1.05)
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.4))


def _solves(measure: str, says: str) -> Expected:
    return Expected(
        measure,
        f"{says}: answers that are right",
        (0.95, 1.0),
        0.99,
        "Arora et al. 2024; Yang et al. 2024: 0.99 and more at 64 tokens and 4 pairs; band for a "
        "smaller task with less learning",
    )


EXPERIMENT = Experiment(
    name="many-pairs",
    part="Machine learning",
    title="Recall of many pairs has to be learned, and takes a memory",
    claim="A layer with a key-value memory learns to recall any of several pairs from a sequence "
    "it has never seen; softmax attention and the delta rules do, linear attention lags, and "
    "without a memory there is only guessing.",
    source=Source(
        "Arora et al. 2024, Zoology: measuring and improving recall in efficient language models; "
        "Yang et al. 2024, Parallelizing linear transformers with the delta rule",
        "multi-query associative recall, 64 tokens and 4 pairs",
        "https://arxiv.org/abs/2312.04927",
    ),
    settings=Settings(),
    quick=Settings(steps=240, layers=("softmax", "linear", "delta", "no memory")),
    run=run,
    plot=plot,
    expected=(
        _solves("softmax", "softmax attention"),
        _solves("delta", "delta rule"),
        Expected(
            "linear_behind",
            "softmax attention minus linear attention",
            (0.0, float("inf")),
            None,
            "Arora et al. 2024: layers with a fixed state lag behind attention",
        ),
        Expected(
            "no_memory",
            "without a memory: answers that are right",
            (0.0, 0.1),
            None,
            "a guess among 16 values is right in 0.0625; band our own",
        ),
    ),
    caption="Sequences begin with pairs of tokens (key, value); later each key comes once more and "
    "its value must be told. Pairs are new in every sequence, so only what is stored while "
    "reading can help.",
    how_it_works="Learning finds projections that make a token the key of the one after it. At the "
    "second coming of a key the layer reads its memory with it. Layers differ in how the memory is "
    "written: all pairs kept (softmax), summed (linear), or corrected (delta).",
    limits="A small task: 16 tokens, 4 pairs, 32 different tokens, width 32, one learning rate for "
    "all layers; the gated delta rule is trained in full runs only. Which layer "
    "is best at scale is another question.",
    seeds=3,
    quick_seeds=1,
)
