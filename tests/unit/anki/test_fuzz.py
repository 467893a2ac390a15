"""Whatever is in a file: it is imported, or one of our errors says in a line why not."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.anki import import_file
from recollect.anki.protobuf import Message, field, parse
from recollect.collection import Collection, open_collection
from recollect.errors import PackageError, RecollectError

PACKAGES = Path(__file__).parents[2] / "data" / "anki"
NAMES = ("latest.apkg", "latest.colpkg", "legacy.apkg", "legacy.colpkg", "nosched.apkg")
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=12)
quick = settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    with open_collection(tmp_path_factory.mktemp("fuzz") / "collection.db") as collection:
        yield collection


def survives(collection: Collection, path: Path) -> None:
    said = None
    try:
        import_file(collection, path, dry_run=True)
    except RecollectError as error:
        said = str(error)
    assert said is None or ("\n" not in said and path.name in said)


def edited(data: bytes, edits: list[tuple[float, int]]) -> bytes:
    out = bytearray(data)
    for where, value in edits:
        out[int(where * (len(out) - 1))] = value
    return bytes(out)


@cache
def members(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(PACKAGES / name) as package:
        found = {member: package.read(member) for member in package.namelist()}
    for member in ("collection.anki21b", "media"):
        if found.get(member, b"")[:4] == b"\x28\xb5\x2f\xfd":
            unpacker = zstandard.ZstdDecompressor().decompressobj()
            found[member] = unpacker.decompress(found[member])
    found.pop("collection.anki2")
    return found


def packed(path: Path, contents: dict[str, bytes]) -> Path:
    latest = "collection.anki21b" in contents
    with zipfile.ZipFile(path, "w") as package:
        for member, content in contents.items():
            squeeze = latest and member in ("collection.anki21b", "media")
            package.writestr(member, zstandard.compress(content, 1) if squeeze else content)
    return path


@quick
@given(st.sampled_from(NAMES), EDITS, st.floats(0.2, 1))
def test_packages_with_bytes_changed(
    empty: Collection, tmp_path: Path, name: str, edits: Any, cut: float
) -> None:
    data = edited((PACKAGES / name).read_bytes(), edits)
    path = tmp_path / name
    path.write_bytes(data[: int(len(data) * cut)] if cut < 0.9 else data)
    survives(empty, path)


@quick
@given(st.sampled_from(NAMES), st.sampled_from(["collection", "media", "meta"]), EDITS)
def test_what_is_in_packages_with_bytes_changed(
    empty: Collection, tmp_path: Path, name: str, part: str, edits: Any
) -> None:
    contents = dict(members(name))
    member = next(item for item in contents if item.startswith(part))
    contents[member] = edited(contents[member], edits)
    survives(empty, packed(tmp_path / name, contents))


@quick
@given(
    st.sampled_from(NAMES),
    st.sampled_from(
        [
            *("col.models", "col.decks", "col.dconf", "col.conf", "col.crt", "notetypes.config"),
            *("fields.config", "templates.config", "decks.kind", "decks.common", "decks.name"),
            *("deck_config.config", "notes.flds", "notes.guid", "notes.tags", "notes.mid"),
            *("cards.due", "cards.data", "cards.type", "cards.odid", "cards.ord", "revlog.id"),
        ]
    ),
    st.one_of(
        EDITS,
        st.none(),
        st.integers(-(2**63), 2**63 - 1),
        st.floats(),
        st.text(),
        st.binary(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=9),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner),
        ).map(json.dumps),
    ),
)
def test_cells_with_other_values(
    empty: Collection, tmp_path: Path, name: str, cell: str, value: Any
) -> None:
    contents = dict(members(name))
    member = next(item for item in contents if item.startswith("collection"))
    table, column = cell.split(".")
    database = tmp_path / "collection"
    database.write_bytes(contents[member])
    with closing(sqlite3.connect(database)) as connection:
        connection.create_collation("unicase", lambda a, b: (a > b) - (a < b))
        try:
            if isinstance(value, list) and value and isinstance(value[0], tuple):
                old = connection.execute(f"SELECT CAST({column} AS BLOB) FROM {table}").fetchone()
                value = edited(old[0], value) if old and old[0] else b""
                text = connection.execute(f"SELECT typeof({column}) FROM {table}").fetchone()
                value = value.decode("utf-8", "replace") if text == ("text",) else value
            connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (value,))
            connection.commit()
        except (sqlite3.Error, UnicodeEncodeError):
            return  # that schema has no such table, or the value cannot be written there
    contents[member] = database.read_bytes()
    survives(empty, packed(tmp_path / name, contents))


@settings(quick, max_examples=150)
@given(
    st.sampled_from(["notes.csv", "notes.tsv", "notes.md"]),
    st.lists(
        st.one_of(
            st.text(max_size=20),
            st.sampled_from(
                [
                    *("#separator:tab", "#separator:", "#html:true", "#columns:a,b", "#deck:x::y"),
                    *("#guid column:1", "#tags column:9", "#notetype column:2", "#notetype:Cloze"),
                    *("front,back", "Q: a", "A: b", "## h", "a :: b", "---", "```", ""),
                    *('"a,b",c', '"', "a\tb\tc", "{{c1::x}}", "<b>x</b>", "deck: z", "a;b"),
                ]
            ),
        ),
        max_size=12,
    ),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_text_files(
    empty: Collection, tmp_path: Path, name: str, lines: list[str], encoding: str, end: str
) -> None:
    path = tmp_path / name
    path.write_bytes(end.join(lines).encode(encoding, "replace"))
    survives(empty, path)


@settings(quick, max_examples=200)
@given(st.sampled_from(["notes.csv", "notes.md", "deck.apkg"]), st.binary(max_size=400))
def test_bytes_of_any_kind(empty: Collection, tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    survives(empty, path)


@given(st.binary(max_size=200))
def test_messages_of_any_bytes(data: bytes) -> None:
    try:
        message = parse(data)
    except PackageError:
        return
    for number in message:
        message.whole(number)
        message.reals(number)
        message.text(number)
        message.raw(number)


@given(
    st.integers(1, 2000),
    st.one_of(
        st.integers(-(2**63), 2**63 - 1),
        st.text(min_size=1),
        st.lists(st.floats(-8, 8, width=16), min_size=1),
    ),
)
def test_what_is_written_is_read(number: int, value: Any) -> None:
    message: Message = parse(field(number, value))
    if isinstance(value, int):
        assert message.whole(number) == value
    elif isinstance(value, str):
        assert message.text(number) == value
    else:
        assert message.reals(number) == [round(item, 6) for item in value]
    assert len(message) == (1 if value else 0)
