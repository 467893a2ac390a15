"""Contexts that drift, extinction that adds, and tests that strengthen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recollect.experiments import hypermnesia, reminders, spontaneous_recovery
from recollect.experiments.models.simulated import unit_vectors


def test_a_context_drifts_as_an_exponential_of_time() -> None:
    random = np.random.default_rng(0)
    context = unit_vectors(random, 24)
    for days in (0.0, 1.0, 5.0):
        later = reminders.drifted(random, context, days, 2.0)
        assert float(later @ context) == pytest.approx(np.exp(-days / 2), abs=1e-5)
        assert float(np.linalg.norm(later)) == pytest.approx(1, abs=1e-5)


def test_extinction_adds_traces_and_keeps_what_conditioning_stored() -> None:
    settings = spontaneous_recovery.Settings(conditioning=3, extinction=4)
    animal, before, bits = spontaneous_recovery._trained(settings, extinguished_in=0)
    values = np.asarray(animal.slots.values)
    assert animal.used == 7
    assert bits == 0
    np.testing.assert_array_equal(values[:7, 0], [1, 1, 1, 0, 0, 0, 0])
    assert animal.expects(0, spontaneous_recovery._ends(settings))[0] < before


def test_without_strengthening_tests_are_alike_and_with_it_less_is_lost() -> None:
    settings = hypermnesia.Settings(people=60, items=30, tests=2)
    lost = []
    for strengthened in (0.0, 1.0):
        search = replace(settings.search, strengthened=strengthened)
        came, bits = hypermnesia.repeated_tests(settings, np.random.default_rng(0), search, 1.0)
        assert came.shape == (2, 60, 30)
        assert bits == 0
        lost.append((came[0] & ~came[1]).sum() / came[0].sum())
    assert lost[1] < lost[0]
