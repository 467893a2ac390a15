"""Draw what linear write rules and attention fail to find as they are given more pairs.

    python benchmarks/write_rules_plot.py [--to docs/images/write_rules.png]

Keys are directions of length 1 in 64 dimensions, on the left independent, on the right with a
cosine of 0.5 between any two on average. Values are independent directions in 64 dimensions; one is
found if it is the nearest to what its own key reads. Means of 16 draws.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib

from recollect import memory

matplotlib.use("Agg")
from matplotlib import pyplot as plt

DIM, DRAWS = 64, 16
LOADS = (4, 8, 16, 24, 32, 48, 64, 96, 128, 192, 256)
PANELS = (("random keys", 0.0), ("correlated keys, cosine 0.5", 0.5))


def rules():
    """Name, memory, passes over the pairs, and how the line looks.

    Colours are those of Okabe and Ito; markers tell the lines apart without them.
    """
    slow, fast = (memory.DeltaRule(DIM, DIM, jnp.array(rate)) for rate in (0.5, 1.0))
    attention = memory.Attention(DIM, DIM, LOADS[-1], separation=memory.Softmax(16.0))
    return [
        ("Hebbian", memory.DecayedHebbian(DIM, DIM), 1, ("#D55E00", "o", "-")),
        ("delta, rate 1", fast, 1, ("#56B4E9", "v", "--")),
        ("delta, rate ½", slow, 1, ("#0072B2", "^", "-")),
        ("delta, rate ½, 10 passes", slow, 10, ("#009E73", "s", "-")),
        ("least squares", memory.LeastSquares(DIM, DIM, 1e-4), 1, ("#000000", "x", ":")),
        ("attention, β = 16", attention, 1, ("#CC79A7", "D", "-.")),
    ]


def directions(random_key):
    drawn = jax.random.normal(random_key, (LOADS[-1], DIM))
    return drawn / jnp.linalg.norm(drawn, axis=-1, keepdims=True)


@eqx.filter_jit
def missed(rule, load, cosine, passes):
    """Share of pairs that are not found, mean over draws; compiled once for all loads."""
    stored = jnp.arange(LOADS[-1]) < load

    def one(random_key):
        shared, own, of_values = jax.random.split(random_key, 3)
        keys = jnp.sqrt(cosine) * directions(shared)[0] + jnp.sqrt(1 - cosine) * directions(own)
        keys = keys / jnp.linalg.norm(keys, axis=-1, keepdims=True)
        # Keys and values of 0 change no weights, and in slots they weigh next to nothing.
        keys, values = (jnp.where(stored[:, None], x, 0.0) for x in (keys, directions(of_values)))
        state = jax.lax.fori_loop(
            0, passes, lambda _, state: memory.write(rule, state, keys, values), rule.init()
        )
        score = memory.read(rule, state, keys) @ values.T
        nearest = jnp.argmax(jnp.where(stored, score, -jnp.inf), axis=-1)
        return jnp.sum(stored & (nearest != jnp.arange(LOADS[-1]))) / load

    return jnp.mean(jax.vmap(one)(jax.random.split(jax.random.key(0), DRAWS)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--to", type=Path, default=Path("docs/images/write_rules.png"))
    to = parser.parse_args().to
    figure, panels = plt.subplots(1, 2, figsize=(8.0, 3.6), sharey=True, layout="constrained")
    for axes, (title, cosine) in zip(panels, PANELS, strict=True):
        for name, rule, passes, (colour, marker, style) in rules():
            share = [
                float(missed(rule, jnp.asarray(n), jnp.asarray(cosine), jnp.asarray(passes)))
                for n in LOADS
            ]
            print(title, name, *(f"{n}:{x:.3f}" for n, x in zip(LOADS, share, strict=True)))
            axes.plot(
                LOADS,
                share,
                style,
                marker=marker,
                markersize=5,
                color=colour,
                label=name,
                linewidth=1.8,
            )
        axes.set(title=title, xlabel="stored pairs", xscale="log", ylim=(-0.03, 1.03))
        axes.set_xticks([4, 16, 64, 256], ["4", "16", "64", "256"])
        axes.minorticks_off()
        axes.axvline(DIM, color="0.8", linewidth=1, zorder=0)
        axes.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("share of pairs not found")
    panels[0].legend(frameon=False, loc="upper left", fontsize=9)
    draft = to.with_name(f"{to.stem}.part.png")
    figure.savefig(draft, dpi=86)
    draft.replace(to)


if __name__ == "__main__":
    main()
