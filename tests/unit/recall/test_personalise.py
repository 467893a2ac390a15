"""One pass over a log: what each prediction may know, and logs of every shape."""

from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest

from recollect.recall.personalise import OwnTraces, personalise
from recollect.reviews import ReviewLog
from recollect.reviews.log import previous_row

DAY = 86_400_000


def with_outcomes(log, rows):
    """The log with other outcomes at these rows."""
    rating = log.rating.copy()
    rating[rows] = np.where(rating[rows] > 1, 1, 3)
    return replace(log, rating=rating)


def test_probabilities_for_all_but_first_reviews(seen, sample_log):
    first = sample_log.review_index == 0
    for column in (seen.instant, seen.curve):
        assert np.all(np.isnan(column[first]))
        assert np.all((column[~first] > 0) & (column[~first] < 1))
    assert np.all(seen.instant_deviation[~first] > 0)
    np.testing.assert_allclose(seen.kind_weights.sum(axis=1), 1.0, rtol=1e-5)


@pytest.mark.parametrize("row", [1, 350, 699])
def test_no_prediction_uses_its_own_outcome_or_a_later_one(seen, sample_log, bank, row):
    changed = personalise(with_outcomes(sample_log, np.arange(row, 700)), bank)
    np.testing.assert_array_equal(seen.instant[: row + 1], changed.instant[: row + 1])
    np.testing.assert_array_equal(seen.curve[: row + 1], changed.curve[: row + 1])
    np.testing.assert_array_equal(seen.form[: row + 1], changed.form[: row + 1])
    if row == 350:
        assert not np.array_equal(seen.instant[row + 1 :], changed.instant[row + 1 :])


@pytest.mark.parametrize("row", [300, 500, 690])
def test_the_curve_knows_nothing_after_the_cards_previous_review(seen, sample_log, bank, row):
    previous = previous_row(sample_log.card_id)
    row += int(np.argmax(row - previous[row:] > 40))  # a row whose card waited for long
    since = np.arange(previous[row] + 1, row)
    since = since[sample_log.card_id[since] != sample_log.card_id[row]]
    assert since.size >= 20
    changed = personalise(with_outcomes(sample_log, since), bank)
    assert changed.curve[row] == seen.curve[row]
    assert changed.instant[row] != seen.instant[row]
    moved = personalise(with_outcomes(sample_log, previous[[row]]), bank)
    assert moved.curve[row] != seen.curve[row]


def test_a_refreshed_curve_knows_what_came_before_the_refreshment(seen, sample_log, bank):
    at = 400
    fresh = personalise(sample_log, bank, refreshed_at=[at])
    later = np.arange(700) >= at
    np.testing.assert_array_equal(fresh.instant, seen.instant)
    np.testing.assert_array_equal(fresh.curve[~later], seen.curve[~later])
    old = later & (previous_row(sample_log.card_id) < at - 1) & (sample_log.review_index > 0)
    new = later & (previous_row(sample_log.card_id) >= at - 1)
    assert np.mean(fresh.curve[old] != seen.curve[old]) > 0.9
    # Nearly: the memory of the curve learns from what was foretold, refreshed or not.
    np.testing.assert_allclose(fresh.curve[new], seen.curve[new], atol=5e-3)
    twice = personalise(sample_log, bank, refreshed_at=[at, 600])
    np.testing.assert_array_equal(twice.curve[:600], fresh.curve[:600])
    # Foretold at the refreshment: outcomes from there on that are not the card's change nothing.
    row = int(np.flatnonzero(old)[-1])
    since = np.arange(at, row)
    since = since[sample_log.card_id[since] != sample_log.card_id[row]]
    changed = personalise(with_outcomes(sample_log, since), bank, refreshed_at=[at])
    assert changed.curve[row] == fresh.curve[row]
    before = personalise(with_outcomes(sample_log, np.arange(at - 20, at)), bank, refreshed_at=[at])
    assert before.curve[row] != fresh.curve[row]


def test_own_traces_are_in_force_from_their_row_on(seen, sample_log, bank):
    strange = eqx.tree_at(lambda tree: tree.readout_bias, bank.centre, bank.centre.readout_bias + 2)
    own = personalise(sample_log, bank, own=[OwnTraces(350, strange)])
    np.testing.assert_array_equal(own.instant[:350], seen.instant[:350])
    np.testing.assert_array_equal(own.curve[:350], seen.curve[:350])
    assert np.mean(own.kind_logits[350:, -1] > seen.kind_logits[350:, -1]) > 0.7
    np.testing.assert_array_equal(own.kind_logits[:, :-1], seen.kind_logits[:, :-1])
    whole = eqx.tree_at(lambda tree: tree.own, bank, strange, is_leaf=lambda leaf: leaf is None)
    np.testing.assert_allclose(
        personalise(sample_log, whole).kind_logits[350:, -1], own.kind_logits[350:, -1], rtol=1e-5
    )


def test_the_same_log_gives_the_same_predictions(seen, sample_log, bank):
    again = personalise(sample_log, bank)
    np.testing.assert_array_equal(again.instant, seen.instant)
    np.testing.assert_array_equal(again.curve, seen.curve)


def test_names_of_cards_and_the_date_of_the_first_review_do_not_matter(seen, sample_log, bank):
    other = ReviewLog.from_columns(
        10_000 - sample_log.card_id,
        sample_log.review_time_ms + 28 * DAY,
        sample_log.rating,
        duration_ms=sample_log.duration_ms,
        note_id=sample_log.note_id + 5,
        deck_id=sample_log.deck_id + 5,
    )
    found = personalise(other, bank)
    np.testing.assert_array_equal(found.instant, seen.instant)
    np.testing.assert_array_equal(found.curve, seen.curve)


def regular(cards, each, gap_days, rating=3, **columns):
    n = cards * each
    time = np.round(np.arange(n) * gap_days * DAY).astype(np.int64)
    return ReviewLog.from_columns(
        np.arange(n) % cards, time, np.full(n, rating), time_of_day_known=True, **columns
    )


def strange_logs():
    yield "empty", ReviewLog.from_columns([], [], [])
    yield "one review", ReviewLog.from_columns([5], [0], [3])
    yield "two cards once", ReviewLog.from_columns([5, 6], [0, 1], [3, 1])
    random = np.random.default_rng(0).integers(1, 5, 300)
    yield "one card of 300 reviews", replace(regular(1, 300, 0.3), rating=random.astype(np.int8))
    for rating in (1, 2, 3, 4):
        yield f"all rated {rating}", regular(20, 12, 0.05, rating)
    yield "all at one moment", regular(4, 10, 0.0)
    yield "gaps of six years", regular(3, 6, 365.25 * 2)
    yield "days only", replace(regular(5, 20, 1.0), time_of_day_known=False)
    yield (
        "years 1 to 9999",
        ReviewLog.from_columns([1, 1, 1], [-62_100_000_000_000, 0, 253_000_000_000_000], [3, 1, 4]),
    )
    yield "endless answers", regular(3, 20, 0.5, duration_ms=np.full(60, 10**9))


STRANGE = dict(strange_logs())


@pytest.mark.parametrize("name", STRANGE)
def test_logs_of_any_shape_are_foretold(name, bank):
    log = STRANGE[name]
    found = personalise(log, bank)
    counted = log.review_index > 0
    for column in (found.instant, found.curve):
        assert column.shape == (len(log),)
        assert np.all(np.isnan(column[~counted]))
        assert np.all((column[counted] > 0) & (column[counted] < 1))
    assert np.all(np.isfinite(found.kind_weights))
    assert np.all(np.isfinite(np.asarray(found.sorts[0].instant.covariance)))


@pytest.mark.parametrize(("rating", "above"), [(1, False), (3, True)])
def test_a_learner_who_always_answers_alike_is_soon_known(rating, above, bank):
    found = personalise(STRANGE[f"all rated {rating}"], bank)
    assert np.all((found.instant[-20:] > 0.5) == above)
