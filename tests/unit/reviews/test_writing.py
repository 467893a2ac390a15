from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recollect.errors import OutputError
from recollect.reviews import (
    DayBoundary,
    ReviewLog,
    log_fingerprint,
    open_logs,
    read_log,
    write_csv,
    write_parquet,
)

T = 1_700_000_000_000
_COLUMNS = ("review_time_ms", "rating", "state", "duration_ms", "note_id", "deck_id", "day_offset")
_settings = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
_words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=2, max_size=8).filter(
    lambda word: word.lower() not in ("nan", "na", "n/a", "null", "none", "nat", "<na>")
)


@st.composite
def columns(draw: st.DrawFn, origin: int = T) -> dict[str, Any]:
    """Columns of logs as readers make them: no row equal to another in card and time.

    The logs themselves are built outside the strategy: checking the types of arguments draws
    random numbers.
    """
    cards = draw(st.lists(st.integers(1, 2**62), min_size=1, max_size=5, unique=True))
    names = None
    if draw(st.booleans()):
        names = tuple(draw(st.lists(_words, min_size=len(cards), max_size=len(cards), unique=True)))
        cards = list(range(len(cards)))
        if sum(name.isdecimal() for name in names) * 2 >= len(names):
            names = tuple(f"w{name}" for name in names)
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(cards), st.integers(0, 10**10)), max_size=20, unique=True
        )
    )
    n = len(rows)

    def column(low: int, high: int) -> list[int] | None:
        return draw(st.none() | st.lists(st.integers(low, high), min_size=n, max_size=n))

    def of_card(values: st.SearchStrategy[int]) -> list[int]:
        chosen = {card: draw(values) for card in cards}
        return [chosen[card] for card, _ in rows]

    # A log with names read back must show each of them, or it counts as a log of numbers.
    if names is not None and {card for card, _ in rows} != set(cards):
        names = None
    return {
        "card_id": [card for card, _ in rows],
        "review_time_ms": [origin + time for _, time in rows],
        "rating": draw(st.lists(st.integers(1, 4), min_size=n, max_size=n)),
        "state": column(-1, 4),
        "duration_ms": column(-1, 10**6),
        "note_id": of_card(st.sampled_from([-1, 4, 5])),
        "deck_id": of_card(st.sampled_from([-1, 1, 2**40])),
        "learner_id": draw(_words),
        "card_names": names,
    }


_several = st.lists(columns(), min_size=1, max_size=3, unique_by=lambda item: item["learner_id"])


def _assert_same(got: ReviewLog, log: ReviewLog) -> None:
    for name in _COLUMNS:
        np.testing.assert_array_equal(getattr(got, name), getattr(log, name), err_msg=name)
    if log.card_names is None:
        np.testing.assert_array_equal(got.card_id, log.card_id)
    else:
        names = np.array(log.card_names, dtype=object)
        assert names[log.card_id].tolist() == [got.card_name(int(card)) for card in got.card_id]
    assert log_fingerprint(got) == log_fingerprint(log)
    assert got.time_of_day_known == log.time_of_day_known


@_settings
@given(
    columns(),
    st.sampled_from(["auto", "ms", "iso"]),
    st.sampled_from(["log.csv", "log.csv.gz"]),
)
def test_csv_comes_back(
    tmp_path: Path, item: dict[str, Any], times: Literal["auto", "ms", "iso"], name: str
) -> None:
    log = ReviewLog.from_columns(**item)
    write_csv(log, tmp_path / name, times=times)
    reading = read_log(tmp_path / name)
    _assert_same(reading.log, log)
    assert reading.report.rows_left_out == 0


@_settings
@given(columns(origin=1_000_000_000))
def test_csv_of_a_log_without_dates_comes_back(tmp_path: Path, item: dict[str, Any]) -> None:
    log = ReviewLog.from_columns(**item)
    write_csv(log, tmp_path / "log.csv")
    _assert_same(read_log(tmp_path / "log.csv").log, log)


@_settings
@given(_several)
def test_csv_of_several_learners_comes_back(tmp_path: Path, items: list[dict[str, Any]]) -> None:
    every = [ReviewLog.from_columns(**item) for item in items]
    several = [log for log in every if len(log) and log.card_names is None]
    write_csv(several, tmp_path / "log.csv")
    source = open_logs(tmp_path / "log.csv")
    assert source.learner_ids == (tuple(log.learner_id for log in several) or ("log",))
    for log in several:
        _assert_same(source.read(log.learner_id).log, log)


@_settings
@given(_several, st.integers())
def test_parquet_comes_back(tmp_path: Path, items: list[dict[str, Any]], number: int) -> None:
    pytest.importorskip("pyarrow", reason="needs the parquet extra")
    several = [ReviewLog.from_columns(**item) for item in items]
    folder = tmp_path / f"data{abs(number)}-{os.urandom(4).hex()}"
    write_parquet(iter(several), folder)
    source = open_logs(folder)
    assert set(source.learner_ids) == {log.learner_id for log in several}
    for log in several:
        got = source.read(log.learner_id)
        assert got.report.rows_left_out == 0
        _assert_same(got.log, log)


def test_parquet_keeps_the_days_of_the_log_and_whether_times_are_real(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the parquet extra")
    log = ReviewLog.from_columns(
        [1, 1],
        [T, T + 30_000_000],
        [3, 3],
        time_of_day_known=False,
        day_boundary=DayBoundary("Asia/Tokyo", 0),
    )
    write_parquet([log], tmp_path / "data")
    _assert_same(read_log(tmp_path / "data").log, log)


def test_the_columns_are_those_of_the_fsrs_tools(tmp_path: Path) -> None:
    log = ReviewLog.from_columns([1], [T], [3], state=[0], duration_ms=[900])
    write_csv(log, tmp_path / "ms.csv")
    assert (tmp_path / "ms.csv").read_text() == (
        f"card_id,review_time,review_rating,review_state,review_duration\n1,{T},3,0,900\n"
    )
    bare = ReviewLog.from_columns([1], [T], [3])
    write_csv(bare, tmp_path / "iso.csv", times="iso")
    assert (tmp_path / "iso.csv").read_text() == (
        "card_id,review_time,review_rating\n1,2023-11-14T22:13:20.000+00:00,3\n"
    )


def test_the_same_log_gives_the_same_bytes(tmp_path: Path) -> None:
    log = ReviewLog.from_columns([1, 2], [T, T + 5], [3, 1])
    write_csv(log, tmp_path / "a.csv.gz")
    write_csv(log, tmp_path / "b.csv.gz")
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def _logs_that_fail() -> Iterator[ReviewLog]:
    yield ReviewLog.from_columns([1], [T], [3], learner_id="1")
    raise OutputError("the second log could not be made")


def test_nothing_is_left_half_written(tmp_path: Path) -> None:
    good = ReviewLog.from_columns([1], [T], [3], learner_id="1")
    early = ReviewLog.from_columns([1], [-5], [3])
    (tmp_path / "log.csv").write_text("old")
    with pytest.raises(OutputError, match="between 1970 and 2100"):
        write_csv(early, tmp_path / "log.csv")
    with pytest.raises(OutputError, match="two logs have the name '1'"):
        write_csv([good, good], tmp_path / "log.csv")
    with pytest.raises(OutputError, match="name ' x' cannot be written"):
        write_csv([good.named(" x")], tmp_path / "log.csv")
    assert (tmp_path / "log.csv").read_text() == "old"
    with pytest.raises(OutputError, match="could not be written"):
        write_csv(good, tmp_path / "missing" / "log.csv")
    pytest.importorskip("pyarrow", reason="needs the parquet extra")
    with pytest.raises(OutputError, match="two logs"):
        write_parquet([good, good], tmp_path / "data")
    with pytest.raises(OutputError, match="second log"):
        write_parquet(_logs_that_fail(), tmp_path / "data")
    with pytest.raises(OutputError, match="already exists"):
        write_parquet([good], tmp_path)
    with pytest.raises(OutputError, match=r"could not be written|already exists"):
        write_parquet([good], tmp_path / "log.csv" / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["log.csv"]


def test_names_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the parquet extra")
    log = ReviewLog.from_columns([1], [T], [3], learner_id="../../outside")
    write_parquet([log], tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
    assert open_logs(tmp_path / "data").learner_ids == ("../../outside",)


def test_real_logs_come_back(real_data: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="needs the parquet extra")
    source = open_logs(real_data / "revlogs-dev")
    chosen = [source.read(name).log for name in ("1", "2", "6")]
    write_parquet(chosen, tmp_path / "data")
    write_csv(chosen, tmp_path / "log.csv")
    for log in chosen:
        _assert_same(open_logs(tmp_path / "data").read(log.learner_id).log, log)
        _assert_same(open_logs(tmp_path / "log.csv").read(log.learner_id).log, log)
