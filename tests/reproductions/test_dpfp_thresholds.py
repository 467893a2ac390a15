"""How many keys linear attention tells apart once its keys are trained: Schlag et al., section 6.1.

I. Schlag, K. Irie, J. Schmidhuber, Linear transformers are secretly fast weight programmers, ICML
2021. Symbols are paired with labels in a sequence and one is asked for; embeddings of symbols and
their projections to keys and queries of 64 components are trained by Adam (rate 0.001) on half the
squared error of the label found, values being the labels one-hot. By the released logs, the first
number of symbols (of 20, 40, ...) at which more than .01 is left: ELU + 1 60, DPFP-1 140, DPFP-2
280, DPFP-3 400. With symbols drawn with replacement, the last label being asked for, trained on
sequences of 40 pairs of 20 symbols and tested on every symbol of sequences of 20 pairs, DPFP-1
leaves .105 when pairs are added up and .001 by the delta rule.

Bands, set beforehand: the first number is the published one or one step of 20 below, so 40 below it
at most .01 is left and at it more; .105 within 0.03; under the delta rule at most .005.

What differs: a step asks for every symbol of one sequence (of eight, with replacement) instead of
one symbol of each of 32, which has the same expectation; training ends once the criterion is met,
or after so many steps, where the published one ends at .001 or when nothing has improved for 1,100
steps. Left to train for 6,000 steps, ELU + 1 has .017 left at 60 symbols and DPFP-1 and DPFP-2 .043
at 140 and 280: about what is left where each key beyond the number of features shares one.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import pytest
from jaxtyping import Array

from recollect.memory import (
    DeterministicParameterFree,
    EluPlusOne,
    Mapped,
    Normalised,
    fast_weights_along,
    retrieve,
)

pytestmark = pytest.mark.slow
DIM, RATE, BLOCK = 64, 1e-3, 100


class Parameters(NamedTuple):
    """What is trained; a key sees its symbol and its label, a query its symbol."""

    symbols: Array
    symbol_to_key: Array
    label_to_key: Array
    symbol_to_query: Array
    symbol_to_rate: Array
    label_to_rate: Array
    biases: Array
    rate_bias: Array


def start(random_key, n):
    """As published: embeddings normal, of 1.1 times the symbols and labels; maps uniform."""
    size = int(2.2 * n)
    names = jax.random.split(random_key, 6)

    def uniform(name, shape, most):
        return jax.random.uniform(name, shape, minval=-most, maxval=most)

    return Parameters(
        jax.random.normal(names[0], (n, size)),
        uniform(names[1], (size, DIM), DIM**-0.5),
        uniform(names[2], (n, DIM), DIM**-0.5),
        uniform(names[3], (size, DIM), DIM**-0.5),
        uniform(names[4], (size,), (size + n) ** -0.5),
        uniform(names[5], (n,), (size + n) ** -0.5),
        jnp.zeros((2, DIM)),
        jnp.zeros(()),
    )


def errors(parameters, rule, feature_map, symbols, labels):
    """Half the squared error of the label found for the symbol of every pair of a sequence, where
    its last label is right; and which pairs are the last of their symbol."""
    embedded = parameters.symbols[symbols]
    seen = parameters.label_to_key[labels]
    keys = embedded @ parameters.symbol_to_key + seen + parameters.biases[0]
    queries = embedded @ parameters.symbol_to_query + parameters.biases[1]
    values = jax.nn.one_hot(labels, parameters.symbols.shape[0])
    if rule == "sum":
        found = retrieve(keys, values, queries, Mapped(feature_map), Normalised())
    else:
        drive = embedded @ parameters.symbol_to_rate + parameters.label_to_rate[labels]
        rate = jax.nn.sigmoid(drive + parameters.rate_bias)
        written, asked = (
            features / (jnp.sum(features, axis=-1, keepdims=True) + 1e-6)
            for features in (feature_map(keys), feature_map(queries))
        )
        found = asked @ fast_weights_along(written, values, asked, rate=rate).state
    at = jnp.arange(symbols.shape[0])
    last = jnp.max(jnp.where(symbols[:, None] == symbols, at, -1), axis=-1)
    return 0.5 * jnp.sum(jnp.square(found - values[last]), axis=-1), last == at


def sequences(random_key, n, count, length, replace):
    """Symbols and labels ``[sequence, pair]``."""

    def one(random_key):
        names = jax.random.split(random_key)
        return tuple(jax.random.choice(name, n, (length,), replace) for name in names)

    return jax.vmap(one)(jax.random.split(random_key, count))


def left_after_training(feature_map, n, steps, *, rule="sum", replace=False, enough=0.01):
    """Error left on fresh sequences, trained until it is small enough or for so many steps."""
    for_start, for_training, for_tests = jax.random.split(jax.random.key(0), 3)
    count, length = (8, 2 * n) if replace else (1, n)

    def of(parameters, drawn):
        return jax.vmap(partial(errors, parameters, rule, feature_map))(*drawn)

    def loss(parameters, random_key):
        """Symbols count as often as they occur."""
        return jnp.mean(of(parameters, sequences(random_key, n, count, length, replace))[0])

    def left(parameters, random_key):
        """Symbols count once."""
        error, counts = of(parameters, sequences(random_key, n, 8 * count, n, replace))
        return jnp.sum(error * counts) / jnp.sum(counts)

    def adam(carry, step):
        parameters, mean, square = carry
        slope = jax.grad(loss)(parameters, jax.random.fold_in(for_training, step))
        mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slope)
        square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g * g, square, slope)
        passed = step.astype(float) + 1.0

        def move(p, m, s):
            spread = jnp.sqrt(s / (1.0 - 0.999**passed)) + 1e-8
            return p - RATE * m / (1.0 - 0.9**passed) / spread

        return (jax.tree.map(move, parameters, mean, square), mean, square), None

    @jax.jit
    def block(carry, first):
        carry, _ = jax.lax.scan(adam, carry, first + jnp.arange(BLOCK))
        return carry, left(carry[0], jax.random.fold_in(for_tests, first))

    parameters = start(for_start, n)
    carry = (parameters, *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2)))
    for first in range(0, steps, BLOCK):
        carry, remains = block(carry, jnp.asarray(first))
        if remains <= enough:
            break
    return float(remains)


@pytest.mark.parametrize(
    ("feature_map", "published", "steps"),
    [
        (EluPlusOne(), 60, 2000),
        (DeterministicParameterFree(1), 140, 1000),
        (DeterministicParameterFree(2), 280, 1500),
        (DeterministicParameterFree(3), 400, 1300),
    ],
    ids=["ELU + 1", "DPFP-1", "DPFP-2", "DPFP-3"],
)
def test_keys_that_are_told_apart(feature_map, published, steps):
    assert left_after_training(feature_map, published - 40, steps) <= 0.01
    assert left_after_training(feature_map, published, steps) > 0.01


def test_only_the_delta_rule_replaces_a_label():
    again = partial(
        left_after_training, DeterministicParameterFree(1), 20, replace=True, enough=0.001
    )
    assert again(1300, rule="sum") == pytest.approx(0.105, abs=0.03)
    assert again(1300, rule="delta") <= 0.005
