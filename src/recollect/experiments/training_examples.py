"""What a prediction rests on: a trained layer taken apart into its training examples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from numpy.typing import NDArray

from recollect.experiments.models.images import DIGITS, MNIST, Pictures, digits, of_idx
from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import TrainingErrors, train_recorded
from recollect.recall.plots.style import MUTED, PALETTE, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

CLASSES = 10


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        learned: pictures to learn from.
        tested: pictures that are asked about.
        retrained: of these, how many have the layer trained again without what they rest on.
        epochs: passes over the pictures.
        batch: pictures a step.
        rate: learning rate.
        removed: shares of the training pictures that are taken away.
        chosen: the share at which expectations are tested.
    """

    learned: int = 1400
    tested: int = 200
    retrained: int = 40
    epochs: int = 5
    batch: int = 20
    rate: float = 0.05
    removed: tuple[float, ...] = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1)
    chosen: float = 0.05


class Lessons(NamedTuple):
    """Pictures in the order in which they are learned.

    Attributes:
        pixels: ``[step, batch, pixel]``.
        labels: ``[step, batch]``.
        examples: ``[step, batch]`` which picture it is.
    """

    pixels: Float[Array, "step batch pixel"]
    labels: Int[Array, "step batch"]
    examples: Int[Array, "step batch"]


class Layer(eqx.Module):
    """One linear layer with an offset."""

    linear: eqx.nn.Linear

    def __call__(self, pixels: Float[Array, " pixel"]) -> Float[Array, " class"]:
        """Log odds of the classes."""
        return self.linear(pixels)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Train with a record, take memories away, and train again without the same pictures."""
    learned, tested, name = _pictures(settings, data, seed)
    lessons = _lessons(settings, learned, seed)
    layer = Layer(eqx.nn.Linear(learned.pixels.shape[1], CLASSES, key=jax.random.key(seed)))
    training = train_recorded(
        layer,
        lambda model: model.linear,
        _loss,
        lessons.pixels,
        lessons.labels,
        rate=settings.rate,
        examples=lessons.examples,
    )
    asked = jnp.asarray(tested.pixels)
    told = np.asarray(jax.vmap(training.model)(asked))
    best = np.argsort(-told, axis=1)[:, :2]
    parts = np.asarray(jax.lax.map(training.errors.contributions, asked))
    rows = np.arange(len(told))
    speaks = parts[rows, :, best[:, 0]] - parts[rows, :, best[:, 1]]  # [picture, example]
    order = {
        "rested on": np.argsort(-speaks, axis=1),
        "random": np.random.default_rng((seed, 1)).permuted(
            np.tile(np.arange(settings.learned), (len(told), 1)), axis=1
        ),
    }
    margins = told[rows, best[:, 0]] - told[rows, best[:, 1]]
    changed = {which: _changed(settings, told, parts, each) for which, each in order.items()}
    again = {
        which: _told_again(settings, layer, lessons, each, asked) for which, each in order.items()
    }
    few = rows[: settings.retrained]
    falls = {
        which: margins[few] - (each[few, best[few, 0]] - each[few, best[few, 1]])
        for which, each in again.items()
    }
    at = settings.removed.index(settings.chosen)
    apart = np.abs(np.asarray(jax.vmap(training.errors.read)(asked)) - told).max()
    return Findings(
        measures={
            "right": float((best[:, 0] == tested.labels).mean()),
            "identity_error": float(apart / told.std()),
            "same_class": _same_class(training.errors, learned, asked, best[:, 0]),
            "changed_rested_on": changed["rested on"][at],
            "changed_random": changed["random"][at],
            "retrained_fall": float((falls["rested on"] - falls["random"]).mean()),
            "retrained_random": float((again["random"].argmax(axis=1) != best[few, 0]).mean()),
            "retrained_fall_in_share": float((falls["rested on"] > falls["random"]).mean()),
        },
        curves={
            **changed,
            "fall, rested on": falls["rested on"],
            "fall, random": falls["random"],
        },
        data=name,
    )


def _pictures(settings: Settings, data: DataFolder, seed: int) -> tuple[Pictures, Pictures, str]:
    """Pictures of all ten digits, drawn by the seed."""
    split, name = (of_idx(data.folder(MNIST)), "MNIST") if data.has(MNIST) else (digits(), DIGITS)
    random = np.random.default_rng(seed)
    drawn = []
    for part, count in zip(split, (settings.learned, settings.tested), strict=True):
        chosen = random.permutation(len(part.labels))[:count]
        drawn.append(Pictures(part.pixels[chosen], part.labels[chosen]))
    return drawn[0], drawn[1], name


def _lessons(settings: Settings, learned: Pictures, seed: int) -> Lessons:
    random = np.random.default_rng((seed, 2))
    order = np.concatenate(
        [random.permutation(settings.learned) for _ in range(settings.epochs)]
    ).reshape(-1, settings.batch)
    return Lessons(
        jnp.asarray(learned.pixels[order]), jnp.asarray(learned.labels[order]), jnp.asarray(order)
    )


def _loss(layer: Layer, pixels: Array, label: Array) -> Array:
    return -jax.nn.log_softmax(layer(pixels))[label]


def _same_class(
    errors: TrainingErrors,
    learned: Pictures,
    asked: Float[Array, "n pixel"],
    told: NDArray[np.int64],
) -> float:
    """Share of the ten examples that most bear on an answer that show what was answered."""
    shares = [
        float(
            (
                learned.labels[np.asarray(errors.rests_on(one, int(answer)).examples)] == answer
            ).mean()
        )
        for one, answer in zip(asked, told, strict=True)
    ]
    return float(np.mean(shares))


def _changed(
    settings: Settings,
    told: NDArray[np.float32],
    parts: NDArray[np.float32],
    order: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Share of answers that change when memories are taken out of the trained layer."""
    answers = told.argmax(axis=1)
    shares = []
    for share in settings.removed:
        gone = order[:, : round(share * settings.learned)]
        left = told - np.take_along_axis(parts, gone[:, :, None], axis=1).sum(axis=1)
        shares.append(float((left.argmax(axis=1) != answers).mean()))
    return np.array(shares)


def _told_again(
    settings: Settings,
    layer: Layer,
    lessons: Lessons,
    order: NDArray[np.int64],
    asked: Float[Array, "n pixel"],
) -> NDArray[np.float32]:
    """Answers ``[picture, class]`` of layers that never saw what each picture would rest on.

    Everything else is the same: first weights, order, steps.
    """
    count = settings.retrained
    kept = np.ones((count, settings.learned), bool)
    np.put_along_axis(kept, order[:count, : round(settings.chosen * settings.learned)], False, 1)
    models = _train_without(layer, lessons, jnp.asarray(kept), settings.rate)
    return np.asarray(jax.vmap(lambda model, one: model(one))(models, asked[:count]))


@eqx.filter_jit
def _train_without(
    layer: Layer, lessons: Lessons, kept: Bool[Array, "model example"], rate: float
) -> Layer:
    """One layer for each row of ``kept``, trained on what is kept."""

    def batch_loss(model: Layer, now: Lessons, kept: Array) -> Array:
        each = jax.vmap(_loss, in_axes=(None, 0, 0))(model, now.pixels, now.labels)
        return jnp.mean(jnp.where(kept[now.examples], each, 0.0))

    def train(kept: Array) -> Layer:
        def step(model: Layer, now: Lessons) -> tuple[Layer, None]:
            slope = jax.grad(batch_loss)(model, now, kept)
            return jax.tree.map(lambda weight, g: weight - rate * g, model, slope), None

        return jax.lax.scan(step, layer, lessons)[0]

    return jax.vmap(train)(kept)


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Answers changed by taking memories away, and margins after training without them."""
    taken, again = figure.subplots(1, 2)
    shares = 100 * np.array(settings.removed)
    for place, (name, label) in enumerate(
        (("rested on", "those the answer rests on"), ("random", "random ones"))
    ):
        colour = PALETTE[place]
        taken.fill_between(shares, *runs.spread(name), color=colour, alpha=0.2)
        taken.plot(shares, runs.mean(name), "os"[place] + "-", color=colour, label=label)
        falls = runs.curves(f"fall, {name}").ravel()
        again.hist(
            falls, bins=np.linspace(-1, 5, 49).tolist(), color=colour, alpha=0.6, label=label
        )
    taken.set_xlabel("training pictures taken out of the layer (%)")
    taken.set_ylabel("answers that change")
    taken.yaxis.set_major_formatter(percent)
    taken.set_title("Memories taken away")
    taken.legend()
    again.axvline(0, color=MUTED, linewidth=0.8)
    again.set_xlabel("fall of the answer's lead over the next (log odds)")
    again.set_ylabel("test pictures")
    again.set_title(f"Trained again without {100 * settings.chosen:.0f} % of the pictures")
    again.legend()


EXPERIMENT = Experiment(
    name="training-examples",
    part="Machine learning",
    title="A prediction rests on training examples that can be named",
    claim="What a trained linear layer answers is attention to its training examples; without the "
    "few that it rests on the answer changes, without as many random ones it does not.",
    source=Source(
        "Irie, Csordás & Schmidhuber 2022, The dual form of neural networks revisited",
        "equation of the dual form; experiments on which examples are attended",
        "https://arxiv.org/abs/2202.05798",
    ),
    settings=Settings(),
    quick=Settings(tested=100, retrained=20),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "identity_error",
            "largest difference between layer and memory, over the spread of answers",
            (0.0, 1e-3),
            0.0,
            "exact in the paper; band: single precision",
            premise=True,
        ),
        Expected(
            "same_class",
            "of ten examples that most bear on an answer, share that show what was answered",
            (0.5, float("inf")),
            None,
            "direction of the paper's analysis of attention; chance is 0.1, size our criterion",
        ),
        Expected(
            "changed_rested_on",
            "answers that change without the 5 % of pictures they rest on",
            (0.5, float("inf")),
            None,
            "our criterion",
        ),
        Expected(
            "changed_random",
            "answers that change without 5 % of pictures at random",
            (0.0, 0.05),
            None,
            "our control",
        ),
        Expected(
            "retrained_fall",
            "lead of the answer lost by training without them, minus without random ones",
            (0.0, float("inf")),
            None,
            "our criterion: the record must tell what training does, not only what is stored",
            unit="log odds",
        ),
        Expected(
            "retrained_random",
            "answers that change by training without 5 % of pictures at random",
            (0.0, 0.05),
            None,
            "our control",
        ),
        Expected(
            "retrained_fall_in_share",
            "share of pictures for which training without them costs more than without random ones",
            (0.9, float("inf")),
            None,
            "our criterion",
        ),
    ),
    caption="Left: taking out of the trained layer the pictures that an answer rests on changes "
    "it; random pictures hardly do. Right: the same holds when the layer is trained again from the "
    "start without them.",
    how_it_works="Each training step stores what came in (key) and the error at the output "
    "(value). A new picture attends to all stored ones by their likeness, and the errors add up to "
    "the answer, so each example's part in it can be read off.",
    limits="One linear layer on pixels; in deeper networks the keys of later layers change during "
    "training, and the parts of an example in several layers are not one number.",
    data=(MNIST,),
    built_in="scikit-learn's digits",
    seeds=5,
    quick_seeds=1,
)
