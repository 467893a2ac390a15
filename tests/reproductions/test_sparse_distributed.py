"""Kanerva's memory at his own size: 1,000 bits, a million locations, 10,000 words stored.

A query nearer to a stored word than the critical distance is brought nearer still by reading,
one farther away is led astray. Kanerva (1988) puts the distance at 209 bits; the normal
approximation gives 212. Band: 200 to 220. Only the locations that some query selects are kept,
since no other is ever read.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory.sparse_distributed import SparseDistributed, radius_for

BITS, LOCATIONS, RADIUS, WORDS = 1000, 1_000_000, 451, 10_000


def selected(packed, queries):
    """Addresses that lie near any query; ``packed`` holds all of them, a bit a component."""
    near = []
    for part in np.split(packed, 20):
        addresses = np.unpackbits(part, axis=1).astype(np.float32) * 2 - 1
        near.append(addresses[(addresses @ queries.T >= BITS - 2 * RADIUS).any(axis=1)])
    return jnp.asarray(np.concatenate(near))


def reading(packed, words, queries):
    """What the memory of all words tells for some queries."""
    near = selected(packed, queries)
    assert near.shape[0] == pytest.approx(1065 * len(queries), rel=0.1)
    memory = SparseDistributed(BITS, BITS, near, float(RADIUS))
    write, state = eqx.filter_jit(memory.write_all), memory.init()
    for part in np.split(words, 20):
        state = write(state, part, part)
    found = np.array(jnp.sign(jax.vmap(memory.read, in_axes=(None, 0))(state, queries)))
    return np.where(found == 0, queries, found)


def test_a_thousandth_of_all_locations_takes_part():
    assert radius_for(BITS, 0.00108) == RADIUS
    assert radius_for(BITS, 0.00100) == RADIUS - 1


@pytest.mark.slow
def test_the_critical_distance():
    """Read again at what was found: words nearer come nearer, words farther go away.

    The first reading also brings the query nearer to its word by what they still share; whether
    the word is found shows from there on.
    """
    random = np.random.default_rng(1)
    packed = random.integers(0, 256, (LOCATIONS, BITS // 8), dtype=np.uint8)
    words = random.choice(np.array([-1, 1], np.float32), (WORDS, BITS))
    asked = words[[0, 1, 2, 3] * 2]
    queries = asked.copy()
    for row, distance in zip(queries, np.repeat([200, 220], 4), strict=True):
        row[random.choice(BITS, distance, replace=False)] *= -1
    wrong = []
    for _ in range(4):
        queries = reading(packed, words, queries)
        wrong.append((queries != asked).sum(axis=1))
    nearer, farther = (wrong[-1] - wrong[0]).reshape(2, 4).mean(axis=1)
    assert nearer < 0 < farther
