from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import zstandard

from recollect.anki import export_package, export_parquet, import_package, import_text
from recollect.anki.database_out import note_values
from recollect.anki.media_files import REFERENCE
from recollect.anki.package import open_package
from recollect.anki.protobuf import parse
from recollect.collection import Card, Collection, Deck, cards, decks, reviews, schema
from recollect.errors import NotEnoughDataError, OutputError, UnknownNameError
from recollect.reviews import read_log

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
CARD = 1_600_000_002_000


def tables(collection: Collection) -> dict[str, Any]:
    with collection.reading() as transaction:
        return {
            name: sorted(map(tuple, transaction.execute(schema.metadata.tables[name].select())))
            for name in ("cards", "notes", "reviews", "media", "note_tags", "fields", "templates")
        }


@pytest.mark.parametrize("latest", [False, True])
def test_out_and_in_again(
    collection: Collection, opened: Any, whole: Any, tmp_path: Path, latest: bool
) -> None:
    import_package(collection, whole().write(tmp_path / "in.apkg"))
    out = tmp_path / "out.apkg"
    summary = export_package(collection, out, with_history=True, latest=latest)
    assert (summary.notes, summary.cards, summary.reviews, summary.media) == (8, 8, 4, 2)
    other = opened(tmp_path / "other.db")
    import_package(other, out)
    ours, again = tables(collection), tables(other)
    for side in (ours, again):  # the day on which it was imported; reviews of deleted cards
        side["cards"] = [(*row[:11], row[12]) for row in side["cards"]]
        side["reviews"] = [row for row in side["reviews"] if row[1] < CARD + 70]
        for name in ("fields", "templates"):  # schema 18 writes out what is usual
            side[name] = [row[:-1] for row in side[name] if row[0] == 1_500_000_000_001]
    assert again == ours
    assert not import_package(collection, out).changes_anything


def test_what_a_latest_package_is_made_of(
    collection: Collection, whole: Any, tmp_path: Path
) -> None:
    import_package(collection, whole().write(tmp_path / "in.apkg"))
    out = tmp_path / "out.apkg"
    export_package(collection, out, with_history=True, latest=True)
    with zipfile.ZipFile(out) as package:
        assert package.read("meta") == b"\x08\x03"
        unpack = zstandard.ZstdDecompressor().decompressobj
        listed = [
            parse(entry) for entry in parse(unpack().decompress(package.read("media"))).raw(1)
        ]
        assert [entry.text(1) for entry in listed] == ["a b.mp3", "dot.svg"]
        for at, entry in enumerate(listed):
            content = unpack().decompress(package.read(str(at)))
            assert entry.whole(2) == len(content)
            assert entry.raw(3) == [hashlib.sha1(content).digest()]
    export_package(collection, out, with_history=True)
    with zipfile.ZipFile(out) as package:
        assert json.loads(package.read("media")) == {"0": "a b.mp3", "1": "dot.svg"}
        assert package.testzip() is None


def test_without_history_everything_is_new(
    collection: Collection, opened: Any, whole: Any, tmp_path: Path
) -> None:
    made = whole()
    made.notes[1][5] = " leech words "
    import_package(collection, made.write(tmp_path / "in.apkg"))
    out = tmp_path / "out.apkg"
    assert export_package(collection, out).reviews == 0
    other = opened(tmp_path / "other.db")
    import_package(other, out)
    with other.reading() as transaction:
        found = list(cards.iterate_cards(transaction))
        assert {(c.phase, c.suspended, c.flag, c.buried_until_day) for c in found} == {
            ("new", False, 0, None)
        }
        assert list(reviews.iterate_reviews(transaction)) == []
        assert "leech" not in {row[1] for row in tables(other)["note_tags"]}


def test_a_deck_with_what_is_within(collection: Collection, tmp_path: Path, fails: Any) -> None:
    for at, deck in enumerate(("A", "A::B", "AB", "C")):
        path = tmp_path / f"{at}.csv"
        path.write_text(f"q{at},a{at}\n")
        import_text(collection, path, deck=deck)
    out = tmp_path / "out.apkg"
    assert export_package(collection, out, deck="A").cards == 2
    with open_package(out) as package:
        assert {deck.name for deck in package.catalogue.decks.values()} == {"A", "A::B", "Default"}
        assert package.notes_count == 2
    with fails(UnknownNameError, "Nope", "A::B"):
        export_package(collection, out, deck="Nope")
    with open_package(out) as package:  # the older file is still whole
        assert package.cards_count == 2
    assert list(tmp_path.glob(".*.tmp")) == []


def test_cards_studied_here(collection: Collection, whole: Any, tmp_path: Path) -> None:
    import_package(collection, whole().write(tmp_path / "in.apkg"))
    answered_ms = collection.clock()
    with collection.transaction("Answer") as transaction:
        before = cards.get_card(transaction, CARD + 1)
        again = replace(before, phase="relearning", due_day=None, due_at_ms=answered_ms, step=0)
        cards.update_cards(transaction, [again])
        old = reviews.reviews_of_cards(transaction, [CARD + 1])[0]
        entry = replace(old, id=answered_ms, answered_at_ms=answered_ms, rating=1, kind="review")
        reviews.append_review(transaction, entry)
        native = Card(5, before.note_id, before.deck_id, ordinal=1, position=9)
        cards.add_cards(transaction, [native])
        decks.add_deck(transaction, Deck(0, "words::VERBS"))  # to Anki, the same name
    out = tmp_path / "out.apkg"
    export_package(collection, out, with_history=True)
    with open_package(out) as package:
        rows = {row.id: row for part in package.cards() for row in part}
        changed, kept = rows[CARD + 1], rows[CARD + 4]
        assert (changed.type, changed.queue, changed.due) == (3, 1, answered_ms // 1000)
        assert (changed.left, changed.reps, changed.lapses) == (1001, 7, 2)
        assert changed.mod == answered_ms // 1000
        assert (kept.queue, kept.flags, kept.mod) == (-1, 5, 1_600_000_000)
        assert (rows[5].type, rows[5].due, rows[5].factor) == (0, 9, 0)
        names = [deck.name.casefold() for deck in package.catalogue.decks.values()]
        assert len(names) == len(set(names))


def test_fsrs_state_goes_only_with_its_answers(collection: Collection, tmp_path: Path) -> None:
    import_package(collection, PACKAGES / "latest.apkg")
    with collection.transaction("Answer") as transaction:
        first = next(iter(cards.iterate_cards(transaction)))
        cards.update_cards(transaction, [replace(first, due_day=20_000, interval_days=4)])
    export_package(collection, tmp_path / "out.apkg", with_history=True, latest=True)
    with open_package(tmp_path / "out.apkg") as package:
        data = [json.loads(row.data) for part in package.cards() for row in part]
    assert data[0] == {"pos": 1}
    assert data[1]["s"] == 2.3065


def test_media_that_are_not_there_are_named(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text('<img src="none.png">,"[sound:gone.mp3] <img src=""https://x.y/z.png"">"\n')
    import_text(collection, path)
    summary = export_package(collection, tmp_path / "out.apkg")
    assert summary.missing_media == ("gone.mp3", "none.png")


def test_media_that_are_named_or_all(collection: Collection, made: Any, tmp_path: Path) -> None:
    made.media = {"a.png": b"1", "b.png": b"2", "_c.woff": b"3", "d.png": b"4"}
    made.models[0]["css"] = "@font-face { src: url('_c.woff'); }"
    made.note(0, ("<img src=a.png>", ""))
    made.card(0)
    import_package(collection, made.write(tmp_path / "in.apkg"))
    assert export_package(collection, tmp_path / "all.apkg").media == 4
    export_package(collection, tmp_path / "deck.apkg", deck="Words")
    with open_package(tmp_path / "deck.apkg") as package:
        assert [file.name for file in package.media] == ["_c.woff", "a.png"]


def test_places_that_cannot_be_written(
    collection: Collection, tmp_path: Path, fails: Callable[..., Any]
) -> None:
    with fails(OutputError, "could not be written"):
        export_package(collection, tmp_path / "nowhere" / "out.apkg")
    assert export_package(collection, tmp_path / "empty.apkg").cards == 0


def test_the_log_as_parquet(collection: Collection, tmp_path: Path, fails: Any) -> None:
    pytest.importorskip("pyarrow")
    with fails(NotEnoughDataError, "no reviews"):
        export_parquet(collection, tmp_path / "empty")
    import_package(collection, PACKAGES / "latest.apkg")
    summary = export_parquet(collection, tmp_path / "log", deck="Lang")
    assert (summary.cards, summary.reviews) == (5, 8)
    theirs = read_log(PACKAGES / "latest.apkg").log
    ours = read_log(tmp_path / "log").log
    for name in ("card_id", "rating", "review_time_ms", "state", "duration_ms", "elapsed_days"):
        assert getattr(ours, name).tolist() == getattr(theirs, name).tolist()
    with fails(NotEnoughDataError, "no reviews"):
        export_parquet(collection, tmp_path / "none", deck="Default")
    with fails(OutputError, "already exists"):
        export_parquet(collection, tmp_path / "log")


@pytest.mark.parametrize("text", ["<", "<!--", "<img", "<style", "[sound:", "<b>url("])
def test_texts_that_never_end_are_written_in_time(text):
    """Time that grows with the square of the length would be hours."""
    long = text * 200_000
    joined, _, _ = note_values((long, "back"), 0)
    assert joined == f"{long}\x1fback"
    assert list(REFERENCE.finditer(long)) == []


def test_the_text_for_sorting_has_no_markup():
    first = '<!-- x --><b>a</b> <img src="b.png"><style>.c{}</style>&amp;&nbsp;'
    assert note_values((first, "back"), 0)[1] == "a  b.png &"
