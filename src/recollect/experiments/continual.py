"""Learning tasks one after the other, with keys that overlap and keys that are kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from recollect.experiments.models.images import (
    DIGITS,
    MNIST,
    Pictures,
    Split,
    digits,
    of_idx,
    of_labels,
)
from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import Unit, fast_weights_along
from recollect.recall.plots.style import MARKERS, PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

CLASSES = 10
_KINDS = {
    "pixels": "the pixels (overlapping)",
    "dense": "many random units, all active",
    "sparse": "many random units, 5 % active",
    "sparsest": "many random units, 1 % active",
}


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        units: of the expanded keys.
        active: of these, how many are active in a sparse key, and in the sparsest.
        rate: share of the error that one write removes.
        passes: over the pictures of a task.
        learned: pictures a task.
        tested: pictures a task.
    """

    units: int = 2000
    active: tuple[int, int] = (100, 20)
    rate: float = 0.2
    passes: int = 3
    learned: int = 260
    tested: int = 60


class Task(NamedTuple):
    """Two digits to be told from all ten."""

    learned: Pictures
    tested: Pictures


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Write five tasks into one memory, in sequence and interleaved, with each kind of key."""
    random = np.random.default_rng(seed)
    split, name = (of_idx(data.folder(MNIST)), "MNIST") if data.has(MNIST) else (digits(), DIGITS)
    classes = random.permutation(CLASSES).reshape(-1, 2)
    tasks = [_task(settings, split, pair, random) for pair in classes.tolist()]
    lessons = {
        "in sequence": [task.learned for task in tasks],
        "interleaved": _interleaved(tasks, random),
    }
    order = np.arange(len(tasks))
    projection = random.normal(size=(split.learned.pixels.shape[1], settings.units))
    measures: dict[str, float] = {}
    curves: dict[str, NDArray[np.float64]] = {}
    for kind in _KINDS:
        encode = partial(_keys, settings, kind, jnp.asarray(projection, jnp.float32))
        course = _course(
            settings, lessons["in sequence"], np.repeat(order, settings.passes), tasks, encode
        )[settings.passes - 1 :: settings.passes]
        together = _course(
            settings, lessons["interleaved"], np.tile(order, settings.passes), tasks, encode
        )[-1]
        curves[kind], curves[f"{kind}, interleaved"] = course, together
        measures |= {
            f"{kind}_end": float(course[-1].mean()),
            f"{kind}_interleaved": float(together.mean()),
            f"{kind}_forgotten": float((course.diagonal() - course[-1])[:-1].mean()),
            f"{kind}_overlap": _overlap(tasks, encode),
        }
    cost = {k: measures[f"{k}_interleaved"] - measures[f"{k}_end"] for k in _KINDS}
    measures |= {
        "less_forgotten": measures["pixels_forgotten"] - measures["sparse_forgotten"],
        "less_than_dense": measures["dense_forgotten"] - measures["sparse_forgotten"],
        "sparsest_less_forgotten": measures["pixels_forgotten"] - measures["sparsest_forgotten"],
        "sparsest_cost_saved": cost["pixels"] - cost["sparsest"],
    }
    return Findings(measures, curves, data=name)


def _task(
    settings: Settings, split: Split, classes: list[int], random: np.random.Generator
) -> Task:
    parts = []
    for part, most in zip(
        of_labels(split, classes), (settings.learned, settings.tested), strict=True
    ):
        chosen = random.permutation(len(part.labels))[:most]
        parts.append(Pictures(part.pixels[chosen], part.labels[chosen]))
    return Task(*parts)


def _interleaved(tasks: list[Task], random: np.random.Generator) -> list[Pictures]:
    """All pictures of all tasks in random order, in as many lessons as there are tasks."""
    pixels = np.concatenate([task.learned.pixels for task in tasks])
    labels = np.concatenate([task.learned.labels for task in tasks])
    order = random.permutation(len(labels)).reshape(len(tasks), -1)
    return [Pictures(pixels[chosen], labels[chosen]) for chosen in order]


@partial(jax.jit, static_argnums=(0, 1))
def _keys(
    settings: Settings,
    kind: str,
    projection: Float[Array, "pixel unit"],
    pixels: Float[Array, "n pixel"],
) -> Float[Array, "n key"]:
    """Keys of length 1; random units see how a picture differs from its own mean."""
    if kind == "pixels":
        return Unit()(pixels)
    centred = pixels - jnp.mean(pixels, axis=-1, keepdims=True)
    drive = centred @ projection
    if kind in ("sparse", "sparsest"):
        active = settings.active[kind == "sparsest"]
        least = jax.lax.top_k(drive, active)[0][:, -1:]
        drive = jnp.where(drive >= least, drive, 0.0)
    return Unit()(jax.nn.relu(drive))


@jax.jit
def _written(
    state: Float[Array, "key value"],
    keys: Float[Array, "n key"],
    values: Float[Array, "n value"],
    rate: float | Array,
) -> Float[Array, "key value"]:
    """Fast weights after writing pairs one after the other by the delta rule."""
    rates = jnp.full(keys.shape[0], rate)
    return fast_weights_along(keys, values, keys, rate=rates, state=state, form="chunked").state


def _course(
    settings: Settings,
    lessons: list[Pictures],
    order: NDArray[np.int64],
    tasks: list[Task],
    encode: partial[Array],
) -> NDArray[np.float64]:
    """Share right in each task's test after each lesson, ``[lesson, task]``; any class may be told.

    The memory is one matrix of fast weights under the delta rule.
    """
    tests = [encode(jnp.asarray(task.tested.pixels)) for task in tasks]
    state = jnp.zeros((tests[0].shape[-1], CLASSES))
    shares = []
    keys = [encode(jnp.asarray(lesson.pixels)) for lesson in lessons]
    values = [jax.nn.one_hot(lesson.labels, CLASSES) for lesson in lessons]
    for number in order:
        state = _written(state, keys[number], values[number], settings.rate)
        shares.append(
            [
                float(np.mean(np.asarray(test @ state).argmax(1) == task.tested.labels))
                for test, task in zip(tests, tasks, strict=True)
            ]
        )
    return np.array(shares)


def _overlap(tasks: list[Task], encode: partial[Array]) -> float:
    """Mean cosine of the keys of the first task and of all others."""
    means = [jnp.mean(encode(jnp.asarray(task.tested.pixels)), axis=0) for task in tasks]
    return float(jnp.mean(jnp.stack(means[1:]) @ means[0]))


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """The first task while others are learned, and all tasks at the end."""
    course, ends = figure.subplots(1, 2, sharey=True)
    for place, (kind, label) in enumerate(_KINDS.items()):
        first = runs.curves(kind)[:, :, 0]
        tasks = np.arange(1, first.shape[1] + 1)
        colour = PALETTE[place]
        course.fill_between(tasks, first.min(0), first.max(0), color=colour, alpha=0.15)
        course.plot(tasks, first.mean(0), MARKERS[place] + "-", color=colour, label=label)
        for at, name, style in (
            (place - 0.18, f"{kind}, interleaved", {"fill": False, "hatch": "///"}),
            (place + 0.18, kind, {}),
        ):
            shares = runs.curves(name)
            last = shares[:, -1].mean(-1) if shares.ndim == 3 else shares.mean(-1)
            ends.bar(at, last.mean(), 0.34, color=colour, edgecolor=colour, **style)
            ends.plot(np.full_like(last, at), last, ".", color="#444444", markersize=4)
    course.set_xlabel("tasks learned so far")
    course.set_xticks(tasks)
    course.set_ylabel("test pictures answered rightly")
    course.yaxis.set_major_formatter(percent)
    course.set_title("The first task")
    course.set_ylim(0, 1.05)
    course.legend(title="keys are", alignment="left", loc="upper right")
    ends.set_xticks(range(4), ["pixels", "units all\nactive", "5 %\nactive", "1 %\nactive"])
    ends.set_title("All tasks at the end\n(hatched: interleaved, filled: in sequence)")


def _direction(measure: str, says: str, read_from: str) -> Expected:
    return Expected(measure, says, (0.0, float("inf")), None, read_from)


EXPERIMENT = Experiment(
    name="continual",
    part="Machine learning",
    title="Keys kept apart let a memory learn one task after another",
    claim="The same memory, written one task at a time, forgets earlier tasks when keys overlap, "
    "and keeps more of them when keys are sparse and apart.",
    source=Source(
        "French 1991, Using semi-distributed representations to overcome catastrophic forgetting; "
        "Bricken et al. 2023, Sparse distributed memory is a continual learner",
        "main claim of both",
        "https://arxiv.org/abs/2303.11934",
    ),
    settings=Settings(),
    quick=Settings(),
    run=run,
    plot=plot,
    expected=(
        _direction(
            "pixels_forgotten",
            "share of earlier tasks lost by the end, keys overlapping",
            "French 1991: catastrophic forgetting",
        ),
        _direction(
            "less_forgotten",
            "this loss minus that with sparse keys (5 % active)",
            "French 1991; Bricken et al. 2023: direction",
        ),
        _direction(
            "less_than_dense",
            "loss with as many units all active minus that with sparse keys",
            "Bricken et al. 2023: sparsity, not size alone",
        ),
        _direction(
            "sparsest_less_forgotten",
            "loss with overlapping keys minus that with the sparsest keys (1 % active)",
            "as above; the sparsest keys were added after a look at one run with 5 % active",
        ),
        _direction(
            "sparsest_cost_saved",
            "cost of learning in sequence instead of interleaved, saved by the sparsest keys",
            "our control: the gain must be of sequence, not of better keys in general",
        ),
    ),
    caption="Left: what is left of the first task as others are learned. Right: all tasks at the "
    "end. Hatched bars (interleaved) show that each kind of key can hold all tasks; the "
    "gap to the filled bar is what learning in sequence costs.",
    how_it_works="A new pair changes what is found for an old key as far as the two keys overlap. "
    "Sparse keys of different tasks share few units, so later values are added beside the earlier "
    "ones instead of on top of them.",
    limits="One layer of fast weights under the delta rule; keys are random, not learned. Each "
    "task has two digits, and any of ten may be answered.",
    data=(MNIST,),
    built_in="scikit-learn's digits",
    seeds=5,
    quick_seeds=2,
)
