"""Orders, pages, texts that are brought up to date, and terms from elsewhere."""

import sqlite3
from dataclasses import replace
from itertools import product

import pytest

from recollect.collection import notes, open_collection
from recollect.collection.search import (
    SORTS,
    Extensions,
    count_cards,
    find_cards,
    find_page,
    finding,
    pending,
    refresh,
    texts_sought,
)
from recollect.errors import ParameterError, SearchError


def test_pages_are_the_whole_in_pieces(filled):
    collection = filled(1)
    with collection.reading() as transaction:
        for sort, descending in product(SORTS, (False, True)):
            order = {"sort": sort, "descending": descending}
            whole = find_cards(transaction, "-flag:1", **order)
            pages, after = [], None
            while pages == [] or after is not None:
                page = find_page(transaction, "-flag:1", size=17, after=after, **order)
                pages.extend(page.card_ids)
                after = page.after
            assert pages == whole
            assert len(whole) == len(set(whole)) > 34
            if descending:
                assert whole == find_cards(transaction, "-flag:1", sort=sort)[::-1]


def test_orders(filled, oracle):
    collection = filled(1)
    with collection.reading() as transaction:
        brute = oracle.BruteForce(transaction)
        cards = {card.id: card for card in brute.cards}

        def ordered(sort):
            return [cards[number] for number in find_cards(transaction, "", sort=sort)]

        assert [c.id for c in ordered("added")] == sorted(cards)
        intervals = [(c.interval_days, c.id) for c in ordered("interval")]
        assert intervals == sorted(intervals)
        names = [
            (brute.decks[c.deck_id].name.casefold().split("::"), c.id) for c in ordered("deck")
        ]
        assert names == sorted(names)
        firsts = [(brute.notes[c.note_id].fields[0], c.id) for c in ordered("field")]
        read = [(oracle.read(html).lower(), number) for html, number in firsts]
        assert [text[:1] for text, _ in read] == sorted(text[:1] for text, _ in read)
        phases = [c.phase == "new" for c in ordered("due")]
        assert phases == sorted(phases)
        moments = [
            c.due_at_ms or (c.due_day or 0) * 86_400_000 for c in ordered("due") if c.phase != "new"
        ]
        assert moments == sorted(moments)


def test_wrong_orders_sizes_and_places_are_refused(filled):
    collection = filled(1)
    with collection.reading() as transaction:
        with pytest.raises(ParameterError, match="no order 'colour'; there are: due"):
            find_cards(transaction, "", sort="colour")
        with pytest.raises(ParameterError, match="one card or more"):
            find_page(transaction, "", size=0)
        with pytest.raises(ParameterError, match="no place"):
            find_page(transaction, "", size=1, sort="due", after=(1,))


def test_edits_and_undo_are_found_at_once(filled):
    collection = filled(1)
    assert pending(collection, few=0) == 0
    with collection.transaction("Edit") as transaction:
        note = next(notes.iterate_notes(transaction))
        edited = replace(note, fields=("a wholly new wordling", *note.fields[1:]))
        notes.update_notes(transaction, [edited])

    def found(query):
        with collection.reading() as transaction:
            return count_cards(transaction, query)

    for _ in range(2):
        assert found("wordling") == found("w:wordling") == found("re:wordling") > 0
        assert found(f"nid:{note.id} -wordling") == 0
        collection.undo()
        assert found("wordling") == found("w:wordling") == found("re:wordling") == 0
        collection.redo()
        refresh(collection, few=0)
    assert pending(collection, few=0) == 0
    with collection.transaction("Delete") as transaction:
        notes.delete_notes(transaction, [note.id])
    assert found("wordling") == found("*wor*ling") == 0
    collection.undo()
    assert found("wordling") == found("*wor*ling") > 0


def test_few_new_texts_are_not_worth_writing(filled):
    collection = filled(0)
    assert refresh(collection) == 0
    assert pending(collection) == 0
    assert pending(collection, few=39) == 40
    assert refresh(collection, few=39) == 40
    assert pending(collection, few=0) == 0


def test_refreshing_keeps_the_undo_list(filled):
    collection = filled(0)
    with collection.transaction("Edit") as transaction:
        notes.update_notes(
            transaction, [replace(n, tags=("x",)) for n in notes.iterate_notes(transaction)]
        )
    before = collection.changes()
    refresh(collection, few=0)
    assert collection.changes() == before


def test_a_search_needs_no_writing(tmp_path, clock):
    place = tmp_path / "c.db"
    with open_collection(place, clock=clock) as collection:
        from recollect.collection import Card, Field, Note, NoteType, Template, cards, note_types

        with collection.transaction(None) as t:
            kind = note_types.add_note_type(
                t, NoteType(0, "B", "normal", (Field("F"),), (Template("C", "{{F}}", ""),))
            )
            notes.add_notes(t, [Note(n, f"g{n}", kind.id, (f"dog {n}",)) for n in range(1, 400)])
            cards.add_cards(t, [Card(n, n, 1) for n in range(1, 400)])
        blocker = sqlite3.connect(place, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        with collection.reading() as transaction:
            assert count_cards(transaction, "dog") == 399
            assert count_cards(transaction, "w:7 f:dog*") == 1
        blocker.close()
        assert refresh(collection) == 399


def test_a_field_that_is_not_there_is_pointed_at(filled):
    collection = filled(1)
    with collection.reading() as transaction, pytest.raises(SearchError) as caught:
        find_cards(transaction, "dog frnt:cat")
    assert (caught.value.start, caught.value.end) == (4, 12)
    assert "no keyword frnt:" in caught.value.message


def test_a_slow_expression_is_pointed_at(filled, monkeypatch):
    collection = filled(1)
    monkeypatch.setattr(texts_sought, "matching", lambda regex, lists: None)
    with collection.reading() as transaction, pytest.raises(SearchError) as caught:
        find_cards(transaction, "dog or re:x")
    assert (caught.value.start, caught.value.end) == (7, 11)
    assert "takes longer than" in caught.value.message


def test_terms_from_elsewhere(filled):
    collection = filled(1)
    asked = []

    def similar(transaction, text):
        asked.append(text)
        return find_cards(transaction, "", sort="added")[:5] * 2

    mine = Extensions({"similar": similar}, {"r": lambda _: {first: 0.5, -1: 0.9}})
    with collection.reading() as transaction:
        every = find_cards(transaction, "")
        first = every[0]
        assert find_cards(transaction, 'similar:"a \\_b"', extensions=mine) == every[:5]
        assert asked == ["a _b"]
        assert find_cards(transaction, "-similar:x", extensions=mine) == every[5:]
        assert find_cards(transaction, "prop:r<=0.5", extensions=mine) == [first]
        assert find_cards(transaction, "prop:r!=0.9", extensions=mine) == [first]
        assert find_cards(transaction, "-prop:r=0.5", extensions=mine) == every[1:]
        with pytest.raises(SearchError, match="cannot be used here"):
            find_cards(transaction, "similar:x")


def test_any_number_of_numbers(filled):
    collection = filled(1)
    with collection.reading() as transaction:
        every = find_cards(transaction, "")
        many = ",".join(map(str, [*every, *range(1000)]))
        assert find_cards(transaction, f"cid:{many}"[:9000].rpartition(",")[0]) == every
        assert find_cards(transaction, f"-cid:{every[0]}") == every[1:]


def test_the_orders_of_the_command_are_those_there_are():
    from recollect.cli import cards

    assert (*finding.SORTS, "similar") == cards._SORTS
