"""Files that are no sound backup change nothing."""

import json
import random
import sqlite3
import zipfile
from contextlib import closing

import pytest
import zstandard

from recollect.collection import (
    backups,
    list_backups,
    place_of,
    restore,
)
from recollect.errors import (
    CollectionDamagedError,
    CollectionError,
    CollectionVersionError,
)

CAT = b"a cat" * 100


@pytest.fixture
def image(tmp_path, opened, add_basics):
    with opened(tmp_path / "first.db") as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction)
        return collection.back_up().path


def repacked(image, change):
    """The image with a change made to the database inside."""
    plain = image.with_name("plain.db")
    backups.unpack_image(image, plain)
    with closing(sqlite3.connect(plain)) as connection:
        connection.executescript(change)
        connection.commit()
    image.write_bytes(zstandard.ZstdCompressor().compress(plain.read_bytes()))
    return image


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("PRAGMA application_id = 7", "no collection of Recollect"),
        ("CREATE TRIGGER t AFTER INSERT ON notes BEGIN DELETE FROM cards; END", "triggers"),
        ("CREATE VIEW v AS SELECT 1", "triggers or views"),
        ("PRAGMA foreign_keys = OFF; DELETE FROM notes WHERE id = 1", "points to nothing"),
        ("DELETE FROM settings", "no settings"),
        ("DROP TABLE settings", "settings"),
    ],
)
def test_images_that_are_no_collection(image, change, words, basics, where, contents, fails):
    before = contents(basics)
    with fails(CollectionDamagedError, words, "choose another"):
        restore(where, repacked(image, change))
    assert contents(basics) == before
    assert list_backups(basics.place) == []


def test_an_image_of_a_newer_version(image, basics, where, contents, fails):
    before = contents(basics)
    newer = repacked(image, "UPDATE alembic_version SET version_num = '9999'")
    with fails(CollectionVersionError, "update Recollect"):
        restore(where, newer)
    assert contents(basics) == before


@pytest.mark.parametrize("kind", ["image", "zip"])
def test_damaged_backups_change_nothing(kind, image, basics, tmp_path, contents, fails):
    """Cut short, or with bytes overwritten anywhere: refused, or read as it was."""
    source = image
    if kind == "zip":
        source = tmp_path / "whole.zip"
        basics.write_backup(source)
    good = source.read_bytes()
    before = contents(basics)
    target = tmp_path / "target.db"
    draw = random.Random(5)
    refused = 0
    for attempt in range(25):
        spoilt = bytearray(good)
        if attempt % 5 == 0:
            spoilt = spoilt[: draw.randrange(len(good))]
        else:
            at = draw.randrange(len(good) - 8)
            spoilt[at : at + 8] = draw.randbytes(8)
        path = tmp_path / f"spoilt.{kind}"
        path.write_bytes(spoilt)
        try:
            restore(target, path)
        except CollectionDamagedError as error:
            refused += "\n" not in str(error)
        else:
            target.unlink()
        assert not target.exists()
    assert refused > 10
    assert contents(basics) == before


def rewritten(path, change):
    """A whole backup with its members changed: a function from names to texts."""
    with zipfile.ZipFile(path) as package:
        members = {name: package.read(name) for name in package.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as package:
        for name, content in members.items():
            package.writestr(name, content)


def with_manifest(**values):
    def change(members):
        manifest = json.loads(members["manifest.json"]) | values
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


def with_row(name, line):
    def change(members):
        members[f"tables/{name}.jsonl"] += line
        manifest = json.loads(members["manifest.json"])
        manifest["tables"][name]["rows"] += 1
        members["manifest.json"] = json.dumps(manifest).encode()

    return change


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.pop("manifest.json"),
        lambda members: members.pop("tables/notes.jsonl"),
        lambda members: members.update({"manifest.json": b"[]"}),
        lambda members: members.update({"manifest.json": b"{"}),
        lambda members: members.update({"tables/notes.jsonl": b"\xff\xfe"}),
        lambda members: members.update({"tables/notes.jsonl": b""}),
        with_manifest(recollect="other"),
        with_manifest(tables={}),
        with_manifest(tables=[]),
        with_manifest(made_at_ms=None),
        with_row("note_tags", b"[1]\n"),
        with_row("note_tags", b"{}\n"),
        with_row("note_tags", b"7\n"),
        with_row("note_tags", b'[1,["x"]]\n'),
        with_row("note_tags", b'[1,"all"]\n'),
        with_row("note_tags", b'[77,"all"]\n'),
        with_row("note_tags", b'["1","x"]\n'),
        with_row("note_tags", b"[" * 100_000),
        with_row("note_tags", b'[9999999999999999999999,"x"]\n'),
        lambda members: members.update({"media/" + "0" * 64: b"other"}),
    ],
)
def test_zips_that_are_not_sound(change, basics, tmp_path, fails):
    path = tmp_path / "whole.zip"
    basics.write_backup(path)
    rewritten(path, change)
    with fails(CollectionDamagedError, str(path), "choose another"):
        restore(tmp_path / "target.db", path)
    assert not (tmp_path / "target.db").exists()
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".restore")] == []


@pytest.mark.parametrize("values", [{"format": 2}, {"tables_version": "9999"}])
def test_a_zip_of_a_newer_version(values, basics, tmp_path, fails):
    path = tmp_path / "whole.zip"
    basics.write_backup(path)
    rewritten(path, with_manifest(**values))
    with fails(CollectionVersionError, "update Recollect"):
        restore(tmp_path / "target.db", path)


def test_files_that_are_no_backup(basics, where, tmp_path, fails, contents):
    before = contents(basics)
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("some text")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as package:
        package.writestr("a", "b")
    for name in ("empty", "text", "other.zip"):
        with fails(CollectionDamagedError, name, "choose another"):
            restore(where, tmp_path / name)
    with fails(CollectionError, "gone", "cannot be read"):
        restore(where, tmp_path / "gone")
    assert contents(basics) == before


def test_a_place_that_is_another_programs(image, tmp_path, fails):
    path = tmp_path / "collection.anki2"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE col (id integer)")
    before = path.read_bytes()
    with fails(CollectionError, "not a collection of Recollect"):
        restore(place_of(path), image)
    assert path.read_bytes() == before
