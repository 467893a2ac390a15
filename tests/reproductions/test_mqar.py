"""Multi-query associative recall, small: layers with a memory solve it, and without they cannot.

Arora et al., Zoology, ICLR 2024, and Yang et al., NeurIPS 2024: at 64 tokens and 4 pairs attention
and the delta rule answer nearly all queries (0.99 and more in both). Band: 0.97 or more within
600 steps, with a vocabulary of 256; without a memory at most 0.1 (a guess among the values is
right 1 time in 128).
"""

import sys
from pathlib import Path

import jax
import pytest

from recollect.memory.layers import GatedConvolution

pytestmark = pytest.mark.slow


@pytest.fixture
def mqar(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "benchmarks")
    import mqar

    yield mqar
    for name in ("mqar", "report"):
        sys.modules.pop(name, None)


def accuracy(mqar, layer, steps):
    cell = mqar.Cell(layer, 32, 64, 4, 1e-2, steps, answers=128, vocabulary=256)
    told = []
    found = mqar.train(cell, lambda *now: told.append(now))
    assert [now[0] for now in told] == list(range(50, found["steps"] + 1, 50))
    return found["accuracy"]


@pytest.mark.parametrize("layer", ["softmax", "delta"])
def test_a_memory_answers_nearly_all(mqar, layer):
    assert accuracy(mqar, layer, 600) >= 0.97


def test_without_a_memory_nothing_is_found(mqar, monkeypatch):
    none = {"none": lambda key, dim: GatedConvolution.draw(jax.random.fold_in(key, 1), dim)}
    monkeypatch.setattr(mqar, "LAYERS", none)
    assert accuracy(mqar, "none", 200) <= 0.1
