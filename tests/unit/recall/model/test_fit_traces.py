"""Fitting traces: the right slope, downhill, and the same whatever the grids."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.recall.model.cards import card_logits, final_states, lanes_of, replay
from recollect.recall.model.fit_traces import (
    blocks_loss,
    fit_population,
    fit_traces,
    initial_traces,
    row_blocks,
    vector_of,
)
from recollect.recall.model.history import history_of
from recollect.recall.model.traces import TraceParameters


@pytest.fixture(scope="module")
def history(sample_log):
    return history_of(sample_log.select(np.arange(400)))


@pytest.fixture(scope="module")
def blocks(history):
    return row_blocks(history, ((history.reviews > 0) & ~history.same_day).astype(float))


def deviation(value):
    return jax.tree.map(lambda leaf: jnp.full_like(leaf, value), initial_traces())


def test_the_loss_of_blocks_is_that_of_the_rows(history, blocks):
    kinds = jax.tree.map(lambda leaf: leaf[None], initial_traces())
    logit = card_logits(kinds, history)[:, 0].astype(np.float64)
    counted = (history.reviews > 0) & ~history.same_day
    expected = np.sum((np.logaddexp(0, logit) - history.recalled * logit)[counted])
    assert blocks_loss(vector_of(initial_traces()), blocks)[0] == pytest.approx(expected, rel=1e-4)


def test_the_gradient_is_that_of_finite_differences(blocks):
    at = vector_of(initial_traces())
    gradient = blocks_loss(at, blocks)[1]
    step = 2e-2
    for i in np.linspace(0, at.size - 1, 9).astype(int):
        aside = np.zeros(at.size)
        aside[i] = step
        slope = (blocks_loss(at + aside, blocks)[0] - blocks_loss(at - aside, blocks)[0]) / step / 2
        assert gradient[i] == pytest.approx(slope, rel=0.03, abs=0.05)


def test_a_fit_lowers_the_posterior_loss(blocks):
    centre, spread = initial_traces(), deviation(0.3)
    steps = []
    found = fit_traces(blocks, centre, spread, steps=15, progress=lambda *told: steps.append(told))
    away = (vector_of(found.traces) - vector_of(centre)) / 0.3
    assert found.loss_after + 0.5 * away @ away < found.loss_before - 5.0
    assert found.loss_after == pytest.approx(blocks_loss(vector_of(found.traces), blocks)[0])
    losses = [loss for *_, loss in steps]
    assert losses == sorted(losses, reverse=True)
    assert [step for step, *_ in steps] == list(range(1, len(steps) + 1))


def test_a_narrow_prior_holds_the_traces_where_they_were(blocks):
    centre = initial_traces()
    found = fit_traces(blocks, centre, deviation(1e-3), steps=10)
    np.testing.assert_allclose(vector_of(found.traces), vector_of(centre), atol=0.01)


def test_reviews_without_weight_teach_nothing(history):
    assert row_blocks(history, np.zeros(history.card.size)) == []


def test_a_population_lies_around_its_centre(history, blocks):
    counted = ((history.reviews > 0) & ~history.same_day).astype(float)
    half = np.arange(counted.size) % 2
    learners = [blocks, row_blocks(history, counted * half), row_blocks(history, counted)]
    found = fit_population(learners, steps=6)
    each = np.array([vector_of(one) for one in found.learners])
    spread = vector_of(found.deviation)
    assert np.all((spread >= 0.049) & (spread <= 0.601))
    np.testing.assert_allclose(each[0], each[2], atol=0.05)  # the same reviews
    before = sum(blocks_loss(vector_of(initial_traces()), one)[0] for one in learners)
    after = sum(blocks_loss(v, one)[0] for v, one in zip(each, learners, strict=True))
    assert after < before
    assert isinstance(found.centre, TraceParameters)


def test_final_states_are_those_of_each_card_alone(history):
    kinds = jax.tree.map(lambda leaf: leaf[None], initial_traces())
    states = final_states(kinds, history)
    logits = card_logits(kinds, history)[:, 0]
    alone = jax.jit(lambda lanes: replay(initial_traces(), lanes, keep_states=True))
    for card in (0, 3, 11):
        rows = np.flatnonzero(history.card == card)
        state, along = alone(lanes_of(history, rows))
        np.testing.assert_allclose(logits[rows], along, rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(states.traces[..., 0, card], state.traces[-1], rtol=1e-4)
        np.testing.assert_allclose(states.difficulty[0, card], state.difficulty[-1], rtol=1e-4)
        assert states.reviews[0, card] == rows.size
