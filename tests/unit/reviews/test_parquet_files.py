from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recollect.errors import BadRowError, LogError, LogFormatError, UnknownNameError
from recollect.reviews import log_fingerprint, open_logs, read_log, read_logs

pa = pytest.importorskip("pyarrow", reason="needs the parquet extra")
pq = pytest.importorskip("pyarrow.parquet")

T = 1_700_000_000_000


def _write(path: Path, **columns: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def _learner(root: Path, name: str, shift: int = 0) -> Path:
    _write(
        root / "cards" / f"user_id={name}" / "data.parquet",
        card_id=[1, 2],
        note_id=[10, 10],
        deck_id=[5, 6],
    )
    return _write(
        root / "revlogs" / f"user_id={name}" / "data.parquet",
        card_id=[1, 2, 1, 3],
        day_offset=pa.array([0, 0, 1, 1], pa.int32()),
        rating=pa.array([3, 1, 4, 2], pa.int8()),
        state=pa.array([0, 0, 2, -1], pa.int8()),
        duration=[500, -1, 700, 800],
        elapsed_days=[-1, -1, 1, -1],
        elapsed_seconds=[-1, -1, 90_000, -1],
        review_time=[T + shift, T + 1000, T + 90_000_000, T + 90_000_500],
    )


def test_every_level_of_the_layout_can_be_named(tmp_path: Path) -> None:
    root = tmp_path / "data"
    for name in ("2", "10", "1"):
        _learner(root, name, int(name))
    for level in (root, root / "revlogs"):
        source = open_logs(level)
        assert (source.format, source.learner_ids) == ("parquet", ("1", "2", "10"))
    folder = root / "revlogs" / "user_id=2"
    prints = set()
    for level in (root, root / "revlogs", folder, folder / "data.parquet"):
        log = open_logs(level).read("2").log
        assert log.note_id.tolist() == [10, 10, 10, -1]
        assert log.deck_id.tolist() == [5, 6, 5, -1]
        assert log.state.tolist() == [0, 0, 2, -1]
        assert log.duration_ms.tolist() == [500, -1, 700, 800]
        assert log.day_offset.tolist() == [0, 0, 1, 1]
        assert log.time_of_day_known
        prints.add(log_fingerprint(log))
    assert len(prints) == 1


def test_learners_are_read_one_by_one_when_asked_for(tmp_path: Path) -> None:
    for name in ("1", "2", "3"):
        _learner(tmp_path, name)
    (tmp_path / "revlogs" / "user_id=3" / "data.parquet").write_bytes(b"PAR1 damaged PAR1")
    source = open_logs(tmp_path)
    assert len(source.read("1").log) == 4
    assert [r.log.learner_id for r in read_logs(tmp_path, learners=["2", "1"])] == ["2", "1"]
    with pytest.raises(LogFormatError, match="not readable as Parquet"):
        source.read("3")
    with pytest.raises(UnknownNameError, match="there are: 1, 2, 3"):
        source.read("4")
    with pytest.raises(LogError, match="holds 3 learners; name one of 1, 2, 3"):
        read_log(tmp_path)


def test_times_are_reconstructed_where_they_were_removed(tmp_path: Path) -> None:
    path = _learner(tmp_path, "1")
    table = pq.read_table(path, partitioning=None).drop_columns(["review_time", "state"])
    pq.write_table(table, path)
    log = read_log(tmp_path).log
    assert not log.time_of_day_known
    assert log.day_offset.tolist() == [0, 0, 1, 1]
    assert log.elapsed_seconds.tolist() == [-1, -1, 90_000, -1]
    assert log.elapsed_days.tolist() == [-1, -1, 1, -1]
    assert log.state.tolist() == [-1] * 4


def test_several_parts_and_several_learners_in_a_file(tmp_path: Path) -> None:
    folder = tmp_path / "revlogs" / "user_id=4"
    for part, time in (("a", T), ("b", T + 5)):
        _write(folder / f"{part}.parquet", card_id=[1], rating=[3], review_time=[time])
    assert read_log(tmp_path).log.review_time_ms.tolist() == [T, T + 5]
    mixed = _write(
        tmp_path / "mixed.parquet",
        user_id=[2, 1, 2],
        card_id=[1, 1, 1],
        rating=[3, 3, 4],
        review_time=[T, T, T + 9],
    )
    assert [(r.log.learner_id, len(r.log)) for r in read_logs(mixed)] == [("2", 2), ("1", 1)]


@pytest.mark.parametrize(
    "times",
    [
        pa.array([T, T + 1], pa.uint64()),
        pa.array([float(T), float(T + 1)]),
        pa.array([T, T + 1], pa.timestamp("ms")),
        pa.array([T * 1000, T * 1000 + 1000], pa.timestamp("us", "Europe/Berlin")),
        pa.array([str(T), str(T + 1)]),
    ],
    ids=str,
)
def test_other_types_of_column(tmp_path: Path, times: Any) -> None:
    path = _write(
        tmp_path / "log.parquet",
        card_id=pa.array(["gato", "perro"]).dictionary_encode(),
        review_rating=pa.array([3.0, 2.0]),
        review_time=times,
        duration=pa.array([None, 250.5]),
        state=pa.array([None, 2], pa.int8()),
    )
    log = read_log(path).log
    assert log.review_time_ms.tolist() == [T, T + 1]
    assert log.card_names == ("gato", "perro")
    assert (log.duration_ms.tolist(), log.state.tolist()) == ([-1, 250], [-1, 2])


@pytest.mark.parametrize(
    ("column", "values", "row", "found"),
    [
        ("rating", [3, 9], 2, 9),
        ("rating", [None, 3], 1, None),
        ("card_id", [1, None], 2, None),
        ("review_time", [T, -4], 2, -4),
        ("review_time", [float("nan"), T], 1, "nan"),
        ("state", [0, 7], 2, 7),
        ("day_offset", [0, 2**40], 2, 2**40),
        ("elapsed_seconds", [-1, 2**60], 2, 2**60),
    ],
)
def test_a_malformed_row_is_named(
    tmp_path: Path, column: str, values: list[Any], row: int, found: object
) -> None:
    columns: dict[str, Any] = {"card_id": [1, 2], "rating": [3, 3], "review_time": [T, T]}
    path = _write(tmp_path / "log.parquet", **(columns | {column: values}))
    with pytest.raises(BadRowError) as caught:
        read_log(path)
    assert (caught.value.row, caught.value.column) == (row, column)
    assert str(caught.value.found) == str(found)
    reading = read_log(path, skip_bad_rows=True)
    assert (len(reading.log), sum(reading.report.bad_rows.values())) == (1, 1)


def test_folders_and_files_that_are_no_logs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogFormatError, match="expected a file, or a folder with revlogs"):
        open_logs(tmp_path)
    (tmp_path / "revlogs" / "user_id=1").mkdir(parents=True)
    with pytest.raises(LogFormatError, match="a folder without logs"):
        open_logs(tmp_path)
    cards = _write(tmp_path / "cards.parquet", card_id=[1], note_id=[1])
    with pytest.raises(LogFormatError, match="review_rating, review_time or day_offset is missing"):
        open_logs(cards)


def test_the_same_learner_has_the_same_fingerprint_in_every_format(real_data: Path) -> None:
    csv = read_log(real_data / "revlog-fsrs-format.csv")
    parquet = read_log(real_data / "revlogs-dev", "1")
    assert log_fingerprint(csv.log) == log_fingerprint(parquet.log)
    assert csv.report.rows_kept == parquet.report.rows_kept == 12_580
    np.testing.assert_array_equal(csv.log.elapsed_days, parquet.log.elapsed_days)
    np.testing.assert_array_equal(csv.log.duration_ms, parquet.log.duration_ms)


def test_real_logs_derive_to_what_their_source_says(real_data: Path) -> None:
    rows = 0
    for reading in read_logs(real_data / "revlogs-dev"):
        log = reading.log
        folder = real_data / "revlogs-dev" / "revlogs" / f"user_id={log.learner_id}"
        table = pq.read_table(folder / "data.parquet", partitioning=None)
        np.testing.assert_array_equal(log.card_id, table["card_id"].to_numpy())
        np.testing.assert_array_equal(log.elapsed_days, table["elapsed_days"].to_numpy())
        np.testing.assert_array_equal(
            np.floor(log.elapsed_seconds), table["elapsed_seconds"].to_numpy()
        )
        np.testing.assert_array_equal(log.day_offset, table["day_offset"].to_numpy())
        assert np.all(log.note_id > 0)
        assert reading.report.rows_left_out == 0
        rows += len(log)
    assert rows == 125_399
