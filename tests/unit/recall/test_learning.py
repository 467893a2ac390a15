"""The learner memory in chunks is the learner memory in one go."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.recall.learning import Lessons, learn_sorts
from recollect.recall.model.keys import CURVE, CURVE_SIGN, INSTANT, KEY_NAMES
from recollect.recall.model.learner import (
    LearnerPrior,
    learn_curve,
    learn_instant,
    untaught_curve,
    untaught_instant,
)

TRACES = KEY_NAMES.index("traces")
N = 1700


@pytest.fixture(scope="module")
def prior():
    random = np.random.default_rng(0)
    return LearnerPrior(
        jnp.asarray(0.2 * random.normal(size=(2, INSTANT.size)), jnp.float32),
        jnp.asarray(0.2 * random.normal(size=(2, CURVE.size)), jnp.float32),
    )


def lessons(rows, seed=1):
    random = np.random.default_rng(seed)
    before = np.minimum(random.integers(0, N, rows.size), np.arange(rows.size))
    return Lessons(
        rows,
        before,
        random.normal(size=(N, len(KEY_NAMES))).astype(np.float32),
        random.normal(size=N).astype(np.float32),
        random.normal(1.0, 0.5, N).astype(np.float32),
        random.integers(0, 2, N).astype(np.float32),
    )


@pytest.fixture(scope="module")
def learned(prior):
    same_day = np.arange(N) % 4 == 1
    sorts = tuple(lessons(np.flatnonzero(which)) for which in (~same_day, same_day))
    return sorts, learn_sorts(prior, sorts)


@pytest.mark.parametrize("sort", [0, 1])
def test_the_instant_memories_of_both_sorts(prior, learned, sort):
    given, found = learned[0][sort], learned[1][sort]
    columns = (given.keys[:, INSTANT], given.average, given.recalled, np.ones(N, np.float32))
    whole = jax.jit(learn_instant)(
        untaught_instant(prior.instant[sort]), *(jnp.asarray(c[given.rows]) for c in columns)
    )
    np.testing.assert_allclose(found.instant, whole.probability, rtol=1e-4)
    np.testing.assert_allclose(found.deviation, whole.deviation, rtol=1e-3)
    np.testing.assert_allclose(found.memory.instant.mean, whole.states.mean, atol=1e-4)
    np.testing.assert_allclose(found.memory.guard_evidence, whole.guard_evidence, rtol=1e-3)


@pytest.mark.parametrize("sort", [0, 1])
def test_a_curve_is_read_with_the_weights_of_the_time_it_was_foretold(prior, learned, sort):
    given, found = learned[0][sort], learned[1][sort]
    keys = given.keys.copy()
    keys[:, TRACES] = given.frozen_traces
    keys = keys[given.rows][:, CURVE]
    state, means = jax.jit(learn_curve)(
        untaught_curve(prior.curve[sort]),
        jnp.asarray(keys),
        jnp.asarray(given.recalled[given.rows]),
    )
    trail = np.concatenate([prior.curve[sort][None], means])
    expected = []
    for before, key in zip(given.learned_before, keys, strict=True):
        weights = [
            0.0 if sign * weight < 0 else weight
            for sign, weight in zip(CURVE_SIGN, trail[before], strict=True)
        ]
        expected.append(np.dot(weights, key))
    np.testing.assert_allclose(found.curve_logit, expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(found.memory.curve.mean, state.mean, atol=1e-4)


def test_no_reviews_of_a_sort_leave_the_prior(prior):
    nothing = lessons(np.zeros(0, np.int64))
    later, same_day = learn_sorts(prior, (nothing, nothing))
    for sort, found in enumerate((later, same_day)):
        assert found.instant.shape == found.curve_logit.shape == (0,)
        np.testing.assert_array_equal(found.memory.curve.mean, prior.curve[sort])
        np.testing.assert_array_equal(found.memory.instant.mean[2], prior.instant[sort])
