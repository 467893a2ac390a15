"""The Hopfield family: energies only fall, and patterns are found."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.general import read, write
from recollect.memory.hopfield import BidirectionalHopfield, Hopfield
from recollect.memory.hopfield_dense import DenseHopfield
from recollect.memory.hopfield_dynamics import Recurrent, settle_in_turn
from recollect.memory.hopfield_modern import ModernHopfield
from recollect.memory.hopfield_pseudo_inverse import PseudoInverseHopfield

UNITS = 40
BINARY = {
    "classical": Hopfield(UNITS),
    "pseudo-inverse": PseudoInverseHopfield(UNITS),
    "dense": DenseHopfield(UNITS, UNITS, 30, degree=3),
    "dense, degree 2": DenseHopfield(UNITS, UNITS, 30, degree=2),
}


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


def stored(memory, patterns):
    return write(memory, memory.init(), patterns, patterns)


@pytest.fixture(params=BINARY)
def memory(request):
    return BINARY[request.param]


def orders(sweeps, seed=0):
    random = np.random.default_rng(seed)
    return jnp.asarray(np.concatenate([random.permutation(UNITS) for _ in range(sweeps)]))


@pytest.mark.parametrize("load", [2, 25], ids=["few", "far past capacity"])
def test_the_energy_never_rises_as_units_change_in_turn(memory, load):
    """However much is stored, and wherever it starts."""
    assert isinstance(memory, Recurrent)
    state = stored(memory, signs(1, load, UNITS))
    fell = False
    for seed in range(5):
        start = signs(10 + seed, UNITS)
        _, energies = settle_in_turn(memory, state, start, orders(4, seed))
        path = np.concatenate([[float(memory.energy(state, start))], np.asarray(energies)])
        assert np.all(np.diff(path) <= 1e-5 * np.abs(path).max())
        fell |= path[-1] < path[0] - 1e-3
    assert fell


def test_what_comes_to_rest_in_turn_is_at_rest_together(memory):
    state = stored(memory, signs(2, 3, UNITS))
    found, energies = settle_in_turn(memory, state, signs(3, UNITS), orders(10))
    assert float(energies[-1]) == float(energies[-UNITS])
    np.testing.assert_array_equal(jnp.sign(memory.field(state, found)), found)


def test_a_damaged_pattern_is_repaired(memory):
    patterns = signs(4, 3, UNITS)
    state = stored(memory, patterns)
    damaged = patterns.at[:, :5].multiply(-1.0)
    np.testing.assert_array_equal(jnp.sign(read(memory, state, damaged)), patterns)


def test_without_a_field_a_unit_stays_in_turn_and_is_silent_together():
    memory = Hopfield(4)
    start = jnp.array([1.0, -1.0, 1.0, 1.0])
    kept, _ = settle_in_turn(memory, memory.init(), start, jnp.arange(4))
    np.testing.assert_array_equal(kept, start)
    np.testing.assert_array_equal(memory.read(memory.init(), start), jnp.zeros(4))


def test_all_at_once_may_alternate_and_still_ends():
    """Two units that copy each other swap for ever."""
    memory = Hopfield(2, steps=7)
    state = memory.write(memory.init(), jnp.ones(2), jnp.ones(2))
    np.testing.assert_array_equal(memory.read(state, jnp.array([1.0, -1.0])), [-1.0, 1.0])


def test_the_classical_rule_at_once_is_one_after_another():
    memory, patterns, after = Hopfield(UNITS), signs(5, 9, UNITS), signs(6, 9, UNITS)
    state = memory.init()
    for key, value in zip(patterns, after, strict=True):
        state = memory.write(state, key, value)
    np.testing.assert_allclose(
        memory.write_all(memory.init(), patterns, after), state, rtol=1e-5, atol=1e-6
    )
    assert np.all(np.diagonal(state) == 0)


def test_the_pseudo_inverse_at_once_is_one_after_another():
    with jax.enable_x64(True):
        memory = PseudoInverseHopfield(UNITS, ridge=1e-9)
        patterns = signs(7, 20, UNITS).astype(float)
        # Doubled and dependent patterns too.
        patterns = jnp.concatenate([patterns, patterns[:3]])
        state = memory.init()
        for pattern in patterns:
            state = memory.write(state, pattern, pattern)
        half = memory.write_all(memory.init(), patterns[:10], patterns[:10])
        for other in (
            memory.write_all(memory.init(), patterns, patterns),
            memory.write_all(half, patterns[10:], patterns[10:]),
        ):
            np.testing.assert_allclose(other.weights, state.weights, atol=1e-6)
        projection = np.linalg.pinv(patterns) @ patterns
        np.testing.assert_allclose(state.weights, projection, atol=1e-6)


def test_correlated_patterns_are_for_the_pseudo_inverse():
    """Patterns that agree in three of four components: Hebbian sums blur them."""
    common = signs(8, UNITS)
    differ = np.random.default_rng(9).random((8, UNITS)) < 0.25
    patterns = jnp.where(differ, -common, common)
    exact = PseudoInverseHopfield(UNITS)
    np.testing.assert_array_equal(read(exact, stored(exact, patterns), patterns), patterns)
    blurred = Hopfield(UNITS)
    found = read(blurred, stored(blurred, patterns), patterns)
    assert not np.any(np.all(np.asarray(found) == np.asarray(patterns), axis=1))


def test_values_may_lead_to_the_next_pattern():
    memory, patterns = Hopfield(UNITS, steps=1), signs(10, 4, UNITS)
    state = write(memory, memory.init(), patterns[:-1], patterns[1:])
    now = patterns[0]
    for expected in patterns[1:]:
        now = memory.read(state, now)
        np.testing.assert_array_equal(now, expected)


def test_two_layers_find_either_from_a_damaged_key_and_never_raise_their_energy():
    keys, values = signs(11, 3, UNITS), signs(12, 3, 17)
    memory = BidirectionalHopfield(UNITS, 17)
    state = write(memory, memory.init(), keys, values)
    for key, value in zip(keys, values, strict=True):
        damaged = key.at[:5].multiply(-1.0)
        np.testing.assert_array_equal(memory.settle(state, damaged)[0], key)
        np.testing.assert_array_equal(memory.read(state, damaged), value)
    x, path = signs(13, UNITS), []
    for _ in range(6):
        y = jnp.sign(x @ state)
        path.append(float(memory.energy(state, x, y)))
        x = jnp.sign(state @ y)
        path.append(float(memory.energy(state, x, y)))
    assert np.all(np.diff(path) <= 1e-5)


def test_dense_and_modern_find_other_values():
    keys, values = signs(14, 30, UNITS), signs(15, 30, 6)
    for memory in (DenseHopfield(UNITS, 6, 30, degree=4), ModernHopfield(UNITS, 6, 30, 2.0)):
        state = write(memory, memory.init(), keys, values)
        damaged = keys.at[:, :4].multiply(-1.0)
        np.testing.assert_array_equal(jnp.sign(read(memory, state, damaged)), values)


def test_the_oldest_gives_way_when_slots_are_full():
    patterns = signs(16, 6, UNITS)
    memory = DenseHopfield(UNITS, UNITS, 4)
    kept = {tuple(row) for row in np.asarray(stored(memory, patterns).keys)}
    assert kept == {tuple(row) for row in np.asarray(patterns[2:])}


def test_no_update_of_the_modern_network_raises_its_energy():
    random = np.random.default_rng(17)
    keys = jnp.asarray(random.normal(size=(12, 6)), jnp.float32)
    for beta in (0.1, 1.0, 10.0):
        memory = ModernHopfield(6, 6, 12, beta)
        state = stored(memory, keys)
        now, path = jnp.asarray(3 * random.normal(size=6), jnp.float32), []
        for _ in range(8):
            path.append(float(memory.energy(state, now)))
            now = memory.update(state, now)
        assert np.all(np.diff(path) <= 1e-4)
        assert path[-1] < path[0]


def test_gradients_pass_through_the_updates_of_the_modern_network():
    keys = jnp.asarray(np.random.default_rng(18).normal(size=(5, 4)), jnp.float32)

    def loss(query, beta):
        memory = ModernHopfield(4, 4, 5, beta, updates=3)
        return jnp.sum(jnp.square(memory.read(stored(memory, keys), query) - keys[0]))

    slopes = jax.grad(loss, argnums=(0, 1))(0.5 * keys[0] + 0.1, jnp.array(0.8))
    assert all(np.all(np.isfinite(slope)) and np.abs(slope).max() > 1e-4 for slope in slopes)


def test_high_degrees_do_not_overflow():
    patterns = signs(19, 20, 300)
    memory = DenseHopfield(300, 300, 20, degree=40)
    state = stored(memory, patterns)
    np.testing.assert_array_equal(jnp.sign(read(memory, state, patterns)), patterns)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Hopfield(0),
        lambda: Hopfield(3, steps=0),
        lambda: BidirectionalHopfield(3, 0),
        lambda: PseudoInverseHopfield(3, steps=0),
        lambda: DenseHopfield(3, 3, degree=1),
        lambda: DenseHopfield(3, 3, 0),
        lambda: ModernHopfield(3, 3, updates=-1),
    ],
)
def test_what_makes_no_sense_is_refused(make):
    with pytest.raises(ParameterError):
        make()
