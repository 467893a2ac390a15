from dataclasses import replace

import pytest

from recollect.collection import ReviewEntry, cards, decks, presets
from recollect.collection.reviews import append_review
from recollect.errors import UnknownNameError
from recollect.scheduling.overview import decks_today, due_by_day
from recollect.scheduling.queue import next_learning, plan_day, waiting

MINUTE = 60_000


def today_of(collection):
    with collection.reading() as transaction:
        from recollect.collection.settings import get_settings

        return get_settings(transaction).day_boundary.day_of(transaction.now_ms)


def change(collection, card_ids, **values):
    with collection.transaction("Change") as transaction:
        found = cards.get_cards(transaction, card_ids)
        cards.update_cards(transaction, [replace(card, **values) for card in found])


def set_preset(collection, **values):
    with collection.transaction("Preset") as transaction:
        preset = replace(presets.get_preset(transaction, 1), **values)
        presets.update_preset(transaction, preset)


def plan(collection, deck=None, **options):
    with collection.reading() as transaction:
        deck_id = None if deck is None else decks.find_deck(transaction, deck).id
        return plan_day(transaction, deck_id, **options)


def answered(collection, card_id, *, kind="review", rating=3, at_ms=None):
    with collection.transaction("Answer") as transaction:
        at = transaction.now_ms if at_ms is None else at_ms
        append_review(transaction, ReviewEntry(at, card_id, at, rating, kind, interval_after=5))


def test_new_cards_come_by_position_up_to_the_limit(collection, fill):
    ids = fill(collection, 30)
    assert plan(collection).new == tuple(ids[:20])
    change(collection, [ids[7]], position=0)
    assert plan(collection).new[:2] == (ids[7], ids[0])
    set_preset(collection, new_per_day=3)
    assert plan(collection).new == (ids[7], ids[0], ids[1])
    set_preset(collection, new_per_day=0)
    assert plan(collection).new == ()


def test_new_cards_at_random_are_the_same_all_day(collection, fill):
    ids = fill(collection, 30)
    set_preset(collection, new_order="random", new_per_day=30)
    first = plan(collection).new
    assert sorted(first) == sorted(ids)
    assert first != tuple(ids)
    assert plan(collection).new == first


def test_reviews_come_most_overdue_for_their_interval_first_or_by_day(collection, fill):
    ids = fill(collection, 5)
    today = today_of(collection)
    for card_id, late, interval in zip(ids, (0, 1, 9, 3, -1), (5, 1, 90, 30, 4), strict=True):
        change(collection, [card_id], phase="review", due_day=today - late, interval_days=interval)
    # Elapsed by interval: 1, 2, 1.1, 1.1, and one that is not due.
    assert plan(collection).reviews == (ids[1], *sorted((ids[2], ids[3])), ids[0])
    assert plan(collection, order="day").reviews == (ids[2], ids[3], ids[1], ids[0])


def test_what_is_suspended_or_buried_is_left_out(collection, fill):
    ids = fill(collection, 6)
    today = today_of(collection)
    change(collection, ids[:3], phase="review", due_day=today, interval_days=3)
    change(collection, [ids[0], ids[3]], suspended=True)
    change(collection, [ids[1], ids[4]], buried_until_day=today + 1)
    change(collection, [ids[2], ids[5]], buried_until_day=today)
    found = plan(collection)
    assert (found.reviews, found.new) == ((ids[2],), (ids[5],))


def test_one_card_of_a_note_where_siblings_are_buried(collection, fill):
    ids = fill(collection, 4, reverse=True)
    change(collection, [ids[0]], phase="review", due_day=today_of(collection), interval_days=3)
    found = plan(collection)
    assert found.reviews == (ids[0],)
    assert found.new == (ids[2], ids[4], ids[6])
    set_preset(collection, bury_siblings=False)
    assert plan(collection).new == tuple(ids[1:])


def test_limits_count_what_was_answered_today(collection, fill):
    ids = fill(collection, 10)
    today = today_of(collection)
    change(collection, ids[:5], phase="review", due_day=today, interval_days=3)
    set_preset(collection, new_per_day=4, reviews_per_day=3)
    assert (len(plan(collection).reviews), len(plan(collection).new)) == (3, 4)
    answered(collection, ids[0])
    answered(collection, ids[5], kind="learning")
    answered(collection, ids[5], kind="learning")
    assert (len(plan(collection).reviews), len(plan(collection).new)) == (2, 3)
    collection.undo()
    collection.undo()
    assert len(plan(collection).new) == 4
    # A card that was met on an earlier day is no new one today.
    with collection.reading() as transaction:
        long_ago = transaction.now_ms - 5 * 86_400_000
    answered(collection, ids[6], kind="learning", at_ms=long_ago)
    answered(collection, ids[6], kind="learning")
    assert len(plan(collection).new) == 4


def test_answers_of_a_clock_that_was_ahead_use_up_nothing(collection, fill):
    ids = fill(collection, 3)
    set_preset(collection, new_per_day=1)
    with collection.reading() as transaction:
        now_ms = transaction.now_ms
    answered(collection, ids[0], kind="learning", at_ms=now_ms + 400 * 86_400_000)
    assert len(plan(collection).new) == 1


def test_decks_within_decks_have_their_limits_and_those_around_them(collection, fill):
    inner = fill(collection, 10, deck="A::B")
    outer = fill(collection, 10, deck="A")
    fill(collection, 10, deck="Other")
    with collection.transaction("Presets") as transaction:
        small = presets.add_preset(
            transaction, replace(presets.get_preset(transaction, 1), id=0, name="s", new_per_day=2)
        )
        deck = decks.find_deck(transaction, "A::B")
        decks.update_deck(transaction, replace(deck, preset_id=small.id))
    found = plan(collection, "A").new
    assert len(found) == 12
    assert [n for n in found if n in inner] == inner[:2]
    assert plan(collection, "A::B").new == tuple(inner[:2])
    set_preset(collection, new_per_day=5)
    assert set(plan(collection, "A").new) == {*outer[:5]}
    names = {one.deck.name: (one.new, one.cards) for one in _overview(collection)}
    assert names == {"A": (5, 20), "A::B": (2, 10), "Default": (0, 0), "Other": (5, 10)}
    set_preset(collection, new_per_day=1)  # of the deck around it, also where it is not studied
    assert plan(collection, "A::B").new == tuple(inner[:1])


def _overview(collection):
    with collection.reading() as transaction:
        return decks_today(transaction)


def test_learning_cards_come_when_they_are_due(collection, fill, clock):
    ids = fill(collection, 3)
    today, now = today_of(collection), clock.now_ms
    change(collection, [ids[0]], phase="learning", step=0, due_at_ms=now + 9 * MINUTE)
    change(collection, [ids[1]], phase="relearning", step=0, due_at_ms=now + 5 * MINUTE)
    with collection.reading() as transaction:
        assert next_learning(transaction, [1], today, now + MINUTE) is None
        assert next_learning(transaction, [1], today, now + 6 * MINUTE) == ids[1]
        assert next_learning(transaction, [99], today, now + 9 * MINUTE) is None
        assert waiting(transaction, [1], today) == (2, now + 5 * MINUTE)
    change(collection, [ids[1]], suspended=True)
    with collection.reading() as transaction:
        assert next_learning(transaction, [1], today, now + 9 * MINUTE) == ids[0]


def test_what_becomes_due_by_day(collection, fill):
    ids = fill(collection, 8, deck="A")
    today = today_of(collection)
    for card_id, day in zip(ids, (-4, -1, 0, 1, 1, 3, 900), strict=False):
        change(collection, [card_id], phase="review", due_day=today + day, interval_days=3)
    change(collection, [ids[5]], suspended=True)
    change(collection, [ids[7]], phase="learning", due_at_ms=5)
    with collection.reading() as transaction:
        found = due_by_day(transaction, 4)
        assert [(day.day - today, day.reviews) for day in found] == [(0, 3), (1, 2), (2, 0), (3, 0)]
        assert (found[0].overdue, found[0].learning) == (2, 1)
        assert sum(day.reviews for day in due_by_day(transaction, 1_000)) == 6
        assert [day.reviews for day in due_by_day(transaction, 1, 1)] == [0]
        with pytest.raises(UnknownNameError):
            due_by_day(transaction, 1, 12_345)
