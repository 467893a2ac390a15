import numpy as np
import pytest

from recollect.cli._logs import (
    find_learners,
    load_source,
    read_one,
    survey_logs,
    warn_of_rows_left_out,
)
from recollect.cli._options import ReadingOptions
from recollect.cli._session import Session
from recollect.errors import BadRowError, LogError, NotEnoughDataError, UnknownNameError
from recollect.reviews import ReadReport

READING = ReadingOptions()
HEADER = "card_id,review_time,review_rating\n"


def _csv(folder, name="log.csv", rows="1,2025-01-01T10:00:00Z,3\n1,2025-01-02T10:00:00Z,1\n"):
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(HEADER + rows)
    return path


def _names(sources):
    return [source.learner_id for source in sources]


def test_all_learners_of_all_paths_are_found_in_order(log_csv, class_csv, small_log):
    sources = find_learners([class_csv, log_csv], READING)
    assert _names(sources) == ["ann", "bob", "new", "simulated"]
    assert len(load_source(sources[3])) == len(small_log)


def test_learners_are_chosen_by_name(class_csv):
    assert _names(find_learners([class_csv], READING, ["bob", "ann"])) == ["ann", "bob"]
    with pytest.raises(UnknownNameError, match="no learner named 'zoe'; there are: ann, bob"):
        find_learners([class_csv], READING, ["ann", "zoe"])


def test_files_of_the_same_name_are_told_apart(tmp_path):
    one, two = _csv(tmp_path / "one"), _csv(tmp_path / "two")
    assert _names(find_learners([one, two], READING)) == [str(one), str(two)]
    assert len(find_learners([one, two], READING, ["log"])) == 2
    assert _names(find_learners([one, two], READING, [str(two)])) == [str(two)]


def test_learners_of_the_same_name_are_told_apart(class_csv, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(class_csv.read_text())
    names = _names(find_learners([class_csv, other], READING, ["bob"]))
    assert names == [f"{class_csv}:bob", f"{other}:bob"]


def test_a_file_that_has_changed_is_read_again(tmp_path):
    path = _csv(tmp_path)
    assert len(load_source(find_learners([path], READING)[0])) == 2
    _csv(tmp_path, rows="1,2025-01-01T10:00:00Z,3\n")
    assert len(load_source(find_learners([path], READING)[0])) == 1


def test_reading_options_reach_the_log(log_csv):
    sources = find_learners([log_csv], ReadingOptions("Asia/Tokyo", 2))
    boundary = load_source(sources[0]).day_boundary
    assert (boundary.time_zone, boundary.rollover_hour) == ("Asia/Tokyo", 2)


def test_a_survey_looks_at_every_log_once_and_tells(class_csv):
    looked, told = [], []
    surveys = survey_logs(
        find_learners([class_csv], READING), looked.append, lambda *news: told.append(news)
    )
    assert [log.learner_id for log in looked] == ["ann", "bob", "new"]
    assert told == [(0, 3, "ann"), (1, 3, "bob"), (2, 3, "new"), (3, 3, "")]
    assert [survey.reviews for survey in surveys] == [len(log) for log in looked]
    assert surveys[0].cards == np.unique(looked[0].card_id).size
    assert surveys[0].last_ms == looked[0].review_time_ms[-1]


def test_a_survey_finds_a_malformed_row(tmp_path):
    path = _csv(tmp_path, rows="1,2025-01-01T10:00:00Z,9\n")
    with pytest.raises(BadRowError, match="row 2, column review_rating"):
        survey_logs(find_learners([path], READING), lambda _: None, lambda *_: None)


def test_one_log_is_read_with_its_report(tmp_path, capsys):
    path = _csv(tmp_path, rows="1,2025-01-01T10:00:00Z,3\n1,soon,3\n")
    log, report = read_one(path, None, ReadingOptions(skip_bad_rows=True), Session())
    assert (len(log), report.rows_left_out) == (1, 1)
    error = capsys.readouterr().err
    assert error.startswith(f"warning: {path}: 2 rows read, 1 kept; left out: 1 bad row")
    assert "such as" in error


def test_one_of_several_learners_must_be_named(class_csv):
    with pytest.raises(LogError, match="holds 3 learners; name one of ann, bob, new"):
        read_one(class_csv, None, READING, Session())
    assert read_one(class_csv, "bob", READING, Session())[0].learner_id == "bob"


def test_a_log_without_reviews_is_no_log(tmp_path):
    with pytest.raises(NotEnoughDataError, match="there are no reviews"):
        read_one(_csv(tmp_path, rows=""), None, READING, Session())


def test_rows_left_out_by_the_rules_are_a_note(capsys):
    report = ReadReport("a.apkg", rows_read=3, rows_kept=2, manual_entries=1)
    warn_of_rows_left_out(Session(), [report])
    assert capsys.readouterr().err == f"a.apkg: {report.summary()}\n"
    warn_of_rows_left_out(Session(quiet=True), [report])
    warn_of_rows_left_out(Session(), [ReadReport("b", rows_read=2, rows_kept=2)])
    assert capsys.readouterr().err == ""


def test_many_reports_are_added_up(capsys):
    report = ReadReport("a", rows_read=3, rows_kept=2, duplicates=1)
    warn_of_rows_left_out(Session(), [report] * 12)
    error = capsys.readouterr().err
    assert error == "12 logs: 36 rows read, 24 kept; left out: 12 exact duplicates\n"
