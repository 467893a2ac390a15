"""What must hold for every layer: causal, the same by steps as at once, with slopes."""

import io
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError, UnknownNameError
from recollect.memory import (
    Attention,
    DecayedHebbian,
    DeltaRule,
    DeterministicParameterFree,
    EluPlusOne,
    Exponential,
    GatedDelta,
    Identity,
    KalmanDelta,
    LeastSquares,
    Normalised,
    Oja,
    PositiveRandom,
    ScalarHebbian,
    Unit,
)
from recollect.memory.layers import (
    DeltaNet,
    FastWeightProgrammer,
    GatedConvolution,
    GatedDeltaNet,
    Heads,
    Layer,
    LinearAttention,
    OverMemory,
    SelfAttention,
    ShortConvolution,
)

DIM, STEPS = 6, 21
LAYERS = {
    "attention": lambda key: SelfAttention.draw(key, DIM, 2, slots=32),
    "attention, other lengths": lambda key: SelfAttention.draw(
        key, DIM, 4, key_dim=3, value_dim=5, slots=21, convolution=2
    ),
    "linear": lambda key: LinearAttention.draw(key, DIM, 2),
    "linear, not normalised": lambda key: LinearAttention.draw(key, DIM, normalised=False),
    "linear, random features": lambda key: LinearAttention.draw(
        key, DIM, feature_map=PositiveRandom.draw(key, DIM, 11), convolution=3
    ),
    "fast-weight programmer": lambda key: FastWeightProgrammer.draw(key, DIM, 2),
    "fast-weight programmer, elu": lambda key: FastWeightProgrammer.draw(
        key, DIM, feature_map=EluPlusOne(), convolution=4
    ),
    "delta net": lambda key: DeltaNet.draw(key, DIM, 3),
    "delta net, convolved": lambda key: DeltaNet.draw(
        key, DIM, 2, key_dim=4, value_dim=5, most_rate=2.0, convolution=4
    ),
    "gated delta net": lambda key: GatedDeltaNet.draw(key, DIM, 2),
    "gated delta net, convolved": lambda key: GatedDeltaNet.draw(key, DIM, convolution=4),
    "convolution": lambda key: GatedConvolution.draw(key, DIM),
    "over the delta rule": lambda key: OverMemory.draw(
        key, DIM, GatedDelta(4, 3, jnp.array(0.4), jnp.array(0.9)), 2, convolution=3
    ),
    "over least squares": lambda key: OverMemory.draw(
        key, DIM, LeastSquares(4, 3, jnp.array(0.5)), 2, normalised=True
    ),
    "over Oja's rule": lambda key: OverMemory.draw(key, DIM, Oja(4, 3), rectified=True),
    "over few slots": lambda key: OverMemory.draw(key, DIM, Attention(4, 3, 5), 2),
    "over plain numbers": lambda key: OverMemory.draw(
        key, DIM, ScalarHebbian(8), 2, key_dim=4, feature_map=DeterministicParameterFree()
    ),
    "over a Kalman filter": lambda key: OverMemory.draw(
        key, DIM, KalmanDelta(jnp.zeros(4), jnp.ones(4), jnp.zeros(4)), key_dim=4
    ),
}


@cache
def made(name):
    return LAYERS[name](jax.random.key(0))


@pytest.fixture(params=LAYERS)
def layer(request):
    return made(request.param)


@pytest.fixture
def inputs():
    return jnp.asarray(np.random.default_rng(1).normal(size=(STEPS, DIM)), jnp.float32)


at_once = eqx.filter_jit(lambda layer, inputs: layer(inputs))
stretch = eqx.filter_jit(lambda layer, state, inputs: layer.run(state, inputs))


@eqx.filter_jit
def by_steps(layer, inputs):
    def step(state, one):
        output, state = layer.step(state, one)
        return state, output

    return jax.lax.scan(step, layer.init_state(), inputs)[1]


def close(one, other, tolerance=2e-4):
    np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


def test_step_by_step_is_at_once(layer, inputs):
    assert isinstance(layer, Layer)
    found = at_once(layer, inputs)
    assert found.shape == (STEPS, DIM)
    assert float(jnp.std(found)) > 1e-3
    close(by_steps(layer, inputs), found)


def test_stretch_after_stretch_is_at_once_even_from_a_saved_state(layer, inputs):
    state, outputs = layer.init_state(), []
    for third in jnp.split(inputs, 3):
        file = io.BytesIO()
        eqx.tree_serialise_leaves(file, state)
        file.seek(0)
        state = eqx.tree_deserialise_leaves(file, layer.init_state())
        found, state = stretch(layer, state, third)
        outputs.append(found)
    close(jnp.concatenate(outputs), at_once(layer, inputs))


def test_what_comes_later_changes_nothing_before(layer, inputs):
    found = at_once(layer, inputs)
    for at in (1, 12):
        other = at_once(layer, inputs.at[at:].set(-3.0 * inputs[at:] + 1.0))
        np.testing.assert_allclose(other[:at], found[:at], rtol=1e-5, atol=1e-6)
        assert np.any(np.asarray(other[at:] != found[at:]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", LAYERS)
def test_it_keeps_its_precision(name, dtype):
    def work(key):
        layer = jax.tree.map(
            lambda leaf: jnp.asarray(leaf, dtype) if eqx.is_inexact_array(leaf) else leaf,
            LAYERS[name](key),
        )
        inputs = jax.random.normal(key, (5, DIM), dtype)
        return layer(inputs), layer.run(layer.init_state(), inputs), layer.init_state()

    with jax.enable_x64(dtype == "float64"), jax.numpy_dtype_promotion("strict"):
        outputs, (again, state), before = jax.eval_shape(work, jax.random.key(0))
    assert {leaf.dtype for leaf in jax.tree.leaves((outputs, again, state))} == {np.dtype(dtype)}
    assert jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), state) == jax.tree.map(
        lambda leaf: (leaf.shape, leaf.dtype), before
    )


def test_slopes_are_finite_and_reach_every_parameter(layer, inputs):
    @eqx.filter_jit
    @eqx.filter_grad
    def slope(layer):
        return jnp.sum(jnp.sin(layer(inputs)))

    for path, leaf in jax.tree.leaves_with_path(slope(layer)):
        assert np.all(np.isfinite(leaf)), path
        held = "feature_map" in str(path) or "memory" in str(path)
        assert held or np.any(np.asarray(leaf) != 0), path


def test_batches_are_mapped(inputs):
    for name in ("attention", "gated delta net, convolved"):
        found = jax.vmap(made(name))(jnp.stack([inputs, -inputs]))
        close(found[1], at_once(made(name), -inputs))


def test_what_is_not_a_number_is_not_hidden(layer, inputs):
    _, state = stretch(layer, layer.init_state(), inputs[:7])
    broken, _ = stretch(layer, state, jnp.full((7, DIM), jnp.nan))
    assert np.all(np.isnan(broken))


def test_the_forms_of_fast_weights_agree(inputs):
    for kind in (LinearAttention, FastWeightProgrammer, DeltaNet, GatedDeltaNet):
        auto, recurrent, chunked = (
            kind.draw(jax.random.key(3), DIM, 2, form=form)
            for form in ("auto", "recurrent", "chunked")
        )
        close(at_once(chunked, inputs), at_once(recurrent, inputs))
        close(at_once(auto, inputs), at_once(recurrent, inputs))


def heads_of(layer, memory, feature_map):
    return OverMemory(layer.heads, memory, feature_map)


def test_special_layers_are_layers_over_their_memories(inputs):
    """Where the rate is the same at every step: a projection of zeros makes it a half."""
    key = jax.random.key(5)
    delta = eqx.tree_at(
        lambda layer: layer.to_rate, DeltaNet.draw(key, DIM, 2), replace_fn=jnp.zeros_like
    )
    close(at_once(delta, inputs), at_once(heads_of(delta, DeltaRule(3, 3, 0.5), Unit()), inputs))

    gated = GatedDeltaNet.draw(key, DIM, 1)
    gated = eqx.tree_at(
        lambda layer: (layer.to_rate, layer.to_fade), gated, replace_fn=jnp.zeros_like
    )
    kept = jnp.exp(-jnp.exp(gated.log_speed[0]) * jax.nn.softplus(gated.fade_offset[0]))
    assert 0.1 < float(kept) < 0.9999
    memory = GatedDelta(DIM, DIM, 0.5, kept)
    close(at_once(gated, inputs), at_once(heads_of(gated, memory, Unit()), inputs))

    plain = LinearAttention.draw(key, DIM, 2, normalised=False, convolution=3)
    over = heads_of(plain, DecayedHebbian(3, 3), EluPlusOne())
    close(at_once(plain, inputs), at_once(over, inputs))


def test_linear_attention_is_attention_with_another_similarity(inputs):
    """Slots whose similarities are divided by their sum: the dual form of the same layer."""
    layer = LinearAttention.draw(jax.random.key(6), DIM, 2)
    slots = Attention(3, 3, STEPS, separation=Normalised())
    close(at_once(layer, inputs), at_once(heads_of(layer, slots, EluPlusOne()), inputs))


def test_self_attention_is_exponential_similarity_divided_by_its_sum(inputs):
    layer = SelfAttention.draw(jax.random.key(7), DIM, 2)
    slots = Attention(3, 3, STEPS, Exponential(3**-0.5), Normalised())
    close(at_once(layer, inputs), at_once(heads_of(layer, slots, Identity()), inputs))


def test_full_slots_look_back_on_the_latest_steps(inputs):
    layer = SelfAttention.draw(jax.random.key(8), DIM, slots=4)
    latest = at_once(layer, inputs[-4:])[-1]
    close(by_steps(layer, inputs)[-1], latest)


def test_settings_of_a_memory_are_learnt_with_the_rest(inputs):
    layer = OverMemory.draw(jax.random.key(9), DIM, DeltaRule(3, 3, jnp.array(0.1)), 2)
    slope = eqx.filter_grad(lambda layer: jnp.sum(jnp.square(layer(inputs))))(layer)
    assert float(slope.memory.rate) != 0


def test_a_closed_gate_keeps_nothing_and_stays_finite(inputs):
    layer = GatedDeltaNet.draw(jax.random.key(10), DIM)
    layer = eqx.tree_at(lambda layer: layer.fade_offset, layer, jnp.array([1e4]))
    close(at_once(layer, inputs)[-1], at_once(layer, inputs[-1:])[0])
    slope = eqx.filter_jit(eqx.filter_grad(lambda layer: jnp.sum(layer(inputs))))(layer)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(slope))


def test_an_input_of_nothing_finds_nothing():
    for make in (LinearAttention.draw, FastWeightProgrammer.draw, DeltaNet.draw):
        assert np.array_equal(make(jax.random.key(0), DIM)(jnp.zeros((3, DIM))), np.zeros((3, DIM)))


def test_what_makes_no_sense_is_refused():
    key = jax.random.key(0)
    with pytest.raises(ParameterError, match="shared among 4 heads"):
        Heads.draw(key, DIM, 4)
    with pytest.raises(ParameterError, match="above 0"):
        DeltaNet.draw(key, DIM, 0)
    with pytest.raises(ParameterError, match="above 0"):
        DeltaNet.draw(key, DIM, key_dim=0)
    with pytest.raises(ParameterError, match="wide"):
        ShortConvolution.draw(key, DIM, -1)
    with pytest.raises(ParameterError, match="give key_dim"):
        OverMemory.draw(key, DIM, KalmanDelta(jnp.zeros(4), jnp.ones(4), jnp.zeros(4)))
    with pytest.raises(ParameterError, match="keys of length 6"):
        OverMemory.draw(
            key, DIM, DeltaRule(3, 3), feature_map=DeterministicParameterFree(), key_dim=3
        )
    with pytest.raises(UnknownNameError, match="form"):
        DeltaNet.draw(key, DIM, form="sideways")(jnp.zeros((3, DIM)))
