"""Transactions: all or nothing, one writer at a time, readers undisturbed."""

import threading

import pytest

from recollect.collection import Card, Note, cards, decks, notes, schema
from recollect.collection.transaction import chunks
from recollect.errors import CollectionError, NoteError, UnknownNameError


def deck_names(collection):
    with collection.reading() as transaction:
        return [deck.name for deck in decks.list_decks(transaction)]


def test_an_error_leaves_nothing(collection, contents):
    before = contents(collection)

    def write(error):
        with collection.transaction("Add") as transaction:
            decks.make_deck(transaction, "A")
            raise error

    for error in (ZeroDivisionError(), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            write(error)
    assert contents(collection) == before
    assert collection.changes() == []


def test_a_reader_sees_one_moment(collection):
    with collection.reading() as reader:
        assert len(decks.list_decks(reader)) == 1
        with collection.transaction("Add") as writer:
            decks.make_deck(writer, "A")
        assert len(decks.list_decks(reader)) == 1
    assert deck_names(collection) == ["A", "Default"]


def test_a_reader_cannot_write(collection, fails):
    with collection.reading() as reader:
        with fails(CollectionError, "only being read"):
            decks.make_deck(reader, "A")
        with fails(CollectionError, "only being read"):
            cards.update_cards(reader, [Card(1, 1, 1)])
    assert deck_names(collection) == ["Default"]


def test_writers_take_turns(collection):
    """Each adds to what the one before left: nothing is lost, however they meet."""
    turns = 10

    def count_up():
        for _ in range(turns):
            with collection.transaction("Count") as transaction:
                deck = decks.get_deck(transaction, 1)
                number = int(deck.description or 0) + 1
                decks.update_deck(transaction, decks.replace(deck, description=str(number)))

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with collection.reading() as transaction:
        assert decks.get_deck(transaction, 1).description == str(4 * turns)


def test_what_only_grows_cannot_shrink(basics, fails):
    with basics.transaction("Rewrite history") as transaction:
        for table in (schema.reviews, schema.note_versions):
            with fails(CollectionError, "only grows"):
                transaction.delete(table, table.columns[0].name, [1])
            with fails(CollectionError, "only grows"):
                transaction.update(table, [])


def test_rows_of_no_such_number(collection, fails):
    with (
        fails(UnknownNameError, "card", "77"),
        collection.transaction("Change") as transaction,
    ):
        cards.update_cards(transaction, [Card(77, 1, 1)])


def test_constraints_are_told_in_one_line(basics, fails):
    with (
        fails(CollectionError, "refuses the change", "nothing was changed"),
        basics.transaction("Twice") as transaction,
    ):
        cards.add_cards(transaction, [Card(10, 1, 1, ordinal=5)])
    with (
        fails(CollectionError, "refuses the change"),
        basics.transaction("No such note") as transaction,
    ):
        cards.add_cards(transaction, [Card(99, 98, 1)])
    with (
        fails(CollectionError, "refuses the change"),
        basics.transaction("No such phase") as transaction,
    ):
        transaction.insert(
            schema.cards,
            [(99, 1, 1, None, 7, "odd", None, None, None, 0, None, False, None, 0, "{}")],
        )


def test_numbers_that_do_not_fit(basics, fails):
    for number in (2**63, -(2**70)):
        with (
            fails(CollectionError, "fit"),
            basics.transaction("Too large") as transaction,
        ):
            cards.add_cards(transaction, [Card(number, 1, 1, ordinal=5)])


def test_many_rows_are_streamed(collection, add_basics):
    """Enough for several chunks, and for PostgreSQL's bulk way in."""
    count = 10_050
    taken = []

    def stream():
        for number in range(100, 100 + count):
            taken.append(number)
            yield Note(number, f"g{number}", 10, (f"f\t{number}\n\\N", "zurück ☃ 😀"), ("t",))

    with collection.transaction("Add many") as transaction:
        add_basics(transaction, 1)
        assert notes.add_notes(transaction, stream()) == count
    assert len(taken) == count
    with collection.reading() as transaction:
        found = list(notes.iterate_notes(transaction))
    assert len(found) == count + 1
    assert found[-1].fields == (f"f\t{99 + count}\n\\N", "zurück ☃ 😀")
    assert found[-1].tags == ("t",)


def test_an_error_in_the_stream_leaves_nothing(collection, add_basics, contents, fails):
    before = contents(collection)

    def stream():
        yield from (Note(n, f"g{n}", 10, ("a", "b")) for n in range(100, 10_200))
        yield Note(99, "g99", 10, ("one field",))

    with fails(NoteError, "note 99"), collection.transaction("Add many") as transaction:
        add_basics(transaction, 1)
        notes.add_notes(transaction, stream())
    assert contents(collection) == before


def test_chunks():
    assert list(chunks(range(5), 2)) == [[0, 1], [2, 3], [4]]
    assert list(chunks([], 2)) == []
