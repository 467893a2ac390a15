"""Layers over memories, and the dual form of training, against loops in NumPy."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import DeterministicParameterFree, EluPlusOne
from recollect.memory.layers import (
    DeltaNet,
    FastWeightProgrammer,
    GatedConvolution,
    GatedDeltaNet,
    LinearAttention,
    SelfAttention,
)
from recollect.memory.training_errors import train_recorded

DIM, STEPS, HEADS, KEY, VALUE = 6, 70, 2, 3, 4


def draw(kind, **more):
    lengths = {"key_dim": KEY, "value_dim": VALUE}
    return kind.draw(jax.random.key(0), DIM, HEADS, **lengths, **more)


@pytest.fixture(scope="module")
def inputs():
    return np.random.default_rng(0).normal(size=(STEPS, DIM))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def elu_plus_one(x):
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def dpfp(x):
    """Order 1: each rectified half times its neighbour."""
    halves = np.maximum(np.concatenate([x, -x]), 0)
    return np.array([halves[i] * halves[i - 1] for i in range(len(halves))])


def unit(x):
    return x / np.linalg.norm(x)


def projected(layer, inputs):
    """Keys, values and queries, each ``[head][step]``, by definition of the parts."""
    heads = layer.heads
    columns = []
    kernel = None if heads.convolution is None else np.asarray(heads.convolution.weights, float)
    first = 0
    for weights in (heads.to_key, heads.to_value, heads.to_query):
        channels = inputs @ np.asarray(weights, float)
        if kernel is not None:
            mixed = np.zeros_like(channels)
            for t in range(len(channels)):
                for back in range(min(t + 1, len(kernel))):
                    part = kernel[back, first : first + channels.shape[1]]
                    mixed[t] += part * channels[t - back]
            first += channels.shape[1]
            channels = mixed
        if heads.rectified:
            channels = channels * sigmoid(channels)
        columns.append(np.split(channels, heads.count, axis=1))
    return zip(*columns, strict=True)


def joined(layer, found):
    """Outputs from what every head found, ``[head][step, value]``."""
    if layer.heads.gain is not None:
        found = [
            np.asarray(layer.heads.gain) * one / np.sqrt((one**2).mean(1, keepdims=True) + 1e-6)
            for one in found
        ]
    return np.concatenate(found, axis=1) @ np.asarray(layer.heads.from_value, float)


def delta(keys, values, queries, rate, retained=None):
    weights, found = np.zeros((len(keys[0]), VALUE)), []
    for t in range(len(keys)):
        if retained is not None:
            weights = retained[t] * weights
        weights = weights + rate[t] * np.outer(keys[t], values[t] - keys[t] @ weights)
        found.append(queries[t] @ weights)
    return np.array(found)


def check(layer, inputs, heads):
    found = eqx.filter_jit(layer)(jnp.asarray(inputs, jnp.float32))
    np.testing.assert_allclose(found, joined(layer, heads), rtol=2e-3, atol=2e-4)


def test_self_attention(inputs):
    layer = draw(SelfAttention)
    heads = []
    for keys, values, queries in projected(layer, inputs):
        found = []
        for t in range(STEPS):
            weight = np.exp(keys[: t + 1] @ queries[t] / np.sqrt(KEY))
            found.append(weight @ values[: t + 1] / weight.sum())
        heads.append(np.array(found))
    check(layer, inputs, heads)


@pytest.mark.parametrize("normalised", [True, False])
def test_linear_attention(inputs, normalised):
    layer = draw(LinearAttention, normalised=normalised, convolution=3)
    heads = []
    for keys, values, queries in projected(layer, inputs):
        found = []
        for t in range(STEPS):
            alike = elu_plus_one(keys[: t + 1]) @ elu_plus_one(queries[t])
            found.append(alike @ values[: t + 1] / (alike.sum() if normalised else 1.0))
        heads.append(np.array(found))
    check(layer, inputs, heads)


@pytest.mark.parametrize(
    ("features", "by_hand"),
    [(DeterministicParameterFree(), dpfp), (EluPlusOne(), elu_plus_one)],
    ids=["dpfp", "elu"],
)
def test_fast_weight_programmer(inputs, features, by_hand):
    layer = draw(FastWeightProgrammer, feature_map=features)
    rate = sigmoid(inputs @ np.asarray(layer.to_rate, float))
    heads = []
    for head, (keys, values, queries) in enumerate(projected(layer, inputs)):
        mapped = [np.array([by_hand(one) for one in column]) for column in (keys, queries)]
        totals = [one.sum(axis=1, keepdims=True) for one in mapped]  # of DPFP, some are 0
        keys, queries = (
            one / np.where(total == 0, 1, total) for one, total in zip(mapped, totals, strict=True)
        )
        heads.append(delta(keys, values, queries, rate[:, head]))
    check(layer, inputs, heads)


@pytest.mark.parametrize("gated", [False, True])
def test_delta_nets(inputs, gated):
    layer = draw(GatedDeltaNet if gated else DeltaNet, convolution=4)
    rate = sigmoid(inputs @ np.asarray(layer.to_rate, float))
    retained = None
    if gated:
        fade = np.log1p(np.exp(inputs @ np.asarray(layer.to_fade) + np.asarray(layer.fade_offset)))
        retained = np.exp(-np.exp(np.asarray(layer.log_speed)) * fade)
    heads = []
    for head, (keys, values, queries) in enumerate(projected(layer, inputs)):
        keys, queries = (np.array([unit(one) for one in c]) for c in (keys, queries))
        gate = None if retained is None else retained[:, head]
        heads.append(delta(keys, values, queries, rate[:, head], gate))
    check(layer, inputs, heads)


def test_gated_convolution(inputs):
    layer = GatedConvolution.draw(jax.random.key(1), DIM, width=3)
    layer = eqx.tree_at(
        lambda one: (one.offset, one.convolution_offset),
        layer,
        (jnp.linspace(-1, 1, DIM), jnp.linspace(0, 1, DIM)),
    )
    kernel = np.asarray(layer.convolution.weights, float)
    expected = []
    for t in range(STEPS):
        before = sum(kernel[i] * inputs[t - i] for i in range(3) if t >= i)
        here = inputs[t] @ np.asarray(layer.projection, float) + np.linspace(-1, 1, DIM)
        expected.append(inputs[t] + (before + np.linspace(0, 1, DIM)) * here)
    found = layer(jnp.asarray(inputs, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_training_is_a_memory_of_its_errors(inputs):
    """Logistic regression by hand, weights and pairs kept side by side."""
    random = np.random.default_rng(3)
    model = eqx.nn.Linear(DIM, 1, key=jax.random.key(4))
    batches = random.normal(size=(200, 5, DIM))
    targets = (batches[..., 0] + batches[..., 1] > 0.3).astype(float)
    weights = np.append(np.asarray(model.weight, float)[0], float(model.bias[0]))
    first, velocity, pairs = weights.copy(), np.zeros(DIM + 1), []
    for batch, target in zip(batches, targets, strict=True):
        with_one = np.hstack([batch, np.ones((5, 1))])
        error = (sigmoid(with_one @ weights) - target) / 5
        velocity = 0.6 * velocity + error @ with_one
        weights = weights - 0.3 * velocity
        pairs = [(x, e, (m * 0.6 + 1)) for x, e, m in pairs]
        pairs += [(x, e, 1.0) for x, e in zip(with_one, error, strict=True)]

    def loss(model, example, target):
        odds = model(example)[0]
        return jnp.logaddexp(0.0, odds) - target * odds

    found = train_recorded(
        model,
        lambda model: model,
        loss,
        jnp.asarray(batches, jnp.float32),
        jnp.asarray(targets, jnp.float32),
        rate=0.3,
        momentum=0.6,
    )
    query = inputs[0]
    asked = np.append(query, 1.0)
    expected = asked @ weights
    by_pairs = asked @ first - 0.3 * sum(share * (x @ asked) * e for x, e, share in pairs)
    assert by_pairs == pytest.approx(expected, abs=1e-9)
    read = found.errors.read(jnp.asarray(query, jnp.float32))
    np.testing.assert_allclose(read, [expected], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.errors.weights()[:, 0], weights, rtol=1e-3, atol=1e-4)
