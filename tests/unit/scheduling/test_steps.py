import pytest

from recollect.collection.rows import Preset
from recollect.reviews.days import DayBoundary
from recollect.scheduling.standing import NEW, Standing
from recollect.scheduling.steps import answered, preview

UTC = DayBoundary("UTC", 4)
NOON = 20_000 * 86_400_000 + 12 * 3_600_000
DAYS = (1, 3, 7, 15)
PRESET = Preset(1, "Default")
AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4


def run(standing, *ratings, preset=PRESET):
    for rating in ratings:
        standing = answered(standing, rating, preset, DAYS, NOON, UTC)
    return standing


def test_the_buttons_of_a_new_card():
    assert preview(NEW, PRESET, DAYS) == (-60, -330, -600, 15)


def test_the_buttons_of_a_card_in_review():
    assert preview(Standing("review", None, 5), PRESET, DAYS) == (-600, 3, 7, 15)


def test_a_card_goes_through_its_steps_to_review():
    first = run(NEW, GOOD)
    assert first == Standing("learning", 1, 0, NOON + 600_000, None)
    assert run(first, GOOD) == Standing("review", None, 7, None, 20_007)
    assert run(first, HARD).step == 1
    assert run(first, HARD).due_at_ms == NOON + 600_000
    assert run(first, AGAIN) == Standing("learning", 0, 0, NOON + 60_000, None)
    assert run(NEW, EASY) == Standing("review", None, 15, None, 20_015)


def test_a_forgotten_card_is_learnt_again():
    lapsed = run(Standing("review", None, 30, None, 20_000), AGAIN)
    assert lapsed == Standing("relearning", 0, 1, NOON + 600_000, None)
    assert run(lapsed, AGAIN) == lapsed
    assert run(lapsed, GOOD) == Standing("review", None, 7, None, 20_007)
    assert run(lapsed, HARD).due_at_ms == NOON + 900_000


def test_without_steps_every_answer_leads_to_review():
    preset = Preset(1, "None", learning_steps_minutes=(), relearning_steps_minutes=())
    assert preview(NEW, preset, DAYS) == DAYS
    assert preview(Standing("review", None, 9), preset, DAYS) == DAYS
    assert run(NEW, AGAIN, preset=preset) == Standing("review", None, 1, None, 20_001)


def test_a_step_of_a_day_and_more_is_due_on_a_day():
    preset = Preset(1, "Slow", learning_steps_minutes=(10.0, 1_440.0, 4_320.0))
    second = run(NEW, GOOD, preset=preset)
    assert second == Standing("learning", 1, 0, None, 20_001)
    assert run(second, GOOD, preset=preset) == Standing("learning", 2, 0, None, 20_003)


def test_a_card_whose_steps_were_taken_away_goes_on_at_the_last_one():
    preset = Preset(1, "One", learning_steps_minutes=(5.0,))
    far = Standing("learning", 3, 0, NOON, None)
    assert preview(far, preset, DAYS) == (-300, -450, 7, 15)


@pytest.mark.parametrize(
    ("steps", "hard"),
    [((10.0,), -900), ((10.0, 4.0), -600), ((2_000.0,), -180_000), ((1.0, 15.0), -480)],
)
def test_hard_at_the_first_step(steps, hard):
    preset = Preset(1, "Hard", learning_steps_minutes=steps)
    assert preview(NEW, preset, DAYS)[1] == hard
