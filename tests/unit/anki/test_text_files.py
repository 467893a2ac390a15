from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recollect.anki import export_csv, import_file, import_package, import_sample, import_text
from recollect.anki.summary import Tally
from recollect.collection import (
    Collection,
    Note,
    card_making,
    cards,
    decks,
    note_types,
    notes,
    stock,
)
from recollect.errors import OutputError, PackageError, UnknownNameError

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
Fails = Callable[..., Any]


def written(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def found(collection: Collection) -> list[Note]:
    with collection.reading() as transaction:
        return list(notes.iterate_notes(transaction))


def deck_names(collection: Collection) -> dict[str, int]:
    """How many cards are in each deck that has some."""
    with collection.reading() as transaction:
        names = {deck.id: deck.name for deck in decks.list_decks(transaction)}
        counts: dict[str, int] = {}
        for card in cards.iterate_cards(transaction):
            counts[names[card.deck_id]] = counts.get(names[card.deck_id], 0) + 1
        return counts


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_separators_and_encodings(
    tmp_path: Path, opened: Any, encoding: str, separator: str, end: str
) -> None:
    lines = (("Front", "Back", "Tags"), ("häuser, viele", "houses", "a b"), ("日本", "Japan", ""))
    text = end.join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    collection = opened(tmp_path / "c.db")
    summary = import_text(collection, written(tmp_path / "w.csv", text, encoding))
    assert (summary.notes, summary.cards) == (Tally(2), Tally(2))
    assert [note.fields for note in found(collection)] == [
        ("häuser, viele", "houses"),
        ("日本", "Japan"),
    ]
    assert found(collection)[0].tags == ("a", "b")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"caf\xe9,coffee\n", ["row 1", "UTF-8", "0xe9"]),
        (b"a,b\nc,d\ne,\xff\n", ["row 3", "UTF-8"]),
        (b"a,b\n\0\0\0\n", ["not a text file"]),
        (b"a,b\nc,d,e,f\n#x,\ng,h\n", ["row 4", "column 3", "expected 4", "2"]),
        (b'a,b\n"c,d\ne,f\n', ["row 2", "quotes"]),
        (b'a,b\n"c"d,e\n', ["row 2"]),
        (b"#separator:abc\na,b\n", ["row 1", "separator", "abc"]),
        (b"#html:maybe\na,b\n", ["row 1", "html", "maybe"]),
        (b"#deck column:x\na,b\n", ["row 1", "deck column", "'x'"]),
        (b"#deck column:9\na,b\n", ["deck column is 9", "2 columns"]),
        (b"#deck column:1\n#tags column:2\na,b\n", ["no column for a field"]),
        (b"#notetype:None such\na,b\n", ["row 2", "None such"]),
        (b"#columns:a,a\nb,c\n", ["named"]),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, opened: Any, fails: Fails, text: bytes, words: list[str]
) -> None:
    collection = opened(tmp_path / "c.db")
    (tmp_path / "w.csv").write_bytes(text)
    if b"c,d,e,f" in text:  # a short row is filled up, a long one is a mistake
        (tmp_path / "w.csv").write_bytes(b"#columns:Front,Back\n" + text)
        words = ["row 3", "column 3", "expected 2 columns"]
    with fails(PackageError, "w.csv", *words):
        import_text(collection, tmp_path / "w.csv")
    assert found(collection) == []
    assert collection.changes() == []


def test_directives(collection: Collection, tmp_path: Path) -> None:
    text = (
        "#separator:Tab\n#html:false\n#notetype column:1\n#deck column:2\n#tags column:5\n"
        "#guid column:6\n#tags:all of\n# only a remark\n"
        "Basic\tA::B\ta<b\tx & y\tt\tg1\n"
        '#not a note\nCloze\tA\t"{{c1::one}}\n{{c3::two}}"\t\t\tg2\n'
    )
    summary = import_text(collection, written(tmp_path / "w.txt", text))
    assert (summary.notes, summary.cards, summary.note_types) == (Tally(2), Tally(3), Tally(2))
    basic, cloze = found(collection)
    assert basic.fields == ("a&lt;b", "x &amp; y")
    assert (basic.guid, basic.tags) == ("g1", ("all", "of", "t"))
    assert cloze.fields[0] == "{{c1::one}}<br>{{c3::two}}"
    assert deck_names(collection) == {"A::B": 1, "A": 2}
    with collection.reading() as transaction:
        assert [card.ordinal for card in cards.cards_of_notes(transaction, [cloze.id])] == [0, 2]


def test_again_with_changes(collection: Collection, tmp_path: Path) -> None:
    path = written(tmp_path / "w.csv", "casa,hous\nperro,dog\nperro,dog again\n,nothing\n")
    first = import_text(collection, path, deck="Spanish")
    assert (first.notes, first.cards) == (Tally(2), Tally(2))
    assert first.skipped == {
        "rows that another row says again": 1,
        "rows with an empty first field": 1,
    }
    with collection.transaction("Study") as transaction:
        cards.flag_cards(transaction, [card.id for card in cards.iterate_cards(transaction)], 3)
    written(path, "casa,house\nperro,dog\ngato,cat\n")
    again = import_text(collection, path, deck="Elsewhere")
    assert (again.notes, again.cards) == (Tally(1, 1, 1), Tally(1))
    assert sorted(note.fields for note in found(collection)) == [
        ("casa", "house"),
        ("gato", "cat"),
        ("perro", "dog"),
    ]
    assert deck_names(collection) == {"Spanish": 2, "Elsewhere": 1}
    with collection.reading() as transaction:
        assert sorted(card.flag for card in cards.iterate_cards(transaction)) == [0, 3, 3]


def test_headers_and_note_types_of_their_own(collection: Collection, tmp_path: Path) -> None:
    path = written(tmp_path / "kanji.csv", "Kanji,Reading,Meaning\n大,だい,big\n")
    assert import_text(collection, path, dry_run=True).notes == Tally(2)
    assert import_text(collection, path, header=True).notes == Tally(1)
    # The names are known now, so the header is found, and the columns may be in another order.
    written(path, "meaning,kanji,reading\nsmall,小,しょう\n")
    assert import_text(collection, path).note_types == Tally(0, 0, 0)
    assert [note.fields for note in found(collection)] == [
        ("大", "だい", "big"),
        ("小", "しょう", "small"),
    ]
    with collection.reading() as transaction:
        assert note_types.find_note_type(transaction, "kanji") is not None


def test_a_million_characters(collection: Collection, tmp_path: Path) -> None:
    path = written(tmp_path / "w.csv", f'"{"x" * 1_000_000}",b\n')
    import_text(collection, path)
    assert len(found(collection)[0].fields[0]) == 1_000_000


MARKDOWN = """---
deck: Mind
tags: [md, "two"]
---
# A title

Q: What **holds** a pair?
and what else?
A: A `memory<`.

- one
- two :: not a card here


This is said to nobody.

## What is forgetting?

Failing to *find*. See ![x](a.png).

### Words

Some introduction.
* la casa :: the house
2. el perro :: the dog & puppy
std::vector is no card

```
a :: b
```

**Q:** Last?
**A:** Yes.
"""


def test_markdown(collection: Collection, tmp_path: Path) -> None:
    path = written(tmp_path / "mind.md", MARKDOWN)
    summary = import_file(collection, path)
    assert (summary.notes, summary.cards) == (Tally(5), Tally(5))
    assert [note.fields for note in found(collection)] == [
        (
            "What <b>holds</b> a pair?<br>and what else?",
            "A <code>memory&lt;</code>.<br><br>- one<br>- two :: not a card here",
        ),
        ("What is forgetting?", 'Failing to <i>find</i>. See <img src="a.png" alt="x">.'),
        ("la casa", "the house"),
        ("el perro", "the dog &amp; puppy"),
        ("Last?", "Yes."),
    ]
    assert found(collection)[0].tags == ("md", "two")
    assert deck_names(collection) == {"Mind": 5}
    assert not import_file(collection, path).changes_anything


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nothing at all\n", ["no card"]),
        ("x\n\nQ: what?\n\nQ: then?\nA: b\n", ["row 3", "without answer"]),
        ("A: what?\n", ["row 1", "without a question"]),
        ("Q:\nA: b\n", ["row 1", "without text"]),
        ("Q: a\nA: b\nA: c\n", ["row 3", "without a question"]),
    ],
)
def test_mistakes_in_markdown(
    tmp_path: Path, opened: Any, fails: Fails, text: str, words: list[str]
) -> None:
    path = written(tmp_path / "w.md", text)
    with fails(PackageError, "w.md", *words):
        import_text(opened(tmp_path / "c.db"), path)


def test_the_sample(collection: Collection) -> None:
    summary = import_sample(collection, deck="Try")
    assert (summary.notes, summary.cards) == (Tally(522), Tally(863))
    assert all(name.startswith("Try::") for name in deck_names(collection))
    assert not import_sample(collection, deck="Try").changes_anything


@pytest.mark.parametrize("name", ["all.csv", "all.tsv"])
def test_csv_out_and_in_again(
    collection: Collection, opened: Any, tmp_path: Path, name: str
) -> None:
    import_package(collection, PACKAGES / "latest.apkg")
    path = tmp_path / name
    summary = export_csv(collection, path)
    assert (summary.notes, summary.cards) == (3, 5)
    assert not import_file(collection, path).changes_anything
    other = opened(tmp_path / "other.db")
    import_package(other, PACKAGES / "nosched.apkg")
    with other.transaction("Empty") as transaction:
        notes.delete_notes(transaction, [note.id for note in notes.iterate_notes(transaction)])
    assert import_file(other, path).notes == Tally(3)
    assert [(n.guid, n.fields, n.tags) for n in sorted(found(other), key=lambda n: n.guid)] == [
        (n.guid, n.fields, n.tags) for n in sorted(found(collection), key=lambda n: n.guid)
    ]
    assert deck_names(other) == {"Lang::Kanji": 5}


def test_a_deck_as_csv(collection: Collection, tmp_path: Path, fails: Fails) -> None:
    import_text(collection, written(tmp_path / "a.csv", "a,b\n"), deck="A::B")
    import_text(collection, written(tmp_path / "c.csv", "c,d\n"), deck="C")
    path = tmp_path / "out.csv"
    assert export_csv(collection, path, deck="A").notes == 1
    assert "a,b" in path.read_text()
    assert "c,d" not in path.read_text()
    before = path.read_bytes()
    with fails(UnknownNameError, "'X'", "A::B"):
        export_csv(collection, path, deck="X")
    with fails(OutputError, "could not be written"):
        export_csv(collection, tmp_path / "no" / "folder.csv")
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.glob(".*.tmp")] == []


def test_a_line_that_ends_as_on_old_computers_comes_back(
    collection: Collection, tmp_path: Path
) -> None:
    with collection.transaction("Add") as transaction:
        basic = stock.stock_note_type(transaction, "basic")
        card_making.add_note(transaction, basic, ("front", "one\rtwo\r\nthree"), 1)
    (before,) = found(collection)
    export_csv(collection, tmp_path / "out.csv")
    assert import_text(collection, tmp_path / "out.csv").notes == Tally(0, 0, 1)
    (after,) = found(collection)
    assert after.fields == before.fields
