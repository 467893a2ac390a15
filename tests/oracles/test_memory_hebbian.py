"""Primal = dual: fading weights and kept traces are one memory."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.memory import DecayedHebbian, read_traces

LENGTHS = st.sampled_from([0, 1, 2, 30])
DIMS = st.sampled_from([(1, 1), (3, 4), (8, 1)])
SEEDS = st.integers(0, 2**32 - 1)
DECAYS = ("none", "everything", "often", "mixed", "exponential")


def stream(seed, length, key_dim, value_dim, decays, scale):
    """Keys, values, the share retained after each write, and a query; float64."""
    random = np.random.default_rng(seed)
    shares = {
        "none": lambda: np.ones((length, key_dim)),
        "everything": lambda: np.zeros((length, key_dim)),
        "often": lambda: random.integers(0, 2, (length, key_dim)).astype(float),
        "mixed": lambda: random.uniform(0, 1, (length, key_dim)),
        "exponential": lambda: np.exp(
            -random.exponential(3.0, (length, 1)) / np.geomspace(1e-3, 1e3, key_dim)
        ),
    }
    keys = scale * random.normal(size=(length, key_dim))
    values = random.normal(size=(length, value_dim))
    return keys, values, shares[decays](), random.normal(size=key_dim)


@jax.jit
def primal(memory, keys, values, retained, query):
    """Write, let time pass, write, ...; then read the weights."""

    def step(state, row):
        key, value, share = row
        return memory.decay(memory.write(state, key, value), share), None

    start = memory.init().astype(query.dtype)
    return memory.read(jax.lax.scan(step, start, (keys, values, retained))[0], query)


@jax.jit
def dual(keys, values, retained, query):
    """Keep every pair; what is left of a key is the product of all shares since its writing."""
    left = jnp.cumprod(retained[::-1], axis=0)[::-1]
    return read_traces(keys, values, left, query)


def plain(keys, values, retained, query):
    """Both forms written out as sums over single numbers."""
    total = np.zeros(values.shape[1])
    for n in range(keys.shape[0]):
        for i in range(keys.shape[1]):
            total += query[i] * keys[n, i] * np.prod(retained[n:, i]) * values[n]
    return total


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 1e-14)])
@settings(max_examples=100, deadline=None)
@given(
    seed=SEEDS,
    length=LENGTHS,
    dims=DIMS,
    decays=st.sampled_from(DECAYS),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_reading_weights_is_reading_traces(dtype, tolerance, seed, length, dims, decays, scale):
    columns = stream(seed, length, *dims, decays, scale)
    with jax.enable_x64(dtype == "float64"):
        given_columns = [jnp.asarray(column, dtype) for column in columns]
        weights = np.asarray(primal(DecayedHebbian(*dims), *given_columns))
        traces = np.asarray(dual(*given_columns))
    assert weights.dtype == traces.dtype == dtype
    # What rounding may cost grows with the size of what is summed, not with the sum.
    # A share below the smallest number of the type is taken for 0.
    room = tolerance * (1 + length) * plain(*(np.abs(column) for column in columns)).max()
    room += 1e6 * np.finfo(dtype).tiny
    assert np.abs(weights - traces).max() <= room
    assert np.abs(weights - plain(*columns)).max() <= room


def test_the_forms_agree_over_a_long_stream():
    """A thousand writes hours apart under scales from minutes to years, as a card's traces."""
    keys, values, _, query = stream(0, 1000, 8, 1, "none", 1.0)
    gaps = np.random.default_rng(1).exponential(0.3, (1000, 1))
    retained = np.exp(-gaps / np.geomspace(1 / 720, 3000, 8))
    columns = [jnp.asarray(column, jnp.float32) for column in (keys, values, retained, query)]
    found = primal(DecayedHebbian(8), *columns)
    assert found == pytest.approx(np.asarray(dual(*columns)), rel=1e-4)
    assert abs(float(found[0])) > 1.0
