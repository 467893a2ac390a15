import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.scheduling.fuzz import fuzz_range, fuzz_share, fuzzed

LONGEST = 36_500


@pytest.mark.parametrize(
    ("days", "low", "high"),
    [
        (1.0, 1, 1),
        (2.0, 2, 2),
        (2.4, 2, 2),
        (2.5, 2, 4),
        (3.0, 2, 4),
        (7.0, 5, 9),
        (8.0, 6, 10),
        (17.0, 14, 20),
        (20.0, 17, 23),
        (37.0, 33, 41),
        (62.0, 57, 67),
        (100.0, 93, 107),
    ],
)
def test_ranges(days, low, high):
    """By hand from the three shares: 100 days reach 1 + 4.5 x .15 + 13 x .1 + 80 x .05 = 6.975."""
    assert fuzz_range(days, LONGEST) == (low, high)


def test_no_interval_exceeds_the_longest():
    assert fuzz_range(100.0, 95) == (93, 95)
    assert fuzz_range(100.0, 50) == (50, 50)
    assert fuzzed(36_500.0, 0.9999, LONGEST) == LONGEST


@given(days=st.floats(1.0, 30_000.0), share=st.floats(0.0, 1.0, exclude_max=True))
def test_an_interval_stays_within_its_range(days, share):
    low, high = fuzz_range(days, LONGEST)
    assert low <= fuzzed(days, share, LONGEST) <= high
    assert low <= round(days) <= high or days < 2.5


@given(one=st.floats(1.0, 30_000.0), other=st.floats(1.0, 30_000.0), share=st.floats(0.0, 0.999))
def test_longer_stays_longer_at_the_same_share(one, other, share):
    shorter, longer = sorted((one, other))
    assert fuzzed(shorter, share, LONGEST) <= fuzzed(longer, share, LONGEST) + 1


def test_the_share_is_the_same_for_the_same_answer_and_evenly_spread():
    assert fuzz_share(7, 1_700_000_000_000, 3) == fuzz_share(7, 1_700_000_000_000, 3)
    others = {fuzz_share(8, 1, 3), fuzz_share(7, 2, 3), fuzz_share(7, 1, 4), fuzz_share(7, 1, 3)}
    assert len(others) == 4
    shares = [fuzz_share(1, card, 5) for card in range(4_000)]
    for at in range(10):
        inside = sum(at / 10 <= share < (at + 1) / 10 for share in shares)
        assert 320 < inside < 480  # 400 expected, four deviations


def test_every_day_of_a_range_is_hit():
    found = {fuzzed(10.0, fuzz_share(1, card, 5), LONGEST) for card in range(500)}
    low, high = fuzz_range(10.0, LONGEST)
    assert found == set(range(low, high + 1))
