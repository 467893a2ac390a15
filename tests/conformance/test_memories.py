"""Every memory against the contract: pure functions that compile, batch and differentiate.

A new memory is one line in ``MEMORIES``; a test fails while one is missing there.
"""

import io

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import recollect.memory
from recollect.memory import (
    Attention,
    Barcodes,
    BehaviouralTimeScale,
    BidirectionalHopfield,
    Bipartite,
    Cosine,
    DecayedHebbian,
    DeltaRule,
    DenseHopfield,
    GatedDelta,
    GridScaffold,
    HippocampalIndex,
    Hopfield,
    KalmanDelta,
    LeastSquares,
    Memory,
    MeshScaffold,
    ModernHopfield,
    NeuronAstrocyte,
    NormalisedDelta,
    Oja,
    PseudoInverseHopfield,
    ScaffoldMemory,
    ScalarHebbian,
    Softmax,
    SparseDistributed,
    Sparsemax,
    ThreeFactor,
)

KEY_DIM = 5
MEMORIES = {
    "hebbian": (DecayedHebbian(KEY_DIM, 3), 3),
    "hebbian, one value": (DecayedHebbian(KEY_DIM), 1),
    "hebbian, plain numbers": (ScalarHebbian(KEY_DIM), None),
    "delta": (NormalisedDelta(KEY_DIM, 3), 3),
    "delta, one value": (NormalisedDelta(KEY_DIM, rate=0.3), 1),
    "delta, a rate for each value": (NormalisedDelta(KEY_DIM, 2, jnp.array([0.5, 1.5])), 2),
    "delta, unnormalised": (DeltaRule(KEY_DIM, 3, 0.2), 3),
    "gated delta": (GatedDelta(KEY_DIM, 3, jnp.array(0.2), jnp.array(0.9)), 3),
    "oja": (Oja(KEY_DIM, 3), 3),
    "least squares": (LeastSquares(KEY_DIM, 3), 3),
    "attention": (Attention(KEY_DIM, 3, 20), 3),
    "attention, full, oldest goes": (Attention(KEY_DIM, 3, 4), 3),
    "attention, full, weakest goes": (Attention(KEY_DIM, 2, 4, policy="weakest", retained=0.9), 2),
    "attention, full, merging": (
        Attention(KEY_DIM, 3, 4, Cosine(), Sparsemax(jnp.array(0.5)), "merge"),
        3,
    ),
    "attention, learnt temperature": (
        Attention(KEY_DIM, 3, 6, separation=Softmax(jnp.array(1.5))),
        3,
    ),
    "hopfield": (Hopfield(KEY_DIM), KEY_DIM),
    "hopfield, two layers": (BidirectionalHopfield(KEY_DIM, 3), 3),
    "hopfield, pseudo-inverse": (PseudoInverseHopfield(KEY_DIM, ridge=0.1), KEY_DIM),
    "hopfield, dense": (DenseHopfield(KEY_DIM, 3, 20), 3),
    "hopfield, modern": (ModernHopfield(KEY_DIM, 3, 20, jnp.array(2.0)), 3),
    "sparse distributed": (
        SparseDistributed.draw(jax.random.key(0), KEY_DIM, 3, locations=40, radius=2),
        3,
    ),
    "scaffold, MESH": (
        ScaffoldMemory(
            MeshScaffold.draw(jax.random.key(0), labels=6, active=2, hidden=40),
            KEY_DIM,
            3,
            ridge=0.1,
        ),
        3,
    ),
    "scaffold, Vector-HaSH": (
        ScaffoldMemory(
            GridScaffold.draw(jax.random.key(0), periods=(2, 3), hidden=40), KEY_DIM, 3, ridge=0.1
        ),
        3,
    ),
    "three-factor, in turn": (ThreeFactor(KEY_DIM, 3, 20), 3),
    "three-factor, by chance": (
        ThreeFactor(KEY_DIM, 3, 20, "random", plastic_slots=8.0, seed=3.0),
        3,
    ),
    "bipartite": (Bipartite(KEY_DIM, 3, 20), 3),
    "bipartite, full, with feedback": (Bipartite(KEY_DIM, 3, 4, feedback=0.5), 3),
    "neurons and an astrocyte": (NeuronAstrocyte(KEY_DIM, 3), 3),
    "behavioural time scale": (BehaviouralTimeScale(KEY_DIM, 3, 200, 0.2), 3),
    "hippocampal index": (HippocampalIndex.draw(jax.random.key(0), KEY_DIM, 3, 64, 20, 6), 3),
    "barcodes": (Barcodes.draw(jax.random.key(0), KEY_DIM, 3, 20, 64, 6), 3),
    "barcodes beside content": (Barcodes.draw(jax.random.key(0), KEY_DIM, 3, 8, 64, 6, 0.4), 3),
    "kalman": (KalmanDelta(jnp.zeros(KEY_DIM), jnp.ones(KEY_DIM), jnp.zeros(KEY_DIM)), None),
    "kalman with drift": (
        KalmanDelta(jnp.linspace(-1, 1, KEY_DIM), jnp.full(KEY_DIM, 0.3), jnp.full(KEY_DIM, 0.02)),
        None,
    ),
}


@pytest.fixture(params=MEMORIES)
def memory(request):
    return MEMORIES[request.param][0]


@pytest.fixture
def value_shape(memory):
    """Of one value: a vector, or a single yes or no."""
    dim = next(dim for known, dim in MEMORIES.values() if known is memory)
    return () if dim is None else (dim,)


@pytest.fixture
def pairs(value_shape):
    """Twelve keys and values; values of 0 and 1 suit every memory."""
    random = np.random.default_rng(0)
    keys = random.normal(size=(12, KEY_DIM))
    values = random.integers(0, 2, (12, *value_shape))
    return jnp.asarray(keys, jnp.float32), jnp.asarray(values, jnp.float32)


@eqx.filter_jit
def written(memory, pairs):
    def step(state, pair):
        return memory.write(state, *pair), None

    return jax.lax.scan(step, memory.init(), pairs)[0]


def same(ours, theirs, tolerance=0.0):
    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert np.allclose(a, b, rtol=tolerance, atol=tolerance)


def leaves(tree):
    return [np.array(leaf) for leaf in jax.tree.leaves(tree)]


def test_every_memory_is_here():
    offered = {getattr(recollect.memory, name) for name in recollect.memory.__all__}
    memories = {
        thing
        for thing in offered
        if isinstance(thing, type) and issubclass(thing, eqx.Module) and hasattr(thing, "write")
    }
    assert memories == {type(known) for known, _ in MEMORIES.values()}


def test_it_keeps_the_contract(memory):
    assert isinstance(memory, Memory)


def test_a_state_is_arrays_and_keeps_its_shapes(memory, pairs):
    before, after = memory.init(), written(memory, pairs)
    assert jax.tree.leaves(before)
    assert jax.tree.structure(before) == jax.tree.structure(after)
    for a, b in zip(jax.tree.leaves(before), jax.tree.leaves(after), strict=True):
        assert isinstance(a, jax.Array)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_it_works_in_the_precision_of_what_it_is_given(memory, pairs, dtype):
    with jax.enable_x64(dtype == "float64"), jax.numpy_dtype_promotion("strict"):
        memory = jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), memory)
        cast = tuple(jnp.asarray(np.asarray(column), dtype) for column in pairs)
        state = written(memory, cast)
        found = memory.read(state, cast[0][0])
    assert {leaf.dtype for leaf in jax.tree.leaves((state, found))} == {np.dtype(dtype)}


def test_an_empty_memory_finds_nothing_but_its_prior(memory, pairs, value_shape):
    found = memory.read(memory.init(), pairs[0][0])
    if isinstance(memory, KalmanDelta):
        assert float(found.logit) == pytest.approx(float(pairs[0][0] @ memory.prior_mean), abs=1e-6)
        spread = jnp.square(memory.prior_deviation * pairs[0][0]).sum()
        assert float(found.variance) == pytest.approx(float(spread), rel=1e-5)
    else:
        assert found.shape == value_shape
        assert np.array_equal(found, np.zeros(value_shape))


def test_writing_changes_what_is_found(memory, pairs):
    state = memory.write(memory.init(), pairs[0][0], jnp.ones_like(pairs[1][0]))
    before = jax.tree.leaves(memory.read(memory.init(), pairs[0][0]))
    after = jax.tree.leaves(memory.read(state, pairs[0][0]))
    assert not np.allclose(before[0], after[0])


def test_the_old_state_is_left_alone(memory, pairs):
    state = written(memory, pairs)
    before = leaves(state)
    memory.write(state, pairs[0][0], pairs[1][0])
    memory.read(state, pairs[0][1])
    assert all(np.array_equal(a, b) for a, b in zip(before, leaves(state), strict=True))


def test_compiled_is_eager(memory, pairs):
    state = written(memory, pairs)
    wrote = eqx.filter_jit(memory.write)(state, pairs[0][0], pairs[1][0])
    same(wrote, memory.write(state, pairs[0][0], pairs[1][0]), 1e-5)
    same(eqx.filter_jit(memory.read)(wrote, pairs[0][1]), memory.read(wrote, pairs[0][1]), 1e-5)


def test_a_scan_is_a_loop(memory, pairs):
    state = memory.init()
    for key, value in zip(*pairs, strict=True):
        state = memory.write(state, key, value)
    same(written(memory, pairs), state, 1e-5)


def test_a_batch_is_a_loop(memory, pairs):
    """Twelve learners with memories of their own, and one query each."""
    start = written(memory, pairs)
    states = jax.vmap(memory.write, in_axes=(None, 0, 0))(start, *pairs)
    found = jax.vmap(memory.read)(states, pairs[0])
    for i in range(12):
        alone = memory.write(start, pairs[0][i], pairs[1][i])
        same(jax.tree.map(lambda leaf, i=i: leaf[i], states), alone, 1e-5)
        one = jax.tree.map(lambda leaf, i=i: leaf[i], found)
        same(one, memory.read(alone, pairs[0][i]), 1e-5)


SETTINGS = [name for name, (known, _) in MEMORIES.items() if jax.tree.leaves(known)]


@pytest.mark.parametrize("name", SETTINGS)
def test_a_batch_of_memories_is_a_loop_over_memories(name):
    """Settings are arrays like any other: several memories side by side."""
    memory, dim = MEMORIES[name]
    many = jax.tree.map(lambda leaf: jnp.stack([jnp.asarray(leaf), 0.5 * leaf]), memory)
    keys = jnp.asarray(np.random.default_rng(2).normal(size=(2, KEY_DIM)), jnp.float32)
    value = jnp.ones(() if dim is None else dim)

    def found(one):
        return one.read(one.write(one.init(), keys[0], value), keys[1])

    together = jax.vmap(found)(many)
    for i in range(2):
        alone = found(jax.tree.map(lambda leaf, i=i: leaf[i], many))
        same(jax.tree.map(lambda leaf, i=i: leaf[i], together), alone, 1e-5)


# What takes signs or nearest locations is flat almost everywhere.
FLAT = (Hopfield, BidirectionalHopfield, PseudoInverseHopfield)
FLAT_BY_KEYS = (SparseDistributed, ScaffoldMemory)


def test_gradients_pass_through_a_stream(memory, pairs):
    """By keys and values: finite, and not all zero but where the memory is a step function."""

    def loss(keys, values):
        found = jax.tree.leaves(memory.read(written(memory, (keys, values)), keys[3]))
        return sum(jnp.sum(jnp.square(leaf)) for leaf in found)

    slopes = jax.jit(jax.grad(loss, argnums=(0, 1)))(*pairs)
    steep = (not isinstance(memory, FLAT + FLAT_BY_KEYS), not isinstance(memory, FLAT))
    for slope, expected in zip(slopes, steep, strict=True):
        assert np.all(np.isfinite(slope))
        assert (np.abs(slope).max() > 0) == expected


@pytest.mark.parametrize("where", ["key", "value"])
def test_what_is_not_a_number_is_never_hidden(memory, pairs, where):
    key, value = pairs[0][0], pairs[1][0]
    key = key.at[0].set(jnp.nan) if where == "key" else key
    value = jnp.full_like(value, jnp.nan) if where == "value" else value
    state = memory.write(memory.init(), key, value)
    found = jax.tree.leaves(memory.read(state, pairs[0][1]))
    assert np.all(np.isnan(found[0]))


def test_a_state_survives_being_saved(memory, pairs):
    state = written(memory, pairs)
    file = io.BytesIO()
    eqx.tree_serialise_leaves(file, state)
    file.seek(0)
    loaded = eqx.tree_deserialise_leaves(file, memory.init())
    same(loaded, state)
    same(memory.write(loaded, pairs[0][0], pairs[1][0]), written(memory, _again(pairs)), 1e-6)


def _again(pairs):
    """All pairs and the first once more."""
    return tuple(jnp.concatenate([column, column[:1]]) for column in pairs)


# What comes back of a single pair is the value times a number: the square of the key's length, or
# a rate that is not 1, or what a ridge, a learning rule of small steps or a prior leaves of it.
SCALED = (
    DecayedHebbian,
    KalmanDelta,
    LeastSquares,
    NeuronAstrocyte,
    NormalisedDelta,
    Oja,
    ScaffoldMemory,
    ScalarHebbian,
    ThreeFactor,
)


def test_one_item_is_found(memory, value_shape):
    """Signs suit every memory: those of Hopfield's family know no other numbers."""
    random = np.random.default_rng(3)
    key = jnp.asarray(random.choice([-1.0, 1.0], KEY_DIM), jnp.float32)
    own = value_shape == (KEY_DIM,)  # a pattern that is its own value
    value = key if own else jnp.asarray(random.choice([-1.0, 1.0], value_shape), jnp.float32)
    before = jax.tree.leaves(memory.read(memory.init(), key))[0]  # a prior, where there is one
    found = jax.tree.leaves(memory.read(memory.write(memory.init(), key, value), key))[0]
    assert np.array_equal(np.sign(found - before), np.sign(value))
    if not isinstance(memory, SCALED):
        assert np.allclose(found, value, atol=1e-5)


ORDER_IS_NOTHING = (
    Attention,  # while there are slots left
    Bipartite,
    BidirectionalHopfield,
    DecayedHebbian,
    DenseHopfield,
    HippocampalIndex,
    Hopfield,
    LeastSquares,
    ModernHopfield,
    NeuronAstrocyte,
    PseudoInverseHopfield,
    ScalarHebbian,
    SparseDistributed,
)


def test_order_counts_only_where_writing_depends_on_what_is_there(memory, pairs):
    few = tuple(column[:4] for column in pairs)
    back = tuple(column[::-1] for column in few)
    found = [memory.read(written(memory, each), pairs[0][7]) for each in (few, back)]
    forth, back = ([leaf.ravel() for leaf in leaves(each)] for each in found)
    apart = np.abs(np.concatenate(forth) - np.concatenate(back)).max()
    assert (apart < 1e-4) == isinstance(memory, ORDER_IS_NOTHING)


@pytest.mark.parametrize("memory_type", [DecayedHebbian, NormalisedDelta])
def test_orthonormal_keys_are_recalled_exactly(memory_type):
    random = np.random.default_rng(1)
    keys = jnp.asarray(np.linalg.qr(random.normal(size=(KEY_DIM, KEY_DIM)))[0], jnp.float32)
    values = jnp.asarray(random.normal(size=(KEY_DIM, 3)), jnp.float32)
    memory = memory_type(KEY_DIM, 3)
    state = written(memory, (keys, values))
    for key, value in zip(keys, values, strict=True):
        assert np.allclose(memory.read(state, key), value, atol=1e-5)
