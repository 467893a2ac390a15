"""Collections on both databases, and a PostgreSQL server of the test session's own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, select

from recollect.collection import (
    Card,
    Collection,
    Field,
    Note,
    NoteType,
    Template,
    Transaction,
    cards,
    note_types,
    notes,
    open_collection,
    schema,
)
from recollect.errors import RecollectError

DATABASES = ("sqlite", "postgresql")
START_MS = 1_700_000_000_000
_INITDB = ("-E", "UTF8", "--locale=C", "--no-sync")


class Clock:
    """A clock that moves on a second whenever it is looked at."""

    def __init__(self) -> None:
        self.now_ms = START_MS

    def __call__(self) -> int:
        self.now_ms += 1_000
        return self.now_ms


def server_programs() -> Path | None:
    """Folder of ``initdb`` and ``postgres``, if they are installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parts[-2]))
    return folders[-1] if folders else None


def without_server(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and continuous integration needs it")
    pytest.skip(reason)


@contextmanager
def running_server(programs: Path) -> Iterator[str]:
    """A server on loopback with a data folder of its own; gives the URL of its database."""
    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="recollect-postgresql-") as folder:
        if user:
            shutil.chown(folder, user)
        data = Path(folder) / "data"
        settled = {"cwd": folder, "user": user, "stdout": subprocess.DEVNULL}
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "learner", "-A", "trust", *_INITDB],
            check=True,
            **settled,
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": folder}
        options |= {"port": port, "fsync": "off", "max_connections": 50}
        arguments = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (Path(folder) / "log").open("w") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *arguments], stderr=log, **settled
            )
        try:
            url = f"postgresql+psycopg://learner@127.0.0.1:{port}/postgres"
            wait_for(url, server, Path(folder) / "log")
            yield url
        finally:
            server.terminate()
            server.wait(timeout=30)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    import time

    import psycopg

    for _ in range(300):
        if server.poll() is not None:
            pytest.fail(f"PostgreSQL did not start: {log.read_text()}")
        try:
            psycopg.connect(url.replace("+psycopg", "")).close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("PostgreSQL did not answer within 30 s")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    programs = server_programs()
    if programs is None:
        without_server("PostgreSQL is not installed")
        return
    with running_server(programs) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database that is empty: a schema of its own on the server."""
    number = request.config.stash.setdefault(_COUNT, [0])
    number[0] += 1
    schema = f"test_{number[0]}"
    engine = create_engine(postgresql_server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
    yield f"{postgresql_server}?options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {schema} CASCADE")
    engine.dispose()


_COUNT = pytest.StashKey[list[int]]()


@pytest.fixture(params=DATABASES)
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a collection can be made: once on each database."""
    if request.param == "sqlite":
        return str(tmp_path / "collection.db")
    return request.getfixturevalue("postgresql_url")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(clock: Clock) -> Iterator[Callable[..., Collection]]:
    """Opens collections, which are closed at the end of the test."""
    made = []

    def open_one(where: str | Path, **options: object) -> Collection:
        made.append(open_collection(where, clock=clock, **options))
        return made[-1]

    yield open_one
    for collection in made:
        collection.close()


@pytest.fixture
def collection(where: str, opened: Callable[..., Collection]) -> Collection:
    """A new collection, once on each database."""
    return opened(where)


@pytest.fixture
def fails() -> Callable[..., AbstractContextManager[None]]:
    return one_line_error


@contextmanager
def one_line_error(kind: type[RecollectError], *words: str) -> Iterator[None]:
    """The block raises an error of that kind whose one line has these words in it."""
    with pytest.raises(kind) as caught:
        yield
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message


def add_basics(transaction: Transaction, count: int = 3) -> list[Note]:
    """A note type with a card each way, and notes 1, 2, ... with two cards each."""
    templates = (
        Template("Forward", "{{Front}}", "{{Back}}"),
        Template("Reverse", "{{Back}}", "{{Front}}"),
    )
    kind = NoteType(10, "Basic", "normal", (Field("Front"), Field("Back")), templates)
    note_types.add_note_type(transaction, kind)
    made = [
        Note(i, f"guid-{i}", kind.id, (f"front {i}", f"back {i}"), ("all", f"n{i}"))
        for i in range(1, count + 1)
    ]
    notes.add_notes(transaction, made)
    cards.add_cards(
        transaction,
        [Card(10 * n.id + o, n.id, 1, ordinal=o, position=n.id) for n in made for o in (0, 1)],
    )
    return made


@pytest.fixture
def basics(collection: Collection) -> Collection:
    """A collection with three notes of two cards each: 10, 11, 20, 21, 30, 31."""
    with collection.transaction("Add notes") as transaction:
        add_basics(transaction)
    return collection


GROWING = ("note_versions", "reviews", "voided_reviews", "changes")


def contents(collection: Collection) -> dict[str, list[tuple[object, ...]]]:
    """All rows of the tables that undo brings back, and of the reviews that count."""
    found = {}
    with collection.reading() as transaction:
        for name, table in schema.metadata.tables.items():
            if name not in GROWING:
                found[name] = sorted(tuple(row) for row in transaction.execute(select(table)))
        voided = select(schema.voided_reviews.c.review_id)
        valid = select(schema.reviews).where(schema.reviews.c.id.not_in(voided))
        found["reviews"] = sorted(tuple(row) for row in transaction.execute(valid))
    return found


@pytest.fixture(name="contents")
def contents_fixture() -> Callable[[Collection], object]:
    return contents


@pytest.fixture(name="add_basics")
def add_basics_fixture() -> Callable[..., list[Note]]:
    return add_basics


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where backups of PostgreSQL collections go."""
    folder = tmp_path / "data"
    monkeypatch.setattr("recollect.collection.places._data_folder", lambda: folder)
    return folder
