"""Looking ahead: the same curve as in the pass, and one that never rises."""

from dataclasses import replace

import numpy as np
import pytest

from recollect.errors import ParameterError
from recollect.recall.forecast import days_until, forecast_cards
from recollect.recall.outlook import after_each_review, after_last_reviews, foretell
from recollect.recall.personalise import personalise
from recollect.reviews.log import previous_row

DAY = 86_400_000


@pytest.fixture(scope="module")
def outlook(seen):
    return after_last_reviews(seen)


@pytest.mark.parametrize("row", [350, 600])
def test_foretelling_after_a_review_is_what_the_pass_foretold(seen, sample_log, bank, row):
    previous = previous_row(sample_log.card_id)
    row += int(np.argmax((sample_log.elapsed_days[row:] > 0) & (previous[row:] > 200)))
    then = personalise(sample_log.select(np.arange(previous[row] + 1)), bank)
    standpoints = after_last_reviews(then)
    card = int(np.flatnonzero(standpoints.rows == previous[row])[0])
    days = np.full(standpoints.rows.size, float(seen.history.elapsed_days[row]))
    assert foretell(then, standpoints, days).recall[card] == pytest.approx(
        seen.curve[row], rel=1e-4
    )


def test_the_curve_never_rises_not_even_past_the_end_of_the_day(seen, outlook):
    count = outlook.rows.size
    days = np.r_[0.0, np.geomspace(1e-5, 7000, 60)]
    recall = np.array(
        [foretell(seen, outlook, np.full(count, d), np.full(count, d < 0.4)).recall for d in days]
    )
    assert np.all((recall > 0) & (recall < 1))
    assert np.all(np.diff(recall, axis=0) <= 1e-6)
    assert np.all(recall[0] > recall[-1])


def test_days_until_is_where_the_curve_passes(seen, outlook):
    for aim in (0.9, 0.6):
        days = days_until(seen, outlook, aim)
        inside = (days > 0) & (days < 20 * 365.25)
        assert inside.any()
        recall = foretell(seen, outlook, np.maximum(days, 1 / 1440)).recall
        np.testing.assert_allclose(recall[inside], aim, atol=1e-4)
        assert np.all(recall[days == 0] < aim)
        assert np.all(recall[days >= 20 * 365.25] >= aim)


def test_each_review_of_a_card_ends_where_its_last_review_stands(seen, outlook):
    card = int(seen.log.card_id[0])
    each = after_each_review(seen, card)
    assert each.rows.tolist() == np.flatnonzero(seen.log.card_id == card).tolist()
    count = each.rows.size
    along = foretell(seen, each, np.full(count, 3.0)).recall
    last = foretell(seen, outlook, np.full(outlook.rows.size, 3.0)).recall[0]
    assert along[-1] == pytest.approx(last, rel=1e-5)


def test_a_forecast_holds_every_card_with_an_interval_around_it(seen):
    end = int(seen.log.review_time_ms[-1])
    found = forecast_cards(seen, end, end + 30 * DAY)
    assert sorted(found.card_id.tolist()) == np.unique(seen.log.card_id).tolist()
    assert found.reviews.sum() == len(seen.log)
    assert found.lapses.sum() == (~seen.log.recalled).sum()
    assert np.all(found.recall_at <= found.recall_now + 1e-6)
    for moment in ("now", "at"):
        low, middle, high = (
            getattr(found, f"recall_{moment}{part}") for part in ("_low", "", "_high")
        )
        assert np.all((low < middle) & (middle < high))
    assert all(found.reasons)
    with pytest.raises(ParameterError, match="before the last review"):
        forecast_cards(seen, end - 1, end)


def test_reasons_say_what_is_true_of_the_card(seen):
    end = int(seen.log.review_time_ms[-1])
    found = forecast_cards(seen, end, end + 30 * DAY)
    last, first, count = {}, {}, {}
    for card, rating in zip(seen.log.card_id.tolist(), seen.log.rating.tolist(), strict=True):
        last[card] = rating
        first.setdefault(card, rating)
        count[card] = count.get(card, 0) + 1
    usual = np.mean(np.log1p(list(count.values())))
    said = 0
    for card, reason in zip(found.card_id.tolist(), found.reasons, strict=True):
        for number, name in ((1, "Again"), (2, "Hard"), (4, "Easy")):
            assert last[card] == number or f"last answer was {name}" not in reason
            assert first[card] == number or f"first answer ever was {name}" not in reason
        more, fewer = "more reviews than most" in reason, "fewer reviews than most" in reason
        if more or fewer:
            assert (np.log1p(count[card]) > usual) == more
            said += 1
    assert said >= 1
    assert len(set(found.reasons)) > 5


def test_a_huge_answer_time_is_a_card_left_lying(make_random_log, bank):

    log = make_random_log(3)
    duration = log.duration_ms.copy()
    duration[50:60] = 500 * DAY
    found = personalise(replace(log, duration_ms=duration), bank)
    assert np.all(np.isfinite(found.instant[log.review_index > 0]))
