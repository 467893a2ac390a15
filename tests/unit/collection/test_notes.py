"""Notes, their versions, tags and note types."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.collection import (
    Card,
    Field,
    Note,
    NoteType,
    Template,
    cards,
    note_types,
    notes,
    open_collection,
    reviews,
    tags,
)
from recollect.collection.codecs import (
    clean_name,
    clean_text,
    fields_from,
    fields_text,
    from_json,
    sha256_of,
    to_json,
)
from recollect.collection.rows import ReviewEntry
from recollect.errors import CollectionError, NoteError, UnknownNameError

CLOZE = NoteType(
    20,
    "Cloze",
    "cloze",
    (Field("Text"), Field("Extra")),
    (Template("Cloze", "{{cloze:Text}}", ""),),
)


def test_a_note_comes_back(basics):
    with basics.reading() as transaction:
        note = notes.get_note(transaction, 2)
        assert note == Note(2, "guid-2", 10, ("front 2", "back 2"), ("all", "n2"))
        assert notes.get_notes(transaction, [3, 99, 1]) == [
            notes.get_note(transaction, 3),
            notes.get_note(transaction, 1),
        ]
        assert [note.id for note in notes.iterate_notes(transaction)] == [1, 2, 3]
        found = notes.find_guids(transaction, ["guid-3", "none", "guid-1"])
    assert found == {"guid-1": 1, "guid-3": 3}


def test_a_note_that_is_not_there(basics, fails):
    with basics.reading() as transaction, fails(UnknownNameError, "note", "99"):
        notes.get_note(transaction, 99)
    with (
        fails(UnknownNameError, "note", "99"),
        basics.transaction("Edit") as transaction,
    ):
        notes.update_notes(transaction, [Note(99, "g", 10, ("a", "b"))])


def test_each_edit_makes_a_version(basics, clock):
    texts = [("one", "two"), ("three", "four <b>bold</b>")]
    for fields in texts:
        with basics.transaction("Edit") as transaction:
            note = replace(notes.get_note(transaction, 1), fields=fields)
            assert notes.update_notes(transaction, [note]) == 1
    with basics.reading() as transaction:
        note = notes.get_note(transaction, 1)
        versions = notes.list_versions(transaction, 1)
    assert (note.version, note.fields) == (3, texts[-1])
    assert [version.version for version in versions] == [1, 2, 3]
    assert [version.fields for version in versions] == [("front 1", "back 1"), *texts]
    assert [v.sha256 for v in versions] == [sha256_of(fields_text(v.fields)) for v in versions]
    times = [version.written_at_ms for version in versions]
    assert times == sorted(times)
    assert times[-1] <= clock.now_ms


def test_other_edits_make_no_version(basics):
    with basics.transaction("Edit") as transaction:
        note = notes.get_note(transaction, 1)
        assert notes.update_notes(transaction, [note]) == 0
        changed = replace(note, tags=("new", "all"), extra={"a": [1]}, modified_at_ms=5)
        assert notes.update_notes(transaction, [changed]) == 1
        assert notes.get_note(transaction, 1) == replace(changed, tags=("all", "new"))
        assert len(notes.list_versions(transaction, 1)) == 1
    assert len(basics.changes()) == 2


def test_an_edit_taken_back_keeps_its_version(basics):
    with basics.transaction("Edit") as transaction:
        note = replace(notes.get_note(transaction, 1), fields=("wrong", "x"))
        notes.update_notes(transaction, [note])
    basics.undo()
    with basics.transaction("Edit again") as transaction:
        note = notes.get_note(transaction, 1)
        assert (note.version, note.fields) == (1, ("front 1", "back 1"))
        notes.update_notes(transaction, [replace(note, fields=("right", "x"))])
        assert notes.get_note(transaction, 1).version == 3
        found = [version.fields[0] for version in notes.list_versions(transaction, 1)]
    assert found == ["front 1", "wrong", "right"]


def test_deleting_keeps_reviews_and_versions(basics):
    with basics.transaction("Answer") as transaction:
        reviews.append_review(transaction, ReviewEntry(5, 20, 5, 3, "review"))
    with basics.transaction("Delete") as transaction:
        assert notes.delete_notes(transaction, [2, 99]) == 1
    with basics.reading() as transaction:
        assert notes.get_notes(transaction, [2]) == []
        assert cards.cards_of_notes(transaction, [2]) == []
        assert tags.list_tags(transaction) == {"all": 2, "n1": 1, "n3": 1}
        assert len(notes.list_versions(transaction, 2)) == 1
        assert len(reviews.reviews_of_cards(transaction, [20])) == 1


def test_a_number_that_comes_back_continues_its_versions(basics):
    with basics.transaction("Delete") as transaction:
        notes.delete_notes(transaction, [1, 2])
    with basics.transaction("Add") as transaction:
        same = Note(1, "g1", 10, ("front 1", "back 1"))
        other = Note(2, "g2", 10, ("another", "text"))
        notes.add_notes(transaction, [same, other])
        assert notes.get_note(transaction, 1).version == 1
        assert notes.get_note(transaction, 2).version == 2
        assert notes.get_note(transaction, 2).fields == ("another", "text")


def test_numbers_and_guids_are_free(basics, clock):
    with basics.transaction("Add") as transaction:
        first = notes.number_notes(transaction, 40)
        notes.add_notes(transaction, [Note(n, f"x{n}", 10, ("a", "b")) for n in first[::2]])
        second = notes.number_notes(transaction, 40)
        guids = {notes.new_guid(transaction) for _ in range(100)}
    assert first == sorted(set(first))
    assert not set(second) & set(first[::2])
    assert set(first[1::2]) <= set(second)
    assert len(guids) == 100
    assert first[0] == clock.now_ms


@pytest.mark.parametrize(
    ("note", "words"),
    [
        (Note(9, "g", 10, ("one",)), ("note 9", "1 fields", "2")),
        (Note(9, "g", 99, ("a", "b")), ("note 9", "no note type 99")),
        (Note(9, "", 10, ("a", "b")), ("guid",)),
        (Note(9, "g" * 501, 10, ("a", "b")), ("guid", "500")),
        (Note(9, "g", 10, ("a", "b"), ("t" * 501,)), ("tag", "500")),
        (Note(9, "g", 10, ("a", "b"), (), 1, 0, {"x": {1}}), ("JSON",)),
        (Note(9, "g", 10, ("a", "b"), (), 1, 0, {"x": float("nan")}), ("JSON",)),
    ],
)
def test_notes_that_are_not_sound(basics, contents, fails, note, words):
    before = contents(basics)
    with fails(NoteError, *words), basics.transaction("Add") as transaction:
        notes.add_notes(transaction, [note])
    assert contents(basics) == before


def test_long_names_fit_into_the_index(basics):
    """500 characters of four bytes each are the longest."""
    long = "😀" * 500
    with basics.transaction("Add") as transaction:
        notes.add_notes(transaction, [Note(9, long, 10, ("a", "b"), (long,))])
        assert notes.get_note(transaction, 9).tags == (long,)


def test_a_field_of_a_million_characters(basics):
    big = "日本語 <b>" * 150_000
    with basics.transaction("Add") as transaction:
        notes.add_notes(transaction, [Note(9, "g", 10, (big, ""))])
    with basics.reading() as transaction:
        assert notes.get_note(transaction, 9).fields[0] == big


any_text = st.text(st.characters(categories=None))
any_extra = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | any_text,
    lambda inner: st.lists(inner) | st.dictionaries(any_text, inner),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    fields=st.tuples(any_text, any_text),
    given_tags=st.lists(any_text, max_size=3),
    extra=st.dictionaries(any_text, any_extra, max_size=2),
)
def test_whatever_is_written_comes_back(basics, fields, given_tags, extra):
    """But for characters that no database keeps."""
    with basics.transaction(None) as transaction:
        note = Note(7, "seven", 10, fields, tuple(given_tags), extra=extra)
        notes.delete_notes(transaction, [7])
        notes.add_notes(transaction, [note])
    with basics.reading() as transaction:
        found = notes.get_note(transaction, 7)
    assert found.fields == tuple(clean_text(text) for text in fields)
    assert found.tags == tags.clean_tags(given_tags)
    assert found.extra == extra
    assert [len(text) for text in found.fields] == [len(text) for text in fields]


@given(any_text)
def test_clean_text_changes_only_what_it_must(text):
    cleaned = clean_text(text)
    cleaned.encode()
    assert "\0" not in cleaned
    assert all(a == b or b == "\ufffd" for a, b in zip(text, cleaned, strict=True))
    assert clean_text(cleaned) == cleaned


@given(st.lists(any_text))
def test_fields_come_back_from_their_text(fields):
    assert fields_from(fields_text(fields)) == tuple(map(clean_text, fields))


@given(any_extra)
def test_json_comes_back(value):
    text = to_json(value)
    text.encode()
    assert "\0" not in text
    assert from_json(text) == value


@given(any_text)
def test_clean_names_are_clean(text):
    try:
        name = clean_name(text, "deck")
    except NoteError:
        return
    assert name
    assert name == name.strip()
    assert clean_name(name, "deck") == name
    assert not any(ord(character) < 32 for character in name)


def test_tags(basics):
    with basics.transaction("Tag") as transaction:
        assert tags.add_tags(transaction, [1, 2], ["a b", "n1", "", "a b"]) == 2
        assert notes.get_note(transaction, 1).tags == ("a_b", "all", "n1")
        assert notes.get_note(transaction, 1).modified_at_ms == transaction.now_ms
        assert notes.get_note(transaction, 3).modified_at_ms == 0
        assert tags.list_tags(transaction) == {"a_b": 2, "all": 3, "n1": 2, "n2": 1, "n3": 1}
        assert tags.remove_tags(transaction, [1, 3], ["n1", "a b"]) == 1
        assert notes.get_note(transaction, 1).tags == ("all",)
    basics.undo()
    with basics.reading() as transaction:
        assert tags.list_tags(transaction) == {"all": 3, "n1": 1, "n2": 1, "n3": 1}


def test_renaming_a_tag_takes_those_within_it_along(basics):
    with basics.transaction("Tag") as transaction:
        tags.add_tags(transaction, [1], ["a::b", "a", "ab", "c::b"])
        assert tags.rename_tag(transaction, "a", "c") == 1
        assert notes.get_note(transaction, 1).tags == ("ab", "all", "c", "c::b", "n1")


def test_tags_of_no_note(basics, fails):
    with (
        fails(CollectionError, "refuses the change"),
        basics.transaction("Tag") as transaction,
    ):
        tags.add_tags(transaction, [99], ["a"])


def test_note_types(basics, fails):
    with basics.transaction("Add note type") as transaction:
        assert note_types.add_note_type(transaction, CLOZE) == CLOZE
        assert note_types.get_note_type(transaction, 20) == CLOZE
        assert note_types.find_note_type(transaction, "Cloze") == CLOZE
        assert note_types.find_note_type(transaction, "Nothing") is None
        assert [t.name for t in note_types.list_note_types(transaction)] == ["Basic", "Cloze"]
        free = note_types.add_note_type(transaction, replace(CLOZE, id=0, name="Other"))
        assert free.id == transaction.now_ms
        with fails(CollectionError, "'Cloze' already"):
            note_types.add_note_type(transaction, replace(CLOZE, id=21))
        note_types.delete_note_type(transaction, 20)
        with fails(CollectionError, "notes of the type 'Basic'"):
            note_types.delete_note_type(transaction, 10)
        with fails(UnknownNameError, "note type", "20"):
            note_types.get_note_type(transaction, 20)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, ("note type needs a name",)),
        ({"kind": "other"}, ("normal or cloze",)),
        ({"fields": ()}, ("field and a template",)),
        ({"templates": ()}, ("field and a template",)),
        ({"templates": (Template("a", "", ""), Template("b", "", ""))}, ("one template",)),
        ({"fields": (Field("A"), Field("A "))}, ("two fields", "'A'")),
        ({"fields": (Field("A:b"),)}, ("'A:b'", "template")),
        ({"fields": (Field("#A"),)}, ("'#A'", "template")),
        ({"fields": (Field("A}"),)}, ("'A}'", "template")),
    ],
)
def test_note_types_that_are_not_sound(collection, fails, change, words):
    made = replace(CLOZE)
    for name, value in change.items():
        object.__setattr__(made, name, value)
    with fails(NoteError, *words), collection.transaction("Add note type") as transaction:
        note_types.add_note_type(transaction, made)


def test_fields_move_with_their_note_type(basics):
    with basics.transaction("Edit note type") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        fields = (Field("New"), Field("Answer"), Field("Front"))
        note_types.update_note_type(
            transaction, replace(kind, fields=fields), fields_from=[None, 1, 0]
        )
        assert notes.get_note(transaction, 2).fields == ("", "back 2", "front 2")
        assert notes.get_note(transaction, 2).version == 2
        assert note_types.get_note_type(transaction, 10).field_names == ("New", "Answer", "Front")
    basics.undo()
    with basics.reading() as transaction:
        assert notes.get_note(transaction, 2).fields == ("front 2", "back 2")
        assert note_types.get_note_type(transaction, 10) == kind


def test_cards_keep_their_template(basics):
    with basics.transaction("Edit note type") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        swapped = replace(kind, templates=kind.templates[::-1])
        note_types.update_note_type(transaction, swapped, templates_from=[1, 0])
        assert cards.get_card(transaction, 20).ordinal == 1
        assert cards.get_card(transaction, 21).ordinal == 0
        fewer = replace(swapped, templates=swapped.templates[1:])
        note_types.update_note_type(transaction, fewer, templates_from=[1])
        assert cards.get_cards(transaction, [20, 21]) == [
            Card(20, 2, 1, ordinal=0, position=2),
        ]
        assert len(notes.get_notes(transaction, [1, 2, 3])) == 3


def test_notes_go_with_the_last_of_their_cards(basics):
    with basics.transaction("Delete cards") as transaction:
        cards.delete_cards(transaction, [10])
    with basics.transaction("Edit note type") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        fewer = replace(kind, templates=kind.templates[:1])
        note_types.update_note_type(transaction, fewer, templates_from=[0])
        assert [note.id for note in notes.iterate_notes(transaction)] == [2, 3]


@pytest.mark.parametrize(
    "maps",
    [
        {"fields_from": [0]},
        {"fields_from": [0, 0]},
        {"fields_from": [0, 2]},
        {"templates_from": [0, 1, None]},
    ],
)
def test_maps_that_do_not_fit(basics, fails, maps):
    with fails(NoteError, "does not fit"), basics.transaction("Edit note type") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        note_types.update_note_type(transaction, kind, **maps)


def test_a_map_is_asked_for(basics, fails):
    with fails(NoteError, "say which is which"), basics.transaction("Edit") as transaction:
        kind = note_types.get_note_type(transaction, 10)
        note_types.update_note_type(transaction, replace(kind, fields=kind.fields[:1]))


def test_a_collection_is_of_its_own(tmp_path):
    """Two open at once do not share what they hold."""
    with open_collection(tmp_path / "a.db") as a, open_collection(tmp_path / "b.db") as b:
        with a.transaction("Add") as transaction:
            note_types.add_note_type(transaction, CLOZE)
        with b.reading() as transaction:
            assert note_types.list_note_types(transaction) == []
