"""Sequence forms of Recollect; started by sequences.py."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from recollect.memory import causal_attention, fast_weights_along


def attention(q: jax.Array, k: jax.Array, v: jax.Array, b: jax.Array) -> jax.Array:
    return jax.vmap(causal_attention)(k, v, q)


def fast_weights(
    q: jax.Array, k: jax.Array, v: jax.Array, b: jax.Array, *, rated: bool, form: str
) -> jax.Array:
    def head(q: jax.Array, k: jax.Array, v: jax.Array, b: jax.Array) -> jax.Array:
        return fast_weights_along(k, v, q, rate=b if rated else None, form=form).outputs

    return jax.vmap(head)(q, k, v, b)


FORMS: dict[str, dict[str, Callable[..., jax.Array]]] = {
    "attention": {"blocks": attention},
    "linear": {
        form: partial(fast_weights, rated=False, form=form)
        for form in ("auto", "recurrent", "chunked")
    },
    "delta": {
        form: partial(fast_weights, rated=True, form=form)
        for form in ("auto", "recurrent", "chunked")
    },
}


def work(rule: str, form: str, steps: int, heads: int, dim: int, slopes: bool) -> Callable[[], Any]:
    random = np.random.default_rng(0)
    q, k, v = (random.normal(size=(heads, steps, dim)).astype("f") for _ in range(3))
    k /= np.linalg.norm(k, axis=-1, keepdims=True)
    inputs = [jnp.asarray(column) for column in (q, k, v, random.random((heads, steps), "f"))]
    forward = FORMS[rule][form]

    def loss(*columns: jax.Array) -> tuple[jax.Array, jax.Array]:
        found = forward(*columns)
        return jnp.sum(jnp.square(found)), found

    compiled = jax.jit(jax.grad(loss, (0, 1, 2, 3), has_aux=True) if slopes else forward)
    return lambda: jax.block_until_ready(compiled(*inputs))


def main() -> None:
    """Answer requests, a JSON object a line, with seconds."""
    print(json.dumps({"forms": {rule: list(forms) for rule, forms in FORMS.items()}}), flush=True)
    ready: dict[str, Callable[[], Any]] = {}
    cell = None
    for line in sys.stdin:
        ask = json.loads(line)
        form = ask.pop("form")
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
