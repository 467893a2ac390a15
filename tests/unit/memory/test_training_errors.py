"""A trained linear layer is a memory of its training errors."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.memory.training_errors import final_shares, train_recorded

STEPS, BATCH, DIM, HIDDEN, OUT = 300, 8, 5, 12, 3


def squared(model, example, target):
    return jnp.mean(jnp.square(model(example) - target))


def net(offset=True):
    key = jax.random.key(0)
    return eqx.nn.MLP(
        DIM, OUT, HIDDEN, 2, jnp.tanh, use_bias=offset, use_final_bias=offset, key=key
    )


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    inputs = random.normal(size=(STEPS, BATCH, DIM))
    targets = np.sin(inputs[..., :OUT] * 2) + inputs[..., 2:] / 2
    return jnp.asarray(inputs, jnp.float32), jnp.asarray(targets, jnp.float32)


def plainly(model, data, rate, momentum, decay):
    """The same training with nothing recorded."""
    parameters, settings = eqx.partition(model, eqx.is_inexact_array)

    def batch_loss(parameters, inputs, targets):
        model = eqx.combine(parameters, settings)
        return jnp.mean(jax.vmap(lambda x, y: squared(model, x, y))(inputs, targets))

    @jax.jit
    def step(state, batch):
        parameters, velocity = state
        slope = jax.grad(batch_loss)(parameters, *batch)
        velocity = jax.tree.map(lambda v, g: momentum * v + g, velocity, slope)
        parameters = jax.tree.map(
            lambda w, v: w - rate * decay * w - rate * v, parameters, velocity
        )
        return (parameters, velocity), None

    still = jax.tree.map(jnp.zeros_like, parameters)
    (parameters, _), _ = jax.lax.scan(step, (parameters, still), data)
    return eqx.combine(parameters, settings)


@pytest.mark.parametrize(
    ("at", "offset", "settings"),
    [
        (0, True, (0.2, 0.0, 0.0)),
        (1, True, (0.2, 0.0, 0.0)),
        (1, False, (0.05, 0.9, 0.0)),
        (1, True, (0.05, 0.8, 0.05)),
        (2, False, (0.05, 0.9, 0.05)),
    ],
    ids=["first", "hidden", "hidden, momentum", "hidden, momentum and decay", "last, both"],
)
def test_the_dual_form_is_the_trained_layer(data, at, offset, settings):
    """To rounding, 300 steps after it began; with momentum and weight decay as well."""
    rate, momentum, decay = settings
    model = net(offset)
    found = train_recorded(
        model,
        lambda model: model.layers[at],
        squared,
        *data,
        rate=rate,
        momentum=momentum,
        weight_decay=decay,
    )
    expected = plainly(model, data, rate, momentum, decay)
    for ours, theirs in zip(jax.tree.leaves(found.model), jax.tree.leaves(expected), strict=True):
        if eqx.is_inexact_array(ours):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4)
    assert float(found.losses[-20:].mean()) < 0.5 * float(found.losses[0])
    layer = found.model.layers[at]
    moved = jnp.max(jnp.abs(layer.weight - model.layers[at].weight))
    assert float(moved) > 0.1
    for query in jax.random.normal(jax.random.key(1), (5, layer.in_features)):
        np.testing.assert_allclose(found.errors.read(query), layer(query), rtol=1e-4, atol=2e-5)


def test_in_double_precision_it_is_the_same_to_twelve_digits(data):
    with jax.enable_x64(True):
        double = tuple(jnp.asarray(np.asarray(column), jnp.float64) for column in data)
        model = jax.tree.map(
            lambda leaf: leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf, net()
        )
        found = train_recorded(model, lambda m: m.layers[1], squared, *double, rate=0.2)
        query = jax.random.normal(jax.random.key(1), (HIDDEN,), jnp.float64)
        expected = found.model.layers[1](query)
        np.testing.assert_allclose(found.errors.read(query), expected, rtol=1e-12, atol=1e-13)
        assert found.errors.values.dtype == jnp.float64


def test_what_examples_add_is_what_training_changed(data):
    model = net()
    which = jnp.arange(STEPS * BATCH).reshape(STEPS, BATCH) % 60
    found = train_recorded(model, lambda m: m.layers[2], squared, *data, rate=0.2, examples=which)
    query = jax.random.normal(jax.random.key(2), (HIDDEN,))
    added = found.errors.contributions(query)
    assert added.shape == (60, OUT)
    change = found.model.layers[2](query) - model.layers[2](query)
    np.testing.assert_allclose(added.sum(axis=0), change, rtol=1e-3, atol=1e-4)
    rests = found.errors.rests_on(query, 1, 7)
    order = np.argsort(-np.abs(added[:, 1]))[:7]
    np.testing.assert_array_equal(rests.examples, order)
    np.testing.assert_allclose(rests.contributions, added[order, 1])
    times = found.errors.attention(query).reshape(-1, 60).sum(axis=0)
    np.testing.assert_allclose(rests.attention, times[order], rtol=1e-4, atol=1e-4)
    assert found.errors.rests_on(query, 0, 500).examples.shape == (60,)


def test_an_output_rests_on_examples_of_its_own_kind():
    """One hot input for each kind: only what was alike has had any effect."""
    kinds = jnp.tile(jnp.arange(4), 25).reshape(50, 2)
    inputs = jax.nn.one_hot(kinds, 4)
    model = eqx.nn.Linear(4, 1, use_bias=False, key=jax.random.key(0))
    found = train_recorded(
        model,
        lambda m: m,
        squared,
        inputs,
        kinds[..., None].astype(jnp.float32),
        rate=0.3,
    )
    rests = found.errors.rests_on(jax.nn.one_hot(2, 4), 0, 100)
    felt = np.asarray(rests.contributions) != 0
    assert felt.sum() == 25
    assert set(np.asarray(kinds.reshape(-1)[rests.examples[felt]])) == {2}


def test_rates_may_change_from_step_to_step(data):
    rates = jnp.linspace(0.3, 0.0, STEPS)
    found = train_recorded(net(), lambda m: m.layers[0], squared, *data, rate=rates, momentum=0.5)
    query = jax.random.normal(jax.random.key(3), (DIM,))
    np.testing.assert_allclose(
        found.errors.read(query), found.model.layers[0](query), rtol=1e-4, atol=2e-5
    )


def test_shares_are_the_sums_that_they_stand_for():
    random = np.random.default_rng(0)
    rates, momentum, decay = random.uniform(0, 0.5, 9), 0.7, 0.2
    left, shares = final_shares(jnp.asarray(rates, jnp.float32), momentum, decay)
    kept = 1 - rates * decay
    for s in range(9):
        expected = sum(rates[t] * momentum ** (t - s) * np.prod(kept[t + 1 :]) for t in range(s, 9))
        assert float(shares[s]) == pytest.approx(expected, rel=1e-5)
    assert float(left) == pytest.approx(np.prod(kept), rel=1e-5)


class Twice(eqx.Module):
    layer: eqx.nn.Linear

    def __call__(self, inputs):
        return self.layer(jnp.tanh(self.layer(inputs)))


def test_what_cannot_be_recorded_is_refused(data):
    inputs = data[0]
    model = Twice(eqx.nn.Linear(DIM, DIM, key=jax.random.key(0)))
    with pytest.raises(ParameterError, match="more than once"):
        train_recorded(model, lambda m: m.layer, squared, inputs, inputs, rate=0.1)
    with pytest.raises(ParameterError, match=r"equinox\.nn\.Linear"):
        train_recorded(model, lambda m: m, squared, inputs, inputs, rate=0.1)
    found = train_recorded(net(), lambda m: m.layers[0], squared, *data, rate=0.1)
    with pytest.raises(ParameterError, match="there are 12"):
        found.errors.rests_on(inputs[0, 0], 12)
