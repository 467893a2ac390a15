"""Basin sizes: a memory whose basins are known, and how they shrink with load."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.basins import basin_bits, flip
from recollect.memory.general import write
from recollect.memory.hopfield import Hopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


class Tolerant:
    """Finds its one pattern from anything at most so many bits away, and 0 from farther."""

    def init(self):
        return signs(0, 31), jnp.array(0.0)

    def write(self, state, key, value):
        return state

    def read(self, state, query):
        pattern, bits = state
        return jnp.where(jnp.sum(query != pattern) <= bits, pattern, 0.0)


@pytest.mark.parametrize("bits", [-1, 0, 1, 2, 7, 14, 15, 16, 31])
def test_a_known_basin_is_found_exactly(bits):
    """Up to half of 31 components, since beyond that lies the reverse pattern."""
    memory = Tolerant()
    pattern = memory.init()[0]
    found = basin_bits(memory, (pattern, bits), pattern[None], key=jax.random.key(0), trials=3)
    assert found.tolist() == [min(bits, 15)]


def test_so_many_bits_are_flipped_and_more_include_fewer():
    pattern, key = signs(1, 20), jax.random.key(1)
    before = np.zeros(20, bool)
    for bits in range(21):
        flipped = np.asarray(flip(key, pattern, bits) != pattern)
        assert flipped.sum() == bits
        assert np.all(flipped[before])
        before = flipped


def test_basins_shrink_with_load_and_are_wider_without_crosstalk():
    sizes = {}
    for memory in (Hopfield(60), PseudoInverseHopfield(60)):
        for load in (2, 12, 30):
            patterns = signs(2, load, 60)
            state = write(memory, memory.init(), patterns, patterns)
            bits = basin_bits(memory, state, patterns, key=jax.random.key(2))
            assert bits.shape == (load,)
            sizes[type(memory), load] = float(bits.mean())
    for kind in (Hopfield, PseudoInverseHopfield):
        assert sizes[kind, 2] > sizes[kind, 12] > sizes[kind, 30]
    assert sizes[Hopfield, 30] < 0
    assert sizes[PseudoInverseHopfield, 30] >= 1
    assert sizes[PseudoInverseHopfield, 2] > 15


def test_a_stricter_criterion_gives_no_larger_basin():
    patterns = signs(3, 6, 60)
    memory = Hopfield(60)
    state = write(memory, memory.init(), patterns, patterns)
    sizes = [
        np.asarray(basin_bits(memory, state, patterns, key=jax.random.key(3), criterion=share))
        for share in (0.1, 0.5, 1.0)
    ]
    assert sizes[0].mean() > sizes[1].mean() > sizes[2].mean()


@pytest.mark.parametrize("given", [{"trials": 0}, {"criterion": 0.0}, {"criterion": 1.5}])
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises(ParameterError, match="basin"):
        basin_bits(Hopfield(3), jnp.zeros((3, 3)), jnp.ones((1, 3)), key=jax.random.key(0), **given)
