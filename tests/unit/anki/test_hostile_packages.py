"""Packages made to do harm, or broken: one line, and nothing of them in the collection."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard

from recollect.anki import import_file, import_package, media_files
from recollect.anki.package import open_package
from recollect.collection import Collection, cards, decks, note_types, notes, open_collection
from recollect.errors import PackageError

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
Fails = Callable[..., Any]


@pytest.fixture
def kept(tmp_path: Path) -> Any:
    """A collection on SQLite; whatever fails must leave its file as it was."""
    with open_collection(tmp_path / "kept.db") as collection:
        yield collection


def rezipped(source: Path, target: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            new.writestr(name, members.pop(name, old.read(name)))
        for name, content in members.items():
            new.writestr(name, content)
    return target


def refused(collection: Collection, path: Path, fails: Fails, *words: str) -> None:
    with collection.reading() as transaction:
        before = list(notes.iterate_notes(transaction))
    with fails(PackageError, path.name, *words):
        import_file(collection, path)
    with collection.reading() as transaction:
        assert list(notes.iterate_notes(transaction)) == before
    assert collection.changes() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"PK\x03\x04 and no more", ["damaged"]),
        (b"SQLite format 3\0 and no more", ["not a readable Anki collection"]),
        (b"\x28\xb5\x2f\xfd and no more", ["damaged"]),
        (b"something else", ["not an Anki package"]),
    ],
)
def test_what_is_no_package(
    kept: Collection, tmp_path: Path, fails: Fails, content: bytes, words: list[str]
) -> None:
    path = tmp_path / "deck.apkg"
    path.write_bytes(content)
    refused(kept, path, fails, *words)


def test_a_file_that_is_not_there(kept: Collection, tmp_path: Path, fails: Fails) -> None:
    with fails(PackageError, "cannot be read"):
        import_file(kept, tmp_path / "nowhere.apkg")
    with fails(PackageError, "cannot be read"):
        import_package(kept, tmp_path)


def test_names_that_lead_elsewhere_are_left_out(
    kept: Collection, made: Any, tmp_path: Path
) -> None:
    names = ["../../evil.png", "/etc/evil", "a\\b.png", "..", "C:evil", "a\nb", "x" * 300, "ok.png"]
    made.media = dict.fromkeys(names, b"1")
    for kind in ("legacy", "latest"):
        summary = import_package(kept, made.write(tmp_path / "deck.apkg", kind))
        assert summary.skipped == {"media whose name is no plain file name": 7}
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert len([path for path in files if len(path.name) == 64]) == 1
    assert not [path for path in files if "evil" in path.name]


def test_members_that_lead_elsewhere_are_never_unpacked(
    kept: Collection, made: Any, tmp_path: Path
) -> None:
    path = made.write(tmp_path / "deck.apkg")
    link = zipfile.ZipInfo("0")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "a") as package:
        package.writestr("../outside", b"x")
        package.writestr(link, b"/etc/passwd")
    listed = json.dumps({"0": "link.txt", "../outside": "outside.txt", "7": "none.txt"})
    path = rezipped(path, tmp_path / "linked.apkg", media=listed.encode())
    assert import_package(kept, path).media.added == 1
    stored = [file for file in (tmp_path / "kept.db.media").rglob("*") if file.is_file()]
    assert [file.read_bytes() for file in stored] == [b"/etc/passwd"]  # the text, not the file
    assert not (tmp_path.parent / "outside").exists()


def test_bombs(kept: Collection, tmp_path: Path, fails: Fails) -> None:
    packer = zstandard.ZstdCompressor().compressobj()
    zeros = bytes(1 << 20)
    packed = b"".join(packer.compress(zeros) for _ in range(300)) + packer.flush()
    source = PACKAGES / "latest.apkg"
    path = tmp_path / "bomb.apkg"
    refused(kept, rezipped(source, path, **{"collection.anki21b": packed}), fails, "refused")
    refused(kept, rezipped(source, path, media=packed), fails, "list of media", "refused")


def test_media_beyond_the_limits(
    kept: Collection, made: Any, tmp_path: Path, fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.media = {"a.png": bytes(3000), "b.png": bytes(10)}
    path = made.write(tmp_path / "deck.apkg", "latest")
    monkeypatch.setattr(media_files, "MAX_MEDIA_FILE_BYTES", 2000)
    summary = import_package(kept, path, dry_run=True)
    assert (summary.media.added, summary.skipped.total()) == (1, 1)
    monkeypatch.setattr(media_files, "MAX_MEDIA_BYTES", 2000)
    refused(kept, path, fails, "refused")


@pytest.mark.parametrize(
    "media",
    [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"0": 5, "x": "y", "99999999": "z"}'],
)
def test_lists_of_media_that_are_none(
    kept: Collection, tmp_path: Path, media: bytes, fails: Fails
) -> None:
    path = rezipped(PACKAGES / "legacy.apkg", tmp_path / "deck.apkg", media=media)
    if (media[:1] == b"{" and len(media) > 1) or media == b"[1]":
        assert import_package(kept, path).notes.added == 3
    else:
        refused(kept, path, fails, "damaged")


@pytest.mark.parametrize(
    "media", [b"", b"\x0a", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", b"\x0f", b"\x80" * 20]
)
def test_broken_protobuf_in_the_list_of_media(
    kept: Collection, tmp_path: Path, media: bytes, fails: Fails
) -> None:
    packed = zstandard.compress(media)
    path = rezipped(PACKAGES / "latest.apkg", tmp_path / "deck.apkg", media=packed)
    if media:
        refused(kept, path, fails, "damaged")
    else:
        assert import_package(kept, path).media.added == 0


@pytest.mark.parametrize(
    ("kind", "statements", "words"),
    [
        ("legacy", ["DROP TABLE notes"], ["no notes"]),
        ("legacy", ["DROP TABLE revlog"], ["no revlog"]),
        ("legacy", ["ALTER TABLE cards DROP COLUMN odue"], ["no cards"]),
        (
            "legacy",
            ["ALTER TABLE notes RENAME TO n", "CREATE VIEW notes AS SELECT * FROM n"],
            ["no notes"],
        ),
        ("legacy", ["UPDATE col SET models = '{'"], ["note types or decks are damaged"]),
        ("legacy", ["UPDATE col SET decks = printf('%.*c', 100000, '[')"], ["damaged"]),
        ("legacy", ["UPDATE notes SET flds = CAST(x'ff41' AS TEXT)"], ["notes cannot be read"]),
        ("latest", ["UPDATE notetypes SET config = x'ff'"], ["protobuf"]),
        ("latest", ["UPDATE decks SET kind = x'0f'"], ["wire type 7"]),
        (
            "latest",
            ["UPDATE deck_config SET config = zeroblob(9000000)"],
            ["preset of more than"],
        ),
        (
            "legacy",
            ["UPDATE notes SET flds = zeroblob(70000000)"],
            ["notes cannot be read"],
        ),
    ],
)
def test_collections_that_are_none(
    kept: Collection,
    made: Any,
    tmp_path: Path,
    fails: Fails,
    kind: str,
    statements: list[str],
    words: list[str],
) -> None:
    made.note()
    made.card()
    made.statements = statements
    refused(kept, made.write(tmp_path / "deck.apkg", kind), fails, *words)


def test_triggers_and_generated_columns_never_run(
    kept: Collection, made: Any, tmp_path: Path, fails: Fails
) -> None:
    made.note()
    made.card()
    made.statements = [
        "CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM notes; END",
        "CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT i FROM n",
    ]
    assert import_package(kept, made.write(tmp_path / "deck.apkg")).notes.added == 1
    made.statements = [
        "ALTER TABLE notes RENAME TO n",
        "CREATE TABLE notes (id, guid, mid, mod, tags, flags, data, "
        "flds AS (zeroblob(1000000000)))",
    ]
    with fails(PackageError, "no notes"):
        import_package(kept, made.write(tmp_path / "deck.apkg"))


def test_cells_of_any_type(kept: Collection, made: Any, tmp_path: Path) -> None:
    for at, changes in enumerate(
        (
            {"mid": 77},
            {"mid": "x"},
            {"flds": b"\xff"},
            {"guid": ""},
            {"guid": "guid0"},
            {"guid": "g" * 600},
            {"mod": "never", "tags": 5, "flags": b"\x00", "data": b"\xff"},
            {"mod": -(2**63), "flags": 2**63 - 1},
            {"flds": "too\x1fmany\x1ffields"},
            {"flds": "too few"},
        ),
        1,
    ):
        made.note(at, **changes)
    made.note(0)
    made.note(20, id=-5)
    made.note(21, id=2**63 - 1, tags=f" {'t' * 600} ok ")
    for at, changes in enumerate(
        (
            {"nid": 5},
            {"ord": -1},
            {"ord": 7},
            {"ord": 2**62},
            {"did": b"deck"},
            {"type": 9},
            {"due": 2**62, "type": 2},
            {"ivl": 2**40, "type": 2},
            {"factor": "x"},
            {"flags": 2**62, "left": -(2**60), "type": 1, "due": 2**35},
            {"id": -1, "did": 4242},
            {"id": 2**62, "ord": 1},
            {},
            {"mod": "x", "data": "{" * 5000},
        )
    ):
        made.card(0 if at < 4 or at == 12 else at - 3, **({"ord": 0, "id": 90 + at} | changes))
    for at, changes in enumerate(
        ({"id": -4}, {"ease": 9}, {"type": 17}, {"time": "x"}, {"id": 2**62}, {"ivl": 2**60}, {})
    ):
        made.review(at, **changes)
    summary = import_package(kept, made.write(tmp_path / "deck.apkg"))
    assert summary.notes.added + sum(
        count for reason, count in summary.skipped.items() if reason.startswith("notes")
    ) == len(made.notes)
    assert summary.reviews.added == 1
    assert summary.skipped["reviews that are none"] == 6
    assert summary.mended["cards due at no time, taken as new"] == 2
    with kept.reading() as transaction:
        assert all(0 < note.id < 2**53 for note in notes.iterate_notes(transaction))
        assert all(0 < card.id < 2**53 for card in cards.iterate_cards(transaction))
    again = import_package(kept, tmp_path / "deck.apkg")
    assert not again.notes.added
    assert not again.cards.added


def test_a_million_characters(collection: Collection, made: Any, tmp_path: Path) -> None:
    made.note(0, ("ü" * 1_000_000, "<" * 1_000_000))
    made.note(1, ("x" * 5_000_001, ""))
    made.card(0)
    summary = import_package(collection, made.write(tmp_path / "deck.apkg"))
    assert summary.notes.added == 1
    assert summary.skipped["notes of more than 5,000,000 characters"] == 1
    with collection.reading() as transaction:
        assert len(next(iter(notes.iterate_notes(transaction))).fields[0]) == 1_000_000


def test_names_that_cannot_be_kept(collection: Collection, made: Any, tmp_path: Path) -> None:
    form = made.models[0]
    form["name"] = "  Odd\nname \0 \ud800" + "n" * 900
    form["flds"] = [{"name": "a:b{}"}, {"name": "#a_b__"}, {"name": ""}, {"name": 7}, "x", None]
    form["tmpls"] *= 2
    made.decks[1]["name"] = "::A:: ::B\x1fC::" + "d" * 900
    made.decks.append({**made.decks[2], "id": 5, "name": "words::verbs"})
    made.decks.append({**made.decks[2], "id": 6})
    made.presets[0]["name"] = ""
    made.note(0, ("1", "2", "3", "4"))
    made.card(0, did=6)
    summary = import_package(collection, made.write(tmp_path / "deck.apkg"))
    assert summary.notes.added == 1
    with collection.reading() as transaction:
        kept = note_types.get_note_type(transaction, form["id"])
        assert kept.field_names == ("a_b__", "a_b__ 2", "Field 3", "7")
        assert len(kept.templates) == 4
        names = [deck.name for deck in decks.list_decks(transaction)]
        assert any(name.startswith("A::B::C::d") for name in names)
        assert {"words::verbs", "Words::Verbs"} <= set(names)


def test_too_many_note_types(made: Any, tmp_path: Path, fails: Fails) -> None:
    made.models = [{**made.models[0], "id": at} for at in range(20_001)]
    path = made.write(tmp_path / "deck.apkg")
    with fails(PackageError, "more than 20000 models"), open_package(path):
        pass
