from dataclasses import replace

import pytest

from recollect.collection import cards, decks, notes, presets
from recollect.collection.reviews import reviews_of_cards
from recollect.errors import CollectionError, UnknownNameError
from recollect.scheduling.foresight import Foresight
from recollect.scheduling.ladder import Ladder
from recollect.scheduling.standing import NEW, standing_of
from recollect.study import (
    answer,
    begin,
    bury,
    ending,
    look_ahead,
    next_card,
    ranked,
    suspend,
    undo,
)

DAY = 86_400_000
AGAIN, HARD, GOOD, EASY = 1, 2, 3, 4


class Study:
    """A learner at work."""

    def __init__(self, collection, foreseer=None, **options):
        self.collection = collection
        self.foreseer = foreseer or Ladder()
        self.session = self.start = begin(collection, **options)

    def next(self):
        self.session, shown = next_card(self.collection, self.session, self.foreseer)
        return None if shown is None else look_ahead(shown, self.foreseer)

    def answer(self, rating, shown=None, **options):
        shown = shown or self.next()
        options = {"duration_ms": 2_000} | options
        self.session, answered = answer(self.collection, self.session, shown, rating, **options)
        return answered

    def undo(self):
        self.session, change = undo(self.collection, self.session)
        return change


def card(collection, number):
    with collection.reading() as transaction:
        return cards.get_card(transaction, number)


def entries(collection, *numbers, **options):
    with collection.reading() as transaction:
        return reviews_of_cards(transaction, numbers, **options)


def set_preset(collection, **values):
    with collection.transaction("Preset") as transaction:
        preset = replace(presets.get_preset(transaction, 1), **values)
        presets.update_preset(transaction, preset)


def test_an_answer_appends_a_review_and_moves_the_card_in_one_change(collection, fill):
    (first, *_) = fill(collection, 3)
    study = Study(collection)
    shown = study.next()
    assert shown.card.id == first
    assert (shown.faces.front_text, shown.faces.answer_text) == ("question 0", "answer 0")
    assert shown.left == (3, 0, 0)
    answered = study.answer(GOOD, shown, typed="anser 0")
    (entry,) = entries(collection, first)
    assert entry == answered.entry
    assert (entry.rating, entry.kind, entry.duration_ms) == (GOOD, "learning", 2_000)
    assert (entry.interval_before, entry.interval_after) == (0, -600)
    assert entry.typed == "anser 0"
    assert entry.reason["why"] == "new"
    assert entry.reason["by"] == "ladder"
    assert card(collection, first).phase == "learning"
    assert collection.changes()[0].title == "Answer card"
    assert collection.changes()[0].id == answered.change_id


def test_undo_takes_back_both_and_shows_the_card_again(collection, fill):
    ids = fill(collection, 3)
    study = Study(collection)
    before = card(collection, ids[0])
    study.answer(AGAIN)
    study.answer(GOOD)
    assert study.session.answers == 2
    assert study.undo().title == "Answer card"
    assert study.undo().title == "Answer card"
    assert study.session.answers == 0
    assert card(collection, ids[0]) == before
    assert entries(collection, *ids) == []
    assert len(entries(collection, *ids, with_voided=True)) == 2
    assert study.next().card.id == ids[0]
    assert study.undo().title == "Fill"
    assert study.undo() is None


def test_learning_cards_come_back_before_new_ones_when_they_are_due(sqlite, fill, clock):
    ids = fill(sqlite, 3)
    study = Study(sqlite)
    study.answer(AGAIN)  # back in a minute
    assert study.next().card.id == ids[1]
    clock.now_ms += 61_000
    shown = study.next()
    assert (shown.card.id, shown.why) == (ids[0], "learning")
    study.answer(GOOD, shown)
    study.answer(GOOD)
    study.answer(GOOD)
    shown = study.next()  # nothing else is left: ten minutes early
    assert (shown.card.id, shown.why) == (ids[0], "learning ahead")
    for _ in range(3):
        study.answer(GOOD)
    assert study.next() is None
    assert {card(sqlite, number).phase for number in ids} == {"review"}


def test_siblings_are_put_off_until_tomorrow(sqlite, fill, clock):
    ids = fill(sqlite, 2, reverse=True)
    study = Study(sqlite)
    assert study.answer(EASY).buried == 1
    assert study.next().card.id == ids[2]
    study.answer(EASY)
    assert study.next() is None
    clock.now_ms += DAY
    assert {study.next().card.id} == {ids[1]}
    set_preset(sqlite, bury_siblings=False)
    assert study.answer(EASY).buried == 0


def test_a_new_day_brings_a_new_plan(sqlite, fill, clock):
    ids = fill(sqlite, 5)
    set_preset(sqlite, new_per_day=2)
    study = Study(sqlite)
    for _ in range(2):
        study.answer(EASY)
    assert study.next() is None
    clock.now_ms += DAY
    assert study.next().card.id == ids[2]
    clock.now_ms += 10 * DAY
    assert study.next().card.phase == "review"


def test_a_session_can_be_lost_at_any_moment(sqlite, fill):
    ids = fill(sqlite, 4)
    study = Study(sqlite)
    study.answer(EASY)
    study.next()
    another = Study(sqlite)
    assert another.next().card.id == ids[1]
    assert another.session.plan.new == tuple(ids[1:])


def test_a_card_answered_elsewhere_is_not_answered_twice(collection, fill):
    ids = fill(collection, 2)
    one, other = Study(collection), Study(collection)
    shown, same = one.next(), other.next()
    one.answer(GOOD, shown)
    with pytest.raises(CollectionError, match="answered or changed elsewhere"):
        other.answer(GOOD, same)
    assert len(entries(collection, *ids)) == 1
    assert other.next().card.id == ids[1]


def test_the_limit_counts_answers_that_stand(sqlite, fill):
    fill(sqlite, 4)
    study = Study(sqlite, limit=2)
    study.answer(EASY)
    study.session = suspend(sqlite, study.session, study.next())
    study.answer(EASY)
    assert study.next() is None
    study.undo()
    assert study.next() is not None


def test_suspending_and_putting_off(sqlite, fill, clock):
    ids = fill(sqlite, 3)
    study = Study(sqlite)
    study.session = suspend(sqlite, study.session, study.next())
    study.session = bury(sqlite, study.session, study.next())
    assert study.next().card.id == ids[2]
    assert card(sqlite, ids[0]).suspended
    study.undo()
    assert study.next().card.id == ids[1]
    study.session = bury(sqlite, study.session, study.next())
    clock.now_ms += DAY
    assert study.next().card.id == ids[1]


def lapse(study, clock, count):
    """Answer the only card so that it lapses so often; returns the last answer."""
    study.answer(EASY)
    for _ in range(count):
        clock.now_ms += 400 * DAY
        answered = study.answer(AGAIN)
        clock.now_ms += 700_000
        if not answered.card.suspended:
            study.answer(GOOD)
    return answered


def test_a_leech_is_tagged_and_suspended(sqlite, fill, clock):
    (number,) = fill(sqlite, 1)
    set_preset(sqlite, leech_threshold=3)
    study = Study(sqlite)
    assert lapse(study, clock, 3).leech
    assert card(sqlite, number).suspended
    with sqlite.reading() as transaction:
        note = notes.get_note(transaction, card(sqlite, number).note_id)
        assert note.tags == ("leech",)
    study.undo()
    assert not card(sqlite, number).suspended
    with sqlite.reading() as transaction:
        assert notes.get_note(transaction, note.id).tags == ()


def test_a_leech_may_stay_and_is_told_again_at_half_the_threshold(sqlite, fill, clock):
    fill(sqlite, 1)
    set_preset(sqlite, leech_threshold=4, leech_suspends=False)
    study = Study(sqlite)
    assert lapse(study, clock, 4).leech
    study.session = replace(study.session, done=())
    told = []
    for _ in range(4):
        clock.now_ms += 400 * DAY
        told.append(study.answer(AGAIN).leech)
        clock.now_ms += 700_000
        study.answer(GOOD)
    assert told == [False, True, False, True]
    set_preset(sqlite, leech_threshold=0)
    clock.now_ms += 400 * DAY
    assert not study.answer(AGAIN).leech


def test_the_clock_may_be_put_back(sqlite, fill, clock):
    (number,) = fill(sqlite, 1)
    study = Study(sqlite)
    study.answer(AGAIN)
    clock.now_ms -= 3_600_000
    with sqlite.reading() as transaction:
        moved = replace(cards.get_card(transaction, number), due_at_ms=transaction.now_ms)
    with sqlite.transaction("Due") as transaction:
        cards.update_cards(transaction, [moved])
    study.answer(GOOD)
    first, second = entries(sqlite, number)
    assert second.answered_at_ms == first.answered_at_ms + 1


class _Knowing(Ladder):
    """Knows how likely each card is recalled: the higher its number, the less."""

    def foresee(self, entries, at_ms, target, boundary):
        found = super().foresee(entries, at_ms, target, boundary)
        return Foresight(0.87, found.days, found.days_without or 4.0)

    def recall(self, entries, at_ms, boundary):
        return {number: 1.0 / number for number in entries}


def test_reviews_most_likely_forgotten_come_first(sqlite, fill, clock):
    ids = fill(sqlite, 4)
    study = Study(sqlite)
    for _ in ids:
        study.answer(EASY)
    clock.now_ms += 30 * DAY
    foreseer = _Knowing()
    study = Study(sqlite)
    study.session = ranked(sqlite, study.session, foreseer)
    assert study.session.plan.reviews == tuple(reversed(ids))
    by_day = Study(sqlite, order="day")
    assert ranked(sqlite, by_day.session, foreseer) is by_day.session


def test_what_was_expected_is_stored_and_said(sqlite, fill, clock):
    (number,) = fill(sqlite, 1)
    Study(sqlite).answer(EASY)
    clock.now_ms += 10 * DAY
    answered = Study(sqlite, _Knowing()).answer(GOOD)
    assert answered.entry.predicted_recall == 0.87
    assert answered.entry.reason["days_overdue"] == answered.entry.reason["days_overdue"]
    assert answered.line.startswith("Expected 87 % recall; recalled. Recall now stays above 90 %")
    assert "next in" in answered.line
    assert standing_of(card(sqlite, number)) != NEW


def test_no_card_is_graded_unseen_or_with_a_grade_that_there_is_not(sqlite, fill):
    fill(sqlite, 1)
    session, shown = next_card(sqlite, begin(sqlite))
    with pytest.raises(CollectionError, match="before the scheduler looked"):
        answer(sqlite, session, shown, GOOD, duration_ms=5)
    with pytest.raises(CollectionError, match="from 1"):
        answer(sqlite, session, look_ahead(shown, Ladder()), 5, duration_ms=5)


def test_a_deck_with_those_within_it(sqlite, fill):
    inside = fill(sqlite, 1, deck="A::B")
    fill(sqlite, 2, deck="C")
    with sqlite.reading() as transaction:
        deck = decks.find_deck(transaction, "A")
    study = Study(sqlite, deck_id=deck.id)
    assert study.next().card.id == inside[0]
    study.answer(EASY)
    assert study.next() is None
    with pytest.raises(UnknownNameError):
        begin(sqlite, deck_id=404)


def test_the_summary_counts_what_stands(sqlite, fill):
    fill(sqlite, 3)
    study = Study(sqlite)
    study.answer(AGAIN, duration_ms=1_000)
    study.answer(EASY, duration_ms=3_000)
    study.answer(GOOD)
    study.undo()
    ended = ending(sqlite, study.start, study.session)
    assert (ended.summary.answers, ended.summary.right) == (2, 0.5)
    assert (ended.summary.spent_ms, ended.summary.new) == (4_000, 2)
    assert not ended.finished
    assert ended.next_learning_ms is not None
