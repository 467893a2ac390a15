"""What stands in the way, at the real boundary: one clear line, and nothing is lost.

A full disk is a small file system of its own where we may mount one, and a limit on the size of
files elsewhere; who may not write is another user; who holds the lock is another process.
"""

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from recollect.collection import (
    Note,
    cards,
    check_collection,
    decks,
    media,
    notes,
    open_collection,
    restore,
    reviews,
)
from recollect.errors import CollectionDamagedError, CollectionError, CollectionLockedError

NOBODY = 65534
CAT = b"a cat" * 1_000


@pytest.fixture
def quick_to_give_up(monkeypatch):
    monkeypatch.setattr("recollect.collection.engine.BUSY_TIMEOUT_MS", 300)


@contextmanager
def other_process(code, *arguments):
    """Another Python at work; the block begins when it has printed a line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().strip() == "ready"
            yield process
        finally:
            process.stdin.close()
            process.wait(timeout=30)


HOLD = """
import sys
from recollect.collection import open_collection, decks
with open_collection(sys.argv[1], create=False) as collection:
    with collection.transaction("Hold") as transaction:
        decks.make_deck(transaction, "Held")
        print("ready", flush=True)
        sys.stdin.read()
"""


def test_another_process_is_writing(quick_to_give_up, basics, where, fails, contents):
    basics.close()
    before = contents(basics)
    with other_process(HOLD, where):
        started = time.monotonic()
        with fails(CollectionLockedError, "another program is writing", "nothing was changed"):
            rename(basics, "Mine")
        with fails(CollectionLockedError, "another program"):
            basics.undo()
        assert time.monotonic() - started < 5
        assert contents(basics) == before  # reading goes on
        basics.back_up()
    rename(basics, "Mine")
    with basics.reading() as transaction:
        assert decks.find_deck(transaction, "Mine") is not None
        assert decks.find_deck(transaction, "Held") is not None


def rename(collection, name):
    with collection.transaction("Rename") as transaction:
        decks.rename_deck(transaction, 1, name)


def test_waiting_for_another_process(basics, where):
    """Whoever is quick does not even notice."""
    basics.close()
    with other_process(HOLD, where) as process:
        process.stdin.close()
        rename(basics, "Mine")
    with basics.reading() as transaction:
        assert decks.find_deck(transaction, "Held") is not None


def test_opening_while_another_process_writes(basics, where, opened):
    basics.close()
    with other_process(HOLD, where), opened(where, create=False).reading() as transaction:
        assert len(list(notes.iterate_notes(transaction))) == 3


@contextmanager
def without_rights(folder):
    """The block runs as somebody who may only read the folder."""
    modes = {path: path.stat().st_mode for path in [folder, *folder.rglob("*")]}
    for path, mode in modes.items():
        path.chmod(mode & 0o555 | 0o444)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if user == 0:
            os.seteuid(0)
        for path, mode in modes.items():
            path.chmod(mode)


@pytest.fixture
def open_folder():
    """A folder that other users can enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="recollect-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written(open_folder, fails):
    with without_rights(open_folder), fails(CollectionError, "cannot be opened", "permissions"):
        open_collection(open_folder / "collection.db")
    with without_rights(open_folder), fails(CollectionError, "cannot be opened", "permissions"):
        open_collection(open_folder / "new" / "collection.db")
    assert list(open_folder.iterdir()) == []


def test_a_collection_that_cannot_be_written(open_folder, fails, add_basics, contents):
    path = open_folder / "collection.db"
    with open_collection(path) as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction)
        before = contents(collection)
        collection.close()
        with without_rights(open_folder):
            with fails(CollectionError, str(path), "cannot be"):
                rename(collection, "Mine")
            with fails(CollectionError, "cannot be"):
                collection.back_up()
        assert contents(collection) == before


def test_a_file_that_cannot_be_written_can_be_read(open_folder, fails, add_basics):
    path = open_folder / "collection.db"
    with open_collection(path) as collection, collection.transaction("Add") as transaction:
        add_basics(transaction)
    path.chmod(0o444)
    open_folder.chmod(0o777)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)
    try:
        with open_collection(path, create=False) as collection:
            with collection.reading() as transaction:
                assert len(list(notes.iterate_notes(transaction))) == 3
            with fails(CollectionError, "cannot be written", "check its permissions"):
                rename(collection, "Mine")
    finally:
        if os.getuid() == 0:
            os.seteuid(0)


def test_media_that_cannot_be_written(open_folder, fails):
    with open_collection(open_folder / "collection.db") as collection:
        folder = collection.place.media
        folder.mkdir()
        with (
            collection.transaction("Add") as transaction,
            fails(CollectionError, str(folder), "media cannot be written"),
            without_rights(folder),
        ):
            media.add_media(transaction, "cat.jpg", CAT)
        assert list(folder.iterdir()) == []


@pytest.fixture
def small_disk():
    """A file system of 3 MiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = Path(tempfile.mkdtemp(prefix="recollect-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m,mode=755", "tmpfs", folder], capture_output=True
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip("a small disk cannot be mounted here")
    yield folder
    subprocess.run(["umount", folder], check=True)
    folder.rmdir()


def many_notes(count, size):
    return (Note(n, f"g{n}", 10, ("x" * size, str(n))) for n in range(1_000, 1_000 + count))


def test_a_full_disk(small_disk, fails, add_basics, contents):
    path = small_disk / "collection.db"
    with open_collection(path) as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction)
            media.add_media(transaction, "_cat.jpg", CAT)
        before = contents(collection)
        for _ in range(2):
            with fails(CollectionError, "the disk is full", "nothing was changed"):
                add_many(collection)
            assert contents(collection) == before
        with fails(CollectionError, "the disk is full"):
            add_media(collection, os.urandom(4 * 1024**2))
        assert contents(collection) == before
        # Whoever made room can go on.
        rename(collection, "Mine")
        assert check_collection(collection).findings == ()
        collection.close()
        (small_disk / "filler").write_bytes(bytes(free_bytes(small_disk)))
        with fails(CollectionError, "the disk is full"):
            collection.back_up()
        (small_disk / "filler").unlink()
        backup = collection.back_up()
        assert [p.name for p in collection.place.backups.iterdir()] == [backup.path.name]
        before = contents(collection)
        (small_disk / "filler").write_bytes(bytes(free_bytes(small_disk)))
        with fails(CollectionError, "the disk is full"):
            restore(path, backup.path)
        assert contents(collection) == before
    assert {p.name for p in small_disk.iterdir()} == {
        "collection.db",
        "collection.db.media",
        "collection.db.backups",
        "filler",
    }


def free_bytes(folder):
    return shutil.disk_usage(folder).free


def add_many(collection):
    with collection.transaction("Add many") as transaction:
        notes.add_notes(transaction, many_notes(2_000, 4_000))


def add_media(collection, content):
    with collection.transaction("Add media") as transaction:
        media.add_media(transaction, "large.jpg", content)


def test_a_disk_that_is_full_from_the_beginning(small_disk, fails):
    (small_disk / "filler").write_bytes(bytes(free_bytes(small_disk)))
    with fails(CollectionError, "the disk"):
        open_collection(small_disk / "collection.db")
    (small_disk / "filler").unlink()
    with open_collection(small_disk / "collection.db") as collection:
        assert check_collection(collection).findings == ()


LIMITED = """
import resource, sys
from recollect.collection import Note, notes, open_collection
from recollect.errors import CollectionError
collection = open_collection(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    with collection.transaction("Add many") as transaction:
        notes.add_notes(
            transaction,
            (Note(n, f"g{n}", 10, ("x" * 4_000, "")) for n in range(1_000, 4_000)),
        )
except CollectionError as error:
    print(error)
"""


def test_files_that_cannot_grow(tmp_path, opened, add_basics, contents):
    """As on a full disk, and as under a quota."""
    path = tmp_path / "collection.db"
    with opened(path) as collection, collection.transaction("Add") as transaction:
        add_basics(transaction)
    before = contents(opened(path))
    command = [sys.executable, "-c", LIMITED, path, "2000000"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.count("\n") == 1
    assert str(path) in done.stdout
    assert "nothing was changed" in done.stdout
    assert contents(opened(path)) == before
    assert check_collection(opened(path)).findings == ()
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


@pytest.mark.parametrize("part", ["head", "middle", "end"])
def test_overwritten_bytes(tmp_path, opened, add_basics, fails, part):
    """A damaged file is told from a sound one, is left as it is, and a backup brings it back."""
    path = tmp_path / "collection.db"
    with opened(path) as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction, 400)
        backup = collection.back_up()
    content = bytearray(path.read_bytes())
    start = {"head": 0, "middle": len(content) // 2, "end": len(content) * 3 // 4}[part]
    content[start : start + 12_000] = bytes(i % 251 for i in range(12_000))
    path.write_bytes(content)
    if part == "head":
        with fails(CollectionDamagedError, "damaged", "recollect restore"):
            open_collection(path)
        assert path.read_bytes() == content
    else:
        report = check_collection(opened(path))
        assert not report.is_sound
        opened(path).close()
    restore(path, backup.path)
    assert check_collection(opened(path)).findings == ()


def test_reading_damaged_pages(tmp_path, opened, add_basics, fails):
    path = tmp_path / "collection.db"
    with opened(path) as collection, collection.transaction("Add") as transaction:
        add_basics(transaction, 400)
    content = bytearray(path.read_bytes())
    for start in range(4096 * 40, len(content) - 4096, 4096):
        content[start : start + 200] = b"\xff" * 200
    path.write_bytes(content)
    with (
        fails(CollectionDamagedError, "damaged", "recollect restore"),
        opened(path).reading() as transaction,
    ):
        list(notes.iterate_notes(transaction))
        list(cards.iterate_cards(transaction))


ANSWER = """
import sys
from dataclasses import replace
from recollect.collection import ReviewEntry, cards, open_collection, reviews
with open_collection(sys.argv[1], create=False) as collection:
    print("ready", flush=True)
    while True:
        with collection.transaction("Answer") as transaction:
            now_ms = transaction.now_ms
            entry = reviews.append_review(transaction, ReviewEntry(now_ms, 10, now_ms, 3, "review"))
            card = cards.get_card(transaction, 10)
            cards.update_cards(transaction, [replace(card, interval_days=card.interval_days + 1)])
        print(entry.id, flush=True)
"""

IMPORT = """
import sys
from recollect.collection import Note, notes, open_collection
with open_collection(sys.argv[1], create=False) as collection:
    print("ready", flush=True)
    with collection.transaction("Import") as transaction:
        notes.add_notes(transaction, (Note(n, f"g{n}", 10, ("a", "b")) for n in range(99, 9**9)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["answers", "import"])
def test_killed_at_any_moment(basics, where, kind, opened):
    """No answer that was acknowledged is lost, and nothing half done is there."""
    basics.close()
    acknowledged = set()
    for attempt in range(6):
        code = ANSWER if kind == "answers" else IMPORT
        with other_process(code, where) as process:
            time.sleep(0.02 + 0.1 * attempt)
            process.kill()
            acknowledged |= {int(line) for line in process.stdout.read().split("\n")[:-1]}
        with opened(where, create=False) as collection:
            assert check_collection(collection).findings == ()
            with collection.reading() as transaction:
                found = {entry.id for entry in reviews.iterate_reviews(transaction)}
                assert acknowledged <= found
                assert len(found) <= len(acknowledged) + attempt + 1
                assert cards.get_card(transaction, 10).interval_days == len(found)
                assert len(list(notes.iterate_notes(transaction))) == 3
    assert bool(acknowledged) == (kind == "answers")


@pytest.mark.slow
def test_killed_while_it_is_made(tmp_path):
    """A collection is there whole or can be made."""
    path = tmp_path / "collection.db"
    code = (
        "import sys, alembic.command; from recollect.collection import open_collection\n"
        "print('ready', flush=True)\nopen_collection(sys.argv[1])\nsys.stdin.read()"
    )
    for attempt in range(6):
        with other_process(code, path) as process:
            time.sleep(0.04 * attempt)
            process.kill()
        with open_collection(path) as collection:
            assert check_collection(collection).findings == ()
            with collection.transaction("Add") as transaction:
                decks.make_deck(transaction, "A")
        for name in ("", "-wal", "-shm"):
            Path(f"{path}{name}").unlink(missing_ok=True)
