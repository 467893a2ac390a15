"""Storing and reading in bulk: what does not fit is refused in one line."""

import jax.numpy as jnp
import pytest

from recollect.errors import ParameterError
from recollect.memory import DecayedHebbian, Softmax, TopK, read, retrieve, write

MEMORY = DecayedHebbian(3, 2)


@pytest.mark.parametrize(
    ("keys", "values", "message"),
    [
        (jnp.ones((4, 1)), jnp.ones((4, 2)), r"keys are \[4, 1\], where the memory has key_dim 3"),
        (jnp.ones((4, 3)), jnp.ones((4, 1)), "value_dim 2"),
        (jnp.ones((4, 3)), jnp.ones((5, 2)), "4 keys and 5 values"),
        (jnp.ones((4, 3), int), jnp.ones((4, 2)), "keys are int32"),
        (jnp.ones((2, 4, 3)), jnp.ones((2, 4, 2)), "keys are"),
        (jnp.ones(2), jnp.ones(2), "key_dim 3"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(keys, values, message):
    with pytest.raises(ParameterError, match=message):
        write(MEMORY, MEMORY.init(), keys, values)


def test_queries_that_do_not_fit_are_refused():
    for queries in (jnp.ones((5, 4)), jnp.ones((5, 3), int), jnp.ones(1)):
        with pytest.raises(ParameterError, match="queries are"):
            read(MEMORY, MEMORY.init(), queries)


@pytest.mark.parametrize("separation", [None, Softmax(), TopK(2)])
def test_nothing_stored_is_nothing_found(separation):
    nothing = jnp.zeros((0, 3)), jnp.zeros((0, 2))
    assert retrieve(*nothing, jnp.ones((4, 3)), None, separation).tolist() == [[0.0, 0.0]] * 4
    assert write(MEMORY, MEMORY.init(), *nothing).tolist() == MEMORY.init().tolist()
