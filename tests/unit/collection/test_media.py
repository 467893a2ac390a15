"""Pictures and sounds: names, contents kept once, and what becomes of those that nobody needs."""

import hashlib
import os
from dataclasses import replace
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.collection import MediaFile, media, note_types, notes
from recollect.collection.blob_folder import BlobFolder
from recollect.collection.blobs import blobs_of
from recollect.errors import CollectionError, UnknownNameError

CAT, DOG = b"a cat" * 1_000, b"a dog"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_a_file_comes_back(collection, tmp_path):
    path = tmp_path / "picture"
    path.write_bytes(DOG)
    with collection.transaction("Add media") as transaction:
        cat = media.add_media(transaction, "cat.jpg", CAT)
        dog = media.add_media(transaction, "dog.jpg", path)
        sound = media.add_media(transaction, "meow.mp3", BytesIO(b""))
    assert cat == MediaFile("cat.jpg", sha256(CAT), len(CAT))
    with collection.reading() as transaction:
        assert media.list_media(transaction) == [cat, dog, sound]
        assert media.find_media(transaction, "cat.jpg") == cat
        assert media.find_media(transaction, "none.jpg") is None
        assert media.read_media(transaction, "cat.jpg") == CAT
        assert media.read_media(transaction, "dog.jpg") == DOG
        assert media.read_media(transaction, "meow.mp3") == b""


def test_where_contents_are(collection, where):
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "cat.jpg", CAT)
        path = media.media_path(transaction, "cat.jpg")
    if "://" in where:
        assert path is None
    else:
        folder = collection.place.media
        assert path == folder / sha256(CAT)[:2] / sha256(CAT)
        assert path.read_bytes() == CAT
        assert [entry for entry in folder.rglob("*") if entry.is_file()] == [path]


def test_a_content_is_kept_once(collection):
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.jpg", CAT)
        media.add_media(transaction, "b.jpg", CAT)
        assert media.add_media(transaction, "a.jpg", CAT).name == "a.jpg"
        assert len(media.list_media(transaction)) == 2
        assert blobs_of(transaction).sizes() == {sha256(CAT): len(CAT)}


def test_a_taken_name_gets_another(collection):
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.tar.gz", CAT)
        other = media.add_media(transaction, "a.tar.gz", DOG)
        assert other.name == f"a.tar-{sha256(DOG)[:16]}.gz"
        assert media.add_media(transaction, "a.tar.gz", DOG) == other
        media.add_media(transaction, "plain", CAT)
        assert media.add_media(transaction, "plain", DOG).name == f"plain-{sha256(DOG)[:16]}"
        assert media.read_media(transaction, "plain") == CAT


def test_too_large_a_file(collection, fails, contents):
    before = contents(collection)
    with fails(CollectionError, "larger than 1 MiB"), collection.transaction("Add") as transaction:
        media.add_media(transaction, "a.jpg", bytes(2 * 1024**2), limit_bytes=1024**2)
    assert contents(collection) == before
    with collection.reading() as transaction:
        assert blobs_of(transaction).sizes() == {}
        if collection.place.media is not None:
            assert list(collection.place.media.iterdir()) == []


def test_a_file_that_is_not_there(collection, tmp_path, fails):
    with collection.transaction("Add media") as transaction:
        with fails(CollectionError, "gone.jpg", "cannot be read"):
            media.add_media(transaction, "a.jpg", tmp_path / "gone.jpg")
        for look in (media.read_media, media.media_path):
            with fails(UnknownNameError, "media file", "a.jpg"):
                look(transaction, "a.jpg")


def test_a_content_that_is_lost(tmp_path, opened, fails):
    collection = opened(tmp_path / "c.db")
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.jpg", CAT)
        path = media.media_path(transaction, "a.jpg")
    path.unlink()
    with collection.reading() as transaction, fails(CollectionError, "cannot be read"):
        media.read_media(transaction, "a.jpg")


def test_adding_again_heals_a_damaged_content(tmp_path, opened):
    collection = opened(tmp_path / "c.db")
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.jpg", CAT)
    with collection.transaction("Add media") as transaction:
        media.media_path(transaction, "a.jpg").write_bytes(bytes(len(CAT)))
        media.add_media(transaction, "a.jpg", CAT)
        assert media.read_media(transaction, "a.jpg") == CAT


def test_removing_a_name_can_be_taken_back(collection):
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.jpg", CAT)
    with collection.transaction("Remove media") as transaction:
        assert media.remove_media(transaction, ["a.jpg", "none.jpg"]) == 1
    with collection.transaction(None) as transaction:
        media.sweep_media(transaction)
    assert collection.undo().title == "Remove media"
    with collection.reading() as transaction:
        assert media.read_media(transaction, "a.jpg") == CAT


def test_sweeping_deletes_what_nothing_can_need(collection):
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.jpg", CAT)
        media.add_media(transaction, "b.jpg", DOG)
    with collection.transaction(None) as transaction:
        media.remove_media(transaction, ["a.jpg"])
    assert sum(sweep(collection) for _ in range(2)) == len(CAT)
    with collection.reading() as transaction:
        assert blobs_of(transaction).sizes() == {sha256(DOG): len(DOG)}
        assert media.read_media(transaction, "b.jpg") == DOG


def sweep(collection, oldest_backup_ms=None):
    with collection.transaction(None) as transaction:
        return media.sweep_media(transaction, oldest_backup_ms)


def test_sweeping_keeps_what_a_backup_needs(tmp_path, opened, clock):
    collection = opened(tmp_path / "c.db")
    with collection.transaction(None) as transaction:
        media.add_media(transaction, "a.jpg", CAT)
    backup_ms = clock()
    with collection.transaction(None) as transaction:
        media.remove_media(transaction, ["a.jpg"])
    assert sweep(collection, backup_ms) == 0
    assert sweep(collection, backup_ms) == 0
    with collection.reading() as transaction:
        assert blobs_of(transaction).sizes() == {}
        assert transaction.blobs.read(sha256(CAT)) == CAT  # and it is back
        assert set(transaction.blobs.sizes()) == {sha256(CAT)}
    assert sweep(collection, backup_ms) == 0
    assert sweep(collection, clock()) == len(CAT)


def test_sweeping_brings_back_what_is_needed_again(tmp_path, opened, clock):
    collection = opened(tmp_path / "c.db")
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "a.jpg", CAT)
    with collection.transaction(None) as transaction:
        media.remove_media(transaction, ["a.jpg"])
    sweep(collection)
    with collection.transaction(None) as transaction:
        media.add_media(transaction, "b.jpg", CAT)
    assert sweep(collection) == 0
    with collection.reading() as transaction:
        assert media.read_media(transaction, "b.jpg") == CAT


def test_sweeping_removes_old_drafts(tmp_path, opened, clock):
    collection = opened(tmp_path / "c.db")
    folder = collection.place.media
    folder.mkdir()
    for name, at_ms in ((".old.tmp", clock.now_ms - 10**9), (".new.tmp", clock.now_ms)):
        (folder / name).touch()
        os.utime(folder / name, ns=(at_ms * 10**6, at_ms * 10**6))
    sweep(collection)
    assert [path.name for path in folder.glob(".*")] == [".new.tmp"]


def test_what_a_failed_change_added_is_swept(tmp_path, opened):
    collection = opened(tmp_path / "c.db")

    def fail():
        with collection.transaction("Add media") as transaction:
            media.add_media(transaction, "a.jpg", CAT)
            raise CollectionError("half-way")

    with pytest.raises(CollectionError):
        fail()
    assert sum(sweep(collection) for _ in range(2)) == len(CAT)


def test_the_report(basics):
    with basics.transaction("Add media") as transaction:
        for name in ("a b.jpg", "ä.png", "unused.mp3", "_font.ttf", "style.css"):
            media.add_media(transaction, name, name.encode())
        first, second = notes.get_notes(transaction, [1, 2])
        texts = ("<img src='a%20b.jpg'><img src='gone.jpg'>", "[sound:gone.mp3][sound:a&amp;b.mp3]")
        notes.update_notes(
            transaction,
            [
                replace(first, fields=texts),
                replace(second, fields=("<IMG SRC=ä.png>", "<audio src=gone.jpg>")),
            ],
        )
        kind = note_types.get_note_type(transaction, 10)
        css = "@import url('style.css'); @font-face { src: url(missing.ttf) }"
        side = "<img src='{{Front}}.jpg'><img src=logo.png>{{Front}}"
        templates = (replace(kind.templates[0], question=side), kind.templates[1])
        note_types.update_note_type(transaction, replace(kind, css=css, templates=templates))
    with basics.reading() as transaction:
        report = media.media_report(transaction)
    assert report.missing == {
        "gone.jpg": (1, 2),
        "gone.mp3": (1,),
        "a&b.mp3": (1,),
        "logo.png": (),
        "missing.ttf": (),
    }
    assert [file.name for file in report.unused] == ["unused.mp3"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<img src=\"a.jpg\" alt='b.jpg'>", {"a.jpg"}),
        ("<img src=http://x.org/a.jpg><img src='data:image/png;base64,x'>", set()),
        ("<img src=//x.org/a.jpg><a href=b.html>", set()),
        (
            "<object data=a.svg><video src=b.mp4><source src=c.ogg><embed src=d>",
            {"a.svg"} | {"b.mp4", "c.ogg", "d"},
        ),
        ("[sound:a b.mp3] [sound:] [sound:c", {"a b.mp3"}),
        ("<img src='a&amp;b.jpg'>", {"a&b.jpg"}),
        ("<img src='100%.jpg'>", {"100%.jpg"}),
        ("<!-- <img src=a.jpg> --><script>'<img src=b>'</script>", set()),
        ("<img src=a\u0308.png>", {"ä.png"}),
        ("<img>", set()),
    ],
)
def test_names_in_fields(text, names):
    assert media.media_names(text) == names


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("cat.jpg", "cat.jpg"),
        ("../../etc/passwd", "....etcpasswd"),
        ('a\\b:c*?"<>|[d].jpg', "abcd.jpg"),
        ("a\x00b\nc.jpg", "a�bc.jpg"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("name. . ", "name"),
        ("", "unnamed"),
        ("///", "unnamed"),
        ("a\u0308.png", "ä.png"),
        (".hidden", ".hidden"),
    ],
)
def test_clean_names(given, clean):
    assert media.clean_media_name(given) == clean


@given(st.text(st.characters(categories=None)))
def test_clean_names_can_be_files(text):
    name = media.clean_media_name(text)
    assert name
    assert len(name.encode()) <= 120
    assert name not in (".", "..")
    assert not set(name) & set("/\\:\0\n")
    assert media.clean_media_name(name) == name


def test_a_long_name_keeps_its_ending():
    name = media.clean_media_name("日" * 200 + ".jpeg")
    assert name.endswith("日.jpeg")
    assert 110 < len(name.encode()) <= 120


def test_many_files_are_synced_at_once(tmp_path):
    folder = BlobFolder(tmp_path / "media")
    for number in range(40):
        folder.add(BytesIO(b"%d" % number), 100)
    folder.sync()
    assert len(folder.sizes()) == 40
