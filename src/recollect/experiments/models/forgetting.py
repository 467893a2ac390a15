"""A network that learns one task and then another, its memories of the two kept apart.

Two linear layers with a rectifier between and no offsets. What the first task wrote (with the
weights it started from) and what the second task wrote are kept as two sets of weights that add up,
so that memories of the first can be amplified by a factor β at test:

    hidden = [β x W₁ + x U₁]₊,   outputs = β hidden W₂ + hidden U₂

Protocol of Gershman, Fiete & Irie 2025, Figure 2, with the numbers of their released notebook:
cross-entropy over all four classes, plain gradient descent, pictures in the order of the files.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from recollect.experiments.models.images import (
    DIGITS,
    FASHION,
    MNIST,
    Split,
    digits,
    of_idx,
    of_labels,
)
from recollect.experiments.models.torch_random import TorchRandom
from recollect.experiments.protocol.data import DataFolder

__all__ = [
    "Batches",
    "Protocol",
    "Tasks",
    "Weights",
    "batches",
    "outputs",
    "right",
    "start",
    "train",
]

CLASSES = 4
_TASK_1, _TASK_2 = (0, 1), (2, 3)


@dataclass(frozen=True)
class Protocol:
    """How the two tasks are learned.

    Attributes:
        hidden: units between the layers.
        epochs: passes over each task.
        batch: pictures a step.
        rate: learning rate.
    """

    hidden: int = 64
    epochs: int = 5
    batch: int = 128
    rate: float = 6e-4


SMALL_PICTURES = Protocol(batch=16, rate=0.018)
"""For the built-in digits: a fifth of the pixels and a fortieth of the pictures, so smaller batches
and a rate with which rate × steps × squared length of a picture stays about what it was."""


class Tasks(NamedTuple):
    """Digits 0 and 1, then two classes of clothes (or digits 2 and 3)."""

    first: Split
    second: Split
    protocol: Protocol
    name: str

    @classmethod
    def read(cls, data: DataFolder) -> Tasks:
        """MNIST and Fashion-MNIST where both are there, else what is built in."""
        if data.has(MNIST) and data.has(FASHION):
            one, two = of_idx(data.folder(MNIST)), of_idx(data.folder(FASHION))
            name, protocol = "MNIST and Fashion-MNIST", Protocol()
        else:
            one = two = digits()
            name, protocol = DIGITS, SMALL_PICTURES
        return cls(of_labels(one, _TASK_1), of_labels(two, _TASK_2), protocol, name)


class Weights(NamedTuple):
    """Both layers of a network.

    Attributes:
        first: ``[pixel, hidden]``.
        second: ``[hidden, class]``.
    """

    first: Float[Array, "pixel hidden"]
    second: Float[Array, "hidden class"]


class Batches(NamedTuple):
    """One pass over a task; the last batch is filled up with pictures that do not count.

    Attributes:
        pixels: ``[step, batch, pixel]``.
        labels: ``[step, batch]``.
        counts: ``[step, batch]`` share of each picture in the mean loss of its batch.
        examples: ``[step, batch]`` which picture of the task it is.
    """

    pixels: Float[Array, "step batch pixel"]
    labels: Int[Array, "step batch"]
    counts: Float[Array, "step batch"]
    examples: Int[Array, "step batch"]


def start(seed: int, pixels: int, hidden: int) -> Weights:
    """First weights as PyTorch draws them for the released notebook, which draws all four."""
    random = TorchRandom(seed)
    first = random.linear(pixels, hidden)
    random.linear(pixels, hidden)  # of the second task, which starts from 0 instead
    return Weights(jnp.asarray(first), jnp.asarray(random.linear(hidden, CLASSES)))


def batches(split: Split, size: int) -> Batches:
    """The pictures of a task in the order of their source."""
    pictures = split.learned
    steps = -(-len(pictures.labels) // size)
    index = np.arange(steps * size)
    real = index < len(pictures.labels)
    examples = np.where(real, index, 0).reshape(steps, size)
    counts = real.reshape(steps, size) / real.reshape(steps, size).sum(axis=1, keepdims=True)
    return Batches(
        jnp.asarray(pictures.pixels[examples]),
        jnp.asarray(pictures.labels[examples]),
        jnp.asarray(counts, jnp.float32),
        jnp.asarray(examples),
    )


def outputs(
    earlier: Weights, later: Weights, pixels: Float[Array, "n pixel"], strength: float | Array = 1.0
) -> Float[Array, "n class"]:
    """What the network answers with its earlier memories amplified by ``strength``."""
    hidden = jax.nn.relu(strength * (pixels @ earlier.first) + pixels @ later.first)
    return strength * (hidden @ earlier.second) + hidden @ later.second


def loss(
    earlier: Weights, later: Weights, pixels: Array, labels: Array, counts: Array
) -> Float[Array, ""]:
    """Cross-entropy over all classes, the mean over a batch."""
    logits = jax.nn.log_softmax(outputs(earlier, later, pixels))
    return -jnp.sum(counts * jnp.take_along_axis(logits, labels[:, None], axis=-1)[:, 0])


@partial(jax.jit, static_argnames="second_task")
def train(
    earlier: Weights, later: Weights, once: Batches, rate: float | Array, *, second_task: bool
) -> tuple[Weights, Weights]:
    """One pass over a task, which changes the memories of that task alone."""
    learning = int(second_task)

    def step(pair: tuple[Weights, Weights], now: Batches) -> tuple[tuple[Weights, Weights], None]:
        slope = jax.grad(loss, argnums=learning)(*pair, now.pixels, now.labels, now.counts)
        moved = jax.tree.map(lambda weight, g: weight - rate * g, pair[learning], slope)
        return ((pair[0], moved) if second_task else (moved, pair[1])), None

    return jax.lax.scan(step, (earlier, later), once)[0]


@jax.jit
def _answers(earlier: Weights, later: Weights, pixels: Array, strengths: Array) -> Array:
    return jax.lax.map(lambda s: jnp.argmax(outputs(earlier, later, pixels, s), -1), strengths)


def right(
    earlier: Weights, later: Weights, split: Split, strengths: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Percentage of the test pictures answered rightly, ``[strength]``."""
    factors = np.ones(1) if strengths is None else strengths
    tested = split.tested
    found = _answers(
        earlier, later, jnp.asarray(tested.pixels), jnp.asarray(factors, tested.pixels.dtype)
    )
    return 100 * (np.asarray(found) == tested.labels).mean(axis=1)
