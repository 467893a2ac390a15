"""Cards, decks and presets."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection import Card, Deck, Preset, cards, decks, notes, presets, settings
from recollect.collection.presets import preset_from, preset_row
from recollect.errors import CollectionError, NoteError, ParameterError, UnknownNameError

FULL = Card(
    id=99,
    note_id=1,
    deck_id=1,
    original_deck_id=1,
    ordinal=7,
    phase="relearning",
    due_at_ms=1_700_000_000_000,
    due_day=19_000,
    position=2**40,
    interval_days=30,
    step=1,
    suspended=True,
    buried_until_day=19_001,
    flag=7,
    extra={"ease": 2500, "data": "{}"},
)


def test_a_card_comes_back(basics):
    with basics.transaction("Add card") as transaction:
        assert cards.add_cards(transaction, [FULL]) == 1
    with basics.reading() as transaction:
        assert cards.get_card(transaction, 99) == FULL
        assert [card.id for card in cards.get_cards(transaction, [30, 5, 10])] == [30, 10]
        assert [card.id for card in cards.iterate_cards(transaction)] == [
            10,
            11,
            20,
            21,
            30,
            31,
            99,
        ]
        assert [card.id for card in cards.cards_of_notes(transaction, [3, 1])] == [
            10,
            11,
            99,
            30,
            31,
        ]
        assert cards.next_position(transaction) == 2**40 + 1


def test_a_card_that_is_not_there(basics, fails):
    with basics.reading() as transaction, fails(UnknownNameError, "card", "98"):
        cards.get_card(transaction, 98)


def test_the_first_position(collection):
    with collection.reading() as transaction:
        assert cards.next_position(transaction) == 1


def test_marking_cards(basics, fails):
    with basics.transaction("Mark") as transaction:
        assert cards.suspend_cards(transaction, [10, 11, 98]) == 2
        assert cards.suspend_cards(transaction, [10, 20]) == 1
        assert cards.suspend_cards(transaction, [11], suspended=False) == 1
        assert cards.bury_cards(transaction, [10], 19_000) == 1
        assert cards.flag_cards(transaction, [10], 3) == 1
        with fails(CollectionError, "0 (none) to 7, not 8"):
            cards.flag_cards(transaction, [10], 8)
        card = cards.get_card(transaction, 10)
        assert (card.suspended, card.buried_until_day, card.flag) == (True, 19_000, 3)
        assert not cards.get_card(transaction, 11).suspended
        assert cards.bury_cards(transaction, [10], None) == 1
        assert cards.get_card(transaction, 10).buried_until_day is None


def test_the_last_of_several_updates_counts(basics, contents):
    before = contents(basics)
    with basics.transaction("Change") as transaction:
        card = cards.get_card(transaction, 10)
        assert cards.update_cards(transaction, [replace(card, flag=1), card]) == 0
        assert cards.update_cards(transaction, [card, replace(card, flag=2)]) == 1
        assert cards.get_card(transaction, 10).flag == 2
    basics.undo()
    assert contents(basics) == before


def test_moving_cards(basics, fails):
    with basics.transaction("Move") as transaction:
        there = decks.make_deck(transaction, "A::B")
        borrowed = decks.add_deck(
            transaction, Deck(0, "Filtered", preset_id=None, is_filtered=True)
        )
        card = replace(cards.get_card(transaction, 10), deck_id=borrowed.id, original_deck_id=1)
        assert card.home_deck_id == 1
        cards.update_cards(transaction, [card])
        assert cards.move_cards(transaction, [10, 11], there.id) == 2
        assert cards.get_card(transaction, 10) == replace(
            card, deck_id=there.id, original_deck_id=None
        )
        with fails(CollectionError, "filtered deck"):
            cards.move_cards(transaction, [11], borrowed.id)
        with fails(UnknownNameError, "deck", "77"):
            cards.move_cards(transaction, [11], 77)


def test_deleting_the_last_card_deletes_the_note(basics):
    with basics.transaction("Delete cards") as transaction:
        assert cards.delete_cards(transaction, [10, 11, 20, 98]) == 3
        assert [note.id for note in notes.iterate_notes(transaction)] == [2, 3]
        assert [card.id for card in cards.iterate_cards(transaction)] == [21, 30, 31]


def names(transaction):
    return [deck.name for deck in decks.list_decks(transaction)]


def test_decks_have_levels(collection, fails):
    with collection.transaction("Decks") as transaction:
        made = decks.make_deck(transaction, " a :: B::::c ")
        assert made.name == "a::B::c"
        assert decks.make_deck(transaction, "a::B::c") == made
        decks.make_deck(transaction, "a B")
        decks.make_deck(transaction, "A")
        assert names(transaction) == ["a", "A", "a::B", "a::B::c", "a B", "Default"]
        top = decks.find_deck(transaction, "a")
        assert [d.name for d in decks.deck_tree(transaction, top.id)] == ["a", "a::B", "a::B::c"]
        with fails(CollectionError, "'a::B' already"):
            decks.add_deck(transaction, Deck(0, "a::B"))
        with fails(NoteError, "needs a name"):
            decks.make_deck(transaction, " :: ")
        with fails(UnknownNameError, "deck"):
            decks.get_deck(transaction, 5)
        assert decks.find_deck(transaction, "none") is None


def test_renaming_a_deck_takes_those_within_it_along(collection, fails):
    with collection.transaction("Decks") as transaction:
        inner = decks.make_deck(transaction, "a::b::c")
        decks.make_deck(transaction, "ab")
        decks.make_deck(transaction, "z::c")
        b = decks.find_deck(transaction, "a::b")
        decks.rename_deck(transaction, b.id, "x::y")
        assert names(transaction) == ["a", "ab", "Default", "x", "x::y", "x::y::c", "z", "z::c"]
        assert decks.get_deck(transaction, inner.id).name == "x::y::c"
        with fails(CollectionError, "within itself"):
            decks.rename_deck(transaction, b.id, "x::y::d")
        with fails(CollectionError, "'z' already"):
            decks.rename_deck(transaction, b.id, "z")
        decks.rename_deck(transaction, b.id, "x::y")
        decks.rename_deck(transaction, 1, "My cards")
        assert decks.get_deck(transaction, 1).name == "My cards"
        with fails(NoteError, "500"):
            decks.rename_deck(transaction, b.id, "x" * 499)


def test_a_deck_can_move_up_into_its_own_parents_name(collection):
    with collection.transaction("Decks") as transaction:
        deck = decks.make_deck(transaction, "a::a")
        decks.rename_deck(transaction, deck.id, "b")
        assert names(transaction) == ["a", "b", "Default"]


def test_updating_a_deck(collection, fails):
    with collection.transaction("Decks") as transaction:
        deck = decks.make_deck(transaction, "a")
        changed = replace(deck, description="<b>x</b>", extra={"k": 1})
        decks.update_deck(transaction, changed)
        assert decks.get_deck(transaction, deck.id) == changed
        with fails(CollectionError, "rename"):
            decks.update_deck(transaction, replace(deck, name="b"))
    with (
        fails(CollectionError, "refuses the change"),
        collection.transaction("Preset") as transaction,
    ):
        decks.update_deck(transaction, replace(deck, preset_id=77))


def test_deleting_a_deck(basics, contents, fails):
    with basics.transaction("Decks") as transaction:
        a, b, c = (decks.make_deck(transaction, name) for name in ("A", "A::B", "C"))
        borrowing = decks.add_deck(transaction, Deck(0, "A::F", preset_id=None, is_filtered=True))
        cards.move_cards(transaction, [10, 11], b.id)
        cards.move_cards(transaction, [20], c.id)
        lent = [
            replace(cards.get_card(transaction, card), deck_id=borrowing.id, original_deck_id=home)
            for card, home in ((20, c.id), (21, 1))
        ]
        cards.update_cards(transaction, lent)
    before = contents(basics)
    with basics.transaction("Delete deck") as transaction:
        assert decks.delete_decks(transaction, [a.id]) == 2
        assert names(transaction) == ["C", "Default"]
        assert [card.id for card in cards.iterate_cards(transaction)] == [20, 21, 30, 31]
        assert cards.get_card(transaction, 20).deck_id == c.id
        assert cards.get_card(transaction, 21).original_deck_id is None
        assert notes.get_notes(transaction, [1]) == []
        with fails(CollectionError, "first deck stays"):
            decks.delete_decks(transaction, [1])
    basics.undo()
    assert contents(basics) == before


def test_a_deck_whose_cards_are_lent(basics):
    with basics.transaction("Decks") as transaction:
        home = decks.make_deck(transaction, "Home")
        borrowing = decks.add_deck(transaction, Deck(0, "F", preset_id=None, is_filtered=True))
        card = cards.get_card(transaction, 10)
        lent = replace(card, deck_id=borrowing.id, original_deck_id=home.id)
        cards.update_cards(transaction, [lent])
        assert decks.delete_decks(transaction, [home.id]) == 1
        assert cards.get_cards(transaction, [10]) == []


def test_presets(collection, fails):
    with collection.transaction("Presets") as transaction:
        hard = presets.add_preset(
            transaction,
            Preset(
                0, "Hard", 0.95, 5, 50, (1.0, 10.5, 60.0), (), 365, False, False, 4, False, "random"
            ),
        )
        assert presets.get_preset(transaction, hard.id) == hard
        assert [p.name for p in presets.list_presets(transaction)] == ["Default", "Hard"]
        deck = decks.add_deck(transaction, Deck(0, "A", preset_id=hard.id))
        presets.update_preset(transaction, replace(hard, extra={"anki": {"x": [1]}}))
        assert presets.get_preset(transaction, hard.id).extra == {"anki": {"x": [1]}}
        presets.delete_presets(transaction, [hard.id])
        assert decks.get_deck(transaction, deck.id).preset_id == 1
        with fails(CollectionError, "first preset stays"):
            presets.delete_presets(transaction, [1])
        with fails(UnknownNameError, "preset"):
            presets.get_preset(transaction, hard.id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"desired_retention": 0.4},
        {"desired_retention": 1.0},
        {"desired_retention": float("nan")},
        {"new_per_day": -1},
        {"new_per_day": 2.5},
        {"reviews_per_day": True},
        {"maximum_interval_days": 0},
        {"learning_steps_minutes": (1.0, 0)},
        {"relearning_steps_minutes": (float("inf"),)},
        {"leech_threshold": "8"},
        {"new_order": "backwards"},
    ],
)
def test_presets_out_of_range(wrong, fails):
    (name,) = wrong
    row = preset_row(Preset(2, "P"))
    values = preset_from(row)
    object.__setattr__(values, name, wrong[name])
    with fails(CollectionError, "'P'", name):
        presets.check_preset(values)


def test_a_preset_of_an_older_version_takes_defaults():
    assert preset_from((3, "Old", '{"new_per_day":7,"gone":1}', "{}")) == Preset(
        3, "Old", new_per_day=7
    )


@given(
    st.fixed_dictionaries(
        {
            "desired_retention": st.floats(0.5, 0.999),
            "new_per_day": st.integers(0, 9999),
            "learning_steps_minutes": st.lists(st.floats(0.01, 1440)).map(tuple),
            "maximum_interval_days": st.integers(1, 36_500),
            "fuzz": st.booleans(),
            "new_order": st.sampled_from(["position", "random"]),
            "extra": st.just({"a": [1]}),
        }
    )
)
def test_presets_come_back(values):
    preset = Preset(5, "P", **values)
    assert preset_from(preset_row(preset)) == preset


def test_settings(collection, fails):
    with collection.transaction("Settings") as transaction:
        changed = replace(
            settings.get_settings(transaction), time_zone="Asia/Tokyo", extra={"a": 1}
        )
        settings.update_settings(transaction, changed)
        assert settings.get_settings(transaction) == changed
        with fails(ParameterError, "Mars"):
            settings.update_settings(transaction, replace(changed, time_zone="Mars"))
    collection.undo()
    with collection.reading() as transaction:
        assert settings.get_settings(transaction).time_zone == "UTC"
