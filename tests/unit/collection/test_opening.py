"""Opening a collection, making it, and what stands in the way."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select, text

from recollect.collection import (
    decks,
    default_place,
    open_collection,
    place_of,
    presets,
    schema,
    settings,
)
from recollect.errors import (
    CollectionDamagedError,
    CollectionError,
    CollectionVersionError,
    MissingExtraError,
    ParameterError,
)
from recollect.reviews.days import DayBoundary


def engine_of(where):
    return create_engine(where if "://" in where else f"sqlite:///{where}")


def test_a_new_collection_has_what_all_have(where, opened, clock):
    collection = opened(where, day_boundary=DayBoundary("Europe/Berlin", 3))
    with collection.reading() as transaction:
        found = settings.get_settings(transaction)
        assert [deck.name for deck in decks.list_decks(transaction)] == ["Default"]
        assert [preset.id for preset in presets.list_presets(transaction)] == [1]
    assert found.day_boundary == DayBoundary("Europe/Berlin", 3)
    assert 0 < found.created_at_ms <= clock.now_ms
    assert 0 <= found.fuzz_seed < 2**32
    assert collection.changes() == []


def test_it_is_there_when_opened_again(where, opened):
    with opened(where) as collection, collection.transaction("Add deck") as transaction:
        decks.make_deck(transaction, "Kanji")
        before = settings.get_settings(transaction)
    again = opened(where, day_boundary=DayBoundary("Asia/Tokyo", 0), create=False)
    with again.reading() as transaction:
        assert decks.find_deck(transaction, "Kanji") is not None
        assert settings.get_settings(transaction) == before


def test_none_is_made_unless_wanted(where, tmp_path, fails):
    with fails(CollectionError, "there is no collection"):
        open_collection(where, create=False)
    assert list(tmp_path.iterdir()) == []


def test_folders_on_the_way_are_made(tmp_path, opened):
    opened(tmp_path / "a" / "b" / "my.collection")
    assert (tmp_path / "a" / "b" / "my.collection").is_file()


def test_the_place(tmp_path, monkeypatch):
    monkeypatch.setenv("RECOLLECT_COLLECTION", str(tmp_path / "mine.db"))
    assert default_place() == place_of(tmp_path / "mine.db")
    assert default_place().media == tmp_path / "mine.db.media"
    assert place_of(tmp_path / "mine.old").backups != default_place().backups
    assert str(default_place()) == str(tmp_path / "mine.db")
    assert place_of(f"sqlite:///{tmp_path}/mine.db") == default_place()
    monkeypatch.delenv("RECOLLECT_COLLECTION")
    assert default_place().path is not None
    assert default_place().path.name == "collection.db"


def test_a_url_is_shown_without_its_password():
    place = place_of("postgresql://me:secret@example.org:5433/cards")
    assert place.path is None
    assert place.media is None
    assert "secret" not in str(place)
    assert "me" in str(place)
    assert "example.org" in str(place)


@pytest.mark.parametrize(
    "url", ["mysql://me:secret@host/cards", "postgresql://host", "http://x/y", "://", "sqlite://"]
)
def test_other_urls_are_refused(url, fails):
    with fails(CollectionError, "postgresql://") as _:
        open_collection(url)


def test_a_refused_url_keeps_its_password(fails):
    with pytest.raises(CollectionError) as caught:
        open_collection("mysql://me:secret@host/cards")
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there(fails):
    with fails(CollectionError, "the database does not answer"):
        open_collection("postgresql://learner@127.0.0.1:9/postgres")


def test_a_database_that_is_not_there(postgresql_server, fails):
    url = postgresql_server.rpartition("/")[0] + "/nothing_of_that_name"
    with fails(CollectionError, "nothing_of_that_name"):
        open_collection(url)


def test_without_the_driver_the_extra_is_named(tmp_path):
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from recollect.collection import open_collection\n"
        "try: open_collection('postgresql://learner@127.0.0.1:9/postgres')\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert MissingExtraError.__name__ in done.stdout
    assert "recollect[postgres]" in done.stdout


def test_a_newer_collection_is_left_alone(where, opened, fails):
    opened(where).close()
    engine = engine_of(where)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with fails(CollectionVersionError, "9999", "update Recollect"):
        open_collection(where)
    with engine.connect() as connection:
        assert (
            connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
        )
    engine.dispose()


def test_a_database_of_another_program_is_refused(tmp_path, fails):
    path = tmp_path / "collection.anki2"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE col (id integer)")
    before = path.read_bytes()
    with fails(CollectionError, str(path), "not a collection of Recollect"):
        open_collection(path)
    assert path.read_bytes() == before


def test_a_foreign_postgresql_database_is_refused(postgresql_url, fails):
    engine = engine_of(postgresql_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE notes (id int)")
    with fails(CollectionError, "not a collection of Recollect"):
        open_collection(postgresql_url)
    engine.dispose()


def test_a_file_that_is_no_database(tmp_path, fails):
    path = tmp_path / "collection.db"
    path.write_bytes(b"just some text, long enough for a header")
    with fails(CollectionDamagedError, str(path), "recollect restore"):
        open_collection(path)
    assert path.read_bytes().startswith(b"just some text")


def test_an_empty_file_becomes_a_collection(tmp_path, opened):
    path = tmp_path / "collection.db"
    path.touch()
    with opened(path).reading() as transaction:
        assert decks.get_deck(transaction, 1).name == "Default"


def test_a_folder_is_no_collection(tmp_path, fails):
    with fails(CollectionError, "a folder"):
        open_collection(tmp_path)


def test_a_file_in_place_of_a_folder(tmp_path, fails):
    (tmp_path / "file").touch()
    with fails(CollectionError, "cannot be opened"):
        open_collection(tmp_path / "file" / "collection.db")


def test_an_unknown_time_zone_makes_nothing(where, fails):
    with fails(ParameterError, "Nowhere"):
        open_collection(where, day_boundary=DayBoundary("Nowhere/At_all"))


def test_several_make_the_same_collection_at_once(where, opened):
    problems = []

    def make():
        try:
            opened(where)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    with opened(where).reading() as transaction:
        assert len(transaction.execute(select(schema.settings)).all()) == 1
        assert len(decks.list_decks(transaction)) == 1


def test_sqlite_is_set_up_for_safety(tmp_path, opened):
    collection = opened(tmp_path / "collection.db")
    with collection.reading() as transaction:
        settled = {
            name: transaction.connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert settled == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "busy_timeout": 5000,
    }


def test_importing_the_package_loads_no_database():
    code = "import recollect, recollect.cli, sys; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_opening_needs_no_alembic(where, opened):
    opened(where).close()
    code = (
        "import sys; from recollect.collection import open_collection\n"
        "open_collection(sys.argv[1], create=False).close()\n"
        "print('alembic' in sys.modules, 'jax' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, where], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_the_collection_can_lie_in_a_folder_with_an_odd_name(tmp_path, opened):
    path = tmp_path / "100% ñandú? #1;x=y&z" / "col lection.db"
    with opened(path) as collection, collection.transaction("Add deck") as transaction:
        decks.make_deck(transaction, "A")
    assert Path(path).is_file()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.parent.name]
