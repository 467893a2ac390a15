import numpy as np
import pytest

from recollect.sample.draws import Draws


def test_uniforms_are_the_raw_doubles_of_pcg64():
    """The top 53 bits of each raw word, as the generator's authors define it."""
    draws, raw = Draws(3), np.random.PCG64(3).random_raw(5)
    assert [draws.uniform() for _ in range(5)] == [(int(word) >> 11) * 2.0**-53 for word in raw]


def test_normals_have_their_mean_and_spread():
    draws = Draws(0)
    values = np.array([draws.normal(2.0, 3.0) for _ in range(20_000)])
    assert values.mean() == pytest.approx(2.0, abs=0.1)
    assert values.std() == pytest.approx(3.0, abs=0.1)


def test_order_is_a_permutation_that_varies():
    draws = Draws(0)
    orders = [draws.order(10) for _ in range(5)]
    assert all(sorted(order) == list(range(10)) for order in orders)
    assert len({tuple(order) for order in orders}) == 5


def test_chances_are_kept():
    draws = Draws(0)
    assert sum(draws.happens(0.3) for _ in range(10_000)) == pytest.approx(3000, abs=200)
