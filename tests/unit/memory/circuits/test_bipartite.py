"""The bipartite circuit: it settles on softmax attention, downhill all the way."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import MissingExtraError, ParameterError
from recollect.memory import Attention, Dot, Softmax, read, write
from recollect.memory.circuits import Bipartite


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.fixture(scope="module")
def diffrax():
    return pytest.importorskip("diffrax", reason="diffrax is not installed")


@pytest.mark.usefixtures("diffrax")
def test_it_settles_on_softmax_attention():
    keys, values, queries = normal(0, 9, 4), normal(1, 9, 3), normal(2, 6, 4)
    circuit = Bipartite(4, 3, 12, 2.0)
    attention = Attention(4, 3, 12, Dot(), Softmax(2.0))
    state = write(circuit, circuit.init(), keys, values)
    found = jax.jit(lambda state: read(circuit, state, queries))(state)
    np.testing.assert_allclose(found, read(attention, state, queries), rtol=1e-4, atol=1e-5)


@pytest.mark.usefixtures("diffrax")
def test_the_energy_never_rises_and_feedback_settles_on_its_fixed_point():
    circuit = Bipartite(4, 3, 12, 2.0, feedback=0.7, duration_ms=600.0)
    state = write(circuit, circuit.init(), normal(3, 9, 4), normal(4, 9, 3))
    query = normal(5, 4)
    path = jax.jit(circuit.settle)(state, query, jnp.linspace(0, 1, 200) ** 2)
    energy = jax.vmap(lambda neurons: circuit.energy(state, neurons, query))(path)
    assert energy[0] - energy[-1] > 0.1
    assert np.diff(energy).max() < 1e-5
    settled = path.features[-1]
    np.testing.assert_allclose(circuit.target(state, settled, query), settled, atol=1e-4)
    without = Attention(4, 3, 12, Dot(), Softmax(2.0)).read(state, query)
    assert np.abs(settled - without).max() > 0.01


@pytest.mark.usefixtures("diffrax")
def test_gradients_are_those_of_the_settled_state():
    circuit = Bipartite(3, 2, 4, 1.5, feedback=0.4, duration_ms=600.0)
    state = write(circuit, circuit.init(), normal(6, 4, 3), normal(7, 4, 2))
    query, direction = normal(8, 3), normal(9, 3)
    slope = jax.jit(jax.grad(lambda q: jnp.sum(jnp.square(circuit.read(state, q)))))(query)

    def settled(query):
        features = jnp.zeros(2)
        for _ in range(200):
            features = circuit.target(state, features, query)
        return float(jnp.sum(jnp.square(features)))

    step = 0.02
    rise = (settled(query + step * direction) - settled(query - step * direction)) / (2 * step)
    assert float(slope @ direction) == pytest.approx(rise, rel=0.02)
    assert abs(rise) > 1e-3


@pytest.mark.usefixtures("diffrax")
@pytest.mark.parametrize(
    "times", [{"duration_ms": 2.0}, {"duration_ms": 20.0}, {"feature_ms": 500.0}], ids=str
)
def test_what_did_not_settle_is_not_a_number_and_has_no_slope(times):
    circuit = Bipartite(4, 3, 12, 2.0, **times)
    state = write(circuit, circuit.init(), normal(0, 9, 4), normal(1, 9, 3))
    found, slope = jax.jit(jax.value_and_grad(lambda q: circuit.read(state, q).sum()))(normal(2, 4))
    assert np.isnan(found)
    assert np.all(np.isnan(slope))


@pytest.mark.usefixtures("diffrax")
def test_what_is_read_is_its_own_target_or_not_a_number():
    """Two opposed values; at a feedback of 1/2 settling takes forever, beyond it is quick again."""
    keys, values = jnp.array([[0.001, 0], [0, 0]]), jnp.array([[1.0, -1], [-1, 1]])
    query = jnp.array([1.0, 0])

    @jax.jit
    def found(feedback):
        circuit = Bipartite(2, 2, 2, feedback=feedback)
        state = write(circuit, circuit.init(), keys, values)
        settled = circuit.read(state, query)
        return settled, circuit.target(state, settled, query)

    assert np.all(np.isnan(found(0.5)[0]))
    for feedback in (0.1, 2.0):
        settled, target = found(feedback)
        np.testing.assert_allclose(settled, target, atol=1e-4)


@pytest.mark.parametrize("name", ["duration_ms", "feature_ms", "memory_ms"])
@pytest.mark.parametrize("time_ms", [0.0, -5.0, float("nan")])
def test_times_that_do_not_pass_forwards_are_refused(name, time_ms):
    with pytest.raises(ParameterError, match=name):
        Bipartite(3, 2, 4, **{name: time_ms})


def test_without_diffrax_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "diffrax", None)
    circuit = Bipartite(2, 2, 2)
    with pytest.raises(MissingExtraError, match=r"recollect\[circuits\]"):
        circuit.read(circuit.init(), jnp.ones(2))


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ParameterError, match="slots"):
        Bipartite(3, 2, 0)
