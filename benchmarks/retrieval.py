"""Reading from many stored keys: exactly beside NumPy, by an index beside Faiss itself.

    python benchmarks/retrieval.py [--exact 100000] [--indexed 1000000] [--json FILE]

The keys resemble embeddings of text: points of a latent space of some dozens of dimensions, in
clumps, turned into 384 with a little noise. See README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import faiss
import jax
import numpy as np
from report import machine, machine_line, put_into_readme, table

from recollect.memory import Attention, Indexed, TopK, nearest, read

KEY_DIM, VALUE_DIM, COUNT = 384, 8, 10
LATENT_DIM, CLUMPS, NOISE = 32, 1000, 0.05
LINKS, BREADTH, WIDEST = 16, 100, 1024
SETTLING, TURN = 4, 3


def embeddings(random: np.random.Generator, count: int) -> np.ndarray:
    """``[count, key]`` of length 1; the clumps are the same for one seed of the shape."""
    shape = np.random.default_rng(0)
    centres = shape.normal(size=(CLUMPS, LATENT_DIM))
    turn = shape.normal(size=(LATENT_DIM, KEY_DIM)) / LATENT_DIM**0.5
    made = np.empty((count, KEY_DIM), np.float32)
    for start in range(0, count, 50_000):
        part = made[start : start + 50_000]
        latent = centres[random.integers(CLUMPS, size=len(part))]
        latent = latent + 0.7 * random.normal(size=latent.shape)
        part[:] = latent @ turn + NOISE * random.normal(size=part.shape)
        part /= np.linalg.norm(part, axis=1, keepdims=True)
    return made


def by_numpy(keys: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """The quickest way in NumPy: one product, a partition, and a sort of the few."""
    alike = queries @ keys.T if queries.ndim == 2 else keys @ queries
    places = np.argpartition(alike, -COUNT, axis=-1)[..., -COUNT:]
    order = np.argsort(-np.take_along_axis(alike, places, -1), axis=-1)
    return np.take_along_axis(places, order, -1)


def in_turn(works: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Median seconds of each, taking turns of several calls.

    The first calls of a turn do not count: threads of the library before spin for a while after
    their work, and would take a core from the next.
    """
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(-(-repeats // TURN)):
        for name, work in works.items():
            for call in range(SETTLING + TURN):
                start = time.perf_counter()
                work()
                if call >= SETTLING:
                    taken[name].append(time.perf_counter() - start)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def exact(count: int, repeats: int) -> list[dict[str, Any]]:
    random = np.random.default_rng(1)
    keys = embeddings(random, count)
    stored = jax.numpy.asarray(keys)
    find = jax.jit(lambda keys, queries: nearest(keys, queries, COUNT).places)
    rows = []
    for size in (None, 200):
        queries = embeddings(random, size or 1)
        queries = queries if size else queries[0]
        works = {
            "recollect": lambda queries=queries: np.asarray(find(stored, queries)),
            "numpy": lambda queries=queries: by_numpy(keys, queries),
        }
        agreed = float(np.mean(works["recollect"]() == works["numpy"]()))
        rows.append(
            {"keys": count, "queries": size or 1, "agreed": agreed, **in_turn(works, repeats)}
        )
    return rows


def indexed(count: int, repeats: int, folder: Path | None) -> dict[str, Any]:
    random = np.random.default_rng(1)
    memory = Attention(KEY_DIM, VALUE_DIM, count, separation=TopK(COUNT, 20.0))
    values = random.normal(size=(count, VALUE_DIM)).astype(np.float32)
    state = memory.filled(jax.numpy.asarray(embeddings(random, count)), jax.numpy.asarray(values))
    queries = embeddings(random, 200)
    asked = jax.numpy.asarray(queries)
    start = time.perf_counter()
    file = folder / f"retrieval-{count}.index" if folder else None
    if file and file.exists():
        found = Indexed.load(file, memory, state)
    else:
        found = Indexed.build(memory, state, links=LINKS, breadth=BREADTH)
        if file:
            found.save(file)
    built = time.perf_counter() - start
    recall = found.recall(state, asked)
    while recall < 0.99 and found.breadth < WIDEST:
        found = dataclasses.replace(found, breadth=2 * found.breadth)
        recall = found.recall(state, asked)
    how = faiss.SearchParametersHNSW(efSearch=found.breadth)
    through = jax.jit(lambda state, queries: read(found, state, queries))
    whole = jax.jit(lambda state, queries: read(memory, state, queries))
    works = {
        "recollect": lambda: np.asarray(through(state, asked)),
        "faiss": lambda: found.index.search(queries, COUNT, params=how),
    }
    times = in_turn(works, repeats)
    times |= in_turn({"exact": lambda: np.asarray(whole(state, asked))}, 3)
    off = np.abs(np.asarray(through(state, asked)) - np.asarray(whole(state, asked)))
    return {
        "keys": count,
        "queries": len(queries),
        "breadth": found.breadth,
        "recall": recall,
        "mean_error": float(off.mean()),
        "built_seconds": built,
        **times,
    }


def report(exactly: list[dict[str, Any]], by_index: list[dict[str, Any]]) -> str:
    def ms(row: dict[str, Any], name: str) -> str:
        return f"{1000 * row[name] / row['queries']:.3g}"

    first = table(
        ["keys", "queries at once", "recollect ms", "numpy ms", "ratio"],
        [
            [
                f"{row['keys']:,}",
                str(row["queries"]),
                ms(row, "recollect"),
                ms(row, "numpy"),
                f"{row['recollect'] / row['numpy']:.2f}",
            ]
            for row in exactly
        ],
    )
    second = table(
        ["keys", "breadth", "recall@10", "read ms", "faiss ms", "ratio", "exact ms", "built s"],
        [
            [
                f"{row['keys']:,}",
                str(row["breadth"]),
                f"{row['recall']:.4f}",
                ms(row, "recollect"),
                ms(row, "faiss"),
                f"{row['recollect'] / row['faiss']:.2f}",
                ms(row, "exact"),
                f"{row['built_seconds']:.0f}",
            ]
            for row in by_index
        ],
    )
    return f"{machine_line(machine())}\n\nA query, exactly:\n\n{first}\n\nBy an index:\n\n{second}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--exact", default="100000", help="numbers of keys (%(default)s)")
    parser.add_argument("--indexed", default="100000", help="numbers of keys (%(default)s)")
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--keep", type=Path, help="folder where indices are kept and found again")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--readme", action="store_true", help="put the tables into the README")
    asked = parser.parse_args()
    exactly, by_index = [], []
    for count in filter(None, asked.exact.split(",")):
        exactly += exact(int(count), asked.repeats)
        print(json.dumps(exactly[-2:]), file=sys.stderr, flush=True)
    for count in filter(None, asked.indexed.split(",")):
        by_index.append(indexed(int(count), asked.repeats, asked.keep))
        print(json.dumps(by_index[-1]), file=sys.stderr, flush=True)
    text = report(exactly, by_index)
    print(text)
    if asked.readme:
        put_into_readme("retrieval", text)
    if asked.json:
        asked.json.write_text(json.dumps({"exact": exactly, "indexed": by_index}, indent=1) + "\n")


if __name__ == "__main__":
    main()
