"""Prediction tables: what they hold, and that files give every figure back bit for bit."""

import builtins
import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.errors import (
    LogFormatError,
    MissingExtraError,
    NotEnoughDataError,
    OutputError,
    ParameterError,
)
from recollect.recall.predictions import (
    PredictionTable,
    iter_predictions,
    read_predictions,
    scored_rows_table,
    scores_of,
    write_predictions,
)
from recollect.recall.protocol import bin_features, scoring_task
from recollect.reviews import ReviewLog
from recollect.reviews.days import MS_PER_DAY

SUFFIXES = [".csv", ".parquet"]


def random_log(seed, n=120, cards=8):
    generator = np.random.default_rng(seed)
    times = np.cumsum(generator.integers(1, MS_PER_DAY, n))
    return ReviewLog.from_columns(
        generator.integers(0, cards, n), times, generator.integers(1, 5, n), learner_id=f"u{seed}"
    )


def make_table(seed, n=50, columns=("p_one", "p_two_instant"), learner=None):
    generator = np.random.default_rng(seed)
    return PredictionTable(
        learner_id=learner or f"u{seed}",
        card_id=generator.integers(0, 2**60, n),
        review_th=np.arange(1, n + 1),
        review_time_ms=np.sort(generator.integers(0, 2**41, n)),
        review_number=generator.integers(2, 30, n),
        lapses=generator.integers(0, 9, n),
        elapsed_days=generator.integers(0, 400, n),
        elapsed_seconds=generator.random(n) * 1e7,
        fold=generator.integers(1, 6, n),
        outcome=generator.random(n) < 0.8,
        probability={name: generator.random(n) for name in columns},
    )


def assert_same(left, right):
    assert left.learner_id == right.learner_id
    assert list(left.columns()) == list(right.columns())
    for name, values in left.columns().items():
        assert np.array_equal(values, right.columns()[name]), name
        assert values.dtype == right.columns()[name].dtype, name


def test_the_table_of_a_task_describes_its_scored_rows():
    log = random_log(1)
    task = scoring_task(log, max_reviews_per_card=10)
    table = scored_rows_table(log, task, 10)
    rows = task.scored_rows
    assert len(task.log) < len(log)
    assert table.learner_id == "u1"
    assert len(table) == len(rows)
    # review_th counts in the whole log, whichever rows were left out.
    original = table.review_th - 1
    assert np.array_equal(log.card_id[original], table.card_id)
    assert np.array_equal(log.review_time_ms[original], table.review_time_ms)
    assert np.array_equal(log.elapsed_days[original], table.elapsed_days)
    assert np.array_equal(log.elapsed_seconds[original], table.elapsed_seconds)
    assert np.array_equal(log.recalled[original], table.outcome)
    assert np.array_equal(table.lapses, bin_features(task.log).at(rows).lapses)
    assert table.fold.tolist() == [
        number for number, fold in enumerate(task.folds, 1) for _ in fold.test_rows
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_written_and_read_back_bit_for_bit(tmp_path, suffix):
    tables = [make_table(1), make_table(2, n=1), make_table(3, learner='Zoë, "the learner"')]
    path = tmp_path / f"predictions{suffix}"
    assert write_predictions(path, iter(tables)) == 101
    back = read_predictions(path)
    assert list(back) == [table.learner_id for table in tables]
    for table in tables:
        assert_same(back[table.learner_id], table)
    assert scores_of(back.values()) == scores_of(tables)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_learners_longer_than_a_chunk_are_joined(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr("recollect.recall.predictions._CHUNK_ROWS", 7)
    tables = [make_table(seed, n) for seed, n in enumerate([20, 3, 14, 1])]
    path = tmp_path / f"predictions{suffix}"
    write_predictions(path, tables)
    for table, back in zip(tables, iter_predictions(path), strict=True):
        assert_same(back, table)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_cards_that_have_names_keep_them(tmp_path, suffix, monkeypatch):
    monkeypatch.setattr("recollect.recall.predictions._CHUNK_ROWS", 7)
    plain = random_log(3)
    names = ("el perro", "007", "8", *(f"card {n}" for n in range(3, 8)))
    log = replace(plain, card_names=names)
    table = scored_rows_table(log, scoring_task(log), 128)
    rows = scoring_task(plain).scored_rows
    assert table.card_id.tolist() == [names[card] for card in plain.card_id[rows]]
    path = tmp_path / f"p{suffix}"
    write_predictions(path, [table])
    assert read_predictions(path)["u3"].card_id.tolist() == table.card_id.tolist()
    numbered = make_table(1, columns=())
    with pytest.raises(ParameterError, match="u3 names cards otherwise than the others"):
        write_predictions(path, [numbered, table])
    write_predictions(path, [numbered, table], cards_as_text=True)
    back = read_predictions(path)
    assert back["u1"].card_id.astype(np.int64).tolist() == numbered.card_id.tolist()
    assert back["u3"].card_id.tolist() == table.card_id.tolist()


@settings(max_examples=30)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_csv_keeps_every_bit_of_a_probability(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("bits") / "p.csv"
    table = make_table(0, n=len(values), columns=())
    table.probability["p_x"] = np.array(values)
    write_predictions(path, [table])
    assert read_predictions(path)["u0"].probability["p_x"].tolist() == values


def test_the_csv_can_be_read_by_anyone(tmp_path):
    table = make_table(4, n=3)
    write_predictions(tmp_path / "p.csv", [table])
    with (tmp_path / "p.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == [
        "user_id", "card_id", "review_th", "review_time_ms", "review_number", "lapses",
        "elapsed_days", "elapsed_seconds", "fold", "outcome", "p_one", "p_two_instant",
    ]  # fmt: skip
    assert [row["outcome"] for row in rows] == [str(int(value)) for value in table.outcome]
    assert [row["user_id"] for row in rows] == ["u4"] * 3


def test_nothing_is_left_when_a_table_fails(tmp_path):
    def tables():
        yield make_table(1)
        raise KeyError("lost")

    for suffix in SUFFIXES:
        with pytest.raises(KeyError):
            write_predictions(tmp_path / f"p{suffix}", tables())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_tables_that_do_not_go_together(tmp_path, suffix):
    path = tmp_path / f"p{suffix}"
    with pytest.raises(ParameterError, match="learner u2 has columns p_one, others"):
        write_predictions(path, [make_table(1), make_table(2, columns=("p_one",))])
    with pytest.raises(NotEnoughDataError):
        write_predictions(path, [])
    assert list(tmp_path.iterdir()) == []


def test_other_suffixes_are_refused(tmp_path):
    with pytest.raises(OutputError, match=r"\.parquet or \.csv"):
        write_predictions(tmp_path / "p.xlsx", [make_table(1)])


def test_without_pyarrow_the_extra_is_named(tmp_path, monkeypatch):
    real_import = builtins.__import__

    def no_pyarrow(name, *args, **kwargs):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", no_pyarrow)
    with pytest.raises(MissingExtraError, match=r"recollect\[parquet\]"):
        write_predictions(tmp_path / "p.parquet", [make_table(1)])


def test_files_that_cannot_be_read_say_why(tmp_path):
    path = tmp_path / "p.csv"
    with pytest.raises(LogFormatError, match="no such file"):
        read_predictions(path)
    path.write_text("card_id,p_x\n1,0.5\n")
    with pytest.raises(LogFormatError, match=r"column user_id, review_th, .* is missing"):
        read_predictions(path)
    write_predictions(path, [make_table(1, n=4)])
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], lines[3][:20]]) + "\n")
    with pytest.raises(LogFormatError, match=r"row 4: \d cells, 12 expected"):
        read_predictions(path)
    cells = lines[2].split(",")
    cells[10] = "maybe"
    path.write_text("\n".join([*lines[:2], ",".join(cells)]) + "\n")
    with pytest.raises(LogFormatError, match=r"row 3, column p_one: 'maybe' is not a number"):
        read_predictions(path)
    path.write_bytes(b"\xff\xfe\x00user")
    with pytest.raises(LogFormatError, match="not a readable CSV"):
        read_predictions(path)
    parquet = tmp_path / "p.parquet"
    parquet.write_bytes(b"PAR1 but no more")
    with pytest.raises(LogFormatError, match="not a readable Parquet"):
        read_predictions(parquet)


def test_learners_apart_in_a_file_are_refused(tmp_path):
    path = tmp_path / "p.csv"
    write_predictions(path, [make_table(1), make_table(2), make_table(3, learner="u1")])
    with pytest.raises(LogFormatError, match="sort by user_id"):
        read_predictions(path)


def test_folders_are_made_and_failures_are_one_line(tmp_path):
    path = tmp_path / "new" / "folder" / "p.csv"
    assert write_predictions(path, [make_table(1, n=2)]) == 2
    assert [item.name for item in path.parent.iterdir()] == ["p.csv"]
    taken = tmp_path / "p.csv"
    taken.mkdir()
    with pytest.raises(OutputError, match=r"p\.csv: could not be written") as caught:
        write_predictions(taken, [make_table(1)])
    assert "\n" not in str(caught.value)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["new", "p.csv"]
