"""Sparse distributed memory against Kanerva's description, location by location."""

from math import comb

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory.general import write
from recollect.memory.sparse_distributed import SparseDistributed, radius_for


def plain(addresses, radius, words, readings):
    """Counters after all words, and a reader of them."""
    counters = np.zeros((len(addresses), words[0][1].size))
    for key, value in words:
        for place, address in enumerate(addresses):
            if sum(a != k for a, k in zip(address, key, strict=True)) <= radius:
                counters[place] += value

    def found(query):
        for _ in range(readings):
            # A component found to be 0 is half a bit away from either sign.
            near = [
                sum(abs(a - q) for a, q in zip(x, query, strict=True)) <= 2 * radius
                for x in addresses
            ]
            mean = counters[near].mean(axis=0) if any(near) else np.zeros(counters.shape[1])
            query = np.sign(mean)
        return mean

    return counters, found


@pytest.mark.parametrize(("value_dim", "readings"), [(7, 1), (16, 1), (16, 3)])
def test_locations_one_by_one(value_dim, readings):
    random = np.random.default_rng(0)
    memory = SparseDistributed.draw(
        jax.random.key(0), 16, value_dim, locations=60, radius=5, readings=readings
    )
    keys = random.choice([-1.0, 1.0], (8, 16))
    values = keys if value_dim == 16 else random.choice([-1.0, 1.0], (8, value_dim))
    words = list(zip(keys, values, strict=True))
    counters, found = plain(np.asarray(memory.addresses), 5, words, readings)
    state = write(memory, memory.init(), jnp.asarray(keys), jnp.asarray(values))
    np.testing.assert_array_equal(state, counters)
    reads = eqx.filter_jit(memory.read)
    for query in random.choice([-1.0, 1.0], (30, 16)):
        np.testing.assert_allclose(reads(state, jnp.asarray(query)), found(query), atol=1e-6)


@pytest.mark.parametrize("share", [0.001, 0.01, 0.2, 0.5])
@pytest.mark.parametrize("length", [11, 64, 1000])
def test_a_radius_takes_in_no_more_than_its_share(length, share):
    radius = radius_for(length, share)
    within = sum(comb(length, i) for i in range(radius + 1)) / 2**length
    assert within <= share or radius == 0
    assert within + comb(length, radius + 1) / 2**length > share
