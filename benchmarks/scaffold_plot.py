"""Draw how four memories of ``±1`` patterns fade or fall with load.

    python benchmarks/scaffold_plot.py [--to docs/images/scaffolds.png]

Each is asked for the patterns as they were stored. Hopfield networks have 708 units; the scaffold
of MESH has 816 states and 300 hidden units, that of Vector-HaSH 3,600 states and 400.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib

from recollect.memory.general import read, write
from recollect.memory.hopfield import Hopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield
from recollect.memory.measures import bits_per_value
from recollect.memory.mesh import MeshScaffold
from recollect.memory.scaffold import ScaffoldMemory
from recollect.memory.vector_hash import GridScaffold

matplotlib.use("Agg")
from matplotlib import pyplot as plt

UNITS, FEATURES = 708, 1600


def memories():
    """Name, memory, length of patterns, loads, and how the line looks."""
    mesh = MeshScaffold.draw(jax.random.key(0))
    grid = GridScaffold.draw(jax.random.key(0))
    return [
        (
            "Hopfield",
            Hopfield(UNITS, steps=50),
            UNITS,
            [10, 30, 60, 80, 90, 100, 110, 130, 160, 250, 500, 800],
            ("#c44e52", ":"),
        ),
        (
            "Hopfield, pseudo-inverse",
            PseudoInverseHopfield(UNITS, steps=50, ridge=1e-9),
            UNITS,
            [10, 100, 300, 500, 600, 680, 700, 708, 720, 760, 800],
            ("#dd8452", "--"),
        ),
        (
            "MESH",
            ScaffoldMemory(mesh, FEATURES, FEATURES, ridge=1e-9),
            FEATURES,
            [10, 100, 200, 280, 320, 360, 400, 500, 600, 700, 816],
            ("#4c72b0", "-"),
        ),
        (
            "Vector-HaSH",
            ScaffoldMemory(grid, FEATURES, FEATURES, ridge=1e-9),
            FEATURES,
            [10, 100, 200, 300, 380, 440, 500, 600, 800, 1200, 1600],
            ("#55a868", "-"),
        ),
    ]


@eqx.filter_jit
def information(memory, patterns):
    state = write(memory, memory.init(), patterns, patterns)
    return bits_per_value(read(memory, state, patterns), patterns)


def curve(memory, length, loads):
    patterns = jax.random.rademacher(jax.random.key(1), (max(loads), length), float)
    return [float(information(memory, patterns[:load])) for load in loads]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=Path("docs/images/scaffolds.png"))
    to = parser.parse_args().to
    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    with jax.enable_x64(True):
        for name, memory, length, loads, (colour, style) in memories():
            found = curve(memory, length, loads)
            print(name, *(f"{load}:{bits:.3f}" for load, bits in zip(loads, found, strict=True)))
            axes.plot(loads, jnp.array(found), style, color=colour, label=name, linewidth=2)
    axes.set(
        xlabel="stored patterns",
        ylabel="information a bit stored (bits)",
        xscale="log",
        ylim=(-0.03, 1.05),
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    draft = to.with_name(f"{to.stem}.part.png")
    figure.savefig(draft, dpi=100)
    draft.replace(to)


if __name__ == "__main__":
    main()
