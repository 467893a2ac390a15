"""A memory palace: long sequences tied to a walk over grid cells, against a chain of contents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import (
    DecayedHebbian,
    GridScaffold,
    LeastSquares,
    ScaffoldMemory,
    bits_per_value,
    flip,
    read,
    recall_sequence,
    write,
)
from recollect.recall.plots.style import LINES, MARKERS, PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_KINDS = {
    "scaffold": "walk over grid cells (memory palace)",
    "poor cue": "the same, from a poor cue",
    "hopfield": "chain, Hopfield (Hebbian)",
    "least squares": "chain, least squares",
}
_RIDGE = 1e-4


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        content_dim: length of each content, of ±1.
        place_cells: of the scaffold.
        lengths: of sequences; expectations speak of 400, 800 and 1600.
        flipped: share of the first content that is wrong in a poor cue.
    """

    content_dim: int = 708
    place_cells: int = 400
    lengths: tuple[int, ...] = (25, 50, 100, 200, 400, 800, 1600)
    flipped: float = 0.05


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Store sequences of random contents, and recall all of each from the first."""
    for_scaffold, for_contents, for_cue = jax.random.split(jax.random.key(seed), 3)
    scaffold = GridScaffold.draw(for_scaffold, hidden=settings.place_cells)
    dim = settings.content_dim
    memories = {
        "scaffold": ScaffoldMemory(scaffold, dim, dim, ridge=_RIDGE),
        "hopfield": DecayedHebbian(dim, dim),
        "least squares": LeastSquares(dim, dim, _RIDGE * dim),
    }
    longest = (max(settings.lengths), dim)
    contents = jax.random.rademacher(for_contents, longest, jnp.float32)
    poor = flip(for_cue, contents[0], round(settings.flipped * dim))
    asked = [(kind, memory, contents[0]) for kind, memory in memories.items()]
    asked.append(("poor cue", memories["scaffold"], poor))
    bits = {
        kind: np.array(
            [float(_information(memory, contents[:length], cue)) for length in settings.lengths]
        )
        for kind, memory, cue in asked
    }
    at = {length: place for place, length in enumerate(settings.lengths)}
    lengths = np.array(settings.lengths)
    kept = {
        kind: float((each * lengths)[-1] / (each * lengths).max()) for kind, each in bits.items()
    }
    return Findings(
        measures={
            **{
                f"scaffold_{length}": float(bits["scaffold"][at[length]])
                for length in (400, 800, 1600)
            },
            "poor_cue_400": float(bits["poor cue"][at[400]]),
            "poor_cue_800": float(bits["poor cue"][at[800]]),
            "scaffold_kept": kept["scaffold"],
            "hopfield_kept": kept["hopfield"],
            "least_squares_kept": kept["least squares"],
        },
        curves=bits,
        data="random sequences",
    )


@eqx.filter_jit
def _information(
    memory: Any, contents: Float[Array, "step content"], cue: Float[Array, " content"]
) -> Float[Array, ""]:
    """Bits a number of the whole sequence as recalled, the cue's own content left out."""
    if isinstance(memory, ScaffoldMemory):
        state = write(memory, memory.init(), contents, contents)
        found = recall_sequence(memory, state, cue, len(contents))[1:]
    else:
        state = write(memory, memory.init(), contents[:-1], contents[1:])

        def step(now: Array, _: None) -> tuple[Array, Array]:
            following = jnp.where(read(memory, state, now) >= 0, 1.0, -1.0)
            return following, following

        found = jax.lax.scan(step, cue, None, len(contents) - 1)[1]
    return bits_per_value(found, contents[1:])


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Information a number, and in all, by the length of the sequence."""
    each, whole = figure.subplots(1, 2)
    lengths = np.array(settings.lengths)
    for place, (kind, label) in enumerate(_KINDS.items()):
        bits = runs.curves(kind)
        colour = PALETTE[place]
        for axes, shown in ((each, bits), (whole, bits * lengths)):
            axes.fill_between(lengths, shown.min(0), shown.max(0), color=colour, alpha=0.15)
            axes.plot(
                lengths,
                shown.mean(0),
                marker=MARKERS[place],
                linestyle=LINES[place],
                color=colour,
                label=label,
            )
    for axes in (each, whole):
        axes.set_xscale("log", base=2)
        axes.set_xticks(lengths, [str(length) for length in lengths])
        axes.set_xlabel("contents in the sequence")
    each.set_ylabel("information recalled (bits a number)")
    each.set_title("Detail of each content")
    whole.set_ylabel("contents' worth of information recalled")
    whole.set_title("All together")
    figure.legend(*each.get_legend_handles_labels(), loc="outside lower left", ncols=2)


_PROGRAM = "results of the authors' released program (400 place cells, periods 3, 4, 5)"

EXPERIMENT = Experiment(
    name="memory-palace",
    part="Biology",
    title="Contents tied to a walk over grid cells fade, where a chain breaks",
    claim="A long sequence hung on the states of a fixed scaffold is recalled with less and less "
    "detail as it grows; a chain in which each content must call the next collapses.",
    source=Source(
        "Chandra, Sharma, Chaudhuri & Fiete 2025, Episodic and associative memory from spatial "
        "scaffolds in the hippocampus",
        "figures on the memory continuum and on sequences",
        "https://doi.org/10.1038/s41586-024-08392-y",
    ),
    settings=Settings(),
    quick=Settings(lengths=(400, 800, 1600)),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "scaffold_400",
            "scaffold, 400 contents: information recalled",
            (0.95, 1.0),
            1.0,
            f"{_PROGRAM}; band of 0.05",
            unit="bits a number",
        ),
        Expected(
            "scaffold_800",
            "scaffold, 800 contents: information recalled",
            (0.317, 0.417),
            0.367,
            f"{_PROGRAM}; band of 0.05",
            unit="bits a number",
        ),
        Expected(
            "scaffold_1600",
            "scaffold, 1,600 contents: information recalled",
            (0.091, 0.191),
            0.141,
            f"{_PROGRAM}; band of 0.05",
            unit="bits a number",
        ),
        Expected(
            "poor_cue_400",
            "scaffold, 400 contents, 5 % of the cue wrong: information recalled",
            (0.95, 1.0),
            None,
            "our criterion: a cue that leads to the right state does as well as the content itself",
            unit="bits a number",
        ),
        Expected(
            "poor_cue_800",
            "scaffold, 800 contents, 5 % of the cue wrong: information recalled",
            (0.317, 0.417),
            None,
            "as above",
            unit="bits a number",
        ),
        Expected(
            "scaffold_kept",
            "scaffold: information in all at 1,600 contents, over its largest",
            (0.4, 1.0),
            0.141 * 1600 / (0.837 * 500),
            f"{_PROGRAM}; four tenths at least",
        ),
        Expected(
            "hopfield_kept",
            "Hopfield chain: the same",
            (0.0, 0.1),
            None,
            "Chandra et al. 2025, abstract: prior memory models have a cliff; size our criterion",
        ),
        Expected(
            "least_squares_kept",
            "chain by least squares: the same",
            (0.0, 0.1),
            None,
            "as above: a better rule moves the cliff but leaves it",
        ),
    ),
    caption="Left: how much of each content comes back. Right: the same times the length of the "
    "sequence. Chains hold out and then lose everything; the walk over the scaffold goes on "
    "trading detail for length. A poor cue (dashed) leads to the same walk, or, where there are "
    "about as many contents as numbers in each, to none.",
    how_it_works="States of the grid cells are the keys, there before anything is learned, and "
    "contents are values. The walk from key to key is path integration and needs no content, so "
    "an error in a value is not passed on. In a chain each recalled content is the next key, and "
    "beyond capacity errors feed on themselves.",
    limits="The walk has one speed and no branches. Weights from contents to the scaffold are "
    "least squares, which blow up errors in a cue where there are about as many contents (800) as "
    "numbers in each (708). Published numbers are for contents asked one "
    "by one with contents of 3,600 numbers; here one cue starts the whole walk. Both kinds have "
    "about half a million learned weights.",
    seeds=5,
    quick_seeds=1,
)
