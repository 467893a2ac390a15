"""Draw one picture for each family of memories, by running it.

    python benchmarks/family_plots.py [--only NAME] [--to docs/images]

The pictures are those of docs/memory/NAME.md: general_form, attention, hopfield, sparse_distributed
and circuits (which needs the extra ``circuits``). All keys and values are random. The figures that
are drawn are printed too.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib
import numpy as np
from PIL import Image

from recollect import memory
from recollect.memory import circuits
from recollect.memory.hopfield import Hopfield
from recollect.memory.hopfield_dense import DenseHopfield
from recollect.memory.hopfield_modern import ModernHopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield
from recollect.memory.sparse_distributed import SparseDistributed

matplotlib.use("Agg")
from matplotlib import pyplot as plt


class Look(NamedTuple):
    """How a line looks: a colour of Okabe and Ito, and a marker that tells it without one."""

    colour: str
    marker: str
    style: str = "-"


VERMILION = Look("#D55E00", "o")
BLUE = Look("#0072B2", "^")
GREEN = Look("#009E73", "s")
SKY = Look("#56B4E9", "v")
PURPLE = Look("#CC79A7", "D")
BLACK = Look("#000000", "x", ":")


def draw(axes, x, y, label, look, **more):
    print(f"{label}:", *(f"{float(a):g}:{float(b):.3f}" for a, b in zip(x, y, strict=True)))
    settings = {"markersize": 5, "linewidth": 1.8, "label": label} | more
    axes.plot(x, y, look.style, marker=look.marker, color=look.colour, **settings)


def normal(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def signs(rng, *shape):
    return rng.choice(np.array([-1.0, 1.0], np.float32), shape)


def tidy(axes, **settings):
    axes.set(**settings)
    axes.spines[["top", "right"]].set_visible(False)


def general_form():
    """Share of values found whole, against noise in the query."""
    pairs, dim, draws = 128, 32, 8
    noises = np.linspace(0.0, 1.5, 11)
    rng = np.random.default_rng(0)
    keys, disturbances = (normal(rng, draws, pairs, dim) for _ in range(2))
    values = signs(rng, draws, pairs, 8)
    dot = memory.Dot()
    forms = {
        "Gaussian(1.5), Normalised": (memory.Gaussian(1.5), memory.Normalised(), PURPLE),
        "Dot, TopK(1)": (dot, memory.TopK(1), GREEN),
        "Dot, Softmax(0.3)": (dot, memory.Softmax(0.3), BLUE),
        "Dot, Power(3)": (dot, memory.Power(3), SKY),
        "Dot, Linear": (dot, memory.Linear(), VERMILION),
    }

    @eqx.filter_jit
    def found(similarity, separation, noise):
        def one(keys, values, disturbances):
            queries = keys + noise * disturbances
            answers = memory.retrieve(keys, values, queries, similarity, separation)
            return jnp.mean(jnp.all(jnp.sign(answers) == values, axis=-1))

        return jnp.mean(jax.vmap(one)(keys, values, disturbances))

    figure, axes = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    for name, (similarity, separation, look) in forms.items():
        share = [found(similarity, separation, jnp.float32(x)) for x in noises]
        draw(axes, noises, share, name, look)
    tidy(
        axes,
        xlabel="noise in the query, in standard deviations of a key's components",
        ylabel="share of values found whole",
        ylim=(-0.03, 1.03),
    )
    axes.legend(frameon=False, fontsize=9, loc=(0.01, 0.2))
    return figure


def rehearsing(rng, writes, chance, times, gap):
    """Which pair each write of a stream stores, and which pairs come more than once.

    A new pair comes ``times`` times by ``chance``, ``gap`` writes apart or as soon as there is
    place, and else once. Pairs are numbered as they come.
    """
    stored, rehearsed, due = [], [], []
    for place in range(writes):
        if due and due[0][0] <= place:
            _, pair, left = due.pop(0)
        else:
            pair, left = len(rehearsed), times if rng.random() < chance else 1
            rehearsed.append(left > 1)
        stored.append(pair)
        if left > 1:
            due.append((place + gap, pair, left - 1))
    return np.array(stored), np.array(rehearsed)


def attention():
    """Cosine of found and stored value, against writes since, for each policy."""
    slots, dim, writes, times, draws, width = 32, 256, 256, 4, 32, 8
    rng = np.random.default_rng(0)
    keys, values = normal(rng, draws, writes, dim), normal(rng, draws, writes, 64)
    stored = np.zeros((draws, writes), int)
    # Writes since the last of a pair, one row for pairs written once and one for the others.
    since = np.full((2, draws, writes), -1)
    for i in range(draws):
        stored[i], rehearsed = rehearsing(rng, writes, 1 / 8, times, gap=3)
        for pair, again in enumerate(rehearsed):
            places = np.flatnonzero(stored[i] == pair)
            if len(places) == (times if again else 1):
                since[int(again), i, pair] = writes - 1 - places[-1]

    @eqx.filter_jit
    def closeness(model):
        def one(keys, values, stored):
            state = memory.write(model, model.init(), keys[stored], values[stored])
            found = memory.read(model, state, keys)
            return jax.vmap(lambda a, b: memory.overlap(a[None], b[None]))(found, values)

        return jax.vmap(one)(keys, values, stored)

    figure, panels = plt.subplots(1, 2, figsize=(8.0, 3.4), sharey=True, layout="constrained")
    for policy, look in {"oldest": VERMILION, "weakest": BLUE, "merge": GREEN}.items():
        sharp = memory.Softmax(30.0)
        model = memory.Attention(dim, 64, slots, memory.Cosine(), sharp, policy, retained=0.95)
        found = np.asarray(closeness(model))
        for axes, ages in zip(panels, since, strict=True):
            bins = [(ages // width == i) & (ages >= 0) for i in range(128 // width)]
            middles = [(i + 0.5) * width for i, members in enumerate(bins) if members.any()]
            means = [found[members].mean() for members in bins if members.any()]
            draw(axes, middles, means, policy, look)
    titles = "pairs written once", f"pairs written {times} times"
    for axes, title in zip(panels, titles, strict=True):
        tidy(axes, title=title, xlabel="writes since the last of the pair", ylim=(-0.06, 1.06))
        axes.axvline(slots, color="0.8", linewidth=1, zorder=0)
    panels[0].text(slots + 1, 0.99, f"{slots} slots", color="0.45", fontsize=8)
    panels[0].set_ylabel("cosine of found and stored value")
    panels[1].legend(frameon=False, fontsize=9)
    return figure


def hopfield():
    """Overlap after settling, against the share of units flipped at the start."""
    units, steps, draws = 128, 20, 6
    flipped = np.arange(0, 65, 4)
    rng = np.random.default_rng(0)

    @eqx.filter_jit
    def settled(model, patterns, cues):
        def one(patterns, cues):
            state = memory.write(model, model.init(), patterns, patterns)
            return memory.overlap(memory.read(model, state, cues), patterns)

        return jnp.mean(jax.vmap(one)(patterns, cues))

    figure, panels = plt.subplots(1, 2, figsize=(8.0, 3.6), sharey=True, layout="constrained")
    for axes, count in zip(panels, (10, 40), strict=True):
        patterns = signs(rng, draws, count, units)
        place = rng.permuted(np.broadcast_to(np.arange(units), patterns.shape), axis=-1)
        models = {
            "Hopfield": (Hopfield(units, steps), VERMILION),
            "pseudo-inverse": (PseudoInverseHopfield(units, steps), SKY),
            "dense, degree 3": (DenseHopfield(units, units, count, steps=steps), BLUE),
            "modern, β = ¼": (ModernHopfield(units, units, count, 0.25, updates=5), GREEN),
        }
        before = 1 - 2 * flipped / units
        axes.plot(flipped / units, before, color="0.6", linewidth=1, zorder=0, label="at the start")
        for name, (model, look) in models.items():
            cues = (np.where(place < bits, -patterns, patterns) for bits in flipped)
            overlap = [settled(model, patterns, cue) for cue in cues]
            # The two that keep the patterns nearly coincide: one is drawn round the other.
            more = {"markersize": 9, "markerfacecolor": "none"} if "dense" in name else {}
            draw(axes, flipped / units, overlap, name, look, **more)
        tidy(
            axes,
            title=f"{count} patterns, {units} units",
            xlabel="share of units flipped at the start",
            ylim=(-0.03, 1.03),
        )
    panels[0].set_ylabel("overlap after settling")
    panels[0].legend(frameon=False, loc="lower left", fontsize=9)
    return figure


def sparse_distributed():
    """Bits wrong in what one reading finds, against bits wrong in the query."""
    bits, locations, radius, asked = 256, 8000, 108, 100
    model = SparseDistributed.draw(
        jax.random.key(0), bits, bits, locations=locations, radius=radius
    )
    loads = {100: GREEN, 300: BLUE, 900: VERMILION}
    rng = np.random.default_rng(0)
    words = signs(rng, max(loads), bits)
    place = rng.permuted(np.broadcast_to(np.arange(bits), (asked, bits)), axis=-1)
    wrong = np.arange(0, 129, 8)

    @eqx.filter_jit
    def distances(model, load):
        state = memory.write(
            model, model.init(), words, words * (jnp.arange(len(words)) < load)[:, None]
        )

        def distance(bits):
            cues = jnp.where(place < bits, -words[:asked], words[:asked])
            found = jnp.sign(memory.read(model, state, cues))
            # A sum of counters of 0 says nothing: half a bit wrong, as a coin's fall.
            return jnp.mean(jnp.sum(1.0 - found * words[:asked], axis=1)) / 2.0

        return jax.lax.map(distance, wrong)

    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    axes.plot([0, 128], [0, 128], color="0.6", linewidth=1, zorder=0, label="as far as the query")
    for load, look in loads.items():
        found = np.asarray(distances(model, jnp.asarray(load)))
        draw(axes, wrong, found, f"{load} words", look)
        mark_crossing(axes, wrong, found, look.colour)
    tidy(
        axes,
        xlabel="bits wrong in the query",
        ylabel="bits wrong in what one reading finds",
        ylim=(-5, 135),
    )
    axes.legend(frameon=False, fontsize=9)
    return figure


def mark_crossing(axes, query, found, colour):
    """A line down from where one reading first ends as far off as it began, if it starts nearer."""
    nearer = found < query
    if not nearer[1] or np.all(nearer[1:]):
        return
    after = 1 + int(np.argmin(nearer[1:]))
    before, beyond = (found - query)[after - 1 : after + 1]
    critical = query[after - 1] + (query[after] - query[after - 1]) * before / (before - beyond)
    print(f"critical distance {critical:.1f}")
    axes.plot([critical, critical], [0, critical], color=colour, linewidth=1, linestyle=":")
    axes.text(critical + 1, 0, f"{critical:.0f}", color=colour, fontsize=9)


LOADS = np.array([8, 16, 32, 48, 64, 96, 128, 192, 256])


@eqx.filter_jit
def recall(model, keys, values, load, after):
    """Share of values found by their own keys, mean over draws; compiled once for all loads."""
    stored = jnp.arange(keys.shape[1]) < load

    def one(keys, values):
        state = jax.lax.fori_loop(
            0, load, lambda i, state: model.write(state, keys[i], values[i]), model.init()
        )
        state = state if after is None else after(state)
        score = memory.read(model, state, keys) @ values.T
        nearest = jnp.argmax(jnp.where(stored, score, -jnp.inf), axis=-1)
        return jnp.sum(stored & jnp.all(values[nearest] == values, axis=-1)) / load

    return jnp.mean(jax.vmap(one)(keys, values))


def circuit_panels():
    """Title of each panel with the sizes, and its lines: name, memory, what is done at the end."""
    key, value, slots = 32, 16, 64
    index = circuits.HippocampalIndex.draw(jax.random.key(1), key, value, slots=slots)
    by_chance = circuits.ThreeFactor(key, value, slots, "random")
    return {
        f"ThreeFactor\n{slots} slots": [
            ("in turn", circuits.ThreeFactor(key, value, slots), None),
            ("by chance", by_chance, None),
        ],
        f"Bipartite\n{slots} memory neurons": [
            ("", circuits.Bipartite(key, value, slots, 0.5), None)
        ],
        f"HippocampalIndex\n{slots} episodes, 512 code units": [
            ("at once", index, None),
            ("cortex alone, after replay", index, lambda s: index.lesion(index.replay(s, 20))),
        ],
        f"NeuronAstrocyte\n{key**3 * value:,} couplings": [
            ("", circuits.NeuronAstrocyte(key, value), None)
        ],
        "BehaviouralTimeScale\n1,000 neurons, 400 sparse inputs": [
            ("", circuits.BehaviouralTimeScale(400, value), None)
        ],
        "Barcodes\n256 barcodes of 1,024 units": [
            ("", circuits.Barcodes.draw(jax.random.key(2), key, value), None)
        ],
    }


def circuit_family():
    """Share of values found, against stored pairs, a panel for each circuit."""
    draws = 2
    rng = np.random.default_rng(0)
    values, dense = signs(rng, draws, LOADS[-1], 16), signs(rng, draws, LOADS[-1], 32)
    sparse = (rng.random((draws, LOADS[-1], 400)) < 0.1).astype(np.float32)
    figure, panels = plt.subplots(
        2, 3, figsize=(8.0, 4.6), sharex=True, sharey=True, layout="constrained"
    )
    for axes, (title, lines) in zip(panels.flat, circuit_panels().items(), strict=True):
        for (name, model, after), look in zip(lines, (BLUE, VERMILION), strict=False):
            keys = dense if model.key_dim == 32 else sparse
            share = [recall(model, keys, values, jnp.asarray(n), after) for n in LOADS]
            print(title.replace("\n", ", "), end=" ")
            draw(axes, LOADS, share, name, look)
        axes.set_title(title, fontsize=9)
        tidy(axes, xscale="log", ylim=(-0.05, 1.05))
        axes.set_xticks([8, 32, 64, 128, 256], ["8", "32", "64", "128", "256"])
        axes.minorticks_off()
        if len(lines) > 1:
            axes.legend(frameon=False, fontsize=8, loc="lower left")
    for axes in panels[0]:
        axes.axvline(64, color="0.8", linewidth=1, zorder=0)
    figure.supxlabel("stored pairs", fontsize=10)
    figure.supylabel("share of values found", fontsize=10)
    return figure


PICTURES = {
    "general_form": general_form,
    "attention": attention,
    "hopfield": hopfield,
    "sparse_distributed": sparse_distributed,
    "circuits": circuit_family,
}


def save(figure, to):
    """Write a picture in a palette of 64 colours, a third of the size; whole or not at all."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=110)
    draft = to.with_name(f"{to.stem}.part.png")
    Image.open(drawn).convert("RGB").quantize(64, dither=Image.Dither.NONE).save(
        draft, optimize=True
    )
    draft.replace(to)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=PICTURES, help="draw this picture alone")
    parser.add_argument("--to", type=Path, default=Path("docs/images"), help="folder of pictures")
    given = parser.parse_args()
    for name in [given.only] if given.only else PICTURES:
        print(f"# {name}")
        figure = PICTURES[name]()
        save(figure, given.to / f"{name}.png")


if __name__ == "__main__":
    main()
