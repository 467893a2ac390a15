"""Undo and redo: whatever was done, in whatever order, comes back."""

from dataclasses import replace

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from recollect.collection import (
    Card,
    Note,
    ReviewEntry,
    cards,
    decks,
    note_types,
    notes,
    open_collection,
    presets,
    reviews,
    tags,
)
from recollect.collection.changes import KEPT_CHANGES
from recollect.errors import CollectionError


def add_deck(collection, name):
    with collection.transaction(f"Add {name}") as transaction:
        return decks.make_deck(transaction, name).id, transaction.change_id


def test_nothing_to_take_back(collection):
    assert collection.undo() is None
    assert collection.redo() is None
    assert collection.changes() == []


def test_undo_and_redo(collection, contents):
    states = [contents(collection)]
    for name in ("A", "B::C", "D"):
        add_deck(collection, name)
        states.append(contents(collection))
    assert [change.title for change in collection.changes()] == ["Add D", "Add B::C", "Add A"]
    for state, title in zip(states[-2::-1], ("Add D", "Add B::C", "Add A"), strict=True):
        assert collection.undo().title == title
        assert contents(collection) == state
    assert collection.undo() is None
    assert all(change.undone for change in collection.changes())
    for state in states[1:]:
        assert collection.redo().undone is False
        assert contents(collection) == state
    assert collection.redo() is None


def test_templates_that_changed_places_come_back(basics, contents):
    """Cards change places in two steps, since no two of a note may have one ordinal."""
    before = contents(basics)
    with basics.transaction("Swap") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        swapped = replace(kind, templates=kind.templates[::-1])
        note_types.update_note_type(transaction, swapped, templates_from=[1, 0])
    after = contents(basics)
    assert after != before
    basics.undo()
    assert contents(basics) == before
    basics.redo()
    assert contents(basics) == after


def test_a_new_change_forgets_what_was_undone(collection):
    add_deck(collection, "A")
    collection.undo()
    add_deck(collection, "B")
    assert collection.redo() is None
    assert [change.title for change in collection.changes()] == ["Add B"]


def test_a_change_that_did_nothing_is_not_listed(basics):
    with basics.transaction("Nothing") as transaction:
        cards.suspend_cards(transaction, [10], suspended=False)
        decks.make_deck(transaction, "Default")
    assert [change.title for change in basics.changes()] == ["Add notes"]


def test_a_change_without_a_title_is_final(collection):
    add_deck(collection, "A")
    with collection.transaction(None) as transaction:
        decks.make_deck(transaction, "B")
    assert collection.changes() == []
    assert collection.undo() is None


def test_only_the_last_are_kept(collection):
    for number in range(KEPT_CHANGES + 5):
        add_deck(collection, f"d{number}")
    assert len(collection.changes()) == KEPT_CHANGES
    assert sum(collection.undo() is not None for _ in range(KEPT_CHANGES + 5)) == KEPT_CHANGES
    with collection.reading() as transaction:
        assert len(decks.list_decks(transaction)) == 1 + 5


def test_the_wrong_change_is_not_taken_back(collection, fails):
    _, first = add_deck(collection, "A")
    _, second = add_deck(collection, "B")
    assert first < second
    with fails(CollectionError, "'Add B'", "another change"):
        collection.undo(first)
    assert collection.undo(second).title == "Add B"
    with fails(CollectionError, "another change"):
        collection.redo(first)
    assert collection.redo(second).title == "Add B"


def test_numbers_rise_even_where_the_clock_stands(tmp_path):
    with open_collection(tmp_path / "c.db", clock=lambda: 1_000) as collection:
        numbers = [add_deck(collection, name)[1] for name in "ABC"]
    assert numbers == [1_000, 1_001, 1_002]


def test_a_large_change(collection, add_basics, contents):
    """More than fits into one list of values, and reviews are voided with it."""
    before = contents(collection)
    count = 2_500
    with collection.transaction("Import") as transaction:
        kind = add_basics(transaction, 0)
        assert kind == []
        notes.add_notes(
            transaction, (Note(n, f"g{n}", 10, ("a", "b"), ("t",)) for n in range(1, count))
        )
        cards.add_cards(transaction, (Card(n, n, 1) for n in range(1, count)))
        reviews.append_reviews(
            transaction, (ReviewEntry(n, n, n, 3, "review") for n in range(1, count))
        )
    after = contents(collection)
    collection.undo()
    assert contents(collection) == before
    collection.redo()
    assert contents(collection) == after


class Undoing(RuleBasedStateMachine):
    """Random changes, undone and redone at random: every state seen before is seen again."""

    def __init__(self):
        super().__init__()
        self.collection = self.fresh()
        self.history = [self.state()]
        self.at = 0

    def state(self):
        return self.contents(self.collection)

    def changed(self, before):
        after = self.state()
        if after != before:
            self.history = [*self.history[: self.at + 1], after]
            self.at += 1

    def change(self, act):
        before = self.state()
        try:
            with self.collection.transaction("Change") as transaction:
                act(transaction)
        except CollectionError:
            assert self.state() == before
        self.changed(before)

    def teardown(self):
        self.collection.close()

    @rule(name=st.sampled_from(["A", "A::B", "C::D::E"]))
    def add_deck(self, name):
        self.change(lambda t: decks.make_deck(t, name))

    @rule(at=st.integers(0, 5), name=st.sampled_from(["A", "B::A", "X"]))
    def rename_deck(self, at, name):
        def act(t):
            found = decks.list_decks(t)
            decks.rename_deck(t, found[at % len(found)].id, name)

        self.change(act)

    @rule(at=st.integers(0, 5))
    def delete_deck(self, at):
        def act(t):
            found = decks.list_decks(t)
            decks.delete_decks(t, [found[at % len(found)].id])

        self.change(act)

    @rule(card=st.sampled_from([10, 11, 20, 21, 30, 31]), at=st.integers(0, 5))
    def move_card(self, card, at):
        def act(t):
            found = decks.list_decks(t)
            cards.move_cards(t, [card], found[at % len(found)].id)

        self.change(act)

    @rule(card=st.sampled_from([10, 20, 31]), day=st.integers(0, 3))
    def answer(self, card, day):
        def act(t):
            for found in cards.get_cards(t, [card]):
                cards.update_cards(t, [replace(found, phase="review", due_day=day)])
                reviews.append_review(t, ReviewEntry(t.now_ms, card, t.now_ms, 3, "review"))

        self.change(act)

    @rule(note=st.integers(1, 3), text=st.sampled_from(["a", "b"]))
    def edit(self, note, text):
        def act(t):
            found = notes.get_notes(t, [note])
            notes.update_notes(t, [replace(n, fields=(text, n.fields[1])) for n in found])

        self.change(act)

    @rule(note=st.integers(1, 4), tag=st.sampled_from(["all", "x", "x::y"]), add=st.booleans())
    def tag(self, note, tag, add):
        self.change(lambda t: (tags.add_tags if add else tags.remove_tags)(t, [note], [tag]))

    @rule(new=st.sampled_from(["x", "all", "z"]))
    def rename_tag(self, new):
        self.change(lambda t: tags.rename_tag(t, "x", new))

    @rule(note=st.integers(1, 3))
    def delete_note(self, note):
        self.change(lambda t: notes.delete_notes(t, [note]))

    @rule(note=st.integers(1, 3), text=st.sampled_from(["a", "c"]))
    def add_note_again(self, note, text):
        def act(t):
            notes.add_notes(t, [Note(note, f"guid-{note}", 10, (text, ""), ("all",))])
            cards.add_cards(t, [Card(10 * note, note, 1)])

        self.change(act)

    @rule(order=st.permutations([0, 1]))
    def edit_note_type(self, order):
        def act(t):
            kind = note_types.get_note_type(t, 10)
            moved = replace(
                kind,
                fields=tuple(kind.fields[at] for at in order),
                templates=tuple(kind.templates[at] for at in order),
            )
            note_types.update_note_type(t, moved, fields_from=order, templates_from=order)

        self.change(act)

    @rule(many=st.integers(0, 5))
    def edit_preset(self, many):
        def act(t):
            presets.update_preset(t, replace(presets.get_preset(t, 1), new_per_day=many))

        self.change(act)

    @rule()
    def fail_half_way(self):
        def act(t):
            decks.make_deck(t, "Half")
            raise CollectionError("half-way")

        self.change(act)

    @precondition(lambda self: self.at > 0)
    @rule()
    def undo(self):
        assume(self.at > 0)
        assert self.collection.undo() is not None
        self.at -= 1
        assert self.state() == self.history[self.at]

    @rule()
    def redo(self):
        change = self.collection.redo()
        assert (change is not None) == (self.at < len(self.history) - 1)
        if change is not None:
            self.at += 1
        assert self.state() == self.history[self.at]

    @invariant()
    def nothing_is_loose(self):
        with self.collection.reading() as transaction:
            loose = transaction.connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        assert loose == []


def test_any_order_of_changes_and_undo(opened, tmp_path_factory, add_basics, contents):
    def fresh(self):
        collection = opened(tmp_path_factory.mktemp("c") / "c.db")
        with collection.transaction(None) as transaction:
            add_basics(transaction)
        return collection

    machine = type("Machine", (Undoing,), {"fresh": fresh, "contents": staticmethod(contents)})
    test = machine.TestCase()
    test.settings = settings(
        max_examples=12,
        stateful_step_count=20,
        suppress_health_check=[HealthCheck.too_slow],
        deadline=None,
    )
    test.runTest()
