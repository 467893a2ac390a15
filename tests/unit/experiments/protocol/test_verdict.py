import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from recollect.experiments.protocol import Expected, Value
from recollect.experiments.protocol.verdict import (
    Judged,
    Verdict,
    judge,
    mean_with_interval,
    verdict_of,
)

INF = float("inf")


def expected(band, *, only_with=(), premise=False):
    return Expected("share", "a share", band, None, "nowhere", only_with=only_with, premise=premise)


def test_the_interval_of_seeds_is_students():
    values = [0.1, 0.4, 0.3, 0.35]
    low, high = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    found = mean_with_interval(values)
    assert found.value == pytest.approx(np.mean(values))
    assert (found.low, found.high) == pytest.approx((low, high))


def test_one_seed_has_no_interval_or_its_own():
    assert mean_with_interval([0.5]) == Value(0.5, 0.5, 0.5)
    own = mean_with_interval([Value(0.5, 0.4, 0.7)])
    assert (own.value, own.low, own.high) == pytest.approx((0.5, 0.4, 0.7))


def test_the_wider_interval_counts():
    alike = mean_with_interval([Value(0.5, 0.2, 0.9), Value(0.501, 0.2, 0.9)])
    assert alike.low == pytest.approx(0.2)
    apart = mean_with_interval([Value(0.0, -0.01, 0.01), Value(1.0, 0.99, 1.01)])
    assert apart.low < -1


def test_a_band_with_two_ends_holds_the_mean():
    spread = [0.0, 1.0]  # the interval is wider than the band
    assert judge(expected((0.4, 0.6)), spread, frozenset()).held
    assert not judge(expected((0.6, 0.7)), spread, frozenset()).held


def test_a_direction_holds_the_whole_interval():
    assert judge(expected((0.0, INF)), [0.2, 0.21, 0.19], frozenset()).held
    assert not judge(expected((0.0, INF)), [0.2, 0.9, -0.5], frozenset()).held
    assert judge(expected((-INF, 1.0)), [Value(0.5, 0.3, 0.9)], frozenset()).held
    assert not judge(expected((-INF, 1.0)), [Value(0.5, 0.3, 1.1)], frozenset()).held


@given(st.lists(st.floats(-1, 1), min_size=1, max_size=5), st.sampled_from([np.nan, np.inf]))
def test_what_is_not_a_number_never_agrees(values, bad):
    with np.errstate(invalid="ignore"):
        assert judge(expected((-INF, 2.0)), [*values, bad], frozenset()).held is False


def test_without_its_data_a_band_is_not_tested():
    band = expected((0.0, 1.0), only_with=("digits", "clothes"))
    assert judge(band, [5.0], frozenset()).held is None
    assert judge(band, [5.0], frozenset({"digits"})).held is None
    assert judge(band, [5.0], frozenset({"digits", "clothes"})).held is False


def test_an_interval_whose_end_is_no_number_never_agrees():
    value = Value(0.5, np.nan, np.nan)
    assert judge(expected((0.0, INF)), [value], frozenset()).held is False


@pytest.mark.parametrize(
    ("held", "verdict"),
    [
        ([True, True], Verdict.REPRODUCED),
        ([True, None], Verdict.REPRODUCED),
        ([True, False], Verdict.PARTLY),
        ([False, None], Verdict.NOT),
        ([None], Verdict.UNTESTED),
    ],
)
def test_the_verdict_follows_from_what_held(held, verdict):
    value = Value(0.0, 0.0, 0.0)
    assert verdict_of([Judged(expected((0.0, 1.0)), value, each) for each in held]) is verdict


@pytest.mark.parametrize("band", [(1.0, 0.0), (-INF, INF), (np.nan, 1.0)])
def test_a_band_that_cannot_be_missed_or_met_is_refused(band):
    with pytest.raises(ValueError, match="band"):
        expected(band)


def test_a_premise_spoils_a_verdict_but_earns_none():
    def held(yes, *, premise=False):
        return Judged(expected((0.0, 1.0), premise=premise), Value(0.5, 0.5, 0.5), yes)

    built_in = held(True, premise=True)
    assert verdict_of([built_in]) is Verdict.UNTESTED
    assert verdict_of([built_in, held(False)]) is Verdict.NOT
    assert verdict_of([built_in, held(True)]) is Verdict.REPRODUCED
    assert verdict_of([held(False, premise=True), held(True)]) is Verdict.PARTLY
