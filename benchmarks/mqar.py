"""How many pairs can a layer with a memory recall? Multi-query associative recall, by width.

    python benchmarks/mqar.py [--quick] [--out build/mqar.json] [--minutes 40] [--plot FILE]

A model of two blocks learns to answer queries for key-value pairs of its own sequence: token
embedding, a gated short convolution, a layer with a memory, and the embedding again as readout;
a layer norm before each, sums around each. Every cell of the table (task, width, layer) is
trained from scratch at several learning rates, and the best of them counts. Cells that are done
are kept in the JSON file and not done again; the same command goes on where it was. It runs on
whatever device JAX finds.

The recipe is that of Arora et al. 2023 and their published code: 8,192 tokens, pairs then
queries at power-law distances, AdamW with weight decay 0.1, a cosine to 0, no positions, no MLP,
training ended where accuracy is above 0.99. Scaled down: at most 800 steps of 256
answers (4 to 64 sequences) in place of 64 passes over 100,000 examples in batches of 256 to 512;
but every batch is new, so there is no dropout either. On a GPU raise --steps,
--answers and --widths towards that. Added: a warm-up over the first 5 % of the steps; and a
larger task begins with the smaller ones of the table, each until 9 of 10 answers are right (the
published code has recipes that mix sizes, and others that do not).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, PRNGKeyArray
from report import machine, machine_line, put_into_readme, table
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

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

LAYERS: dict[str, Callable[[PRNGKeyArray, int], Layer]] = {
    "softmax": lambda key, dim: SelfAttention.draw(key, dim),
    "linear": lambda key, dim: LinearAttention.draw(key, dim),
    "delta": lambda key, dim: DeltaNet.draw(key, dim, convolution=4),
    "gated delta": lambda key, dim: GatedDeltaNet.draw(key, dim, convolution=4),
}
TASKS = ((64, 4), (128, 8), (256, 16), (256, 64))
WIDTHS = (32, 64)
RATES = (1e-2, 3e-3)
STEPS, ANSWERS, VOCABULARY = 800, 256, 8192
WARM_UP, DECAY, BETAS, EPSILON = 0.05, 0.1, (0.9, 0.999), 1e-8
SOLVED, LEARNT, CHUNK = 0.99, 0.9, 50
TESTED, TESTED_ON_THE_WAY, TEST_BATCH = 1000, 200, 50


@dataclass(frozen=True)
class Cell:
    """One training run."""

    layer: str
    width: int
    tokens: int
    pairs: int
    rate: float
    steps: int = STEPS
    answers: int = ANSWERS
    vocabulary: int = VOCABULARY
    seed: int = 0

    @property
    def lessons(self) -> list[AssociativeRecall]:
        """The task, and before it those of the table that are easier."""
        easier = [one for one in TASKS if one[0] <= self.tokens and one[1] < self.pairs]
        wanted = [*easier, (self.tokens, self.pairs)]
        return [AssociativeRecall(*one, self.vocabulary) for one in wanted]

    @property
    def name(self) -> str:
        return " ".join(f"{key}={value}" for key, value in asdict(self).items())


class Model(eqx.Module):
    """Token embedding, two layers, and the embedding as readout."""

    embedding: Float[Array, "token dim"]
    layers: tuple[Layer, ...]
    norms: tuple[eqx.nn.LayerNorm, ...]

    @classmethod
    def draw(cls, random_key: PRNGKeyArray, vocabulary: int, width: int, layer: str) -> Model:
        for_tokens, first, second = jax.random.split(random_key, 3)
        return cls(
            0.02 * jax.random.normal(for_tokens, (vocabulary, width)),
            (GatedConvolution.draw(first, width), LAYERS[layer](second, width)),
            tuple(eqx.nn.LayerNorm(width) for _ in range(3)),
        )

    def __call__(
        self, tokens: Int[Array, " token"], places: Int[Array, " query"]
    ) -> Float[Array, "query token"]:
        """Log odds of every token as the answer at some places."""
        inner = self.embedding[tokens]
        for norm, layer in zip(self.norms, self.layers, strict=False):
            inner = inner + layer(jax.vmap(norm)(inner))
        return jax.vmap(self.norms[-1])(inner[places]) @ self.embedding.T


class Moments(NamedTuple):
    """Weights, and what AdamW keeps of their slopes."""

    weights: Any
    mean: Any
    square: Any


def descend(moments: Moments, slope: Any, step: Array, rate: Array) -> Moments:
    """One step of AdamW; ``step`` counts from 1."""
    first, second = BETAS
    mean = jax.tree.map(lambda m, g: first * m + (1 - first) * g, moments.mean, slope)
    square = jax.tree.map(lambda s, g: second * s + (1 - second) * g * g, moments.square, slope)

    def move(w: Array, m: Array, s: Array) -> Array:
        direction = m / (1 - first**step) / (jnp.sqrt(s / (1 - second**step)) + EPSILON)
        return w - rate * (direction + DECAY * w)

    return Moments(jax.tree.map(move, moments.weights, mean, square), mean, square)


def mean_loss(model: Model, batch: RecallBatch) -> Float[Array, ""]:
    odds = jax.vmap(model)(batch.tokens, batch.places)
    right = jnp.take_along_axis(odds, batch.answers[..., None], axis=-1)[..., 0]
    return jnp.mean(jax.nn.logsumexp(odds, axis=-1) - right)


@eqx.filter_jit(donate="all-except-first")
def train_chunk(
    settings: Any, moments: Moments, batches: RecallBatch, start: Array, most: Array, peak: Array
) -> tuple[Moments, Float[Array, " step"]]:
    """As many steps as there are batches; ``most`` is how many there are in all."""

    def step(moments: Moments, now: tuple[Array, RecallBatch]) -> tuple[Moments, Array]:
        done, batch = now
        share = done / most
        rate = peak * jnp.minimum(share / WARM_UP, 0.5 * (1 + jnp.cos(jnp.pi * share)))
        loss, slope = jax.value_and_grad(
            lambda weights: mean_loss(eqx.combine(weights, settings), batch)
        )(moments.weights)
        return descend(moments, slope, done, rate), loss

    count = batches.tokens.shape[0]
    return jax.lax.scan(step, moments, (start + 1.0 + jnp.arange(count), batches))


@eqx.filter_jit
def answered(model: Model, batches: RecallBatch) -> Array:
    """Share of the answers that are right, of batches one after the other."""

    def one(batch: RecallBatch) -> Array:
        odds = jax.vmap(model)(batch.tokens, batch.places)
        return jnp.mean(jnp.argmax(odds, axis=-1) == batch.answers)

    return jnp.mean(jax.lax.map(one, batches))


def drawn(task: AssociativeRecall, random: np.random.Generator, chunk: int, batch: int) -> Any:
    """Batches ``[chunk, batch, ...]``."""
    flat = task.draw(random, chunk * batch)
    return RecallBatch(*(jnp.asarray(c.reshape(chunk, batch, *c.shape[1:])) for c in flat))


def train(
    cell: Cell, tell: Callable[[int, float, float], None], deadline_s: float = float("inf")
) -> dict[str, Any] | None:
    """Train a cell and test it.

    Args:
        cell: what to train.
        tell: called now and then with the steps done, the loss and the accuracy.
        deadline_s: of ``time.monotonic``; later than this the run is given up.

    Returns:
        ``accuracy`` of the answers in sequences never seen, ``loss``, ``steps`` and ``seconds``;
        None where there was no time.
    """
    begun = time.monotonic()
    lessons = cell.lessons
    model = Model.draw(jax.random.key(cell.seed), cell.vocabulary, cell.width, cell.layer)
    weights, settings = eqx.partition(model, eqx.is_inexact_array)
    nothing = jax.tree.map(jnp.zeros_like, weights)
    moments = Moments(weights, nothing, jax.tree.map(jnp.copy, nothing))
    random = np.random.default_rng(cell.seed)
    unseen = np.random.default_rng((cell.seed, 1))
    probes = [drawn(one, unseen, TESTED_ON_THE_WAY // TEST_BATCH, TEST_BATCH) for one in lessons]
    at, last = 0, len(lessons) - 1
    done, accuracy, loss = 0, 0.0, float("nan")
    while done < cell.steps and (at < last or accuracy < SOLVED):
        if time.monotonic() > deadline_s:
            return None
        chunk = min(CHUNK, cell.steps - done)
        if at < last and accuracy >= LEARNT:
            at, accuracy = at + 1, 0.0
        batch = max(cell.answers // lessons[at].pairs, 1)
        batches = drawn(lessons[at], random, chunk, batch)
        counts = (jnp.asarray(float(number)) for number in (done, cell.steps, cell.rate))
        moments, losses = train_chunk(settings, moments, batches, *counts)
        done, loss = done + chunk, float(losses[-10:].mean())
        if done % (2 * CHUNK) == 0:
            accuracy = float(answered(eqx.combine(moments.weights, settings), probes[at]))
        tell(done, loss, accuracy)
        if not np.isfinite(loss):
            break
    test = drawn(lessons[-1], unseen, TESTED // TEST_BATCH, TEST_BATCH)
    accuracy = float(answered(eqx.combine(moments.weights, settings), test))
    seconds = round(time.monotonic() - begun, 1)
    return {"accuracy": accuracy, "loss": loss, "steps": done, "seconds": seconds}


def cells(chosen: argparse.Namespace) -> Iterator[list[Cell]]:
    """For each task, width and layer its cells, one a learning rate; the easiest first."""
    for tokens, pairs in chosen.tasks:
        for width in chosen.widths:
            for layer in chosen.layers:
                given = (chosen.steps, chosen.answers, chosen.vocabulary, chosen.seed)
                cell = Cell(layer, width, tokens, pairs, 0.0, *given)
                yield [replace(cell, rate=rate) for rate in chosen.rates]


def sweep(chosen: argparse.Namespace, kept: dict[str, Any], save: Callable[[], None]) -> None:
    """Train what is not kept yet, while there is time."""
    deadline_s = time.monotonic() + 60.0 * chosen.minutes
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=30), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        for sweeping in cells(chosen):
            for cell in sweeping:
                solved = any(
                    kept[one.name]["accuracy"] >= SOLVED for one in sweeping if one.name in kept
                )
                if cell.name in kept or (solved and not chosen.every_rate):
                    continue
                shown = bar.add_task(cell.name, total=cell.steps)

                def tell(done: int, loss: float, accuracy: float, cell=cell, shown=shown) -> None:
                    words = f"{cell.name}: loss {loss:.3f}, accuracy {accuracy:.3f}"
                    bar.update(shown, completed=done, description=words)

                found = train(cell, tell, deadline_s)
                bar.remove_task(shown)
                if found is None:
                    console.print("no time left; the same command goes on from here")
                    return
                kept[cell.name] = {**asdict(cell), **found}
                save()
                told = ", ".join(f"{key} {value:.4g}" for key, value in found.items())
                console.print(f"{cell.name}: {told}", highlight=False, soft_wrap=True)


def best(kept: dict[str, Any]) -> dict[tuple[int, int, int, str], tuple[float, float]]:
    """The best accuracy and its learning rate, by tokens, pairs, width and layer."""
    found: dict[tuple[int, int, int, str], tuple[float, float]] = {}
    for run in kept.values():
        at = (run["tokens"], run["pairs"], run["width"], run["layer"])
        found[at] = max(found.get(at, (-1.0, 0.0)), (run["accuracy"], run["rate"]))
    return found


def report(kept: dict[str, Any]) -> str:
    """A Markdown table of the best accuracy (and its learning rate) of every cell."""
    found = best(kept)
    layers = [name for name in LAYERS if any(at[3] == name for at in found)]
    rows = []
    for tokens, pairs, width in sorted({at[:3] for at in found}):
        row = [f"{tokens} / {pairs}", str(width)]
        for layer in layers:
            cell = found.get((tokens, pairs, width, layer))
            row.append("–" if cell is None else f"{cell[0]:.3f} ({cell[1]:g})")
        rows.append(row)
    return table(["tokens / pairs", "width", *layers], rows)


def plot(kept: dict[str, Any], path: Path) -> None:
    """Accuracy by width, one panel a task."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = best(kept)
    tasks = sorted({at[:2] for at in found})
    figure, panels = plt.subplots(
        1, len(tasks), figsize=(2.2 * len(tasks) + 0.6, 2.5), sharey=True, layout="constrained"
    )
    colours = dict(zip(LAYERS, ("#4c72b0", "#dd8452", "#55a868", "#c44e52"), strict=True))
    for task, axes in zip(tasks, np.atleast_1d(panels), strict=True):
        for layer, colour in colours.items():
            points = sorted(
                (at[2], found[at][0]) for at in found if at[:2] == task and at[3] == layer
            )
            if points:
                axes.plot(*zip(*points, strict=True), "o-", color=colour, label=layer, alpha=0.85)
        axes.set_xscale("log", base=2)
        widths = sorted({at[2] for at in found})
        axes.set_xticks(widths, [str(width) for width in widths])
        axes.set(title=f"{task[0]} tokens, {task[1]} pairs", xlabel="width", ylim=(-0.03, 1.04))
        axes.title.set_fontsize(9)
        axes.spines[["top", "right"]].set_visible(False)
    np.atleast_1d(panels)[0].set_ylabel("answers that are right")
    np.atleast_1d(panels)[0].legend(frameon=False, fontsize=8)
    draft = path.with_name(f"{path.stem}.part.png")
    figure.savefig(draft, dpi=90)
    draft.replace(path)


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def task(text: str) -> tuple[int, int]:
        tokens, _, pairs = text.partition("/")
        return int(tokens), int(pairs)

    parser.add_argument("--layers", nargs="+", choices=list(LAYERS), default=list(LAYERS))
    parser.add_argument("--widths", nargs="+", type=int, default=list(WIDTHS), metavar="DIM")
    parser.add_argument(
        "--tasks", nargs="+", type=task, default=list(TASKS), metavar="TOKENS/PAIRS"
    )
    parser.add_argument(
        "--rates",
        nargs="+",
        type=float,
        default=list(RATES),
        metavar="RATE",
        help="learning rates, the most promising first",
    )
    parser.add_argument("--steps", type=int, default=STEPS, help="most steps of a run")
    parser.add_argument("--answers", type=int, default=ANSWERS, help="how many a step learns from")
    parser.add_argument("--vocabulary", type=int, default=VOCABULARY, help="different tokens")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--every-rate", action="store_true", help="go on with the sweep where one rate is enough"
    )
    parser.add_argument("--minutes", type=float, default=float("inf"), help="end after so long")
    parser.add_argument(
        "--out", type=Path, default=Path("build/mqar.json"), help="figures, kept from run to run"
    )
    parser.add_argument("--plot", type=Path, help="draw what is done, as PNG")
    parser.add_argument("--readme", action="store_true", help="put the table into the README")
    parser.add_argument(
        "--quick", action="store_true", help="two layers at 64 tokens, 4 pairs and one rate"
    )
    chosen = parser.parse_args(arguments)
    if chosen.quick:
        chosen.layers, chosen.widths, chosen.tasks = ["softmax", "delta"], [64], [(64, 4)]
        chosen.rates = [RATES[0]]
    return chosen


def main(arguments: Sequence[str] | None = None) -> None:
    """Train what is missing, then print the table of all that is done."""
    chosen = options(arguments)
    jax.config.update("jax_default_matmul_precision", "float32")  # also where TF32 is usual
    kept: dict[str, Any] = {}
    if chosen.out.exists():
        kept = json.loads(chosen.out.read_text(encoding="utf-8"))["runs"]
    about = {**machine(), "device": jax.devices()[0].device_kind}

    def save() -> None:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        draft = chosen.out.with_name(f"{chosen.out.name}.part")
        draft.write_text(json.dumps({"about": about, "runs": kept}, indent=1), encoding="utf-8")
        draft.replace(chosen.out)

    sweep(chosen, kept, save)
    if not kept:
        sys.exit("nothing was done; give it more --minutes")
    text = f"{machine_line(about)} Device: {about['device']}.\n\n{report(kept)}"
    print(text)
    if chosen.readme:
        put_into_readme("mqar", text)
    if chosen.plot:
        plot(kept, chosen.plot)


if __name__ == "__main__":
    main()
