"""Where Hopfield networks fall: the classical rule, the pseudo-inverse, and steeper energies.

Cliffs at 708 units are those beside which MESH was shown (Sharma, Chandra & Fiete 2022, released
results); overlaps at the capacity of the classical network are those of Amit, Gutfreund &
Sompolinsky (1985) for 2,000 units. Bands: 0.015 on overlaps above 0.98, 0.03 near the edge, 0.06
to 0.10 past it, where single networks differ; the dense capacities are orders of magnitude.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory.general import read, write
from recollect.memory.hopfield import Hopfield
from recollect.memory.hopfield_dense import DenseHopfield
from recollect.memory.hopfield_modern import ModernHopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield
from recollect.memory.measures import overlap

pytestmark = pytest.mark.slow
UNITS = 708


def signs(seed, count, units, dtype=jnp.float32):
    return jax.random.rademacher(jax.random.key(seed), (count, units), dtype)


def found_overlap(memory, patterns, queries):
    state = write(memory, memory.init(), patterns, patterns)
    return float(overlap(read(memory, state, queries), patterns))


@pytest.mark.parametrize(
    ("load", "published", "band"), [(90, 0.987, 0.015), (98, 0.946, 0.03), (150, 0.401, 0.06)]
)
def test_the_classical_network_of_708_units(load, published, band):
    overlaps = [
        found_overlap(Hopfield(UNITS), patterns, patterns)
        for patterns in (signs(seed, load, UNITS) for seed in range(4))
    ]
    assert np.mean(overlaps) == pytest.approx(published, abs=band)


@pytest.mark.parametrize(
    ("load", "published", "band"), [(0.138, 0.954, 0.03), (0.145, 0.882, 0.06), (0.16, 0.606, 0.10)]
)
def test_the_classical_network_at_its_capacity(load, published, band):
    patterns = signs(0, round(load * 2000), 2000)
    assert found_overlap(Hopfield(2000), patterns, patterns) == pytest.approx(published, abs=band)


@pytest.mark.parametrize(
    ("load", "noise", "published", "band"),
    [
        (700, 0.0, 1.0, 0.001),
        (708, 0.0, 0.0, 0.05),
        (300, 0.05, 1.0, 0.005),
        (400, 0.05, 0.927, 0.04),
        (500, 0.05, 0.004, 0.03),
    ],
)
def test_the_pseudo_inverse_of_708_units(load, noise, published, band):
    with jax.enable_x64(True):
        patterns = signs(0, load, UNITS, float)
        wrong = jax.random.bernoulli(jax.random.key(1), noise, patterns.shape)
        memory = PseudoInverseHopfield(UNITS, ridge=1e-9)
        found = found_overlap(memory, patterns, jnp.where(wrong, -patterns, patterns))
    assert found == pytest.approx(published, abs=band)


def kept(memory, patterns, of=200):
    """Share of some patterns that are fixed points but for a hundredth of their units."""
    state = write(memory, memory.init(), patterns, patterns)
    found = jax.lax.map(lambda pattern: jnp.sign(memory.read(state, pattern)), patterns[:of])
    return float(jnp.mean(jnp.mean(found == patterns[:of], axis=-1) >= 0.99))


def test_steeper_energies_hold_more_by_orders_of_magnitude():
    """Of 64 units: the classical 9, degree 3 of the order of N² / 25, degree 4 of N³ / 125."""
    of_64 = signs(3, 1500, 64)
    assert kept(Hopfield(64), of_64[:100]) < 0.2
    assert kept(DenseHopfield(64, 64, 100, degree=3), of_64[:100]) > 0.9
    assert kept(DenseHopfield(64, 64, 1500, degree=3), of_64) < 0.5
    assert kept(DenseHopfield(64, 64, 1500, degree=4), of_64) > 0.9


def test_the_exponential_energy_holds_more_patterns_than_two_to_half_the_units():
    patterns = signs(4, 2**10, 20)
    assert kept(ModernHopfield(20, 20, 2**10, 2.0), patterns, 2**10) > 0.9
