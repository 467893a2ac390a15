"""Fast weights along a sequence: what must hold for any stream."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.errors import ParameterError, UnknownNameError
from recollect.memory import (
    DeltaRule,
    GatedDelta,
    NormalisedDelta,
    causal_attention,
    fast_weights_along,
    read,
    write,
)

chunked = jax.jit(lambda *columns, **more: fast_weights_along(*columns, form="chunked", **more))
recurrent = jax.jit(lambda *columns, **more: fast_weights_along(*columns, form="recurrent", **more))


def case(seed, steps=96, dim=8):
    random = np.random.default_rng(seed)
    keys, values, queries = (
        jnp.asarray(random.normal(size=(steps, dim)), jnp.float32) for _ in range(3)
    )
    return keys / jnp.linalg.norm(keys, axis=-1, keepdims=True), values, queries


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 2.0), st.floats(0.5, 1.0))
def test_chunked_is_recurrent(seed, rate, retained):
    columns = case(seed)
    more = {"rate": jnp.full(96, rate), "retained": jnp.full(96, retained)}
    one, other = chunked(*columns, **more), recurrent(*columns, **more)
    size = float(jnp.abs(other.outputs).max()) + 1
    np.testing.assert_allclose(one.outputs, other.outputs, atol=2e-4 * size)
    np.testing.assert_allclose(one.state, other.state, atol=2e-4 * size)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 2.0))
def test_keys_of_length_one_and_a_rate_up_to_two_never_blow_up(seed, rate):
    """Even when one key comes again and again, where powers of the system would be largest."""
    keys, values, queries = case(seed)
    keys = jnp.where(jnp.arange(96)[:, None] % 3 == 0, keys[0], keys)
    found = chunked(keys, values, queries, rate=jnp.full(96, rate))
    bound = float(jnp.abs(values).max()) * 8 * 96
    assert np.all(np.isfinite(found.outputs))
    assert float(jnp.abs(found.state).max()) < bound


def test_a_gate_of_one_is_no_gate_and_a_rate_of_none_is_hebbian():
    columns, rate = case(1), jnp.full(96, 0.7)
    for form in (chunked, recurrent):
        gated = form(*columns, rate=rate, retained=jnp.ones(96))
        plain = form(*columns, rate=rate)
        np.testing.assert_allclose(gated.outputs, plain.outputs, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(gated.state, plain.state, rtol=1e-6, atol=1e-6)
    keys, values, queries = columns
    weights = jnp.tril(queries @ keys.T) @ values
    np.testing.assert_allclose(recurrent(*columns).outputs, weights, rtol=1e-3, atol=1e-4)


def test_it_is_the_memory_written_pair_by_pair():
    keys, values, queries = case(2, 20)
    found = fast_weights_along(
        keys, values, queries, rate=jnp.full(20, 0.8), retained=jnp.full(20, 0.9)
    )
    memory = GatedDelta(8, 8, 0.8, 0.9)
    np.testing.assert_allclose(
        found.state, write(memory, memory.init(), keys, values), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(
        found.outputs[-1], memory.read(found.state, queries[-1]), rtol=1e-4, atol=1e-5
    )
    ungated, plain, normal = (
        GatedDelta(8, 8, 0.8, 1.0),
        DeltaRule(8, 8, 0.8),
        NormalisedDelta(8, 8, 0.8),
    )
    states = [write(one, one.init(), keys, values) for one in (ungated, plain, normal)]
    np.testing.assert_array_equal(states[0], states[1])
    np.testing.assert_allclose(states[1], states[2], rtol=1e-4, atol=1e-5)


def test_gates_that_nearly_close_do_not_overflow():
    columns = case(3)
    retained = jnp.full(96, 1e-6)
    slope = jax.grad(lambda gate: chunked(*columns, retained=gate).outputs.sum())(retained)
    assert np.all(np.isfinite(slope))
    np.testing.assert_allclose(
        chunked(*columns, retained=retained).outputs,
        recurrent(*columns, retained=retained).outputs,
        rtol=1e-3,
        atol=1e-5,
    )


def test_two_halves_are_the_whole():
    columns = case(4)
    whole = chunked(*columns, rate=jnp.ones(96))
    first = chunked(*(c[:40] for c in columns), rate=jnp.ones(40))
    rest = chunked(*(c[40:] for c in columns), rate=jnp.ones(56), state=first.state)
    outputs = jnp.concatenate([first.outputs, rest.outputs])
    np.testing.assert_allclose(outputs, whole.outputs, rtol=1e-3, atol=1e-4)


def test_heads_and_learners_are_batched_by_vmap():
    columns = [jnp.stack([case(seed)[i] for seed in (5, 6)]) for i in range(3)]
    together = jax.vmap(fast_weights_along)(*columns)
    np.testing.assert_allclose(
        together.outputs[1], fast_weights_along(*case(6)).outputs, rtol=1e-4, atol=1e-5
    )
    attended = jax.vmap(causal_attention)(*columns)
    np.testing.assert_allclose(attended[1], causal_attention(*case(6)), rtol=1e-4, atol=1e-5)


def test_what_makes_no_sense_is_refused():
    with pytest.raises(UnknownNameError, match="form"):
        fast_weights_along(*case(0), form="parallel")
    with pytest.raises(ParameterError, match="power of two"):
        fast_weights_along(*case(0), chunk=48)
    with pytest.raises(ParameterError, match="block"):
        causal_attention(*case(0), block=0)


def test_writing_to_correlated_keys_is_where_the_delta_rule_wins():
    """One pass on keys with a cosine of 0.2, over twenty draws; on random keys it need not win."""
    random = np.random.default_rng(0)
    keys = 0.5 * random.normal(size=(20, 1, 64)) + random.normal(size=(20, 24, 64))
    keys = jnp.asarray(keys / np.linalg.norm(keys, axis=-1, keepdims=True), jnp.float32)
    values = jnp.asarray(random.choice([-1.0, 1.0], (20, 24, 32)), jnp.float32)

    def error(rate):
        def one(keys, values):
            return keys @ fast_weights_along(keys, values, keys, rate=rate).state

        return float(jnp.mean(jnp.sign(jax.vmap(one)(keys, values)) != values))

    assert error(jnp.full(24, 1.0)) < 0.8 * error(None)


def test_what_is_written_again_replaces_what_was_there():
    random = np.random.default_rng(0)
    keys = random.normal(size=(1, 64))
    keys = jnp.asarray(keys / np.linalg.norm(keys, axis=1, keepdims=True), jnp.float32)
    values = jnp.asarray(random.choice([-1.0, 1.0], (2, 32)), jnp.float32)
    memory = DeltaRule(64, 32, 1.0)
    again = write(memory, memory.init(), jnp.stack([keys[0], keys[0]]), values[:2])
    np.testing.assert_allclose(read(memory, again, keys[:1])[0], values[1], atol=1e-4)


def test_a_closed_gate_forgets_all_in_every_form():
    """And what follows is as exact as if it came first."""
    random = np.random.default_rng(0)
    keys, values, queries = (
        jnp.asarray(random.normal(size=(70, 8)) / 3, jnp.float32) for _ in range(3)
    )
    for gate in (0.0, 1e-26):
        gates = jnp.full(70, 0.9).at[:32].set(gate)
        forms = [
            fast_weights_along(keys, values, queries, retained=gates, form=form).outputs
            for form in ("recurrent", "chunked", "auto")
        ]
        for form in forms[1:]:
            np.testing.assert_allclose(form, forms[0], rtol=1e-3, atol=1e-4)

    def loss(gates):
        found = fast_weights_along(keys, values, queries, retained=gates).outputs
        return jnp.sum(jnp.square(found))

    assert np.all(np.isfinite(jax.grad(loss)(jnp.full(70, 0.5).at[3].set(0.0))))


def test_no_steps_are_no_outputs():
    nothing = jnp.zeros((0, 4))
    start = jnp.ones((4, 4))
    for form in ("auto", "recurrent", "chunked"):
        found = fast_weights_along(nothing, nothing, nothing, state=start, form=form)
        assert found.outputs.shape == (0, 4)
        assert np.array_equal(found.state, start)
    assert causal_attention(nothing, nothing, nothing).shape == (0, 4)


@pytest.mark.parametrize("size", [1e3, 1e5, 1e7])
def test_slopes_of_attention_hold_for_large_scores(size):
    keys, values = jnp.full((8, 4), size**0.5), jnp.asarray(np.eye(8, 3), jnp.float32)

    def plain(values):
        scores = jnp.where(jnp.tri(8) > 0, 0.5 * keys @ keys.T, -jnp.inf)
        return jnp.sum(jnp.square(jax.nn.softmax(scores) @ values))

    def ours(values):
        return jnp.sum(jnp.square(causal_attention(keys, values, keys)))

    np.testing.assert_allclose(jax.grad(ours)(values), jax.grad(plain)(values), rtol=1e-4)
