"""Barcodes against content codes: many caches at places that are alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from numpy.typing import NDArray

from recollect.experiments.protocol import DataFolder, Expected, Experiment, Findings, Runs, Source
from recollect.memory import Barcodes, LeastSquares, overlap, read, write
from recollect.recall.plots.style import LINES, MARKERS, PALETTE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPERIMENT", "Settings"]

_KINDS = {
    "barcodes": "a barcode for each cache",
    "content": "place code alone, Hebbian",
    "least squares": "place code alone, least squares",
    "alike": "barcodes as alike as the places",
}
_ACTIVE = 20


@dataclass(frozen=True)
class Settings:
    """What can be varied.

    Attributes:
        sites: in a row and in a column of the arena, whose side is 1.
        caches: numbers of caches that are tried.
        chosen: the number at which expectations are tested.
        place_cells: how many.
        field: standard deviation of their fields.
        astray: standard deviation of where the animal looks, on each axis.
        value_dim: length of what was cached, of ±1.
    """

    sites: tuple[int, int] = (16, 8)
    caches: tuple[int, ...] = (4, 8, 16, 32, 64)
    chosen: int = 32
    place_cells: int = 400
    field: float = 0.15
    astray: float = 0.01
    value_dim: int = 64


class Arena(NamedTuple):
    """Places and their codes.

    Attributes:
        places: ``[cache, 2]`` where things are cached, in turn.
        stored: ``[cache, cell]`` place code there.
        asked: ``[cache, cell]`` place code where the animal looks.
        values: ``[cache, value]`` what was cached.
    """

    places: NDArray[np.float64]
    stored: Float[Array, "cache cell"]
    asked: Float[Array, "cache cell"]
    values: Float[Array, "cache value"]

    @classmethod
    def draw(cls, settings: Settings, seed: int) -> Arena:
        """Sites to cache at, drawn without putting back, and place cells spread at random."""
        random = np.random.default_rng(seed)
        axes = [(np.arange(count) + 0.5) / max(settings.sites) for count in settings.sites]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
        places = grid[random.permutation(len(grid))[: max(settings.caches)]]
        centres = random.uniform(size=(settings.place_cells, 2))
        looked = places + settings.astray * random.normal(size=places.shape)
        values = random.choice([-1.0, 1.0], size=(len(places), settings.value_dim))
        stored, asked = (_code(settings, where, centres) for where in (places, looked))
        return cls(places, stored, asked, jnp.asarray(values, jnp.float32))


def _code(
    settings: Settings, places: NDArray[np.float64], centres: NDArray[np.float64]
) -> Float[Array, "cache cell"]:
    """Gaussian place fields, as unit vectors."""
    away = ((places[:, None] - centres) ** 2).sum(axis=-1)
    rates = np.exp(-away / (2 * settings.field**2))
    return jnp.asarray(rates / np.linalg.norm(rates, axis=1, keepdims=True), jnp.float32)


def run(settings: Settings, data: DataFolder, seed: int) -> Findings:
    """Cache at more and more places, and look again at each."""
    arena = Arena.draw(settings, seed)
    memories = _memories(settings, arena, jax.random.key(seed))
    curves = {
        kind: np.array([_recalled(memories[kind], arena, count) for count in settings.caches])
        for kind in _KINDS
    }
    at = settings.caches.index(settings.chosen)
    codes = _likeness(settings, memories["barcodes"], arena)
    return Findings(
        measures={
            **{
                f"recall_{kind.replace(' ', '_')}": float(each[at]) for kind, each in curves.items()
            },
            "gain": float(curves["barcodes"][at] - curves["content"][at]),
            "gain_of_uniqueness": float(curves["barcodes"][at] - curves["alike"][at]),
            "barcodes_of_neighbours": codes.barcode[0],
            "places_of_neighbours": codes.place[0],
            "reactivated": codes.same,
        },
        curves={
            **curves,
            "barcode likeness": codes.barcode,
            "place likeness": codes.place,
            "apart": codes.apart,
        },
        data="simulated caches",
    )


def _memories(settings: Settings, arena: Arena, random_key: PRNGKeyArray) -> dict[str, Any]:
    """The four memories; barcodes that are alike come of a random projection of the place code."""
    for_codes, for_projection = jax.random.split(random_key)
    cells, values, most = settings.place_cells, settings.value_dim, max(settings.caches)
    unique = Barcodes.draw(for_codes, cells, values, events=most, active=_ACTIVE)
    width = unique.barcodes.shape[1]
    drive = arena.stored @ jax.random.normal(for_projection, (cells, width))
    _, chosen = jax.lax.top_k(drive, _ACTIVE)
    alike = jnp.zeros_like(unique.barcodes).at[jnp.arange(most)[:, None], chosen].set(1.0)
    return {
        "barcodes": unique,
        "content": Barcodes(unique.barcodes, cells, values, _ACTIVE, content_share=1.0),
        "least squares": LeastSquares(cells, values, 1e-3),
        "alike": Barcodes(alike, cells, values, _ACTIVE),
    }


@eqx.filter_jit
def _found(memory: Any, arena: Arena, count: int) -> Float[Array, "cache value"]:
    state = write(memory, memory.init(), arena.stored[:count], arena.values[:count])
    return read(memory, state, arena.asked[:count])


def _recalled(memory: Any, arena: Arena, count: int) -> float:
    """Mean cosine of what is recalled and what was cached, of the first ``count`` caches."""
    return float(overlap(_found(memory, arena, count), arena.values[:count]))


class Likeness(NamedTuple):
    """How alike codes are, by the distance of sites.

    Attributes:
        apart: ``[distance]`` in sites.
        barcode: ``[distance]`` correlation of the barcode recalled at one with that of another.
        place: ``[distance]`` correlation of their place codes.
        same: correlation of a barcode recalled with that of the same cache.
    """

    apart: NDArray[np.float64]
    barcode: NDArray[np.float64]
    place: NDArray[np.float64]
    same: float


@eqx.filter_jit
def _barcodes(memory: Barcodes, arena: Arena, count: int) -> Float[Array, "cache code"]:
    state = write(memory, memory.init(), arena.stored[:count], arena.values[:count])
    return jax.vmap(memory.recalled, in_axes=(None, 0))(state, arena.asked[:count])


def _likeness(settings: Settings, memory: Barcodes, arena: Arena) -> Likeness:
    count = settings.chosen
    recalled = np.asarray(_barcodes(memory, arena, count))
    first = np.asarray(memory.barcodes)[:count]
    codes = np.corrcoef(recalled, first)[:count, count:]
    cells = np.asarray(arena.stored[:count])
    places = np.corrcoef(cells)
    steps = max(settings.sites) * np.linalg.norm(
        arena.places[:count, None] - arena.places[None, :count], axis=-1
    )
    bins = np.round(steps).astype(int)
    np.fill_diagonal(bins, 0)
    apart = np.arange(1, 9)
    by_distance = [[each[bins == step].mean() for step in apart] for each in (codes, places)]
    return Likeness(
        apart.astype(float),
        np.array(by_distance[0]),
        np.array(by_distance[1]),
        float(codes.diagonal().mean()),
    )


def plot(figure: Figure, runs: Runs, settings: Settings) -> None:
    """Recall by the number of caches, and how alike the codes of sites are."""
    recall, likeness = figure.subplots(1, 2, width_ratios=(1.2, 1))
    for place, (kind, label) in enumerate(_KINDS.items()):
        look = {"color": PALETTE[place], "marker": MARKERS[place], "linestyle": LINES[place]}
        recall.fill_between(settings.caches, *runs.spread(kind), color=PALETTE[place], alpha=0.15)
        recall.plot(settings.caches, runs.mean(kind), label=label, **look)
    recall.set_xscale("log", base=2)
    recall.set_xticks(settings.caches, [str(count) for count in settings.caches])
    recall.set_xlabel("caches in the arena")
    recall.set_ylabel("recall of what was cached (cosine)")
    recall.set_ylim(0, 1.03)
    recall.legend(loc="lower left")
    apart = runs.mean("apart")
    for name, label, colour, mark in (
        ("place likeness", "place codes of two sites", PALETTE[1], "s"),
        ("barcode likeness", "barcodes of two caches", PALETTE[0], "o"),
    ):
        each = runs.curves(name)
        likeness.fill_between(apart, each.min(0), each.max(0), color=colour, alpha=0.2)
        likeness.plot(apart, each.mean(0), mark + "-", color=colour, label=label)
    likeness.plot(0, runs.measure("reactivated").value, "*", color=PALETTE[0], markersize=14)
    likeness.set_ylim(-0.3, 1.15)
    likeness.annotate("same cache", (0, 1), (0.4, 1.02), color=PALETTE[0])
    likeness.set_xlabel("distance (sites)")
    likeness.set_ylabel("correlation of codes")
    likeness.legend(loc="upper right", bbox_to_anchor=(1.0, 0.9))


EXPERIMENT = Experiment(
    name="barcodes",
    part="Biology",
    title="A barcode for each cache keeps many similar places apart",
    claim="Caches at neighbouring sites, whose place codes are alike, are recalled one by one "
    "where each has a sparse barcode of its own, and blended where place is the only key.",
    source=Source(
        "Chettih, Mackevicius, Hale & Aronov 2024, Barcoding of episodic memories in the "
        "hippocampus of a food-caching bird",
        "summary: barcodes reactivate at retrieval of that cache, and are uncorrelated even for "
        "nearby caches with similar place codes",
        "https://doi.org/10.1016/j.cell.2024.02.032",
    ),
    settings=Settings(),
    quick=Settings(caches=(8, 32, 64)),
    run=run,
    plot=plot,
    expected=(
        Expected(
            "recall_barcodes",
            "recall of 32 caches with barcodes (cosine)",
            (0.9, 1.0),
            None,
            "our criterion: caches must come back whole",
        ),
        Expected(
            "gain",
            "what barcodes add to the place code alone, 32 caches",
            (0.0, float("inf")),
            None,
            "Chettih et al. 2024: direction of their proposal",
        ),
        Expected(
            "gain_of_uniqueness",
            "what unique barcodes add to barcodes as alike as the places",
            (0.0, float("inf")),
            None,
            "our lesion: the gain must come of being unique, not of a larger code",
        ),
        Expected(
            "barcodes_of_neighbours",
            "correlation of the barcode recalled at one site with that of its neighbour",
            (-0.1, 0.1),
            0.0,
            "Chettih et al. 2024, summary: uncorrelated; band our own",
        ),
        Expected(
            "places_of_neighbours",
            "correlation of the place codes of neighbouring sites",
            (0.5, 1.0),
            None,
            "Chettih et al. 2024, summary: similar; size our own",
        ),
        Expected(
            "reactivated",
            "correlation of a barcode at retrieval with that at caching",
            (0.8, 1.0),
            None,
            "Chettih et al. 2024, summary: reactivated; size our own",
        ),
    ),
    caption="Left: recall as the arena fills. Right: place codes of nearby sites are alike, "
    "barcodes recalled there are not, and the barcode of the same cache comes back (star).",
    how_it_works="The place is the key to a barcode, and the barcode is the key to the value. "
    "Barcodes that were written compete, so that of two places that are nearly alike only the "
    "better match wins; its barcode shares few units with the others, so its value comes alone.",
    limits="Barcodes are drawn at random beforehand and the competition is solved for its rest; "
    "where the animal looks is off by a sixth of the distance between sites. Least squares over "
    "place codes is shown beside it because a synaptic rule that undoes overlap is an alternative.",
    seeds=10,
    quick_seeds=2,
)
