"""Fast weights and attention along a sequence, against loops in NumPy and against torch."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.memory import causal_attention, fast_weights_along

STEPS, KEY, VALUE = 150, 6, 4
RULES = ("hebbian", "decayed", "delta", "gated delta")


def stream(seed, steps=STEPS):
    random = np.random.default_rng(seed)
    keys = random.normal(size=(steps, KEY))
    return {
        "keys": keys / np.linalg.norm(keys, axis=1, keepdims=True),
        "values": random.normal(size=(steps, VALUE)),
        "queries": random.normal(size=(steps, KEY)),
        "rate": random.uniform(0, 1.8, steps),
        "retained": random.uniform(0.7, 1.0, steps),
    }


def of_rule(columns, rule):
    left_out = {
        "hebbian": ("rate", "retained"),
        "decayed": ("rate",),
        "delta": ("retained",),
        "gated delta": (),
    }[rule]
    return {name: column for name, column in columns.items() if name not in left_out}


def loop(keys, values, queries, rate=None, retained=None, start=None):
    weights = np.zeros((KEY, VALUE)) if start is None else start
    outputs = []
    for t in range(len(keys)):
        if retained is not None:
            weights = retained[t] * weights
        if rate is None:
            weights = weights + np.outer(keys[t], values[t])
        else:
            error = values[t] - keys[t] @ weights
            weights = weights + rate[t] * np.outer(keys[t], error)
        outputs.append(queries[t] @ weights)
    return np.array(outputs), weights


def along(columns, **settings):
    return fast_weights_along(
        **{name: jnp.asarray(column, jnp.float32) for name, column in columns.items()}, **settings
    )


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "settings",
    [{"form": "recurrent"}, {"form": "chunked"}, {"form": "chunked", "chunk": 16}, {}],
    ids=["recurrent", "chunks of 64", "chunks of 16", "auto"],
)
def test_every_form_is_the_loop(rule, settings):
    columns = of_rule(stream(0), rule)
    start = np.random.default_rng(9).normal(size=(KEY, VALUE))
    outputs, weights = loop(**columns, start=start)
    found = along(columns, state=jnp.asarray(start, jnp.float32), **settings)
    np.testing.assert_allclose(found.outputs, outputs, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(found.state, weights, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("steps", [1, 2, 63, 64, 65])
def test_any_number_of_steps_fits_into_chunks(steps):
    columns = stream(1, steps)
    outputs, weights = loop(**columns)
    found = along(columns, form="chunked")
    np.testing.assert_allclose(found.outputs, outputs, rtol=2e-3, atol=2e-3)
    np.testing.assert_allclose(found.state, weights, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("rule", RULES)
def test_gradients_of_the_forms_agree(rule):
    columns = of_rule(stream(2, 90), rule)

    def slopes(form):
        def loss(columns):
            found = fast_weights_along(**columns, form=form)
            return jnp.sum(jnp.sin(found.outputs)) + jnp.sum(jnp.square(found.state))

        return jax.jit(jax.grad(loss))(
            {name: jnp.asarray(column, jnp.float32) for name, column in columns.items()}
        )

    one = slopes("recurrent")
    for form in ("chunked", "auto"):
        other = slopes(form)
        for name, slope in one.items():
            np.testing.assert_allclose(other[name], slope, rtol=5e-3, atol=5e-3, err_msg=name)


def attention_loop(keys, values, queries, beta):
    found = []
    for t in range(len(keys)):
        score = beta * keys[: t + 1] @ queries[t]
        weight = np.exp(score - score.max())
        found.append(weight @ values[: t + 1] / weight.sum())
    return np.array(found)


@pytest.mark.parametrize("block", [1, 16, 64, 1000])
def test_blocks_of_attention_are_attention(block):
    columns = stream(3)
    arrays = {
        name: jnp.asarray(columns[name], jnp.float32) for name in ("keys", "values", "queries")
    }
    expected = attention_loop(*(columns[name] for name in arrays), 1.7)
    found = causal_attention(**arrays, inverse_temperature=1.7, block=block)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    usual = attention_loop(*(columns[name] for name in arrays), KEY**-0.5)
    np.testing.assert_allclose(causal_attention(**arrays, block=block), usual, rtol=1e-4, atol=1e-5)


def test_the_gradient_of_blocks_is_that_of_all_scores_at_once():
    columns = stream(4, 100)
    arrays = [jnp.asarray(columns[name], jnp.float32) for name in ("keys", "values", "queries")]

    def blockwise(keys, values, queries, beta):
        found = causal_attention(keys, values, queries, inverse_temperature=beta, block=32)
        return jnp.sum(jnp.sin(3 * found))

    def plain(keys, values, queries, beta):
        scores = beta * queries @ keys.T
        scores = jnp.where(jnp.tril(jnp.ones_like(scores)) > 0, scores, -jnp.inf)
        return jnp.sum(jnp.sin(3 * jax.nn.softmax(scores) @ values))

    found = jax.jit(jax.grad(blockwise, argnums=(0, 1, 2, 3)))(*arrays, 0.8)
    expected = jax.jit(jax.grad(plain, argnums=(0, 1, 2, 3)))(*arrays, 0.8)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-4)


def test_attention_is_that_of_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    columns = stream(5)
    arrays = {name: columns[name].astype(np.float32) for name in ("keys", "values", "queries")}
    expected = torch.nn.functional.scaled_dot_product_attention(
        *(torch.tensor(arrays[name]) for name in ("queries", "keys", "values")), is_causal=True
    )
    found = causal_attention(**{name: jnp.asarray(column) for name, column in arrays.items()})
    np.testing.assert_allclose(found, expected.numpy(), rtol=1e-4, atol=1e-5)


def test_the_gated_delta_rule_and_its_slopes_are_those_of_a_recurrence_in_torch():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    columns = stream(6, 70)
    theirs = {name: torch.tensor(column, requires_grad=True) for name, column in columns.items()}
    weights = torch.zeros(KEY, VALUE, dtype=torch.float64)
    outputs = []
    for t in range(70):
        weights = theirs["retained"][t] * weights
        error = theirs["values"][t] - theirs["keys"][t] @ weights
        weights = weights + theirs["rate"][t] * torch.outer(theirs["keys"][t], error)
        outputs.append(theirs["queries"][t] @ weights)
    loss = torch.sin(torch.stack(outputs)).sum()
    loss.backward()

    def ours(columns):
        return jnp.sum(jnp.sin(fast_weights_along(**columns).outputs))

    arrays = {name: jnp.asarray(column, jnp.float32) for name, column in columns.items()}
    assert float(ours(arrays)) == pytest.approx(float(loss), rel=1e-3)
    for name, slope in jax.grad(ours)(arrays).items():
        np.testing.assert_allclose(
            slope, theirs[name].grad.numpy(), rtol=5e-3, atol=5e-3, err_msg=name
        )
