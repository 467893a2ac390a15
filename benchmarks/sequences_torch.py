"""Sequence forms in PyTorch, each as it is best written there; started by sequences.py."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial

import torch

CHUNK, SHORT_CHUNK = 64, 32


def attention(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.scaled_dot_product_attention(
        q[None], k[None], v[None], is_causal=True
    )[0]


def cut(x: torch.Tensor, chunk: int = CHUNK) -> torch.Tensor:
    return x.unflatten(1, (-1, chunk))


def linear_in_chunks(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, b: torch.Tensor
) -> torch.Tensor:
    q, k, v = cut(q), cut(k), cut(v)
    within = (q @ k.mT).tril() @ v
    written = k.mT @ v
    before = written.cumsum(1) - written
    return (within + q @ before).flatten(1, 2)


def linear_in_chunks_by_loop(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, b: torch.Tensor
) -> torch.Tensor:
    q, k, v = cut(q), cut(k), cut(v)
    within = (q @ k.mT).tril() @ v
    state = torch.zeros(k.shape[0], k.shape[-1], v.shape[-1])
    found = []
    for query, written, inside in zip(
        q.unbind(1), (k.mT @ v).unbind(1), within.unbind(1), strict=True
    ):
        found.append(inside + query @ state)
        state = state + written
    return torch.cat(found, 1)


def linear_by_steps(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, b: torch.Tensor
) -> torch.Tensor:
    state = torch.zeros(k.shape[0], k.shape[-1], v.shape[-1])
    found = []
    for query, key, value in zip(q.unbind(1), k.unbind(1), v.unbind(1), strict=True):
        state = state + key[:, :, None] * value[:, None, :]
        found.append((query[:, None, :] @ state)[:, 0])
    return torch.stack(found, 1)


def delta_in_chunks(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, b: torch.Tensor, chunk: int = CHUNK
) -> torch.Tensor:
    q, k, v, b = (cut(column, chunk) for column in (q, k, v, b))
    rated = k * b[..., None]
    system = (rated @ k.mT).tril(-1)
    both = torch.cat([rated, v * b[..., None]], -1)
    solved = torch.linalg.solve_triangular(system, both, upper=False, unitriangular=True)
    erased, updates = solved.split([k.shape[-1], v.shape[-1]], -1)
    scores = (q @ k.mT).tril()
    state = torch.zeros(k.shape[0], k.shape[-1], v.shape[-1])
    found = []
    for query, key, erase, update, score in zip(
        *(x.unbind(1) for x in (q, k, erased, updates, scores)), strict=True
    ):
        new = update - erase @ state
        found.append(query @ state + score @ new)
        state = state + key.mT @ new
    return torch.cat(found, 1)


def delta_by_steps(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, b: torch.Tensor
) -> torch.Tensor:
    state = torch.zeros(k.shape[0], k.shape[-1], v.shape[-1])
    found = []
    for query, key, value, rate in zip(
        q.unbind(1), k.unbind(1), v.unbind(1), b.unbind(1), strict=True
    ):
        update = rate[:, None] * (value - (key[:, None, :] @ state)[:, 0])
        state = state + key[:, :, None] * update[:, None, :]
        found.append((query[:, None, :] @ state)[:, 0])
    return torch.stack(found, 1)


FORMS: dict[str, dict[str, Callable[..., torch.Tensor]]] = {
    "attention": {"scaled_dot_product_attention": attention},
    "linear": {
        "chunks, cumulated": linear_in_chunks,
        "chunks, by a loop": linear_in_chunks_by_loop,
        "steps": linear_by_steps,
    },
    "delta": {
        "chunks": delta_in_chunks,
        "short chunks": partial(delta_in_chunks, chunk=SHORT_CHUNK),
        "steps": delta_by_steps,
    },
}
MOST_STEPS = 4096
"""Step by step, longer sequences take minutes with gradients."""


def columns(steps: int, heads: int, dim: int) -> list[torch.Tensor]:
    made = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(heads, steps, dim, generator=made) for _ in range(3))
    k = torch.nn.functional.normalize(k, dim=-1)
    return [q, k, v, torch.rand(heads, steps, generator=made)]


def work(
    rule: str, form: str, steps: int, heads: int, dim: int, slopes: bool
) -> Callable[[], torch.Tensor]:
    inputs = columns(steps, heads, dim)
    function = FORMS[rule][form]
    if not slopes:

        def forward() -> torch.Tensor:
            with torch.no_grad():
                return function(*inputs)

        return forward
    for column in inputs:
        column.requires_grad_(True)

    def both() -> torch.Tensor:
        for column in inputs:
            column.grad = None
        found = function(*inputs)
        found.square().sum().backward()
        return found

    return both


def main() -> None:
    """Answer requests, a JSON object a line, with seconds."""
    print(json.dumps({"forms": {rule: list(forms) for rule, forms in FORMS.items()}}), flush=True)
    ready: dict[str, Callable[[], torch.Tensor]] = {}
    cell = None
    for line in sys.stdin:
        ask = json.loads(line)
        form = ask.pop("form")
        if form == "steps" and ask["steps"] > MOST_STEPS:
            print(json.dumps({"seconds": None}), flush=True)
            continue
        if ask != cell:
            cell, ready = ask, {}
        if form not in ready:
            ready[form] = work(form=form, **ask)
            ready[form]()
        start = time.perf_counter()
        ready[form]()
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


if __name__ == "__main__":
    main()
