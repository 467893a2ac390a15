"""Checks of values, correlations and random keys against what they are by definition."""

from __future__ import annotations

import numpy as np
import pytest

from recollect.experiments.models.simulated import changed_bits, gamma_correlation, unit_vectors


def test_bits_count_each_bit_that_differs() -> None:
    before = np.array([1.0, -2.0, 0.0], np.float32)
    after = before.copy()
    assert changed_bits(before, after) == 0
    after[1] = 2.0  # the sign is one bit
    assert changed_bits(before, after) == 1
    after[2] = -0.0  # equal as a number, not as bits
    assert changed_bits(before, after) == 2


def test_bits_of_other_shapes_or_types_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape and type"):
        changed_bits(np.zeros(2), np.zeros(3))
    with pytest.raises(ValueError, match="one shape and type"):
        changed_bits(np.zeros(2, np.float32), np.zeros(2, np.float64))


def test_gamma_is_what_counting_all_pairs_gives() -> None:
    random = np.random.default_rng(0)
    judged = random.integers(0, 5, 40).astype(float)
    right = random.random(40) < 0.4
    agree = disagree = 0
    for first in range(40):
        for second in range(40):
            if right[first] and not right[second]:
                agree += judged[first] > judged[second]
                disagree += judged[first] < judged[second]
    assert gamma_correlation(judged, right) == pytest.approx(
        (agree - disagree) / (agree + disagree)
    )


def test_gamma_knows_its_ends_and_when_nothing_compares() -> None:
    assert gamma_correlation([1, 2, 3], [0, 0, 1]) == 1
    assert gamma_correlation([3, 2, 1], [0, 0, 1]) == -1
    assert np.isnan(gamma_correlation([1, 2, 3], [1, 1, 1]))
    assert np.isnan(gamma_correlation([2, 2], [0, 1]))


def test_directions_have_length_one() -> None:
    drawn = unit_vectors(np.random.default_rng(1), 3, 4, 7)
    assert drawn.shape == (3, 4, 7)
    assert drawn.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(drawn, axis=-1), 1, rtol=1e-5)
