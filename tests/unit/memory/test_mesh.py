"""The scaffold of MESH, and content tied to it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.general import read, write
from recollect.memory.measures import bits_per_value
from recollect.memory.mesh import MeshScaffold
from recollect.memory.scaffold import Scaffold, ScaffoldMemory


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


@pytest.fixture(scope="module")
def scaffold():
    return MeshScaffold.draw(jax.random.key(0), labels=9, active=3, hidden=150)


def test_every_state_is_stable(scaffold):
    assert isinstance(scaffold, Scaffold)
    assert (scaffold.size, scaffold.hidden_dim) == (84, 150)
    kept = jax.vmap(lambda label: scaffold.clean(scaffold.hidden(label)))(scaffold.labels)
    np.testing.assert_array_equal(kept, scaffold.labels)


def test_states_follow_one_another_and_come_round(scaffold):
    after = jax.vmap(scaffold.following)(scaffold.labels)
    np.testing.assert_array_equal(after, jnp.roll(scaffold.labels, -1, axis=0))
    places = jax.vmap(scaffold.label)(jnp.arange(90.0))
    np.testing.assert_array_equal(places[84:], scaffold.labels[:6])


def test_the_draw_is_the_random_keys(scaffold):
    again = MeshScaffold.draw(jax.random.key(0), labels=9, active=3, hidden=150)
    other = MeshScaffold.draw(jax.random.key(1), labels=9, active=3, hidden=150)
    np.testing.assert_array_equal(again.projection, scaffold.projection)
    assert not np.array_equal(other.projection, scaffold.projection)
    assert not np.array_equal(other.labels, scaffold.labels)


def test_content_is_repaired(scaffold):
    patterns = signs(0, 40, 100)
    memory = ScaffoldMemory(scaffold, 100, 100)
    state = write(memory, memory.init(), patterns, patterns)
    damaged = patterns.at[:, :8].multiply(-1.0)
    np.testing.assert_array_equal(jnp.sign(read(memory, state, damaged)), patterns)


def test_other_values_are_found(scaffold):
    keys, values = signs(1, 40, 100), signs(2, 40, 5)
    memory = ScaffoldMemory(scaffold, 100, 5)
    state = write(memory, memory.init(), keys, values)
    np.testing.assert_array_equal(jnp.sign(read(memory, state, keys)), values)


def test_at_once_is_one_after_another(scaffold):
    """Also where some were there before, and over the end of the scaffold."""
    with jax.enable_x64(True):
        drawn = MeshScaffold.draw(jax.random.key(2), labels=5, active=2, hidden=30)
        memory = ScaffoldMemory(drawn, 25, 4, ridge=1e-6)
        keys, values = signs(3, 14, 25).astype(float), signs(4, 14, 4).astype(float)
        one_by_one, _ = jax.lax.scan(
            lambda state, pair: (memory.write(state, *pair), None), memory.init(), (keys, values)
        )
        half = memory.write_all(memory.init(), keys[:5], values[:5])
        both = memory.write_all(half, keys[5:], values[5:])
        assert float(both.used) == float(one_by_one.used) == 14
        for ours, theirs in ((both.inward, one_by_one.inward), (both.outward, one_by_one.outward)):
            np.testing.assert_allclose(ours.weights, theirs.weights, atol=1e-6)


def test_more_content_leaves_less_of_each_but_something_of_all():
    scaffold = MeshScaffold.draw(jax.random.key(3), labels=12, active=3, hidden=100)
    memory = ScaffoldMemory(scaffold, 220, 220)
    found = []
    for load in (50, 120, 220):
        patterns = signs(5, load, 220)
        state = write(memory, memory.init(), patterns, patterns)
        found.append(float(bits_per_value(read(memory, state, patterns), patterns)))
    assert found[0] > 0.99
    assert found[0] > found[1] > found[2] > 0.15


@pytest.mark.parametrize(
    "given", [{"active": 0}, {"active": 18}, {"hidden": 0}, {"labels": 2, "active": 3}]
)
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises(ParameterError, match="MESH"):
        MeshScaffold.draw(jax.random.key(0), **given)


def test_a_memory_without_content_is_refused(scaffold):
    with pytest.raises(ParameterError, match="scaffold"):
        ScaffoldMemory(scaffold, 0, 3)
