from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recollect.anki import import_package
from recollect.anki.summary import Tally
from recollect.collection import (
    Collection,
    cards,
    check_collection,
    decks,
    note_types,
    notes,
    presets,
    reviews,
    schema,
)

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
CREATED_S, DAY_0 = 1_600_000_000, 1_600_000_000 // 86_400
CARD, NOTE, WORDS, VERBS = (
    1_600_000_002_000,
    1_600_000_001_000,
    1_600_000_000_100,
    1_600_000_000_200,
)
BASIC = 1_500_000_000_001


def rows(collection: Collection, table: str) -> list[tuple[Any, ...]]:
    with collection.reading() as transaction:
        return sorted(map(tuple, transaction.execute(schema.metadata.tables[table].select())))


def everything(collection: Collection) -> dict[str, Any]:
    return {name: rows(collection, name) for name in schema.metadata.tables if name != "changes"}


def card_of(collection: Collection, at: int) -> Any:
    with collection.reading() as transaction:
        return cards.get_card(transaction, CARD + at)


@pytest.mark.parametrize(
    "name", ["latest.apkg", "latest.colpkg", "legacy.apkg", "legacy.colpkg", "nosched.apkg"]
)
def test_packages_written_by_anki(collection: Collection, name: str) -> None:
    told = []
    summary = import_package(
        collection, PACKAGES / name, tell=lambda done, total, what: told.append((done, total))
    )
    studied = name != "nosched.apkg"
    assert (summary.notes, summary.cards) == (Tally(3), Tally(5))
    assert summary.reviews == Tally(8 if studied else 0)
    assert summary.media == Tally(1)
    assert not summary.skipped
    assert not summary.mended
    assert told[-1] == ((17, 17) if studied else (9, 9))
    with collection.reading() as transaction:
        found = list(notes.iterate_notes(transaction))
        assert found[0].guid == "ct2[4roZVj"
        assert found[0].fields == ("historic", 'famous <img src="dot.svg">')
        assert found[0].tags == ("a::b", "confusable")
        assert found[2].fields == ("{{c1::Paris}} is the capital of {{c2::France}}", "")
        names = [deck.name for deck in decks.list_decks(transaction)]
        assert names == ["Default", "Lang", "Lang::Kanji"]
        first = next(iter(cards.iterate_cards(transaction)))
        # Anki says: due 10 days after its day 0, which is 2026-11-22.
        assert first.due_day == (20779 + 10 if studied else None)
        assert first.phase == ("review" if studied else "new")
        types = {item.name: item for item in note_types.list_note_types(transaction)}
        assert types["Cloze"].kind == "cloze"
        assert types["Basic (and reversed card)"].field_names == ("Front", "Back")


def test_all_generations_bring_the_same(opened: Any, tmp_path: Path) -> None:
    found = []
    for name in ("latest.apkg", "legacy.apkg", "latest.colpkg", "legacy.colpkg"):
        collection = opened(tmp_path / f"{name}.db")
        import_package(collection, PACKAGES / name)
        found.append([rows(collection, table) for table in ("cards", "reviews", "media")])
        versions = [row[:4] for row in rows(collection, "note_versions")]
        found[-1].append(versions)
    assert all(item == found[0] for item in found)


@pytest.mark.parametrize("kind", ["legacy", "latest", "bare"])
def test_every_state_of_a_card(
    collection: Collection, whole: Any, tmp_path: Path, kind: str
) -> None:
    name = "collection.anki2" if kind == "bare" else "deck.apkg"
    summary = import_package(collection, whole().write(tmp_path / name, kind))
    assert summary.mended == {"cards in filtered decks, taken home": 1}
    # Our writer of schema 18 makes no filtered decks, so there it is a deck like any other.
    assert summary.skipped == ({} if kind == "latest" else {"filtered decks": 1})
    new, review, learning, relearning, suspended, buried, kept, home = (
        card_of(collection, at) for at in range(8)
    )
    assert (new.phase, new.position, new.due_day) == ("new", 1, None)
    assert (review.phase, review.due_day, review.interval_days) == ("review", DAY_0 + 30, 25)
    assert review.extra["anki"]["factor"] == 2300
    assert (learning.phase, learning.due_at_ms, learning.step) == ("learning", 1_700_000_000_000, 1)
    assert (relearning.phase, relearning.due_day, relearning.step) == ("relearning", DAY_0 + 40, 0)
    assert (suspended.suspended, suspended.flag, suspended.phase) == (True, 5, "review")
    today = collection.clock() // 86_400_000
    assert (buried.buried_until_day, kept.buried_until_day) == (today + 1, today + 1)
    assert (home.deck_id, home.due_day, home.original_deck_id) == (VERBS, DAY_0 + 33, None)
    with collection.reading() as transaction:
        log = list(reviews.iterate_reviews(transaction))
        assert [entry.kind for entry in log] == [
            "review",
            "review",
            "relearning",
            "manual",
            "filtered",
        ]
        assert (log[0].interval_before, log[0].interval_after, log[0].duration_ms) == (
            -600,
            5,
            4321,
        )
        assert log[4].card_id == CARD + 77  # deleted since, and kept


def test_importing_again_changes_nothing(
    collection: Collection, whole: Any, tmp_path: Path
) -> None:
    package = whole().write(tmp_path / "deck.apkg")
    import_package(collection, package)
    before = everything(collection)
    again = import_package(collection, package)
    assert not again.changes_anything
    assert again.cards == Tally(0, 0, 8)
    assert everything(collection) == before
    assert again.change_id is None


def test_a_dry_run_writes_nothing_and_says_the_same(
    collection: Collection, whole: Any, tmp_path: Path
) -> None:
    package = whole().write(tmp_path / "deck.apkg")
    before = everything(collection)
    folder = collection.place.media
    tried = import_package(collection, package, dry_run=True)
    assert everything(collection) == before
    assert folder is None or not folder.exists()
    assert collection.changes() == []
    done = import_package(collection, package)
    assert tried.tallies == done.tallies
    assert (tried.dry_run, tried.change_id) == (True, None)


def test_an_import_can_be_undone(collection: Collection, whole: Any, tmp_path: Path) -> None:
    summary = import_package(collection, whole().write(tmp_path / "deck.apkg"))
    undone = collection.undo()
    assert undone is not None
    assert (undone.id, undone.title) == (summary.change_id, "Import deck.apkg")
    assert rows(collection, "cards") == rows(collection, "notes") == []
    collection.redo()
    assert len(rows(collection, "cards")) == 8


def test_the_newer_note_wins(collection: Collection, made: Any, tmp_path: Path) -> None:
    made.note(fields=("q", "old"))
    made.card()
    path = tmp_path / "deck.apkg"
    import_package(collection, made.write(path))
    made.notes[0][3], made.notes[0][6] = CREATED_S + 5, "q\x1fnew"
    assert import_package(collection, made.write(path)).notes == Tally(0, 1, 0)
    made.notes[0][3], made.notes[0][6] = CREATED_S + 4, "q\x1folder"
    assert import_package(collection, made.write(path)).notes == Tally(0, 0, 1)
    with collection.transaction("Edit") as transaction:
        note = notes.get_note(transaction, NOTE)
        assert note.fields == ("q", "new")
        edited = replace(note, fields=("q", "mine"), modified_at_ms=transaction.now_ms)
        notes.update_notes(transaction, [edited])
    made.notes[0][3] = CREATED_S + 9  # before the learner's edit
    import_package(collection, made.write(path))
    with collection.reading() as transaction:
        assert notes.get_note(transaction, NOTE).fields == ("q", "mine")
        assert len(notes.list_versions(transaction, NOTE)) == 3


def test_the_later_review_has_the_word(collection: Collection, made: Any, tmp_path: Path) -> None:
    made.note()
    made.card(type=2, queue=2, due=30, ivl=25, factor=2500, reps=1)
    made.review(0)
    path = tmp_path / "deck.apkg"
    import_package(collection, made.write(path))
    with collection.transaction("Answer") as transaction:
        here = replace(cards.get_card(transaction, CARD), due_day=DAY_0 + 99, interval_days=60)
        cards.update_cards(transaction, [here])
        entry = replace(reviews.reviews_of_cards(transaction, [CARD])[0], id=1_650_000_000_000)
        reviews.append_review(transaction, replace(entry, answered_at_ms=entry.id))
    assert import_package(collection, made.write(path)).cards == Tally(0, 0, 1)
    assert card_of(collection, 0).due_day == DAY_0 + 99
    # Studied in Anki after that: its state counts, and both reviews stay.
    made.review(id=1_660_000_000_000)
    made.cards[0][8] = 44
    assert import_package(collection, made.write(path)).cards == Tally(0, 1, 0)
    assert card_of(collection, 0).due_day == DAY_0 + 44
    assert len(rows(collection, "reviews")) == 3


def test_what_was_changed_here_stays(collection: Collection, made: Any, tmp_path: Path) -> None:
    made.note()
    made.card(type=2, queue=2, due=30, ivl=25)
    made.review()
    path = tmp_path / "deck.apkg"
    import_package(collection, made.write(path))
    with collection.transaction("Suspend") as transaction:
        cards.suspend_cards(transaction, [CARD])
    made.cards[0][4], made.cards[0][8] = CREATED_S + 100, 31
    import_package(collection, made.write(path))
    assert card_of(collection, 0).suspended
    assert card_of(collection, 0).due_day == DAY_0 + 30


def test_a_package_without_scheduling_forgets_nothing(collection: Collection, opened: Any) -> None:
    import_package(collection, PACKAGES / "latest.apkg")
    before = everything(collection)
    again = import_package(collection, PACKAGES / "nosched.apkg")
    assert again.cards == Tally(0, 0, 5)
    assert everything(collection) == before


def test_notes_are_the_same_by_guid_whatever_their_number(
    collection: Collection, made: Any, tmp_path: Path
) -> None:
    made.note()
    made.card(type=2, queue=2, due=30, ivl=25)
    made.review()
    import_package(collection, made.write(tmp_path / "deck.apkg"))
    made.notes[0][0] = NOTE + 500
    made.cards[0][0], made.cards[0][1] = CARD + 500, NOTE + 500
    made.reviews[0][1] = CARD + 500
    again = import_package(collection, made.write(tmp_path / "deck.apkg"))
    assert not again.changes_anything
    assert (again.notes, again.cards, again.reviews) == (Tally(0, 0, 1),) * 3


def test_a_number_that_is_taken_is_replaced(
    collection: Collection, made: Any, tmp_path: Path
) -> None:
    made.note()
    made.card(type=2, queue=2, due=30, ivl=25)
    made.review()
    import_package(collection, made.write(tmp_path / "deck.apkg"))
    made.notes[0][1] = "another"
    made.reviews[0][0] += 7
    summary = import_package(collection, made.write(tmp_path / "deck.apkg"))
    assert (summary.notes, summary.cards, summary.reviews) == (Tally(1),) * 3
    with collection.reading() as transaction:
        found = notes.find_guids(transaction, ["guid0", "another"])
        assert found["guid0"] == NOTE != found["another"]
        card = cards.cards_of_notes(transaction, [found["another"]])[0]
        assert len(reviews.reviews_of_cards(transaction, [card.id])) == 1
    assert not import_package(collection, tmp_path / "deck.apkg").changes_anything


def test_a_note_type_with_other_fields_is_kept_beside(
    collection: Collection, made: Any, tmp_path: Path
) -> None:
    made.note()
    made.card()
    path = tmp_path / "deck.apkg"
    import_package(collection, made.write(path))
    made.models[0]["flds"].append({"name": "Hint", "ord": 2})
    made.note(1, ("q", "a", "h"))
    made.card(1)
    made.notes[0][6] += "\x1f"
    for _ in range(2):
        summary = import_package(collection, made.write(path))
        assert summary.skipped == {"notes that have another note type here": 1}
    with collection.reading() as transaction:
        types = note_types.list_note_types(transaction)
        assert [item.name for item in types] == ["Basic", "Basic (2)", "Cloze"]
        assert notes.get_note(transaction, NOTE + 1).fields == ("q", "a", "h")


def test_a_newer_template_replaces_the_older(
    collection: Collection, made: Any, tmp_path: Path
) -> None:
    path = tmp_path / "deck.apkg"
    import_package(collection, made.write(path))
    made.models[0]["tmpls"][0]["qfmt"] = "{{Front}}!"
    made.models[0]["mod"] = CREATED_S
    assert import_package(collection, made.write(path)).note_types == Tally(0, 1, 1)
    made.models[0]["tmpls"][0]["qfmt"] = "older"
    made.models[0]["mod"] -= 1
    assert import_package(collection, made.write(path)).note_types == Tally(0, 0, 2)
    with collection.reading() as transaction:
        assert note_types.get_note_type(transaction, BASIC).templates[0].question == "{{Front}}!"


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"two")])
def test_lost_and_damaged_media_come_back(
    collection: Collection, made: Any, tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    made.media = {"a.png": b"one"}
    made.note(1, ("<img src=a.png>", "b"))
    path = made.write(tmp_path / "deck.apkg")
    import_package(collection, path)
    folder = collection.place.media
    if folder is None:
        pytest.skip("a database keeps its contents itself")
    (content,) = (file for file in folder.rglob("*") if file.is_file())
    harm(content)
    again = import_package(collection, path)
    assert again.mended == {"media whose content was lost or damaged": 1}
    assert content.read_bytes() == b"one"
    assert check_collection(collection).is_sound
    assert not import_package(collection, path).mended


def test_media_of_one_name_and_other_content(
    collection: Collection, made: Any, tmp_path: Path
) -> None:
    path = tmp_path / "deck.apkg"
    names = ("a.png", "a b.mp3", "ü&.png")
    made.media = dict.fromkeys(names, b"one")
    made.note()
    import_package(collection, made.write(path))
    made.media = {name: name.encode() for name in names}
    made.note(1, ("<img src='a.png'> [sound:a b.mp3]", '<img src="a%20b.mp3"><img src=ü&amp;.png>'))
    made.card(1)
    for kind in ("legacy", "latest"):
        summary = import_package(collection, made.write(path, kind))
        assert summary.mended == {"media renamed, as another file has the name": 3}
    assert (summary.media, summary.notes) == (Tally(0, 0, 3), Tally(0, 0, 2))
    kept = {row[0]: row[1] for row in rows(collection, "media")}
    assert len(kept) == 6
    renamed = {
        name: next(
            n for n in kept if n.startswith(name[0]) and n not in names and n.endswith(name[-4:])
        )
        for name in names
    }
    with collection.reading() as transaction:
        fields = notes.get_note(transaction, NOTE + 1).fields
    assert fields[0] == f"<img src='{renamed['a.png']}'> [sound:{renamed['a b.mp3']}]"
    assert f"{renamed['ü&.png'].replace('&', '&amp;')}>" in fields[1]
    assert renamed["a b.mp3"].replace(" ", "%20") in fields[1]


def test_presets_come_along(collection: Collection, made: Any, tmp_path: Path) -> None:
    made.presets[0]["new"]["perDay"] = 7
    made.presets.append({**made.presets[0], "id": 55, "name": "Hard"})
    made.presets[1] |= {"desiredRetention": 0.1, "rev": {"maxIvl": 0, "perDay": "many"}}
    made.decks[1]["conf"] = 55
    made.note()
    made.card()
    summary = import_package(collection, made.write(tmp_path / "deck.apkg"))
    assert summary.presets == Tally(1, 1, 0)
    with collection.reading() as transaction:
        first, hard = presets.list_presets(transaction)
        assert (first.id, first.new_per_day) == (1, 7)
        assert (hard.id, hard.desired_retention, hard.maximum_interval_days) == (55, 0.5, 1)
        assert hard.reviews_per_day == 200
        deck = decks.find_deck(transaction, "Words")
        assert deck is not None
        assert deck.preset_id == 55
    # In a collection with notes, the first preset of another package is another preset.
    made.presets = [{**made.presets[0], "new": {"perDay": 9}}]
    made.notes[0][1] = "other"
    import_package(collection, made.write(tmp_path / "other.apkg"))
    with collection.reading() as transaction:
        found = {item.name: item.new_per_day for item in presets.list_presets(transaction)}
        assert found["Default"] == 7


@pytest.mark.parametrize(
    ("created_s", "offset", "day"),
    [
        (1_600_000_000, 0, 18518),  # 2020-09-13 12:26 UTC
        (1_599_951_600, None, 18518),  # 23:00 UTC the day before is 4:00 at UTC+5
        (1_599_998_400, None, 18518),  # 12:00 UTC is 4:00 at UTC-8
        (1_600_030_800, -540, 18519),  # 21:00 UTC is the next day in Japan
        (1_600_030_800, None, 18519),
        (1_600_009_200, None, 18519),  # 15:00 UTC is 4:00 at UTC+13
        (1_600_005_600, None, 18518),  # 14:00 UTC is 4:00 at UTC-10
    ],
)
def test_day_zero(created_s: int, offset: int | None, day: int) -> None:
    from recollect.anki.scheduling import first_day

    assert first_day(created_s, offset) == day


def test_a_failure_leaves_nothing(
    collection: Collection, made: Any, tmp_path: Path, fails: Callable[..., Any]
) -> None:
    from recollect.errors import PackageError

    made.media = {"a.png": b"1", "b.png": b"2"}
    made.note()
    path = made.write(tmp_path / "deck.apkg", "latest")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"\x28\xb5\x2f\xfd")
    data[at + 5] ^= 0xFF
    path.write_bytes(data)
    before = everything(collection)
    with fails(PackageError, "damaged"):
        import_package(collection, path)
    assert everything(collection) == before
    folder = collection.place.media
    assert folder is None or [file for file in folder.rglob("*") if file.is_file()] == []


def test_many_numbers_that_are_taken(collection: Collection, made: Any, tmp_path: Path) -> None:
    """Programs that make packages number notes from the time on: two may have the same numbers."""
    for name in ("a", "b"):
        made.notes, made.cards = [], []
        for number in range(1, 2_501):
            made.note(number, (f"{name} {number}", "back"), guid=f"{name}{number}")
            made.card(number)
        summary = import_package(collection, made.write(tmp_path / f"{name}.apkg"))
        assert (summary.notes.added, summary.cards.added) == (2_500, 2_500)
    assert len(rows(collection, "notes")) == 5_000
