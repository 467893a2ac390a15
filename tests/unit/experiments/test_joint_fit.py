"""Fitting several experiments as one, and trials to a criterion."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from recollect.experiments.models.episodes import EpisodicMemory
from recollect.experiments.models.problems import Problem, fit_jointly
from recollect.experiments.models.relearning import criterion_trials, learned
from recollect.experiments.protocol import Parameters


def curve(name: str, decay: float, level: float) -> Problem:
    days = np.array([0.01, 0.1, 1.0, 10.0, 100.0])

    def predict(values: Parameters) -> Float[Array, " time"]:
        memory = EpisodicMemory.of(values)
        return values["level"] * memory.retained(jnp.asarray(days))

    seen = np.asarray(predict({"decay": decay, "level": level}), np.float64)
    return Problem(name, seen, predict, ("decay",), {"level": (0.0, 2.0)})


def test_one_memory_is_found_and_preferred_where_there_is_one() -> None:
    fit = fit_jointly([curve("one", 0.2, 0.9), curve("two", 0.2, 1.4)])
    assert fit.shared["decay"] == pytest.approx(0.2, abs=0.01)
    assert fit.joint.parameters["two: level"] == pytest.approx(1.4, abs=0.03)
    assert fit.joint.free_parameters == 3
    assert fit.separate.free_parameters == 4
    assert fit.joint.bic < fit.separate.bic


def test_two_memories_are_preferred_where_there_are_two() -> None:
    fit = fit_jointly([curve("one", 0.0, 0.9), curve("two", 0.25, 1.9)])
    assert fit.joint.bic > fit.separate.bic
    assert max(fit.joint_chi_squared.values()) > 5


def test_trials_to_a_criterion_are_interpolated() -> None:
    recall = np.array([[0.0, 0.9, 0.0], [0.5, 1.0, 0.1], [1.0, 1.0, 0.2]])
    found = criterion_trials(recall, 0.75)
    assert found[0] == pytest.approx(1.5)
    assert found[1] == 0
    assert np.isnan(found[2])


def test_learning_starts_from_nothing_and_only_grows() -> None:
    memory = EpisodicMemory()
    recall, after = learned(memory, memory.fresh(), 6, 1e-4)
    assert float(recall[0]) == 0
    assert (np.diff(recall) > 0).all()
    assert after.shape == (6, *memory.fresh().shape)
