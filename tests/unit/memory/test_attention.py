"""Attention memory: whole pairs in slots, and what gives way when they are full."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError, UnknownNameError
from recollect.memory import (
    Attention,
    Cosine,
    Dot,
    Gaussian,
    Normalised,
    Softmax,
    TopK,
    read,
    retrieve,
    write,
)


def normal(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


@pytest.mark.parametrize(
    ("similarity", "separation"),
    [(Dot(), Softmax(2.0)), (Cosine(), TopK(3)), (Gaussian(2.0), Normalised())],
    ids=["softmax attention", "top-k", "kernel regression"],
)
def test_with_room_it_is_the_general_form(similarity, separation):
    keys, values, queries = normal(0, 9, 4), normal(1, 9, 3), normal(2, 5, 4)
    memory = Attention(4, 3, 12, similarity, separation)
    found = read(memory, write(memory, memory.init(), keys, values), queries)
    np.testing.assert_allclose(
        found, retrieve(keys, values, queries, similarity, separation), rtol=1e-5, atol=1e-6
    )


def test_the_sharper_the_better_it_finds_and_nothing_stored_is_changed():
    keys, values = normal(3, 20, 8), normal(4, 20, 3)
    errors = []
    for beta in (0.1, 1.0, 30.0):
        memory = Attention(8, 3, 20, Cosine(), Softmax(beta))
        state = write(memory, memory.init(), keys, values)
        np.testing.assert_array_equal(state.values, values)
        errors.append(float(jnp.mean(jnp.square(read(memory, state, keys) - values))))
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.05


def test_the_oldest_goes():
    keys, values = normal(5, 7, 3), normal(6, 7, 2)
    memory = Attention(3, 2, 4)
    state = write(memory, memory.init(), keys, values)
    kept = {tuple(row) for row in np.asarray(state.keys)}
    assert kept == {tuple(row) for row in np.asarray(keys[3:])}


def test_the_weakest_goes_and_rehearsal_strengthens():
    memory = Attention(3, 1, 3, policy="weakest")
    keys = jnp.eye(3)
    state = write(memory, memory.init(), keys, jnp.ones((3, 1)))
    again = jnp.stack([keys[0], keys[2]])
    crowded = Attention(3, 1, 4, policy="weakest")
    full = write(crowded, crowded.init(), jnp.concatenate([keys, again[:1]]), jnp.ones((4, 1)))
    assert np.argmin(full.strength) in (1, 2)
    state = memory.write(full_of(state, [3.0, 1.0, 2.0]), jnp.array([9.0, 9, 9]), jnp.array([5.0]))
    assert state.keys[1].tolist() == [9, 9, 9]
    assert state.values[:, 0].tolist() == [1, 5, 1]


def full_of(state, strength):
    return state._replace(strength=jnp.asarray(strength))


def test_merging_averages_into_the_most_similar():
    memory = Attention(2, 1, 2, policy="merge")
    state = write(memory, memory.init(), jnp.eye(2), jnp.array([[0.0], [10.0]]))
    state = memory.write(state, jnp.array([0.2, 1.0]), jnp.array([4.0]))
    np.testing.assert_allclose(state.keys, [[1, 0], [0.1, 1.0]], atol=1e-6)
    np.testing.assert_allclose(state.values[:, 0], [0, 7])
    state = memory.write(state, jnp.array([0.0, 1.0]), jnp.array([1.0]))
    np.testing.assert_allclose(state.values[:, 0], [0, 5])
    assert state.strength.tolist() == [1, 3]


def test_what_makes_no_sense_is_refused():
    with pytest.raises(UnknownNameError, match="policy"):
        Attention(3, 2, policy="loudest")
    with pytest.raises(ParameterError, match="slots"):
        Attention(3, 2, 0)


def test_gradients_reach_the_keys_through_a_full_memory():
    keys, values, query = normal(7, 6, 3), normal(8, 6, 2), normal(9, 3)
    memory = Attention(3, 2, 4, policy="merge")

    def loss(keys):
        return jnp.sum(jnp.square(memory.read(write(memory, memory.init(), keys, values), query)))

    slope = jax.grad(loss)(keys)
    assert np.all(np.isfinite(slope))
    assert np.abs(slope).max() > 1e-4


@pytest.mark.parametrize("policy", ["oldest", "merge"])
@pytest.mark.parametrize("slots", [9, 12])
def test_filled_is_written_in_turn(policy, slots):
    keys, values = normal(0, 9, 4), normal(1, 9, 3)
    memory = Attention(4, 3, slots, policy=policy, retained=0.9)
    in_turn = write(memory, memory.init(), keys, values)
    for ours, theirs in zip(memory.filled(keys, values), in_turn, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_what_cannot_be_filled_at_once_is_refused():
    keys, values = normal(0, 9, 4), normal(1, 9, 3)
    with pytest.raises(ParameterError, match="9 pairs do not fit into 8 slots"):
        Attention(4, 3, 8).filled(keys, values)
    with pytest.raises(ParameterError, match="pair by pair"):
        Attention(4, 3, 9, policy="weakest").filled(keys, values)


def test_merging_takes_the_most_similar_even_where_none_is_similar():
    memory = Attention(2, 1, 2, policy="merge")
    keys, values = jnp.array([[-1.0, 0.0], [-0.1, -1.0]]), jnp.array([[1.0], [2.0]])
    state = memory.write(memory.filled(keys, values), jnp.array([1.0, 0.0]), jnp.array([4.0]))
    np.testing.assert_allclose(state.values, [[1.0], [3.0]])
    np.testing.assert_allclose(state.keys, [[-1.0, 0.0], [0.45, -0.5]])


def test_a_faded_pair_is_still_there():
    """Strength that only ever shrinks would end at 0, which stands for an empty slot."""
    keys, values = normal(0, 200, 4), normal(1, 200, 1)
    memory = Attention(4, 1, 200, retained=0.5)
    state = write(memory, memory.init(), keys, values)
    assert np.unique(state.values).size == 200
    for ours, theirs in zip(memory.filled(keys, values), state, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    with pytest.raises(ParameterError, match="retained"):
        Attention(4, 1, 200, retained=2.0)
