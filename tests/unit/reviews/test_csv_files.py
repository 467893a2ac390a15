from __future__ import annotations

import gzip
import time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from recollect.errors import BadRowError, LogFormatError
from recollect.reviews import DayBoundary, open_logs, read_log
from recollect.reviews.csv_files import read_csv_rows

HEADER = "card_id,review_time,review_rating,review_state,review_duration\n"
T = 1_700_000_000_000


def _file(folder: Path, text: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def _bad(folder: Path, text: str) -> BadRowError:
    with pytest.raises(BadRowError) as caught:
        read_log(_file(folder, text))
    assert "\n" not in str(caught.value)
    return caught.value


def test_the_columns_of_fsrs_optimizer(tmp_path: Path) -> None:
    text = HEADER + f"7,{T},3,0,4200\n8,{T + 1000},1,1,\n7,{T + 86_400_000},4,2,900\n"
    reading = read_log(_file(tmp_path, text))
    log = reading.log
    assert log.card_id.tolist() == [7, 8, 7]
    assert log.review_time_ms.tolist() == [T, T + 1000, T + 86_400_000]
    assert log.rating.tolist() == [3, 1, 4]
    assert log.state.tolist() == [0, 1, 2]
    assert log.duration_ms.tolist() == [4200, -1, 900]
    assert log.elapsed_days.tolist() == [-1, -1, 1]
    assert (log.learner_id, log.time_of_day_known) == ("log", True)
    assert (reading.report.rows_read, reading.report.rows_kept) == (3, 3)


def test_the_columns_of_py_fsrs_and_others_in_any_order(tmp_path: Path) -> None:
    text = "rating,Review_Datetime,card_id,deck_id,comment\n3,2024-05-01T10:00:00+00:00,1,5,hi\n"
    log = read_log(_file(tmp_path, text)).log
    assert (log.rating.tolist(), log.card_id.tolist(), log.deck_id.tolist()) == ([3], [1], [5])


@pytest.mark.parametrize(
    "moment",
    [
        "2024-05-01T12:00:00.250+00:00",
        "2024-05-01T12:00:00.250Z",
        "2024-05-01 14:00:00.250000+02:00",
        "2024-05-01T06:30:00.250-05:30",
        "20240501T120000.250Z",
    ],
)
def test_iso_times_with_any_offset(tmp_path: Path, moment: str) -> None:
    log = read_log(_file(tmp_path, f"card_id,review_time,review_rating\n1,{moment},3\n")).log
    assert log.review_time_ms.tolist() == [1_714_564_800_250]


def test_iso_times_without_offset_are_the_learners(tmp_path: Path) -> None:
    path = _file(tmp_path, "card_id,review_time,review_rating\n1,2024-05-01 12:00:00,3\n")
    assert read_log(path).log.review_time_ms.tolist() == [1_714_564_800_000]
    berlin = read_log(path, day_boundary=DayBoundary("Europe/Berlin")).log
    assert berlin.review_time_ms.tolist() == [1_714_564_800_000 - 7_200_000]
    assert berlin.hour_of_day.tolist() == [12.0]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("packed", [False, True])
def test_separators_line_ends_marks_quotes_and_gzip(
    tmp_path: Path, separator: str, end: str, mark: str, quote: str, packed: bool
) -> None:
    rows = [["card_id", "review_time", "review_rating"], ["1", str(T), "3"], ["2", str(T + 1), "4"]]
    text = mark + end.join(separator.join(f"{quote}{c}{quote}" for c in row) for row in rows)
    data = gzip.compress(text.encode()) if packed else text.encode()
    log = read_log(_file(tmp_path, data, "log.csv.gz" if packed else "log.csv")).log
    assert (log.card_id.tolist(), log.rating.tolist()) == ([1, 2], [3, 4])
    assert log.learner_id == "log"


def test_whole_numbers_written_as_fractions(tmp_path: Path) -> None:
    text = HEADER + f"7.0,{T}.0,3.0,nan,812.4\n"
    log = read_log(_file(tmp_path, text)).log
    assert (log.card_id.tolist(), log.review_time_ms.tolist()) == ([7], [T])
    assert (log.state.tolist(), log.duration_ms.tolist()) == ([-1], [812])


def test_cards_may_have_names(tmp_path: Path) -> None:
    text = "card_id,review_time,review_rating\n"
    text += f"gato,{T + 5},3\nperro,{T},1\ngato,{T + 9},2\n12,{T},2\n"
    log = read_log(_file(tmp_path, text)).log
    assert [log.card_name(int(card)) for card in log.card_id] == ["perro", "12", "gato", "gato"]
    assert log.find_card("gato") == log.card_id[2]


def test_learners_are_told_apart_wherever_their_rows_stand(tmp_path: Path) -> None:
    text = "user_id,card_id,review_time,review_rating\n"
    text += f"b,1,{T + 2},3\na,1,{T},4\nb,1,{T + 1},1\na,x,{T},4\n,5,{T},4\n"
    source = open_logs(_file(tmp_path, text), skip_bad_rows=True)
    assert source.learner_ids == ("b", "a")
    b, a = source
    assert (b.log.rating.tolist(), a.log.rating.tolist()) == ([1, 3], [4])
    assert (b.report.rows_read, a.report.rows_read) == (2, 3)
    total = a.report + b.report
    assert total.rows_read == 5 == total.rows_kept + total.rows_left_out
    assert sum(a.report.bad_rows.values()) == 2


@pytest.mark.parametrize(
    ("row", "column", "found"),
    [
        (f"1,{T},0,0,5", "review_rating", 0),
        (f"1,{T},5,0,5", "review_rating", 5),
        (f"1,{T},-3,0,5", "review_rating", -3),
        (f"1,{T},good,0,5", "review_rating", "good"),
        (f"1,{T},2.5,0,5", "review_rating", "2.5"),
        (f"1,{T},,0,5", "review_rating", ""),
        (f"1,{T},nan,0,5", "review_rating", "nan"),
        (f"x,{T},3,0,5", "card_id", "x"),
        (f",{T},3,0,5", "card_id", ""),
        (f"1_0,{T},3,0,5", "card_id", "1_0"),
        (f"{2**70},{T},3,0,5", "card_id", str(2**70)),
        ("1,yesterday,3,0,5", "review_time", "yesterday"),
        ("1,2024-05-01,3,0,5", "review_time", "2024-05-01"),
        ("1,2024-13-01T00:00:00Z,3,0,5", "review_time", "2024-13-01T00:00:00Z"),
        ("1,,3,0,5", "review_time", ""),
        ("1,inf,3,0,5", "review_time", "inf"),
        (f"1,-{T},3,0,5", "review_time", -T),
        (f"1,{T // 1000},3,0,5", "review_time", T // 1000),
        ("1,9999999999999,3,0,5", "review_time", 9_999_999_999_999),
        ("1,1950-05-01T00:00:00Z,3,0,5", "review_time", -620_784_000_000),
        (f"1,{T},3,9,5", "review_state", 9),
        (f"1,{T},3,new,5", "review_state", "new"),
        (f"1,{T},3,0,-50", "review_duration", -50),
        (f"1,{T},3,0,long", "review_duration", "long"),
        (f"1,{T},3,0", "(all)", "4 fields instead of 5"),
        (f"1,{T},3,0,5,6", "(all)", "6 fields instead of 5"),
    ],
)
def test_a_malformed_row_is_named_exactly(
    tmp_path: Path, row: str, column: str, found: object
) -> None:
    good = [f"{card},{T + card * 1000},3,0,100" for card in range(1, 6)]
    text = HEADER + "\n".join([*good[:3], "", row, *good[3:]]) + "\n"
    error = _bad(tmp_path, text)
    # Row 1 is the header, row 5 the empty line.
    assert (error.row, error.column, error.found) == (6, column, found)
    assert error.file == str(tmp_path / "log.csv")
    reading = read_log(tmp_path / "log.csv", skip_bad_rows=True)
    assert len(reading.log) == 5
    assert reading.report.rows_read == 6
    assert sum(reading.report.bad_rows.values()) == 1
    assert next(iter(reading.report.bad_rows)).startswith(f"{column}: expected ")
    assert reading.report.bad_row_examples == (str(error),)


def test_the_first_malformed_row_is_reported_whatever_its_column(tmp_path: Path) -> None:
    error = _bad(tmp_path, HEADER + f"1,{T},3,0,bad\nx,{T},3,0,5\n2,{T},9,0,1\n")
    assert (error.row, error.column) == (2, "review_duration")


def test_malformed_rows_are_counted_by_cause(tmp_path: Path) -> None:
    rows = [f"{n},{T + n},{n % 6},0,5" for n in range(60)] + ["oops"]
    report = read_log(_file(tmp_path, HEADER + "\n".join(rows)), skip_bad_rows=True).report
    assert sorted(report.bad_rows.values()) == [1, 20]
    assert len(report.bad_row_examples) == 5
    assert report.rows_read == report.rows_kept + report.rows_left_out == 61
    assert "20 bad row: review_rating" in report.summary()


def test_duplicates_are_left_out_and_conflicts_kept_and_both_counted(tmp_path: Path) -> None:
    text = HEADER + f"1,{T},3,0,5\n1,{T},3,0,5\n1,{T},4,0,5\n2,{T},3,0,5\n"
    reading = read_log(_file(tmp_path, text))
    assert reading.log.rating.tolist() == [3, 4, 3]
    assert (reading.report.duplicates, reading.report.conflicts) == (1, 1)


@pytest.mark.parametrize(
    ("factor", "unit"), [(1, "seconds"), (10**6, "microseconds"), (10**9, "nanoseconds")]
)
def test_other_units_of_time_are_recognised(tmp_path: Path, factor: int, unit: str) -> None:
    seconds = T // 1000
    rows = "".join(f"{n},{(seconds + n * 20) * factor},3,0,5\n" for n in range(200))
    for text in (HEADER + f"1,{seconds * factor},3,0,5\n", HEADER + rows):
        with pytest.raises(LogFormatError, match=f"review_time seems to hold {unit}"):
            read_log(_file(tmp_path, text), skip_bad_rows=True)
    with pytest.raises(LogFormatError, match="seems to hold seconds"):
        read_log(_file(tmp_path, HEADER + f"1,{seconds}.25,3,0,5\n"))


def test_logs_without_dates_count_from_an_origin_of_their_own(tmp_path: Path) -> None:
    rows = "".join(f"{n},{160_352_250 + n * 60_000_000},3,0,5\n" for n in range(30))
    log = read_log(_file(tmp_path, HEADER + rows)).log
    assert log.review_time_ms[0] == 160_352_250
    month = "".join(f"{n},{n * 9_000_000},3,0,5\n" for n in range(450))
    assert len(read_log(_file(tmp_path, HEADER + month)).log) == 450


@pytest.mark.parametrize("gap", [0, 20, 1000, 9000, 86_400])
@pytest.mark.parametrize("first", [640_000_000, 1_000_000_000, 1_700_000_000])
def test_seconds_are_seconds_whatever_the_gaps(tmp_path: Path, first: int, gap: int) -> None:
    """Numbers that are dates as seconds could be milliseconds of no date: that is not guessed."""
    rows = [f"{n},{first + n * gap},3,0,5" for n in range(300)]
    for stray in ([], ["1,0,3,0,5"]):
        text = HEADER + "\n".join([*rows, *stray])
        with pytest.raises(LogFormatError, match="seems to hold seconds since 1970") as caught:
            read_log(_file(tmp_path, text), skip_bad_rows=True)
        assert "count from the first review" in str(caught.value)


def test_a_header_alone_is_an_empty_log(tmp_path: Path) -> None:
    reading = read_log(_file(tmp_path, HEADER))
    assert len(reading.log) == 0
    assert reading.report.rows_read == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b,c\n1,2,3\n", "not a review log"),
        ("just some text", "not a review log"),
        ("\n" * 100, "an empty file"),
        ("card_id,review_rating\n1,3\n", "column review_time is missing"),
        (b"card_id,review_time,review_rating\n\xff\xfe,1,2\n", "not text in UTF-8"),
        (HEADER + f'1,{T},3,0,5\n1,"{T},3,0,5\n' + f"1,{T},3,0,5\n" * 9, "row 3: quotation marks"),
        ("review_rating,card_id,review_time,Review_Rating\n3,1,1,4\n", "2 columns review_rating"),
        (b"\xff\xfec\x00a\x00", "UTF-16"),
        (b"\x00" * 300_000, "not a review log|too long"),
        ("x" * 3_000_000, "too long"),
        (b"\x1f\x8b\x08\x00garbage", "gzip file is damaged"),
        (gzip.compress(HEADER.encode() * 50, mtime=0)[:-9], "gzip file is damaged"),
        ('card_id,review_time,review_rating\n1,"' + "9" * 200_000 + "\n", "not a sound CSV"),
    ],
)
def test_other_files_are_refused_in_one_line(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(LogFormatError, match=message) as caught:
        read_log(_file(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_more_rows_than_allowed_are_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, HEADER + f"1,{T},3,0,5\n" * 101)
    with pytest.raises(LogFormatError, match="more than 100 rows"):
        read_csv_rows(path, ZoneInfo("UTC"), max_rows=100)


def test_blocks_join_whatever_lies_at_their_ends(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    n = 80_000
    cards = rng.integers(1, 10**9, n)
    lines = [f"{card},{T + at},{at % 4 + 1}" for at, card in enumerate(cards.tolist())]
    header = "card_id,review_time,review_rating\n"
    plain = read_log(_file(tmp_path, header + "\n".join(lines)))
    np.testing.assert_array_equal(plain.log.card_id, cards)
    lines[70_000] = '"5",1,1,1'
    lines.insert(50_000, "")
    lines[30_000] = lines[30_000] + ",9"
    mixed = read_log(_file(tmp_path, header + "\n".join(lines)), skip_bad_rows=True)
    assert len(mixed.log) == n - 2
    assert [text.split(", ")[1] for text in mixed.report.bad_row_examples] == [
        "row 30002",
        "row 70003",
    ]


@pytest.mark.slow
def test_a_million_rows_take_seconds(tmp_path: Path) -> None:
    n = 1_000_000
    lines = "\n".join(
        f"{at % 40_000},{T + at * 7001},{at % 4 + 1},2,{at % 60_000}" for at in range(n)
    )
    path = _file(tmp_path, HEADER + lines)
    start = time.process_time()
    assert len(read_log(path).log) == n
    assert time.process_time() - start < 15
