"""Rebuilding from the reviews gives what is stored, whatever the learner does."""

import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from recollect.collection import cards, open_collection, presets
from recollect.reviews.days import DayBoundary
from recollect.scheduling.ladder import Ladder
from recollect.scheduling.rebuild import differences, rebuild
from recollect.scheduling.standing import NEW, put
from recollect.study import answer, begin, bury, look_ahead, next_card, suspend, undo

MS_PER_DAY = 86_400_000
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
STEPS = st.lists(st.sampled_from([0.5, 1.0, 10.0, 60.0, 1_440.0, 4_320.0]), max_size=3)


class _Clock:
    now_ms = 1_774_700_000_000  # two days before clocks are changed in Berlin

    def __call__(self):
        self.now_ms += 1_000
        return self.now_ms


class Learner(RuleBasedStateMachine):
    """Answers, takes back, suspends and lets days go by, in any order."""

    @initialize(zone=st.sampled_from(ZONES), hour=st.integers(0, 23))
    def begin(self, zone, hour):
        self.folder = tempfile.TemporaryDirectory()
        self.clock = _Clock()
        self.collection = open_collection(
            Path(self.folder.name) / "collection.db",
            clock=self.clock,
            random_bytes=bytes,
            day_boundary=DayBoundary(zone, hour),
        )
        self.fill(self.collection, 4, reverse=True)
        self.session = begin(self.collection)
        self.answers = 0

    def teardown(self):
        if hasattr(self, "collection"):
            self.collection.close()
            self.folder.cleanup()

    def shown(self):
        self.session, shown = next_card(self.collection, self.session)
        return None if shown is None else look_ahead(shown, Ladder())

    @rule(rating=st.integers(1, 4), duration_ms=st.integers(0, 60_000))
    def answer(self, rating, duration_ms):
        shown = self.shown()
        if shown is not None:
            self.session, _ = answer(
                self.collection, self.session, shown, rating, duration_ms=duration_ms
            )
            self.answers += 1

    @rule()
    @precondition(lambda self: self.answers > 0)
    def undo(self):
        self.session, _ = undo(self.collection, self.session)

    @rule()
    @precondition(lambda self: self.answers > 0)
    def redo(self):
        self.collection.redo()

    @rule(minutes=st.integers(1, 3_000))
    def wait(self, minutes):
        self.clock.now_ms += minutes * 60_000

    @rule(days=st.integers(1, 400))
    def days_go_by(self, days):
        self.clock.now_ms += days * MS_PER_DAY

    @rule()
    def begin_anew(self):
        self.session = begin(self.collection)

    @rule(change=st.sampled_from([suspend, bury]))
    def put_away(self, change):
        shown = self.shown()
        if shown is not None:
            self.session = change(self.collection, self.session, shown)

    @rule(learning=STEPS, relearning=STEPS)
    def change_steps(self, learning, relearning):
        with self.collection.transaction("Preset") as transaction:
            preset = replace(
                presets.get_preset(transaction, 1),
                learning_steps_minutes=tuple(learning),
                relearning_steps_minutes=tuple(relearning),
                leech_threshold=3,
            )
            presets.update_preset(transaction, preset)

    @invariant()
    def rebuilt_is_stored(self):
        if hasattr(self, "collection"):
            with self.collection.reading() as transaction:
                assert list(differences(transaction)) == []


def test_rebuilding_gives_what_is_stored(fill, monkeypatch):
    monkeypatch.setattr(Learner, "fill", staticmethod(fill), raising=False)
    run_state_machine_as_test(
        Learner,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_card_that_was_stored_wrongly_is_found_and_put_right(sqlite, fill):
    ids = fill(sqlite, 2)
    session = begin(sqlite)
    session, shown = next_card(sqlite, session)
    answer(sqlite, session, look_ahead(shown, Ladder()), 4, duration_ms=900)
    with sqlite.transaction("Break") as transaction:
        right = cards.get_card(transaction, ids[0])
        cards.update_cards(transaction, [put(right, NEW)])
    with sqlite.transaction("Put right") as transaction:
        found = list(differences(transaction))
        assert [(one.card.id, one.imported) for one in found] == [(ids[0], False)]
        assert rebuild(transaction, found) == 1
    with sqlite.reading() as transaction:
        assert cards.get_card(transaction, ids[0]) == right
        assert list(differences(transaction, ids)) == []
