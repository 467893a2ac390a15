import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection.rows import Preset
from recollect.scheduling.intervals import GRID_DAYS, LONGEST_DAYS, days_to_reach, whole_days


def test_the_grid_has_every_one_of_the_first_ten_days_and_reaches_a_century():
    assert GRID_DAYS[:10].tolist() == list(range(1, 11))
    assert GRID_DAYS[-1] == LONGEST_DAYS
    assert (np.diff(GRID_DAYS) > 0).all()
    assert (GRID_DAYS[1:] / GRID_DAYS[:-1])[10:].max() <= 1.25


@pytest.mark.parametrize("half_life", [0.2, 1.0, 5.0, 40.0, 900.0])
@pytest.mark.parametrize("target", [0.7, 0.9, 0.97])
def test_an_exponential_curve_is_met_where_it_should_be(half_life, target):
    recall = 0.5 ** (GRID_DAYS / half_life)
    exact = -half_life * np.log2(target)
    found = float(days_to_reach(recall, target))
    assert found == pytest.approx(max(exact, 1.0), rel=0.02)


@pytest.mark.parametrize("decay", [0.1, 0.5])
def test_a_power_curve_is_met_where_it_should_be(decay):
    recall = (1.0 + GRID_DAYS / 20.0) ** -decay
    exact = 20.0 * (0.9 ** (-1.0 / decay) - 1.0)
    assert float(days_to_reach(recall, 0.9)) == pytest.approx(exact, rel=0.01)


def test_flat_curves():
    flat = np.full((2, GRID_DAYS.size), [[0.5], [0.99]])
    assert days_to_reach(flat, 0.9).tolist() == [1.0, LONGEST_DAYS]
    assert float(days_to_reach(np.full(GRID_DAYS.size, 0.9), 0.9)) == LONGEST_DAYS


@given(st.lists(st.floats(0.001, 0.999), min_size=GRID_DAYS.size, max_size=GRID_DAYS.size))
def test_whatever_falls_is_met_between_the_days_where_it_passes(values):
    recall = np.sort(np.array(values))[::-1]
    found = float(days_to_reach(recall, 0.9))
    above = int((recall >= 0.9).sum())
    low = GRID_DAYS[max(above - 1, 0)]
    high = GRID_DAYS[min(above, GRID_DAYS.size - 1)]
    assert low * (1 - 1e-9) <= found <= high * (1 + 1e-9)


@given(
    days=st.tuples(*[st.floats(0.0, 50_000.0)] * 4),
    share=st.none() | st.floats(0.0, 0.999),
    longest=st.integers(1, 36_500),
)
def test_intervals_are_whole_at_least_a_day_in_order_and_not_too_long(days, share, longest):
    found = whole_days(days, Preset(1, "p", maximum_interval_days=longest), share)
    assert all(isinstance(day, int) and 1 <= day <= longest for day in found)
    assert list(found) == sorted(found)


def test_without_fuzz_intervals_are_rounded():
    preset = Preset(1, "p", fuzz=False)
    assert whole_days((0.2, 3.5, 7.4, 90.6), preset, 0.9) == (1, 4, 7, 91)
    assert whole_days((5.0, 3.0, 8.0, 8.0), preset, None) == (5, 5, 8, 8)
