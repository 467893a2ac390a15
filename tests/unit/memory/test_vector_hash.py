"""The scaffold of Vector-HaSH: modules, stable states, and content tied to them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.general import read, write
from recollect.memory.measures import bits_per_value
from recollect.memory.scaffold import Scaffold, ScaffoldMemory
from recollect.memory.vector_hash import GridScaffold


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


@pytest.fixture(scope="module")
def scaffold():
    return GridScaffold.draw(jax.random.key(1), hidden=500)


def book(scaffold):
    return jax.vmap(scaffold.label)(jnp.arange(float(scaffold.size)))


def test_every_joint_phase_is_a_state_of_its_own(scaffold):
    assert isinstance(scaffold, Scaffold)
    labels = np.asarray(book(scaffold))
    assert labels.shape == (3600, 9 + 16 + 25)
    assert len(np.unique(labels, axis=0)) == 3600
    for module in (labels[:, :9], labels[:, 9:25], labels[:, 25:]):
        np.testing.assert_array_equal(module.sum(axis=1), 1.0)


def test_every_state_is_stable(scaffold):
    labels = book(scaffold)
    kept = jax.vmap(lambda label: scaffold.clean(scaffold.hidden(label)))(labels)
    np.testing.assert_array_equal(kept, labels)


def test_states_never_learned_are_stable_too():
    """Weights learned from a twelfth of the states keep nearly all."""
    scaffold = GridScaffold.draw(jax.random.key(0), learned=300)
    labels = book(scaffold)
    kept = jax.vmap(lambda label: scaffold.clean(scaffold.hidden(label)))(labels)
    assert float(jnp.mean(jnp.all(kept == labels, axis=1))) > 0.9


def test_states_follow_one_another_and_come_round(scaffold):
    labels = book(scaffold)
    after = jax.vmap(scaffold.following)(labels)
    np.testing.assert_array_equal(after, jnp.roll(labels, -1, axis=0))


def test_connections_are_as_sparse_as_asked():
    scaffold = GridScaffold.draw(jax.random.key(1), hidden=500, connected=0.3)
    assert float(jnp.mean(scaffold.projection != 0)) == pytest.approx(0.3, abs=0.01)
    assert jnp.all(scaffold.hidden(scaffold.label(jnp.array(3.0))) >= 0)


def test_content_is_repaired_and_other_values_found(scaffold):
    keys, values = signs(0, 60, 300), signs(1, 60, 5)
    damaged = keys.at[:, :10].multiply(-1.0)
    auto, hetero = ScaffoldMemory(scaffold, 300, 300), ScaffoldMemory(scaffold, 300, 5)
    state = write(auto, auto.init(), keys, keys)
    np.testing.assert_array_equal(jnp.sign(read(auto, state, damaged)), keys)
    state = write(hetero, hetero.init(), keys, values)
    np.testing.assert_array_equal(jnp.sign(read(hetero, state, damaged)), values)


def test_more_content_leaves_less_of_each_but_something_of_all(scaffold):
    memory = ScaffoldMemory(scaffold, 1200, 50)
    found = []
    for load in (300, 600, 1200):
        keys, values = signs(2, load, 1200), signs(3, load, 50)
        state = write(memory, memory.init(), keys, values)
        found.append(float(bits_per_value(read(memory, state, keys), values)))
    assert found[0] > 0.98
    assert found[0] > found[1] > found[2] > 0.05


@pytest.mark.parametrize(
    "given",
    [
        {"periods": (3,)},
        {"periods": (1, 3)},
        {"periods": (4, 6)},
        {"hidden": 0},
        {"connected": 0.0},
        {"connected": 1.2},
        {"learned": 0},
        {"learned": 3601},
    ],
)
def test_what_makes_no_sense_is_refused(given):
    with pytest.raises(ParameterError, match="grid"):
        GridScaffold.draw(jax.random.key(0), **given)
