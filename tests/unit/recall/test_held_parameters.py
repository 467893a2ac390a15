"""Parameters that are held while the others are fitted."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from recollect.errors import UnknownNameError
from recollect.recall.model.cards import Lanes
from recollect.recall.model.fit_traces import Population, RowBlock, fit_population, fit_traces

HELD = {"surprise_success": 0.0, "difficulty_first": 0.25}


def _block(seed: int) -> RowBlock:
    generator = np.random.default_rng(seed)
    shape = (5, 4)
    reviews = np.broadcast_to(np.arange(5.0)[:, None], shape)
    elapsed = generator.exponential(3.0, shape) * (reviews > 0)
    lanes = Lanes(
        jnp.asarray(elapsed, jnp.float32),
        jnp.asarray(generator.choice(4, shape, p=[0.2, 0.1, 0.5, 0.2]), jnp.int32),
        jnp.zeros(shape, jnp.float32),
        jnp.asarray(reviews, jnp.float32),
    )
    return RowBlock(lanes, jnp.asarray(reviews > 0, jnp.float32))


BLOCKS = [[_block(seed)] for seed in (1, 2, 3)]


@pytest.fixture(scope="module")
def population() -> Population:
    return fit_population(BLOCKS, held=HELD, steps=4)


def test_held_parameters_have_their_value_for_everybody(population: Population) -> None:
    for traces in (population.centre, *population.learners):
        assert float(traces.surprise_success) == 0.0
        np.testing.assert_array_equal(traces.difficulty_first, 0.25)
    assert float(population.deviation.surprise_success) == 0.0


def test_the_others_are_fitted(population: Population) -> None:
    first, second, _ = (one.first_gain for one in population.learners)
    assert not np.allclose(first, second)
    assert float(population.deviation.gain.min()) > 0.0


def test_refining_holds_what_it_is_told_to_hold(population: Population) -> None:
    refined = fit_population(BLOCKS, start=population, held={"gain": 0.5}, steps=2)
    for traces in (refined.centre, *refined.learners):
        np.testing.assert_array_equal(traces.gain, 0.5)
    assert float(refined.centre.surprise_success) != 0.0


def test_a_learner_moves_only_where_there_is_deviation(population: Population) -> None:
    found = fit_traces(BLOCKS[0], population.centre, population.deviation, steps=4)
    assert float(found.traces.surprise_success) == 0.0
    np.testing.assert_array_equal(found.traces.difficulty_first, 0.25)
    assert not np.allclose(found.traces.first_gain, population.centre.first_gain)
    assert found.loss_after < found.loss_before


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="no trace parameter named 'surprise'"):
        fit_population(BLOCKS, held={"surprise": 0.0})
