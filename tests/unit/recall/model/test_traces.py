"""A card's traces: one memory in two forms, read on a falling curve."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.flatten_util import ravel_pytree

from recollect.memory import read_traces
from recollect.recall.model.cards import Lanes, replay
from recollect.recall.model.fit_traces import initial_traces
from recollect.recall.model.traces import (
    SCALE_COUNT,
    TIME_SCALE_DAYS,
    CardState,
    empty_card,
    read_card,
    trace_strength,
    write_card,
)

VECTOR, UNRAVEL = ravel_pytree(initial_traces())
write, read, strength_of = jax.jit(write_card), jax.jit(read_card), jax.jit(trace_strength)


@jax.jit
def replayed(parameters, elapsed, rating, time):
    """The state after the last review, and the log odds before each."""
    reviews = jnp.arange(elapsed.size, dtype=jnp.float32)
    states, logits = replay(parameters, Lanes(elapsed, rating, time, reviews), keep_states=True)
    return jax.tree.map(lambda leaf: leaf[-1], states), logits


read_at = jax.jit(jax.vmap(read_card, in_axes=(None, None, 0)))
POSITION = np.linspace(-1, 1, SCALE_COUNT)


def random_traces(seed, spread=0.4):
    random = np.random.default_rng(seed)
    return UNRAVEL(VECTOR + jnp.asarray(spread * random.normal(size=VECTOR.size), jnp.float32))


def random_reviews(seed, count=12):
    random = np.random.default_rng(seed)
    elapsed = np.exp(random.uniform(np.log(1e-3), np.log(400), count)).astype(np.float32)
    rating = random.choice(4, count, p=[0.3, 0.1, 0.5, 0.1]).astype(np.int32)
    time = random.normal(size=count).astype(np.float32)
    elapsed[0] = 0
    return jnp.asarray(elapsed), jnp.asarray(rating), jnp.asarray(time)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def kept_traces(parameters, elapsed, rating, time):
    """The dual form, in doubles: every trace kept, with what is left of it; log odds before each.

    Nothing is shared with the primal form but the parameters.
    """
    p = {name: np.asarray(value, np.float64) for name, value in vars(parameters).items()}
    tau = np.asarray(TIME_SCALE_DAYS, np.float64)
    query = np.exp(p["scale_weight"])
    keys, left, logits = [], [], []
    difficulty = 0.0
    for n, (days, grade, z) in enumerate(zip(elapsed, rating, time, strict=True)):
        left = [share * np.exp(-days / tau) for share in left]
        if n == 0:
            log_gain = (
                p["first_gain"][grade]
                + 2 * p["first_slope"][grade] * POSITION
                + p["answer_time_gain"] * z
            )
            logits.append(np.nan)
            difficulty = p["difficulty_first"][grade]
        else:
            strength = read_traces(
                *(jnp.asarray(np.array(x), jnp.float32) for x in (keys, np.ones((n, 1)), left)),
                jnp.asarray(query, jnp.float32),
            )[0]
            logit = np.exp(p["readout_slope"]) * np.log(float(strength) + 1e-6)
            logit += p["readout_bias"] - difficulty + (p["second_review"] if n == 1 else 0)
            logits.append(logit)
            recall = sigmoid(logit)
            if grade == 0:
                left = [s * sigmoid(p["kept_bias"] + 3 * p["kept_slope"] * POSITION) for s in left]
                surprise = p["surprise_failure"] * np.log(recall)
            else:
                surprise = p["surprise_success"] * np.log(1 - recall)
            favoured = p["spacing_shift"] + p["spacing_match"] * np.log(days + 1e-3)
            width = np.log1p(np.exp(p["spacing_width"]))
            log_gain = (
                p["gain"][grade]
                + p["gain_slope"][grade] * POSITION
                - width * ((np.log(tau) - favoured) / 4) ** 2
                + surprise
                + (p["answer_time_gain"] + p["answer_time_slope"] * POSITION) * z
            )
            settled = np.exp(-p["difficulty_settling"] * np.log1p(n))
            difficulty += p["difficulty_rate"] * (recall - (grade > 0)) * settled
        keys.append(np.exp(np.clip(log_gain, -12, 6)))
        left.append(np.ones(SCALE_COUNT))
    return np.array(keys), np.array(left), np.array(logits)


@pytest.mark.parametrize("seed", range(6))
def test_fast_weights_hold_the_sum_of_all_kept_traces(seed):
    parameters = random_traces(seed)
    elapsed, rating, time = random_reviews(seed)
    state, logits = replayed(parameters, elapsed, rating, time)
    keys, left, expected = kept_traces(parameters, *map(np.asarray, (elapsed, rating, time)))
    np.testing.assert_allclose(logits[1:], expected[1:], rtol=2e-3, atol=2e-3)
    for days in (0.0, 0.5, 30.0, 2000.0):
        faded = left * np.exp(-days / TIME_SCALE_DAYS)
        dual = read_traces(
            jnp.asarray(keys, jnp.float32),
            jnp.ones((len(keys), 1)),
            jnp.asarray(faded, jnp.float32),
            jnp.exp(parameters.scale_weight),
        )
        primal = jnp.sum(strength_of(parameters, state, jnp.asarray(days)))
        np.testing.assert_allclose(primal, dual[0], rtol=3e-3)


def test_writing_review_by_review_is_replaying_the_card():
    parameters, reviews = random_traces(1), random_reviews(1)
    state = empty_card()
    logits = []
    for review in zip(*reviews, strict=True):
        logits.append(float(read(parameters, state, review[0])))
        state = write(parameters, state, *review)
    whole, along = replayed(parameters, *reviews)
    np.testing.assert_allclose(along[1:], logits[1:], rtol=1e-4, atol=1e-4)
    assert along[0] == 0
    np.testing.assert_allclose(whole.traces, state.traces, rtol=1e-4)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 1.0))
def test_recall_lies_between_0_and_1_and_never_rises_with_time(seed, spread):
    parameters = random_traces(seed, spread)
    state, _ = replayed(parameters, *random_reviews(seed))
    days = jnp.asarray(np.r_[0.0, np.geomspace(1e-5, 36_500, 99)], jnp.float32)
    logit = np.asarray(read_at(parameters, state, days))
    assert np.all(np.isfinite(logit))
    assert np.all(np.diff(logit) <= 1e-4 * np.maximum(1, np.abs(logit[1:])))
    assert logit[0] > logit[-1]


def simple_card(strength=1.0):
    return CardState(
        jnp.full((SCALE_COUNT,), strength / SCALE_COUNT), jnp.zeros(()), jnp.asarray(3.0)
    )


def test_an_expected_success_writes_less_than_a_surprising_one():
    parameters = initial_traces()
    days, good, usual = jnp.asarray(1.0), jnp.asarray(2), jnp.asarray(0.0)

    def written(strength):
        state = simple_card(strength)
        after = write(parameters, state, days, good, usual)
        faded = state.traces * np.exp(-1.0 / TIME_SCALE_DAYS)
        return np.asarray(after.traces - faded)

    assert np.all(written(20.0) < written(0.1))


def test_a_success_after_a_longer_gap_writes_to_slower_contexts():
    parameters = initial_traces()

    def centre_of_writing(days):
        state = simple_card(1e-3)
        after = write(parameters, state, jnp.asarray(days), jnp.asarray(2), jnp.asarray(0.0))
        written = np.asarray(after.traces) - 1e-3 / SCALE_COUNT * np.exp(-days / TIME_SCALE_DAYS)
        return float(written @ np.log(TIME_SCALE_DAYS) / written.sum())

    assert centre_of_writing(0.01) < centre_of_writing(1.0) < centre_of_writing(100.0)


def test_a_failure_leaves_the_share_it_should_and_raises_the_difficulty():
    parameters = random_traces(2, 0.1)
    state = simple_card()
    failed = write(parameters, state, jnp.asarray(0.0), jnp.asarray(0), jnp.asarray(0.0))
    passed = write(parameters, state, jnp.asarray(0.0), jnp.asarray(2), jnp.asarray(0.0))
    assert float(failed.difficulty) > float(state.difficulty) > float(passed.difficulty)
    assert np.all(passed.traces > state.traces)
