from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.errors import LogError, LogFormatError, RecollectError
from recollect.reviews import ReadReport, open_logs, read_log, read_logs

T = 1_700_000_000_000
CSV = f"card_id,review_time,review_rating\n1,{T},3\n2,{T + 9},1\n1,{T + 10**8},4\n".encode()

# The same folder serves all examples of a test: every example writes its own file first.
_fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def _read_or_refuse(path: Path, content: bytes) -> None:
    """Read the content; nothing but a one-line RecollectError may come of it."""
    path.write_bytes(content)
    for skip in (False, True):
        refusal = "no refusal"
        try:
            for reading in read_logs(path, skip_bad_rows=skip):
                report = reading.report
                assert report.rows_kept == len(reading.log)
                assert report.rows_read == report.rows_kept + report.rows_left_out
        except RecollectError as error:
            refusal = str(error)
        assert refusal
        assert "\n" not in refusal


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.pdf", b"%PDF-1.7 ...", "a PDF file"),
        ("a.csv", b"\x89PNG\r\n\x1a\n", "a picture"),
        ("a.csv", b"", "empty"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Office document"),
        ("a.parquet", b"PAR1", "not readable as Parquet"),
        ("a.apkg", b"PK\x03\x04 and no more", "damaged"),
        ("a.apkg", b"PK\x05\x06" + bytes(18), "not an Anki package"),
        ("a.anki2", b"SQLite format 3\0" + bytes(200), "not a readable Anki collection"),
        ("a.anki21b", b"\x28\xb5\x2f\xfd", "damaged"),
        ("a.csv", b"hello\nworld\n", "expected a CSV with columns card_id"),
        ("a.csv", b"\x93\x01\xfe garbage", "not text in UTF-8"),
        ("a.parquet", b"\x93\x01\xfe garbage", "not a Parquet file, although it is called so"),
        ("a.APKG", b"\x93\x01\xfe garbage", "not an Anki package, although"),
        ("a.colpkg", b"<html>no such page</html>", "not an Anki package, although"),
        ("a.anki2", b"\x93\x01\xfe garbage", "not an Anki collection, although"),
    ],
)
def test_other_files_are_refused_in_one_clear_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(LogFormatError, match=message) as caught:
        open_logs(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_content_decides_not_the_name(tmp_path: Path) -> None:
    for name in ("log.parquet", "log.apkg", "log", "log.txt"):
        (tmp_path / name).write_bytes(CSV)
        assert open_logs(tmp_path / name).format == "csv"


def test_paths_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such file or folder"):
        open_logs(tmp_path / "missing.csv")
    with pytest.raises(LogError, match="not a path"):
        open_logs("a\0b")
    (tmp_path / "file").write_bytes(CSV)
    with pytest.raises(LogError, match="cannot be read"):
        open_logs(tmp_path / "file" / "below")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_pipes_are_refused_instead_of_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LogFormatError, match="neither a file nor a folder"):
        open_logs(tmp_path / "pipe")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything"
)
def test_paths_that_must_not_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "log.csv", tmp_path / "folder"):
        if path.suffix:
            path.write_bytes(CSV)
        else:
            path.mkdir()
        path.chmod(0)
        with pytest.raises(LogError, match="no permission"):
            open_logs(path)
        path.chmod(0o700)


def test_reading_needs_no_jax() -> None:
    code = (
        "import sys, recollect.reviews; sys.exit('jax' in sys.modules or 'pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_reports_add_up() -> None:
    a = ReadReport("a", 5, 2, {"x": 1}, manual_entries=2, bad_row_examples=("one",))
    b = ReadReport("b", 4, 1, {"x": 1, "y": 1}, duplicates=1, conflicts=3)
    total = a + b
    assert total.rows_left_out == a.rows_left_out + b.rows_left_out == 6
    assert total.bad_rows == {"x": 2, "y": 1}
    assert total.as_dict()["conflicts"] == 3
    assert total.summary() == (
        "9 rows read, 3 kept; left out: 2 bad row: x, 1 bad row: y, "
        "2 manual entries (rescheduled by hand, no answer given), 1 exact duplicates; "
        "kept 3 with the card and time of another but another rating"
    )


@_fuzz
@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    _read_or_refuse(tmp_path / "fuzz", content)


@_fuzz
@given(
    st.sampled_from([b"PAR1", b"PK\x03\x04", b"SQLite format 3\0", b"\x1f\x8b\x08", b"%PDF"])
    | st.just(b"card_id,review_time,review_rating\n"),
    st.binary(max_size=300),
)
def test_random_bytes_after_a_known_start_are_read_or_refused(
    tmp_path: Path, start: bytes, content: bytes
) -> None:
    _read_or_refuse(tmp_path / "fuzz", start + content + start[:4])


_cell = st.sampled_from(["1", "3", str(T), "", "nan", "-1", "x", '"', "1e400", "2024-01-01T00:00Z"])


@_fuzz
@given(st.lists(st.lists(_cell | st.text(max_size=5), max_size=7), max_size=8))
def test_random_cells_are_read_or_refused(tmp_path: Path, rows: list[list[str]]) -> None:
    header = "user_id,card_id,review_time,review_rating,review_state\n"
    body = "\n".join(",".join(row) for row in rows)
    _read_or_refuse(tmp_path / "fuzz", (header + body).encode(errors="replace"))


@pytest.fixture(scope="module")
def specimens(tmp_path_factory: pytest.TempPathFactory, anki_folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in anki_folder.glob("*.*pkg")}
    found["log.csv"] = CSV
    found["log.csv.gz"] = gzip.compress(CSV)
    with zipfile.ZipFile(io.BytesIO(found["latest.apkg"])) as package:
        packed = package.read("collection.anki21b")
    found["collection.anki21b"] = packed
    found["collection.anki2"] = zstandard.ZstdDecompressor().decompressobj().decompress(packed)
    with suppress(ImportError):
        import pyarrow as pa
        import pyarrow.parquet as pq

        path = tmp_path_factory.mktemp("specimens") / "log.parquet"
        pq.write_table(pa.table({"card_id": [1, 2], "rating": [3, 1], "review_time": [T, T]}), path)
        found["log.parquet"] = path.read_bytes()
    return found


@_fuzz
@given(data=st.data())
def test_damaged_files_are_read_or_refused(
    tmp_path: Path, specimens: dict[str, bytes], data: st.DataObject
) -> None:
    content = bytearray(specimens[data.draw(st.sampled_from(sorted(specimens)))])
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, len(content))) :]
    for _ in range(data.draw(st.integers(0, 3))):
        if content:
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    _read_or_refuse(tmp_path / "fuzz", bytes(content))


def test_a_collection_damaged_behind_a_sound_package_is_refused(
    tmp_path: Path, package: Callable[..., Path]
) -> None:
    entries = [(T + at, at % 7, 3, 0, 100, 0) for at in range(3000)]
    whole = package(tmp_path / "deck.apkg", "legacy2", entries, [])
    with zipfile.ZipFile(whole) as archive:
        inside = bytearray(archive.read("collection.anki21"))
    for cut in (100, 5000, len(inside) // 2):
        damaged = tmp_path / f"cut-{cut}.apkg"
        with zipfile.ZipFile(damaged, "w") as archive:
            archive.writestr("collection.anki21", bytes(inside[:cut]))
        with pytest.raises(LogFormatError, match="not a readable Anki collection"):
            read_log(damaged)
