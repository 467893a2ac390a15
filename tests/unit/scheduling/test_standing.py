from recollect.collection.rows import Card, ReviewEntry
from recollect.reviews.days import DayBoundary
from recollect.scheduling.standing import NEW, Standing, put, standing_after, standing_of

UTC = DayBoundary("UTC", 4)
NOON = 20_000 * 86_400_000 + 12 * 3_600_000
DAY = 86_400_000


def entry(rating, interval, *, day=0, kind="review", factor=2_500):
    at = NOON + day * DAY
    return ReviewEntry(at, 1, at, rating, kind, interval_after=interval, ease_factor=factor)


def test_entries_of_another_program_lead_to_where_it_left_the_card():
    past = [
        entry(3, -600, kind="learning", factor=0),
        entry(3, 1, kind="learning"),
        entry(3, 4, day=1),
        entry(1, -600, day=5),
        entry(3, 2, day=5, kind="relearning"),
    ]
    stands = [standing_after(past[:n], UTC) for n in range(6)]
    assert stands[0] is None
    assert stands[1] == Standing("learning", 1, 0, NOON + 600_000, None)
    assert stands[2] == Standing("review", None, 1, None, 20_001)
    assert stands[3] == Standing("review", None, 4, None, 20_005)
    assert stands[4] == Standing("relearning", 0, 1, NOON + 5 * DAY + 600_000, None)
    assert stands[5] == Standing("review", None, 2, None, 20_007)


def test_a_card_that_came_without_its_log_is_forgotten_like_any_other():
    assert standing_after([entry(1, -600)], UTC) == Standing("relearning", 0, 1, NOON + 600_000)
    again = [entry(1, -600, kind="relearning"), entry(3, 1, day=1, kind="relearning")]
    assert [standing_after(again[:n], UTC).phase for n in (1, 2)] == ["relearning", "review"]


def test_a_reset_makes_a_card_new_and_it_can_be_learnt_again():
    past = [entry(3, 10), entry(0, 0, kind="manual", factor=0)]
    assert standing_after(past, UTC) == NEW
    again = [*past, entry(1, -60, day=3, kind="learning")]
    assert standing_after(again, UTC) == Standing("learning", 0, 0, NOON + 3 * DAY + 60_000)


def test_a_date_set_by_hand_holds():
    past = [entry(3, 10), entry(0, 30, day=2, kind="manual")]
    assert standing_after(past, UTC) == Standing("review", None, 30, None, 20_032)
    past = [entry(3, 10), entry(0, 12, day=2, kind="rescheduled")]
    assert standing_after(past, UTC) == Standing("review", None, 12, None, 20_014)


def test_cramming_leaves_a_card_where_it_is():
    past = [entry(3, 10), entry(1, 5, day=1, kind="filtered", factor=0)]
    assert standing_after(past, UTC) == Standing("review", None, 10, None, 20_010)


def test_storing_keeps_what_is_not_about_when():
    card = Card(1, 2, 3, position=7, flag=4, suspended=True, extra={"a": 1})
    stored = put(card, Standing("review", None, 5, None, 20_005))
    assert standing_of(stored) == Standing("review", None, 5, None, 20_005)
    assert (stored.position, stored.flag, stored.suspended, stored.extra) == (7, 4, True, {"a": 1})
    assert put(stored, NEW) == card
