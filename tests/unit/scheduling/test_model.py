"""Looking ahead agrees with the forecast of the whole log, which is worked out another way."""

from dataclasses import replace

import numpy as np
import pytest

from recollect.collection import ReviewEntry
from recollect.collection.reviews import append_reviews
from recollect.recall.defaults import load_defaults
from recollect.recall.forecast import days_until, forecast_cards
from recollect.recall.outlook import Taught, after_last_reviews
from recollect.recall.personalise import personalise
from recollect.reviews import ReviewLog
from recollect.reviews.days import DayBoundary
from recollect.sample import load_deck, simulate_log
from recollect.scheduling.foresight import Foreseer
from recollect.scheduling.ladder import Ladder
from recollect.scheduling.learner import learner_of, load_learner, save_learner
from recollect.scheduling.model import ModelForeseer
from recollect.scheduling.past import log_of_entries
from recollect.scheduling.remembered import remembered_learner

DAY = 86_400_000
TARGET = 0.9


@pytest.fixture(scope="module")
def log():
    return simulate_log(load_deck(), seed=1, days=40)


@pytest.fixture(scope="module")
def parameters(log):
    return load_defaults().parameters_for(log)


@pytest.fixture(scope="module")
def seen(log, parameters):
    return personalise(log, parameters)


@pytest.fixture(scope="module")
def foreseer(log, parameters):
    return ModelForeseer(learner_of(log, parameters))


def entries_of(log, card_id):
    rows = np.flatnonzero(log.card_id == card_id)
    return [
        ReviewEntry(
            int(log.review_time_ms[row]),
            int(card_id),
            int(log.review_time_ms[row]),
            int(log.rating[row]),
            "learning" if at == 0 else "review",
            int(log.duration_ms[row]),
        )
        for at, row in enumerate(rows)
    ]


def test_the_contracts_are_kept(foreseer):
    assert isinstance(foreseer, Foreseer)
    assert isinstance(Ladder(), Foreseer)
    assert isinstance(foreseer.learner, Taught)


def test_recall_is_that_of_the_forecast(log, seen, foreseer):
    now = int(log.review_time_ms[-1]) + 2 * DAY
    forecast = forecast_cards(seen, now, now)
    chosen = range(0, forecast.card_id.size, 7)
    for at in chosen:
        past = entries_of(log, forecast.card_id[at])
        found = foreseer.foresee(past, now, TARGET, log.day_boundary)
        assert found.recall == pytest.approx(forecast.recall_now[at], abs=1e-6)
    together = foreseer.recall(
        {int(forecast.card_id[at]): entries_of(log, forecast.card_id[at]) for at in chosen},
        now,
        log.day_boundary,
    )
    for at in chosen:
        expected = forecast.recall_now[at]
        assert together[int(forecast.card_id[at])] == pytest.approx(expected, abs=1e-6)


def test_recall_within_the_day_is_that_of_the_forecast(log, seen, foreseer):
    now = int(log.review_time_ms[-1]) + 120_000
    forecast = forecast_cards(seen, now, now)
    for at in np.argsort(-forecast.last_review_ms)[:5]:
        past = entries_of(log, forecast.card_id[at])
        found = foreseer.foresee(past, now, TARGET, log.day_boundary)
        assert found.recall == pytest.approx(forecast.recall_now[at], abs=1e-6)


def test_days_are_those_of_the_forecast(log, seen, foreseer):
    now = int(log.review_time_ms[-1]) + 2 * DAY
    expected = days_until(seen, after_last_reviews(seen), TARGET)
    cards = log.card_id[after_last_reviews(seen).rows]
    for at in range(0, cards.size, 11):
        past = entries_of(log, cards[at])
        found = foreseer.foresee(past, now, TARGET, log.day_boundary)
        assert found.days_without == pytest.approx(max(expected[at], 1.0), rel=0.01)


@pytest.mark.parametrize("rating", [1, 2, 3, 4])
def test_after_an_answer_the_curve_is_what_was_foretold(log, foreseer, rating):
    """Answering and looking ahead again gives what the button promised."""
    now = int(log.review_time_ms[-1]) + 3 * DAY
    usual = replace(foreseer.learner.usual)
    for card_id in np.unique(log.card_id)[::23]:
        past = entries_of(log, card_id)
        promised = foreseer.foresee(past, now, TARGET, log.day_boundary).days[rating - 1]
        later = [*past, ReviewEntry(now, int(card_id), now, rating, "review", 0)]
        kept = foreseer.foresee(later, now + 1_000, TARGET, log.day_boundary)
        assert kept.days_without == pytest.approx(promised, rel=0.01)
    assert usual.time_ms is foreseer.learner.usual.time_ms


def test_a_new_card_has_intervals_but_no_recall(foreseer):
    found = foreseer.foresee([], 5 * DAY, TARGET, DayBoundary())
    assert (found.recall, found.days_without) == (None, None)
    assert all(day >= 1.0 for day in found.days)
    assert found.days[0] < found.days[2] < found.days[3]
    assert foreseer.recall({1: []}, 5 * DAY, DayBoundary()) == {}


def test_a_long_past_is_written_in_pieces(log, seen, foreseer):
    counts = np.bincount(log.card_id - log.card_id.min())
    longest = int(np.argmax(counts) + log.card_id.min())
    past = entries_of(log, longest)
    # A card studied again and again, far beyond one piece of sixteen.
    start = past[-1].answered_at_ms
    past += [
        ReviewEntry(
            start + at * 3 * DAY, longest, start + at * 3 * DAY, 3 - (at % 5 == 0), "review"
        )
        for at in range(1, 50)
    ]
    now = past[-1].answered_at_ms + 4 * DAY
    one = foreseer.foresee(past, now, TARGET, log.day_boundary).recall
    other = foreseer.recall({longest: past}, now, log.day_boundary)[longest]
    assert one == pytest.approx(other, abs=1e-6)
    assert len(past) > 48


def test_entries_that_are_no_answers_do_not_count(foreseer):
    boundary = DayBoundary()
    answers = [
        ReviewEntry(at * DAY, 1, at * DAY, 3, "learning" if at == 1 else "review")
        for at in (1, 3, 9)
    ]
    by_hand = ReviewEntry(10 * DAY, 1, 10 * DAY, 0, "rescheduled", interval_after=4)
    assert len(log_of_entries([*answers, by_hand], boundary)) == 3
    reset = ReviewEntry(11 * DAY, 1, 11 * DAY, 0, "manual")
    assert len(log_of_entries([*answers, reset], boundary)) == 0
    plain = foreseer.foresee(answers, 20 * DAY, TARGET, boundary)
    assert foreseer.foresee([*answers, by_hand], 20 * DAY, TARGET, boundary) == plain


def test_a_learner_without_reviews_is_the_average_one(parameters):
    nobody = learner_of(ReviewLog.from_columns([], [], []), parameters)
    found = ModelForeseer(nobody).foresee([], 5 * DAY, TARGET, DayBoundary())
    assert all(np.isfinite(found.days))
    np.testing.assert_allclose(nobody.kind_weights[0], np.asarray(parameters.kind_prior()))


def test_a_learner_is_kept_in_a_file(tmp_path, foreseer):
    path = tmp_path / "learner.npz"
    assert load_learner(path) is None
    save_learner(foreseer.learner, path, {"digest": 7, "origin": "x"})
    learner, facts = load_learner(path)
    assert facts == {"digest": 7, "origin": "x"}
    past = [ReviewEntry(DAY, 1, DAY, 3, "learning", 4_000)]
    again = ModelForeseer(learner).foresee(past, 5 * DAY, TARGET, DayBoundary())
    assert again == foreseer.foresee(past, 5 * DAY, TARGET, DayBoundary())
    path.write_bytes(path.read_bytes()[:-200])
    assert load_learner(path) is None
    path.write_bytes(b"nothing")
    assert load_learner(path) is None


def test_the_learner_of_a_collection_is_worked_out_only_when_it_must_be(sqlite, tmp_path, log):
    asked = []

    def parameters(found):
        asked.append(len(found))
        return load_defaults().parameters_for(found)

    def learner(origin=""):
        return remembered_learner(sqlite, tmp_path / "kept", parameters, origin=origin)

    def add(entries):
        with sqlite.transaction("Reviews") as transaction:
            append_reviews(transaction, entries)

    every = sorted(
        (entry for card in np.unique(log.card_id) for entry in entries_of(log, card)),
        key=lambda entry: entry.id,
    )
    add(every[:600])
    first = learner()
    assert (first.reviews, asked) == (600, [600])
    assert learner().reviews == 600  # from the file
    add(every[600:640])
    assert learner().reviews == 600  # few new reviews
    assert asked == [600]
    add(every[640:700])
    assert (learner().reviews, asked) == (700, [600, 700])
    assert learner("fitted").reviews == 700  # other parameters
    assert asked == [600, 700, 700]
    sqlite.undo()  # the reviews that it rested on are no longer the same
    sqlite.undo()
    assert learner("fitted").reviews == 600
    assert len(asked) == 4
