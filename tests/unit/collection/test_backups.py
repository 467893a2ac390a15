"""Backups: made whole, rotated, and brought back into either database."""

from dataclasses import replace

import pytest

from recollect.collection import (
    ReviewEntry,
    cards,
    check_collection,
    decks,
    list_backups,
    media,
    notes,
    restore,
    reviews,
    schema,
    search,
)
from recollect.collection.backups import KEPT_BACKUPS
from recollect.errors import (
    CollectionDamagedError,
    CollectionError,
    CollectionLockedError,
)

CAT = b"a cat" * 100


@pytest.fixture
def full(where, opened, add_basics):
    """A collection that has something in every table."""
    collection = opened(where)
    with collection.transaction("Add") as transaction:
        add_basics(transaction)
        media.add_media(transaction, "cat.jpg", CAT)
        decks.make_deck(transaction, "Ä::日本語")
        entry = ReviewEntry(5, 10, 5, 3, "review", typed="é", predicted_recall=0.5, reason={"a": 1})
        reviews.append_reviews(transaction, [entry, replace(entry, id=6, answered_at_ms=6)])
        reviews.void_reviews(transaction, [6])
        cards.suspend_cards(transaction, [10])
        note = notes.get_note(transaction, 1)
        notes.update_notes(transaction, [replace(note, fields=("a\u2028b", "😀"))])
    return collection


def everything(collection):
    """All rows but those of the undo list."""
    with collection.reading() as transaction:
        found = {
            name: sorted(tuple(row) for row in transaction.execute(table.select()))
            for name, table in schema.metadata.tables.items()
            if name not in ("changes", "media_blobs")
        }
        found["contents"] = [
            media.read_media(transaction, file.name) for file in media.list_media(transaction)
        ]
    return found


def spoil(collection):
    with collection.transaction("Spoil") as transaction:
        notes.delete_notes(transaction, [1, 2, 3])
        decks.make_deck(transaction, "New")
        reviews.append_review(transaction, ReviewEntry(99, 20, 99, 1, "review"))


def files(folder):
    return sorted(
        path.name for path in folder.iterdir() if not path.name.endswith(("-wal", "-shm"))
    )


def test_a_backup_comes_back(full, where):
    before = everything(full)
    backup = full.back_up("import")
    assert backup.reason == "import"
    spoil(full)
    after = everything(full)
    assert after != before
    done = restore(where, backup.path)
    assert (done.notes, done.cards, done.reviews, done.missing_media) == (3, 6, 2, 0)
    assert everything(full) == before
    assert full.changes() == []
    assert check_collection(full).findings == ()
    assert done.put_aside is None
    restore(where, done.former.path)
    assert everything(full) == after


def test_who_has_it_open_sees_the_backup(full, where):
    backup = full.back_up()
    with full.reading() as reader:
        spoil(full)
        restore(where, backup.path)
        assert len(list(notes.iterate_notes(reader))) == 3
    with full.transaction("Go on") as transaction:
        assert cards.suspend_cards(transaction, [20]) == 1


@pytest.mark.parametrize("other", ["sqlite", "postgresql"])
def test_a_whole_backup_goes_into_either_database(full, other, opened, tmp_path, request):
    path = tmp_path / "whole.zip"
    full.write_backup(path)
    before = everything(full)
    there = str(tmp_path / "other" / "there.db")
    if other == "postgresql":
        if "://" in str(full.place):
            pytest.skip("there is one database a test")
        there = request.getfixturevalue("postgresql_url")
    done = restore(there, path)
    assert done.missing_media == 0
    found = opened(there, create=False)
    assert everything(found) == before
    assert check_collection(found).findings == ()
    with found.transaction("Undo works") as transaction:
        cards.suspend_cards(transaction, [20])
    found.undo()
    assert everything(found) == before


def test_an_automatic_backup_finds_its_media(full, opened, tmp_path):
    """In the folder beside the backup or beside its collection."""
    backup = full.back_up()
    there = tmp_path / "elsewhere" / "c.db"
    assert restore(there, backup.path).missing_media == 0
    assert everything(opened(there)) == everything(full)


def rewrite(collection, text):
    with collection.transaction("Rewrite") as transaction:
        note = notes.get_note(transaction, 2)
        notes.update_notes(transaction, [replace(note, fields=(text, "back"))])


def found(collection, query):
    search.refresh(collection, few=0)
    with collection.reading() as transaction:
        return search.find_notes(transaction, query)


def test_what_was_searched_does_not_come_along(full, where, opened, tmp_path):
    """The texts that a search keeps are of one collection: restored, they are made anew."""
    rewrite(full, "apple")
    assert found(full, "apple") == [2]
    early, whole = full.back_up(), tmp_path / "all.zip"
    full.write_backup(whole)
    rewrite(full, "banana")
    assert found(full, "banana") == [2]
    restore(full.place, early.path)
    rewrite(full, "cherry")
    assert [found(full, word) for word in ("apple", "banana", "cherry")] == [[], [], [2]]
    restore(full.place, whole)
    assert [found(full, word) for word in ("apple", "cherry")] == [[2], []]
    restore(tmp_path / "new.db", whole)
    assert found(opened(tmp_path / "new.db"), "apple") == [2]


def test_media_that_are_nowhere_are_counted(full, tmp_path):
    backup = full.back_up()
    moved = tmp_path / "alone" / backup.path.name
    moved.parent.mkdir()
    moved.write_bytes(backup.path.read_bytes())
    assert restore(tmp_path / "elsewhere" / "c.db", moved).missing_media == 1


def test_backups_are_rotated(full):
    by_hand = full.back_up("manual")
    made = [full.back_up("import") for _ in range(KEPT_BACKUPS + 3)]
    assert list_backups(full.place) == [*made[: -KEPT_BACKUPS - 1 : -1], by_hand]
    stray = full.place.backups / "mine.zip"
    stray.touch()
    newest = full.back_up("import", keep=2)
    assert list_backups(full.place) == [newest, made[-1], by_hand]
    assert stray.exists()
    full.back_up("import", keep=0)
    assert len(list_backups(full.place)) == 2


def test_backups_of_one_moment_are_two(tmp_path, opened):
    collection = opened(tmp_path / "c.db")
    collection.clock = lambda: 1_700_000_000_123
    first, second = collection.back_up(), collection.back_up()
    assert first.path.name == "20231114-221320-123-manual.db.zst"
    assert second.made_at_ms == first.made_at_ms + 1
    assert list_backups(collection.place) == [second, first]


def test_a_reason_is_a_word(full, fails):
    with fails(CollectionError, "letters and hyphens"):
        full.back_up("../x")


def test_no_backups(collection):
    assert list_backups(collection.place) == []


def test_nothing_is_left_beside_a_backup(tmp_path, opened):
    collection = opened(tmp_path / "c.db")
    backup = collection.back_up()
    assert files(collection.place.backups) == [backup.path.name]
    assert files(tmp_path) == ["c.db", "c.db.backups"]
    restore(tmp_path / "c.db", backup.path)
    assert files(tmp_path) == ["c.db", "c.db.backups"]


def test_a_backup_is_made_while_others_write(tmp_path, opened):
    collection = opened(tmp_path / "c.db")
    with collection.transaction("Write") as transaction:
        decks.make_deck(transaction, "A")
        backup = collection.back_up()
    restore(tmp_path / "other.db", backup.path)
    with opened(tmp_path / "other.db").reading() as transaction:
        assert decks.find_deck(transaction, "A") is None


def test_restoring_where_nothing_is(full, tmp_path, opened):
    path = tmp_path / "whole.zip"
    full.write_backup(path)
    done = restore(tmp_path / "new" / "c.db", path)
    assert (done.former, done.put_aside) == (None, None)
    assert everything(opened(tmp_path / "new" / "c.db")) == everything(full)


def test_restoring_over_a_damaged_collection(tmp_path, opened, add_basics):
    path = tmp_path / "c.db"
    with opened(path) as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction)
        before = everything(collection)
        backup = collection.back_up()
    for damage in (b"no database at all", bytes(8192)):
        path.write_bytes(damage)
        done = restore(path, backup.path)
        assert done.former is None
        assert done.put_aside.read_bytes() == damage
        assert everything(opened(path)) == before
        opened(path).close()


def test_restoring_over_a_collection_whose_pages_are_damaged(tmp_path, opened, add_basics):
    path = tmp_path / "c.db"
    with opened(path) as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction, 300)
        before = everything(collection)
        backup = collection.back_up()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2 :: 7] = bytes(len(damaged[len(damaged) // 2 :: 7]))
    path.write_bytes(damaged)
    done = restore(path, backup.path)
    assert done.put_aside is not None
    assert everything(opened(path)) == before


def test_a_lost_collection_does_not_spoil_the_restored_one(tmp_path, opened, add_basics):
    """Its write-ahead log is still there; SQLite would take it for that of the new file."""
    path = tmp_path / "c.db"
    collection = opened(path)
    backup = collection.back_up()
    with collection.transaction("Add") as transaction:
        add_basics(transaction)
    assert (tmp_path / "c.db-wal").stat().st_size > 0
    path.unlink()
    restore(path, backup.path)
    with opened(path) as again, again.reading() as transaction:
        assert list(notes.iterate_notes(transaction)) == []
    assert check_collection(opened(path)).is_sound


def test_a_damaged_collection_is_not_backed_up(tmp_path, opened, add_basics, fails):
    """And older backups are not rotated out by it."""
    path = tmp_path / "c.db"
    with opened(path) as collection:
        with collection.transaction("Add") as transaction:
            add_basics(transaction, 300)
        collection.back_up()
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2 :: 7] = bytes(len(damaged[len(damaged) // 2 :: 7]))
    path.write_bytes(damaged)
    kept = files(tmp_path / "c.db.backups")
    for _ in range(2):
        with opened(path) as collection, fails(CollectionDamagedError, "recollect restore"):
            collection.back_up(keep=1)
    assert files(tmp_path / "c.db.backups") == kept


def test_restoring_waits_for_other_writers(basics, where, fails, monkeypatch):
    monkeypatch.setattr("recollect.collection.engine.BUSY_TIMEOUT_MS", 200)
    backup = basics.back_up()
    with (
        basics.transaction("Write"),
        fails(CollectionLockedError, "another program is writing"),
    ):
        restore(where, backup.path)
