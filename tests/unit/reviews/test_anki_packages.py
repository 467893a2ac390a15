from __future__ import annotations

import shutil
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from recollect.errors import BadRowError, LogFormatError
from recollect.reviews import log_fingerprint, open_logs, read_log
from recollect.reviews.anki_packages import read_anki_rows

T = 1_700_000_000_000
DAY = 86_400_000
Make = Callable[..., Path]
CARDS = [(11, 1, 100, 0), (12, 1, 200, 100), (13, 2, 100, 0)]
ENTRIES = [
    (T, 11, 3, 0, 5000, 0),
    (T + 1, 12, 1, 0, 6000, 0),
    (T + 2, 12, 3, 0, 7000, 0),
    (T + DAY, 11, 2, 2500, 8000, 1),
    (T + DAY + 5, 12, 0, 2500, 0, 4),
    (T + 2 * DAY, 12, 1, 2300, 9000, 1),
    (T + 2 * DAY + 9, 12, 3, 2300, 100, 2),
    (T + 3 * DAY, 11, 3, 2300, 1000, 3),
    (T + 3 * DAY + 1, 11, 3, 0, 1000, 3),
    (T + 4 * DAY, 99, 4, 2300, 1000, 1),
    (T + 5 * DAY, 13, 4, 2300, 1000, 0),
    (T + 6 * DAY, 13, 0, 0, 0, 4),
    (T + 7 * DAY, 11, 0, 2300, 0, 5),
]


@pytest.mark.parametrize("kind", ["legacy1", "legacy2", "latest"])
@pytest.mark.parametrize("name", ["deck.apkg", "all.colpkg", "renamed.csv"])
def test_every_kind_of_package(tmp_path: Path, package: Make, kind: str, name: str) -> None:
    source = open_logs(package(tmp_path / name, kind, ENTRIES, CARDS))
    assert source.format == "anki"
    reading = source.read(Path(name).stem)
    log, report = reading.log, reading.report
    assert log.card_id.tolist() == [11, 12, 12, 11, 12, 12, 11, 99]
    assert log.rating.tolist() == [3, 1, 3, 2, 1, 3, 3, 4]
    assert log.state.tolist() == [0, 0, 1, 2, 2, 3, 4, 2]
    assert log.duration_ms.tolist() == [5000, 6000, 7000, 8000, 9000, 100, 1000, 1000]
    assert log.note_id.tolist() == [1, 1, 1, 1, 1, 1, 1, -1]
    # Card 12 sits in filtered deck 200 and belongs to deck 100.
    assert log.deck_id.tolist() == [100, 100, 100, 100, 100, 100, 100, -1]
    assert report.rows_read == 13 == report.rows_kept + report.rows_left_out
    assert (report.manual_entries, report.reset_entries) == (2, 1)
    assert (report.before_reset, report.cramming) == (1, 1)


@pytest.mark.parametrize("schema", [11, 18])
def test_a_bare_collection(tmp_path: Path, collection: Make, schema: int) -> None:
    path = collection(tmp_path / "collection.anki2", ENTRIES, CARDS, schema)
    before = path.read_bytes()
    assert len(read_log(path).log) == 8
    assert path.read_bytes() == before
    assert [child.name for child in tmp_path.iterdir()] == ["collection.anki2"]


def test_a_bare_collection_packed_with_zstd(tmp_path: Path, collection: Make) -> None:
    plain = collection(tmp_path / "collection.anki2", ENTRIES, CARDS, 18)
    packed = tmp_path / "collection.anki21b"
    packed.write_bytes(zstandard.compress(plain.read_bytes()))
    assert log_fingerprint(read_log(packed).log) == log_fingerprint(read_log(plain).log)


def test_reviews_still_in_the_write_ahead_log_are_read(tmp_path: Path, collection: Make) -> None:
    path = collection(tmp_path / "collection.anki2", ENTRIES, CARDS, 18)
    with closing(sqlite3.connect(path)) as anki:
        anki.create_collation("unicase", lambda a, b: (a > b) - (a < b))
        anki.execute("INSERT INTO revlog VALUES (?, 11, -1, 4, 1, 1, 2500, 700, 1)", (T + 8 * DAY,))
        anki.commit()
        wal = path.with_name(path.name + "-wal")
        assert wal.stat().st_size > 0
        before = wal.read_bytes()
        assert read_log(path).log.rating.tolist()[-1] == 4
        assert len(read_log(path).log) == 9
        assert wal.read_bytes() == before


def test_packages_written_by_anki(anki_folder: Path) -> None:
    logs = {}
    for name in ("latest.apkg", "latest.colpkg", "legacy.apkg", "legacy.colpkg"):
        reading = read_log(anki_folder / name)
        logs[name] = log_fingerprint(reading.log)
        assert reading.log.rating.tolist() == [4, 3, 3, 4, 3, 3, 4, 3]
        assert reading.log.state.tolist() == [0, 0, 0, 0, 0, 1, 1, 1]
        assert len(set(reading.log.note_id.tolist())) == 3
        assert reading.report.rows_left_out == 0
    assert len(set(logs.values())) == 1
    empty = read_log(anki_folder / "nosched.apkg")
    assert (len(empty.log), empty.report.rows_read) == (0, 0)


def test_the_placeholder_is_never_read(tmp_path: Path, package: Make) -> None:
    for kind, real in (("legacy2", "collection.anki21"), ("latest", "collection.anki21b")):
        whole = package(tmp_path / f"{kind}.apkg", kind, ENTRIES, CARDS)
        for drop in ([real], [real, "media"]):
            part = _without(whole, tmp_path / "part.apkg", drop)
            with pytest.raises(LogFormatError, match=f"{real} is missing"):
                read_log(part)
        without_meta = _without(whole, tmp_path / "no-meta.apkg", ["meta"])
        assert len(read_log(without_meta).log) == 8
    unknown = tmp_path / "unknown.apkg"
    shutil.copy(package(tmp_path / "one.apkg", "legacy1", ENTRIES, CARDS), unknown)
    with zipfile.ZipFile(unknown, "a") as added:
        added.writestr("meta", b"\x08\x04")
    with pytest.raises(LogFormatError, match="version 4"):
        read_log(unknown)


def test_a_package_that_unpacks_to_too_much_is_refused(tmp_path: Path, package: Make) -> None:
    for kind in ("legacy1", "legacy2", "latest"):
        path = package(tmp_path / f"{kind}.apkg", kind, ENTRIES, CARDS)
        with pytest.raises(LogFormatError, match="more than 5000 bytes"):
            read_anki_rows(path, max_bytes=5000)
    with pytest.raises(LogFormatError, match="more than 5000 bytes"):
        read_anki_rows(tmp_path / "legacy1.real", max_bytes=5000)
    bomb = tmp_path / "bomb.apkg"
    with zipfile.ZipFile(bomb, "w") as out:
        out.writestr("meta", b"\x08\x03")
        packer = zstandard.ZstdCompressor().compressobj()
        zeros = bytes(1 << 20)
        packed = b"".join(packer.compress(zeros) for _ in range(256)) + packer.flush()
        out.writestr("collection.anki21b", packed)
    assert bomb.stat().st_size < 100_000
    with pytest.raises(LogFormatError, match="refused"):
        read_anki_rows(bomb, max_bytes=1 << 20)


def test_members_packed_otherwise_or_encrypted_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.apkg"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as out:
        out.writestr("collection.anki2", b"x" * 100)
    with pytest.raises(LogFormatError, match="packed in a way"):
        read_log(path)
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("collection.anki2", b"x" * 100)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(LogFormatError, match="encrypted"):
        read_log(path)


def test_nothing_is_unpacked_outside_the_temporary_folder(
    tmp_path: Path, package: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    path = package(tmp_path / "deck.apkg", "legacy2", ENTRIES, CARDS)
    with zipfile.ZipFile(path, "a") as out:
        out.writestr("../../outside", b"x")
        out.writestr("/absolute", b"x")
    before = sorted(tmp_path.iterdir())
    assert len(read_log(path).log) == 8
    assert sorted(tmp_path.iterdir()) == before
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("statements", "message"),
    [
        (["DROP TABLE revlog"], "no revlog"),
        (["DROP TABLE cards"], "no cards"),
        (["ALTER TABLE revlog DROP COLUMN factor"], "no revlog"),
        (
            ["ALTER TABLE revlog RENAME TO r", "CREATE VIEW revlog AS SELECT * FROM r"],
            "no revlog",
        ),
    ],
)
def test_databases_that_are_no_collections_are_refused(
    tmp_path: Path, collection: Make, statements: list[str], message: str
) -> None:
    path = collection(tmp_path / "collection.anki2", ENTRIES, CARDS)
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()
    with pytest.raises(LogFormatError, match=message):
        read_log(path)


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [("ease", 7, "revlog.ease"), ("ease", "x", "revlog.ease"), ("type", 9, "revlog.type")],
)
def test_malformed_entries_are_named(
    tmp_path: Path, collection: Make, column: str, value: object, shown: str
) -> None:
    path = collection(tmp_path / "collection.anki2", ENTRIES, CARDS)
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE revlog SET {column} = ? WHERE id = ?", (value, T + 1))
        db.execute("UPDATE revlog SET id = -5 WHERE id = ?", (T + 5 * DAY,))
        db.commit()
    with pytest.raises(BadRowError, match=r"revlog\.id"):
        read_log(path)
    reading = read_log(path, skip_bad_rows=True)
    assert sum(reading.report.bad_rows.values()) == 2
    assert any(cause.startswith(shown) for cause in reading.report.bad_rows)
    assert reading.report.rows_read == reading.report.rows_kept + reading.report.rows_left_out


def _without(package: Path, target: Path, names: list[str]) -> Path:
    with zipfile.ZipFile(package) as whole, zipfile.ZipFile(target, "w") as part:
        for member in whole.namelist():
            if member not in names:
                part.writestr(member, whole.read(member))
    return target
