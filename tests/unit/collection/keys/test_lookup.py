"""Keys of a collection: made, kept, brought up to date with every kind of change."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from recollect.collection import cards, note_types, notes
from recollect.collection.keys import card_keys, contents_of
from recollect.cues import NgramSettings, WordSettings
from recollect.cues import ngrams as ngrams_module
from recollect.errors import UnknownNameError

SETTINGS = NgramSettings()


@pytest.fixture
def keys_of(tmp_path):
    """The keys of a collection and how many texts were encoded for them."""

    def look(collection, settings=SETTINGS, folder=tmp_path / "keys", **options):
        told = [(0, 0)]
        with collection.reading() as transaction:
            found = card_keys(
                transaction, settings, folder, told=lambda *steps: told.append(steps), **options
            )
            check(transaction, found)
        return found, told[-1][0]

    return look


def check(transaction, keys):
    """Every card has the keys of its texts."""
    every = sorted(card.id for card in cards.iterate_cards(transaction))
    assert keys.card_ids.tolist() == every
    contents = contents_of(transaction, every)
    notes_of = {card.id: card.note_id for card in cards.iterate_cards(transaction)}
    assert keys.note_ids.tolist() == [notes_of[number] for number in every]
    for side in ("prompt", "answer"):
        texts = [getattr(contents[number], side) for number in every]
        wanted = keys.encoder.encode(texts)
        np.testing.assert_allclose(getattr(keys, f"{side}s"), wanted, atol=1e-6)


def edit(collection, number, *fields):
    with collection.transaction("Edit") as transaction:
        note = notes.get_note(transaction, number)
        notes.update_notes(transaction, [replace(note, fields=fields)])


def test_made_once_and_kept(basics, keys_of, tmp_path):
    first, encoded = keys_of(basics)
    assert encoded == 6
    assert len(first.keys) == 6  # the cards of a note share their texts
    again, encoded = keys_of(basics)
    assert encoded == 0
    np.testing.assert_array_equal(first.keys, again.keys)
    assert len(list((tmp_path / "keys").iterdir())) == 1
    third, _ = keys_of(basics, known=again)
    assert third is again


def test_places_of_cards(basics, keys_of):
    keys, _ = keys_of(basics)
    assert [keys.place(number) for number in (10, 11, 20, 31)] == [0, 1, 2, 5]
    with pytest.raises(UnknownNameError, match="no card named 99"):
        keys.place(99)


def test_without_a_folder_nothing_is_kept(basics, keys_of):
    _, encoded = keys_of(basics, folder=None)
    assert encoded == 6
    _, encoded = keys_of(basics, folder=None)
    assert encoded == 6


def test_an_empty_collection(collection, keys_of):
    keys, encoded = keys_of(collection)
    assert encoded == 0
    assert keys.card_ids.shape == (0,)
    assert keys.prompts.shape == (0, SETTINGS.fit([]).dim)
    keys_of(collection)


def test_only_what_changed_is_encoded(basics, keys_of, clock):
    keys_of(basics)
    edit(basics, 1, "front one", "back 1")
    _, encoded = keys_of(basics)
    assert encoded == 1
    with basics.transaction("Tag") as transaction:
        note = notes.get_note(transaction, 2)
        notes.update_notes(transaction, [replace(note, tags=("other",))])
    _, encoded = keys_of(basics)
    assert encoded == 0
    basics.undo()
    basics.undo()
    _, encoded = keys_of(basics)
    assert encoded == 0  # the text that was there before is still known
    basics.redo()
    edit(basics, 3, "FRONT 3", "back  3")
    _, encoded = keys_of(basics)
    assert encoded == 0  # the same, but for case and space


def test_cards_that_come_and_go(basics, keys_of):
    keys_of(basics)
    with basics.transaction("Delete") as transaction:
        cards.delete_cards(transaction, [10, 20, 21])
    keys, encoded = keys_of(basics)
    assert encoded == 0
    assert keys.card_ids.tolist() == [11, 30, 31]
    basics.undo()
    keys, encoded = keys_of(basics)
    assert encoded == 0
    with basics.transaction("Add") as transaction:
        notes.add_notes(transaction, [replace(notes.get_note(transaction, 1), id=9, guid="new")])
        cards.add_cards(transaction, [replace(cards.get_card(transaction, 10), id=5, note_id=9)])
    keys, encoded = keys_of(basics)
    assert encoded == 0
    assert keys.card_ids[0] == 5
    with basics.transaction("Delete all") as transaction:
        notes.delete_notes(transaction, [1, 2, 3, 9])
    keys, _ = keys_of(basics)
    assert len(keys.card_ids) == 0


def test_a_template_that_changes(basics, keys_of):
    keys_of(basics)
    with basics.transaction("Change the type") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        first, second = kind.templates
        changed = replace(kind, templates=(replace(first, question="{{Front}} {{Back}}"), second))
        note_types.update_note_type(transaction, changed)
    keys, encoded = keys_of(basics)
    assert encoded == 3
    assert keys.encoder.compared(["front 1 back 1"], ["front 1 back 1"]) == pytest.approx(1)


def test_another_encoder_has_another_file(basics, keys_of, tmp_path):
    keys_of(basics)
    _, encoded = keys_of(basics, WordSettings())
    assert encoded == 6
    assert len(list((tmp_path / "keys").iterdir())) == 2
    _, encoded = keys_of(basics)
    assert encoded == 0


def test_keys_known_of_another_encoder_are_not_taken(basics, keys_of):
    ngrams, _ = keys_of(basics)
    words, _ = keys_of(basics, WordSettings(), known=ngrams)
    assert words.encoder.settings == WordSettings()


def test_all_is_made_anew_when_a_refit_is_due(basics, keys_of, add_basics):
    before, _ = keys_of(basics)
    with basics.transaction("Add many") as transaction:
        old = notes.get_note(transaction, 1)
        more = [
            replace(old, id=n, guid=f"g{n}", fields=(f"new {n}", f"neu {n}"))
            for n in range(100, 140)
        ]
        notes.add_notes(transaction, more)
        card = cards.get_card(transaction, 10)
        cards.add_cards(transaction, [replace(card, id=10 * n.id, note_id=n.id) for n in more])
    after, encoded = keys_of(basics)
    assert encoded == 6 + 80
    assert after.encoder.fitted_texts == 86
    assert before.encoder.fitted_texts == 6


def test_texts_that_nobody_uses_go_in_the_end(basics, keys_of, monkeypatch):
    from recollect.collection.keys import lookup as module

    monkeypatch.setattr(module, "_UNUSED", 2)
    sizes = []
    for turn in range(15):
        edit(basics, 1, f"front of turn {turn}", "back 1")
        keys, _ = keys_of(basics)
        sizes.append(len(keys.keys))
    assert sizes[0] == 6
    assert max(sizes) < 18
    assert any(later < sooner for sooner, later in pairwise(sizes))


def test_a_file_that_is_damaged_is_made_anew(basics, keys_of, tmp_path):
    keys_of(basics)
    (path,) = (tmp_path / "keys").iterdir()
    path.write_bytes(b"damaged")
    _, encoded = keys_of(basics)
    assert encoded == 6
    _, encoded = keys_of(basics)
    assert encoded == 0


def test_a_file_without_sound_cards_is_made_anew(basics, keys_of, tmp_path):
    from recollect.cues import load_kept, replace_kept

    keys_of(basics)
    (path,) = (tmp_path / "keys").iterdir()
    kept = load_kept(path, SETTINGS)
    rows = kept.companions["cards"]
    wrong = rows.copy()
    wrong["prompt"] += 100
    for companions in ({}, {"cards": np.zeros(3)}, {"cards": wrong}):
        assert replace_kept(path, SETTINGS, replace(kept, companions=companions))
        _, encoded = keys_of(basics)
        assert encoded == 6


def test_where_nothing_can_be_kept_keys_are_made_all_the_same(basics, keys_of, tmp_path):
    taken = tmp_path / "taken"
    taken.write_text("")
    for _ in range(2):
        _, encoded = keys_of(basics, folder=taken / "keys")
        assert encoded == 6


def test_two_readers_that_add_at_once_do_no_harm(basics, keys_of, tmp_path, monkeypatch):
    """Between reading and adding, another program adds the same."""
    from recollect.collection.keys import lookup as module

    keys_of(basics)
    edit(basics, 1, "front one", "back 1")
    add = module.add_kept

    def add_twice(*arguments):
        assert add(*arguments)
        assert not add(*arguments)
        return False

    monkeypatch.setattr(module, "add_kept", add_twice)
    keys_of(basics)
    _, encoded = keys_of(basics)
    assert encoded == 0


def test_strangers_are_counted_over_several_changes(basics, keys_of, monkeypatch):
    monkeypatch.setattr(ngrams_module, "_STRANGERS_AT_LEAST", 3)
    keys_of(basics)
    fits = []
    for word in ("Москва", "Ελλάδα", "大学", "한국", "שלום"):
        edit(basics, 1, word, "back 1")
        keys, _ = keys_of(basics)
        fits.append(keys.encoder.strangers([word]))
    assert fits == [1, 1, 1, 0, 1]  # the fourth is one too many: all is fitted anew
