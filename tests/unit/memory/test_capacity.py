"""Capacity: monotone, seeded, and right where it is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory import Attention, Cosine, DecayedHebbian, KalmanDelta, Softmax, capacity
from recollect.memory.capacity import random_pairs


@pytest.fixture(scope="module")
def hebbian():
    return capacity(DecayedHebbian(32, 48), key=jax.random.key(0), most=64, trials=4)


def test_a_hebbian_memory_finds_less_the_more_it_holds(hebbian):
    assert hebbian.loads.tolist() == [1, 2, 4, 8, 16, 32, 64]
    assert hebbian.recall[0] == 1
    assert np.all(np.diff(hebbian.overlap) < 0)
    assert hebbian.capacity_low <= hebbian.capacity <= hebbian.capacity_high
    assert 2 < hebbian.capacity < 64
    assert not hebbian.reached_most


def test_what_a_perfect_memory_holds_is_told_as_a_lower_bound():
    memory = Attention(16, 8, 32, Cosine(), Softmax(200.0))
    report = capacity(memory, key=jax.random.key(1), most=32, trials=3)
    assert report.capacity == 32
    assert report.reached_most
    np.testing.assert_array_equal(report.recall, 1.0)
    expected = report.loads * 8 / (32 * (16 + 8 + 2))
    np.testing.assert_allclose(report.bits_per_synapse, expected, rtol=1e-4)


def test_slots_that_are_full_hold_no_more():
    memory = Attention(16, 64, 10, Cosine(), Softmax(200.0))
    report = capacity(memory, key=jax.random.key(2), most=40, trials=3, criterion=0.99)
    assert report.capacity == 10


def test_the_same_key_gives_the_same_report(hebbian):
    again = capacity(DecayedHebbian(32, 48), key=jax.random.key(0), most=64, trials=4)
    np.testing.assert_array_equal(again.recall, hebbian.recall)
    other = capacity(DecayedHebbian(32, 48), key=jax.random.key(9), most=64, trials=4)
    assert not np.array_equal(other.overlap, hebbian.overlap)


def test_noise_in_the_query_costs_recall(hebbian):
    noisy = capacity(DecayedHebbian(32, 48), key=jax.random.key(0), most=64, trials=4, noise=0.3)
    assert noisy.capacity < hebbian.capacity


@pytest.mark.parametrize("kind", ["sphere", "normal", "sign"])
def test_random_pairs(kind):
    keys, values = random_pairs(50, 20, kind)(jax.random.key(0), 200)
    assert keys.shape == (200, 50)
    assert set(np.unique(values)) == {-1.0, 1.0}
    length = np.linalg.norm(keys, axis=1)
    assert length.mean() == pytest.approx(1.0 if kind == "sphere" else 50**0.5, rel=0.02)
    assert (np.unique(np.abs(keys)).size == 1) == (kind == "sign")


def test_what_cannot_be_measured_is_refused():
    kalman = KalmanDelta(*(jnp.ones(4) for _ in range(3)))
    with pytest.raises(ParameterError, match="draw="):
        capacity(kalman, key=jax.random.key(0))
    for wrong in ({"criterion": 0.0}, {"trials": 1}, {"most": 0}, {"loads": [0, 3]}):
        with pytest.raises(ParameterError):
            capacity(DecayedHebbian(4, 4), key=jax.random.key(0), **wrong)
