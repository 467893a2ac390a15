"""The review log: what counts, what was taken back, and that it never shrinks."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from recollect.collection import ReviewEntry, cards, notes, reviews, schema
from recollect.errors import CollectionError, UnknownNameError

DAY_MS = 86_400_000
T = 1_700_000_000_000


def entry(number, card_id=10, rating=3, kind="review", **values):
    return ReviewEntry(number, card_id, number, rating, kind, **values)


def how_many(transaction):
    return transaction.execute(select(func.count()).select_from(schema.reviews)).scalar_one()


def test_an_entry_comes_back(basics):
    full = entry(
        T,
        duration_ms=4_000,
        typed="Tōkyō ☃",
        interval_before=-600,
        interval_after=3,
        ease_factor=2500,
        predicted_recall=0.875,
        reason={"target": 0.9, "because": ["due"]},
    )
    with basics.transaction("Answer") as transaction:
        assert reviews.append_review(transaction, full) == full
    with basics.reading() as transaction:
        assert reviews.reviews_of_cards(transaction, [10]) == [full]
        assert list(reviews.iterate_reviews(transaction)) == [full]


def test_a_taken_number_gives_the_next(basics):
    with basics.transaction("Answer") as transaction:
        for _ in range(3):
            reviews.append_review(transaction, entry(T))
        found = reviews.reviews_of_cards(transaction, [10])
    assert [item.id for item in found] == [T, T + 1, T + 2]
    assert {item.answered_at_ms for item in found} == {T}


def test_voided_reviews_stay(basics, fails):
    with basics.transaction("Answer") as transaction:
        for number in range(3):
            reviews.append_review(transaction, entry(T + number))
    with basics.transaction("Void") as transaction:
        assert reviews.void_reviews(transaction, [T, T + 1, T]) == 2
        assert reviews.void_reviews(transaction, [T]) == 0
        with fails(UnknownNameError, "review", "77"):
            reviews.void_reviews(transaction, [77])
    with basics.reading() as transaction:
        assert [e.id for e in reviews.iterate_reviews(transaction)] == [T + 2]
        assert [e.id for e in reviews.iterate_reviews(transaction, after=T + 2)] == []
        everything = reviews.iterate_reviews(transaction, with_voided=True)
        assert [e.id for e in everything] == [T, T + 1, T + 2]
        assert len(reviews.reviews_of_cards(transaction, [10])) == 1
        assert len(reviews.reviews_of_cards(transaction, [10], with_voided=True)) == 3
    with basics.transaction("Count again") as transaction:
        assert reviews.unvoid_reviews(transaction, [T, T + 2]) == 1
        assert len(reviews.reviews_of_cards(transaction, [10])) == 2


def test_undoing_an_answer_voids_it(basics):
    with basics.transaction("Answer") as transaction:
        before = cards.get_card(transaction, 10)
        reviews.append_review(transaction, entry(T))
        cards.update_cards(transaction, [replace(before, phase="review", due_day=9)])
    for _ in range(3):
        assert basics.undo().title == "Answer"
        with basics.reading() as transaction:
            assert cards.get_card(transaction, 10) == before
            assert reviews.reviews_of_cards(transaction, [10]) == []
            assert how_many(transaction) == 1
        assert basics.redo().title == "Answer"
        with basics.reading() as transaction:
            assert cards.get_card(transaction, 10).due_day == 9
            assert len(reviews.reviews_of_cards(transaction, [10])) == 1


def test_importing_again_changes_nothing(basics):
    log = [entry(T + n, card_id=10 + n % 2) for n in range(50)]
    with basics.transaction("Import") as transaction:
        assert reviews.append_reviews(transaction, log) == 50
    with basics.transaction("Import again") as transaction:
        assert reviews.append_reviews(transaction, log[::-1]) == 0
        assert reviews.append_reviews(transaction, [*log, entry(T + 50)]) == 1
        assert how_many(transaction) == 51


def test_importing_again_brings_back_what_was_voided(basics):
    log = [entry(T + n) for n in range(5)]
    with basics.transaction("Import") as transaction:
        reviews.append_reviews(transaction, log)
    basics.undo()
    with basics.transaction("Import") as transaction:
        assert reviews.append_reviews(transaction, log) == 0
        assert list(reviews.iterate_reviews(transaction)) == log


def test_two_collections_answered_at_the_same_ms(basics):
    """Their entries clash; both are kept, and found again."""
    mine = [entry(T, 10), entry(T + 1, 10), entry(T + 3, 10)]
    theirs = [entry(T, 20), entry(T + 1, 20), entry(T + 2, 20), entry(T + 3, 20)]
    with basics.transaction("Import") as transaction:
        assert reviews.append_reviews(transaction, mine) == 3
        assert reviews.append_reviews(transaction, theirs) == 4
        assert reviews.append_reviews(transaction, theirs) == 0
        assert reviews.append_reviews(transaction, mine) == 0
        found = reviews.reviews_of_cards(transaction, [20])
    assert [item.answered_at_ms for item in found] == [T, T + 1, T + 2, T + 3]
    assert how_many_ids(found) == 4


def how_many_ids(entries):
    return len({item.id for item in entries})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 12), st.integers(1, 3)), unique=True, max_size=12),
        min_size=1,
        max_size=4,
    )
)
def test_importing_keeps_each_answer_once(opened, tmp_path_factory, logs):
    """Whatever clashes, and however often it is imported: one entry for each card and time."""
    collection = opened(tmp_path_factory.mktemp("c") / "c.db")
    with collection.transaction("Import") as transaction:
        for log in [*logs, *logs]:
            reviews.append_reviews(transaction, [entry(T + at, card) for at, card in log])
        found = list(reviews.iterate_reviews(transaction))
    expected = sorted({(T + at, card) for log in logs for at, card in log})
    assert sorted((item.answered_at_ms, item.card_id) for item in found) == expected


@pytest.mark.parametrize("wrong", [{"rating": 5}, {"rating": -1}, {"ease_factor": 2**65}])
def test_entries_that_are_not_sound(basics, fails, wrong):
    bad = replace(entry(T), **wrong)
    with fails(CollectionError, "nothing was changed"), basics.transaction("A") as transaction:
        reviews.append_review(transaction, bad)


def test_the_log_for_the_models(basics):
    log = [
        entry(T, 10, 3, "learning", duration_ms=2_000, ease_factor=2500),
        entry(T + DAY_MS, 10, 1, "review", duration_ms=9_000, ease_factor=2500),
        entry(T + DAY_MS + 1, 20, 4, "learning", ease_factor=2500),
        entry(T + DAY_MS + 2, 10, 0, "manual", ease_factor=2500),
        entry(T + 3 * DAY_MS, 10, 2, "review", ease_factor=2500),
        entry(T + 4 * DAY_MS, 98, 3, "review", ease_factor=2500),
        entry(T + 5 * DAY_MS, 10, 3, "review", ease_factor=2500),
    ]
    with basics.transaction("Import") as transaction:
        reviews.append_reviews(transaction, log)
        reviews.void_reviews(transaction, [T + 5 * DAY_MS])
    with basics.reading() as transaction:
        reading = reviews.read_review_log(transaction, "me")
    found = reading.log
    assert found.learner_id == "me"
    assert reading.report.manual_entries == 1
    np.testing.assert_array_equal(found.card_id, [10, 10, 20, 10, 98])
    np.testing.assert_array_equal(found.rating, [3, 1, 4, 2, 3])
    np.testing.assert_array_equal(found.elapsed_days, [-1, 1, -1, 2, -1])
    np.testing.assert_array_equal(found.note_id, [1, 1, 2, 1, -1])
    np.testing.assert_array_equal(found.deck_id, [1, 1, 1, 1, -1])
    np.testing.assert_array_equal(found.duration_ms, [2_000, 9_000, 0, 0, 0])


def test_an_empty_log(collection):
    with collection.reading() as transaction:
        assert len(reviews.read_review_log(transaction).log) == 0


def test_deleting_a_note_leaves_its_reviews_countable(basics):
    with basics.transaction("Answer") as transaction:
        reviews.append_review(transaction, entry(T))
    with basics.transaction("Delete") as transaction:
        notes.delete_notes(transaction, [1])
        assert len(reviews.read_review_log(transaction).log) == 1
