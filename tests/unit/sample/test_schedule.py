import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.errors import ParameterError
from recollect.reviews import Rating, ReviewState
from recollect.sample import LadderScheduler, Progress

SCHEDULER = LadderScheduler()
MIDDLE = 0.5  # the fuzz that changes nothing


def walk(*ratings: Rating) -> Progress:
    progress = Progress()
    for rating in ratings:
        progress = SCHEDULER.after(progress, rating, MIDDLE)
    return progress


def test_a_new_card_climbs_the_steps_and_then_the_ladder():
    assert walk(Rating.GOOD) == Progress(ReviewState.LEARNING, step=1, wait_s=600.0)
    assert walk(Rating.GOOD, Rating.GOOD) == Progress(ReviewState.REVIEW, wait_days=1)
    waits = [walk(*[Rating.GOOD] * count).wait_days for count in range(2, 12)]
    assert waits == [1, 3, 7, 15, 30, 60, 120, 120, 120, 120]


def test_again_goes_back_to_the_first_step():
    assert walk(Rating.GOOD, Rating.AGAIN) == Progress(ReviewState.LEARNING, wait_s=60.0)


def test_easy_skips_and_hard_stays():
    assert walk(Rating.EASY) == Progress(ReviewState.REVIEW, rung=1, wait_days=3)
    on_third = [Rating.GOOD] * 4
    assert walk(*on_third).rung == 2
    assert walk(*on_third, Rating.HARD).rung == 2
    assert walk(*on_third, Rating.EASY).rung == 4


def test_a_lapse_costs_two_rungs_and_a_relearning_step():
    lapsed = walk(*[Rating.GOOD] * 5, Rating.AGAIN)
    assert lapsed == Progress(ReviewState.RELEARNING, rung=1, wait_s=600.0)
    assert SCHEDULER.after(lapsed, Rating.AGAIN, MIDDLE) == lapsed
    assert SCHEDULER.after(lapsed, Rating.GOOD, MIDDLE).wait_days == 3
    assert SCHEDULER.after(lapsed, Rating.EASY, MIDDLE).wait_days == 3


@given(st.lists(st.tuples(st.sampled_from(Rating), st.floats(0.0, 1.0)), max_size=40))
def test_a_card_always_waits_for_something_sensible(answers):
    progress = Progress()
    for rating, uniform in answers:
        progress = SCHEDULER.after(progress, rating, uniform)
        if progress.state == ReviewState.REVIEW:
            rung_days = SCHEDULER.ladder_days[progress.rung]
            assert progress.wait_s == 0.0
            assert abs(progress.wait_days - rung_days) <= SCHEDULER.fuzz * rung_days + 0.5
        else:
            assert progress.wait_days == 0
            assert progress.wait_s > 0.0


def test_an_empty_ladder_is_refused():
    with pytest.raises(ParameterError, match="rung"):
        LadderScheduler(ladder_days=())
    with pytest.raises(ParameterError, match="1 day"):
        LadderScheduler(ladder_days=(0, 3))
