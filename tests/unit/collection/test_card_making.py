"""Notes and the cards that they make, in the collection."""

from dataclasses import replace

import pytest

from recollect.collection import Deck, Note, cards, decks, note_types, notes
from recollect.collection.card_making import (
    Made,
    add_note,
    add_notes_with_cards,
    edit_notes,
    find_blank_cards,
)
from recollect.collection.stock import STOCK, stock_note_type
from recollect.errors import CollectionError, UnknownNameError


def ordinals(transaction, note_id):
    return [card.ordinal for card in cards.cards_of_notes(transaction, [note_id])]


def test_adding_a_note(collection, clock, contents):
    before = contents(collection)
    with collection.transaction("Add note") as transaction:
        kind = stock_note_type(transaction, "reversed")
        deck = decks.make_deck(transaction, "Words")
        note = add_note(transaction, kind, ["ser", "to be"], deck.id, ["verb"])
        made = cards.cards_of_notes(transaction, [note.id])
    assert note.fields == ("ser", "to be")
    assert note.tags == ("verb",)
    assert note.modified_at_ms == clock.now_ms
    assert [(card.ordinal, card.deck_id, card.phase, card.position) for card in made] == [
        (0, deck.id, "new", 1),
        (1, deck.id, "new", 1),
    ]
    collection.undo()
    assert contents(collection) == before


def test_adding_to_no_deck(collection, fails):
    with fails(CollectionError, "refuses"), collection.transaction("Add note") as transaction:
        add_note(transaction, stock_note_type(transaction, "basic"), ["a", "b"], 77)


def test_adding_many(collection):
    with collection.transaction("Add notes") as transaction:
        kind = stock_note_type(transaction, "cloze")
        many = (
            Note(n, f"g{n}", kind.id, ("{{c1::a}}{{c2::b}}" if n % 2 else "{{c1::a}}", ""))
            for n in range(1, 2_101)
        )
        assert add_notes_with_cards(transaction, many, 1) == Made(2_100, 3_150)
        assert ordinals(transaction, 1) == [0, 1]
        assert ordinals(transaction, 2) == [0]
        positions = [card.position for card in cards.iterate_cards(transaction)]
        assert positions == sorted(positions)
        assert (positions[0], positions[-1]) == (1, 2_100)
        assert cards.next_position(transaction) == 2_101


def test_editing_makes_the_cards_that_are_new(collection, clock):
    with collection.transaction("Add note") as transaction:
        kind = stock_note_type(transaction, "cloze")
        deck = decks.make_deck(transaction, "Words")
        note = add_note(transaction, kind, ["{{c1::a}} {{c2::b}}", ""], deck.id)
        lent = decks.add_deck(transaction, Deck(0, "F", preset_id=None, is_filtered=True))
        card = cards.cards_of_notes(transaction, [note.id])[0]
        cards.update_cards(transaction, [replace(card, deck_id=lent.id, original_deck_id=deck.id)])
    with collection.transaction("Edit note") as transaction:
        changed = replace(note, fields=("{{c1::a}} {{c5::b}}", ""))
        assert edit_notes(transaction, [changed]) == Made(1, 1)
        assert ordinals(transaction, note.id) == [0, 1, 4]
        assert cards.cards_of_notes(transaction, [note.id])[2].deck_id == deck.id
        assert notes.get_note(transaction, note.id).modified_at_ms == transaction.now_ms
        blank = find_blank_cards(transaction)
        assert [card.ordinal for card in cards.get_cards(transaction, blank)] == [1]
        assert edit_notes(transaction, [changed]) == Made(0, 0)


def test_a_note_keeps_its_only_card(collection):
    with collection.transaction("Add note") as transaction:
        kind = stock_note_type(transaction, "basic")
        note = add_note(transaction, kind, ["", "b"], 1)
        assert ordinals(transaction, note.id) == [0]
        assert find_blank_cards(transaction) == []


def test_a_new_template_makes_cards(basics):
    with basics.transaction("Edit note type") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        third = replace(kind.templates[0], name="Third")
        note_types.update_note_type(
            transaction,
            replace(kind, templates=(*kind.templates, third)),
            templates_from=[0, 1, None],
        )
        assert edit_notes(transaction, list(notes.iterate_notes(transaction))) == Made(0, 3)
        assert ordinals(transaction, 2) == [0, 1, 2]


@pytest.mark.parametrize("name", STOCK)
def test_stock_note_types(collection, name, fails):
    with collection.transaction("Add") as transaction:
        made = stock_note_type(transaction, name)
        assert stock_note_type(transaction, name) == made
        assert made.templates == STOCK[name].templates
        changed = replace(made, fields=(*made.fields, replace(made.fields[0], name="Other")))
        note_types.update_note_type(
            transaction, changed, fields_from=[*range(len(made.fields)), None]
        )
        second = stock_note_type(transaction, name)
        assert second.name == f"{made.name} 2"
        assert stock_note_type(transaction, name) == second
        with fails(UnknownNameError, "stock note type", "nothing", "basic"):
            stock_note_type(transaction, "nothing")
