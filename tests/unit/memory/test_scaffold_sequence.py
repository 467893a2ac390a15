"""Sequences over a scaffold: one cue, all that followed, without errors adding up."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.general import write
from recollect.memory.mesh import MeshScaffold
from recollect.memory.scaffold import ScaffoldMemory
from recollect.memory.scaffold_sequence import recall_sequence
from recollect.memory.vector_hash import GridScaffold

SCAFFOLDS = {
    "MESH": MeshScaffold.draw(jax.random.key(0), labels=12, active=3, hidden=120),
    "Vector-HaSH": GridScaffold.draw(jax.random.key(0)),
}


def signs(seed, *shape):
    return jnp.asarray(np.random.default_rng(seed).choice([-1.0, 1.0], shape), jnp.float32)


@pytest.fixture(params=SCAFFOLDS)
def scaffold(request):
    return SCAFFOLDS[request.param]


def stored(scaffold, contents):
    memory = ScaffoldMemory(scaffold, contents.shape[1], contents.shape[1])
    return memory, write(memory, memory.init(), contents, contents)


@pytest.mark.parametrize("first", [0, 25])
def test_a_damaged_cue_brings_back_what_followed(scaffold, first):
    contents = signs(0, 60, 200)
    memory, state = stored(scaffold, contents)
    cue = contents[first].at[:8].multiply(-1.0)
    found = recall_sequence(memory, state, cue, 60 - first)
    np.testing.assert_array_equal(jnp.sign(found), contents[first:])


def test_the_same_content_twice_leads_on_from_where_it_was_found(scaffold):
    """What each content calls up next cannot tell two occasions apart; places can."""
    contents = signs(1, 30, 100).at[20].set(signs(1, 30, 100)[10])
    memory, state = stored(scaffold, contents)
    found = jnp.sign(recall_sequence(memory, state, contents[0], 30))
    np.testing.assert_array_equal(found, contents)


def test_errors_do_not_add_up_past_what_contents_can_hold(scaffold):
    """More contents than hidden units: each is told worse, the last no worse than the first."""
    load = min(scaffold.size, 800)
    contents = signs(2, load, 900)
    memory, state = stored(scaffold, contents)
    found = jnp.sign(recall_sequence(memory, state, contents[0], load))
    right = np.mean(np.asarray(found == contents), axis=1)
    assert right.min() < 1.0
    tenth = load // 10
    assert right[-tenth:].mean() > right[:tenth].mean() - 0.05
    assert right[-tenth:].mean() > 0.6


@pytest.mark.parametrize("length", [0, 10_000])
def test_a_length_the_scaffold_does_not_have_is_refused(scaffold, length):
    memory, state = stored(scaffold, signs(3, 4, 20))
    with pytest.raises(ParameterError, match="sequence"):
        recall_sequence(memory, state, jnp.ones(20), length)
