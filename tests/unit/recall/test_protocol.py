"""The scoring protocol against its stated rules, scikit-learn's split, and real logs."""

import csv
import datetime as dt
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import TimeSeriesSplit

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.metrics import log_loss
from recollect.recall.protocol import (
    ScoringOptions,
    bin_features,
    eligible_rows,
    kept_rows,
    scoring_task,
    time_series_split,
)
from recollect.reviews import ReviewLog
from recollect.reviews.days import MS_PER_DAY, DayBoundary

DATA = Path(os.environ.get("RECOLLECT_DATA", Path(__file__).parents[4] / "shared" / "data"))

# Counts that the prototype of the recall model was scored on, day mode, without the outlier rule.
SCORED = {
    1: 5310, 2: 23830, 3: 1385, 4: 3360, 5: 2630, 6: 16395, 7: 2670, 8: 1870,
    9: 1375, 10: 500, 11: 475, 12: 870, 13: 3060, 14: 930, 15: 330,
}  # fmt: skip


def make_log(reviews):
    """A log from (card, day, rating) or (card, day, second, rating), given in order of time."""
    full = [(r[0], r[1], i if len(r) == 3 else r[2], r[-1]) for i, r in enumerate(reviews)]
    noon = MS_PER_DAY // 2
    return ReviewLog.from_columns(
        np.array([card for card, _, _, _ in full]),
        np.array([day * MS_PER_DAY + noon + second * 1000 for _, day, second, _ in full]),
        np.array([rating for *_, rating in full]),
    )


@given(rows=st.integers(2, 300), splits=st.integers(1, 12))
def test_the_split_is_that_of_scikit_learn(rows, splits):
    if rows < splits + 1:
        with pytest.raises(NotEnoughDataError):
            time_series_split(rows, splits)
        return
    if splits == 1:  # scikit-learn wants at least two
        assert time_series_split(rows, splits) == [(rows - rows // 2, rows)]
        return
    theirs = TimeSeriesSplit(splits).split(np.zeros(rows))
    for (start, stop), (train, test) in zip(time_series_split(rows, splits), theirs, strict=True):
        assert np.array_equal(np.arange(start), train)
        assert np.array_equal(np.arange(start, stop), test)


def test_first_and_same_day_reviews_are_not_scored_in_day_mode():
    log = make_log([(1, 0, 3), (1, 0, 3), (2, 0, 1), (1, 1, 3), (2, 3, 3), (2, 3, 1), (1, 9, 3)])
    assert eligible_rows(log, ScoringOptions()).tolist() == [3, 4, 6]
    task = scoring_task(log, splits=2)
    assert task.scored_rows.tolist() == [4, 6]
    assert [fold.train_rows.tolist() for fold in task.folds] == [[3], [3, 4]]
    assert task.log is log


def test_same_day_mode_scores_all_gaps_of_a_second():
    log = make_log([(1, 0, 0, 3), (1, 0, 0, 3), (1, 0, 0.9, 1), (1, 0, 1.9, 3), (1, 4, 0, 3)])
    assert eligible_rows(log, ScoringOptions(same_day=True)).tolist() == [3, 4]
    task = scoring_task(log, same_day=True, splits=1)
    assert task.same_day
    assert task.scored_rows.tolist() == [4]


def test_reviews_past_the_limit_of_a_card_are_left_out():
    log = make_log([(1, day, 3) for day in range(6)] + [(2, 6, 3), (2, 7, 1)])
    task = scoring_task(log, splits=1, max_reviews_per_card=4)
    assert kept_rows(log, 4).tolist() == [0, 1, 2, 3, 6, 7]
    assert task.log.card_id.tolist() == [1, 1, 1, 1, 2, 2]
    assert task.log.elapsed_days.tolist() == [-1, 1, 1, 1, -1, 1]
    assert task.scored_rows.tolist() == [3, 5]


def test_too_few_reviews_say_what_is_needed():
    log = make_log([(1, day, 3) for day in range(6)]).named("anna")
    with pytest.raises(NotEnoughDataError, match=r"learner anna: 5 of 6 .* 5 splits need .* 6"):
        scoring_task(log)
    empty = ReviewLog.from_columns([], [], [])
    with pytest.raises(NotEnoughDataError, match="there are no reviews in the log"):
        scoring_task(empty, same_day=True)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"splits": 0}, "splits"),
        ({"max_reviews_per_card": 1}, "max_reviews_per_card"),
        ({"same_day": True, "drop_outliers": True}, "drop_outliers"),
    ],
)
def test_options_that_make_no_sense(options, word):
    with pytest.raises(ParameterError, match=word):
        ScoringOptions(**options)


reviews = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(1, 4)), min_size=1, max_size=40
)


@given(reviews)
def test_bin_features_match_a_count_card_by_card(rows):
    days = np.cumsum([gap for _, gap, _ in rows])
    log = make_log([(card, int(d), r) for (card, _, r), d in zip(rows, days, strict=True)])
    for same_day in (False, True):
        features = bin_features(log, same_day=same_day)
        seen: dict[int, list] = {}
        for row, (card, _, rating) in enumerate(rows):
            day = int(days[row])
            past = seen.setdefault(card, [])
            elapsed = day - past[-1][0] if past else 0
            later = [elapsed_days > 0 for _, elapsed_days, _ in past]
            failed = [
                r == 1 and (same_day or late) for (_, _, r), late in zip(past, later, strict=True)
            ]
            assert features.elapsed_days[row] == elapsed
            assert features.review_number[row] == 1 + sum(later) + (elapsed > 0)
            assert features.lapses[row] == sum(failed)
            past.append((day, elapsed, rating))


def test_outliers_are_the_rare_and_the_long_first_gaps():
    gaps = [1] * 60 + [2] * 25 + [7] * 10 + [40] * 3 + [150] * 7
    log = make_log(
        [(card, 0, 3) for card in range(len(gaps))]
        + sorted(((card, gap, 3) for card, gap in enumerate(gaps)), key=lambda row: row[1])
        + [(card, 400, 3) for card in range(len(gaps))]
    )
    kept = eligible_rows(log, ScoringOptions(drop_outliers=True))
    left = np.bincount(log.card_id[kept], minlength=len(gaps))
    # 105 cards allow for 20 to go: 40 (3 cards), 150 (7), not 7 (10 cards: 20 is not below 20).
    expected = np.array([0 if gap in (40, 150) else 2 for gap in gaps])
    assert np.array_equal(left, expected)


def test_after_the_allowance_long_gaps_still_go_but_easy_ones_may_be_a_year():
    gaps = [1] * 21 + [150] * 22
    for rating, gone in ((3, True), (4, False)):
        log = make_log(
            [(card, 0, rating) for card in range(43)]
            + [(card, gap, 3) for card, gap in enumerate(gaps)]
        )
        kept = log.card_id[eligible_rows(log, ScoringOptions(drop_outliers=True))]
        assert np.isin(np.arange(21, 43), kept).any() != gone
        assert np.isin(np.arange(21), kept).all()


def read_parquet_log(user, boundary):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = DATA / "revlogs-dev" / "revlogs" / f"user_id={user}" / "data.parquet"
    table = parquet.ParquetFile(path).read()
    columns = {name: table.column(name).to_numpy() for name in table.column_names}
    return ReviewLog.from_columns(
        columns["card_id"], columns["review_time"], columns["rating"], day_boundary=boundary
    )


@pytest.mark.skipif(not (DATA / "revlogs-dev").is_dir(), reason=f"no review logs at {DATA}")
def test_scored_counts_of_real_logs():
    # Those counts were made with days that turn at 10:00 UTC.
    boundary = DayBoundary("UTC", 10)
    for user, count in SCORED.items():
        assert len(scoring_task(read_parquet_log(user, boundary)).scored_rows) == count, user


@pytest.mark.skipif(not (DATA / "revlogs-dev").is_dir(), reason=f"no review logs at {DATA}")
def test_counts_and_averages_measured_with_the_upstream_programs():
    with (DATA / "revlog-fsrs-format.csv").open() as file:
        rows = list(csv.DictReader(file))
    log = ReviewLog.from_columns(
        [int(row["card_id"]) for row in rows],
        [int(dt.datetime.fromisoformat(row["review_time"]).timestamp() * 1000) for row in rows],
        [int(row["review_rating"]) for row in rows],
    )
    for options, count, average_log_loss in (
        ({"drop_outliers": True}, 4940, 0.5054),
        ({"same_day": True}, 9475, 0.5442),
    ):
        task = scoring_task(log, **options)
        assert len(task.scored_rows) == count
        recalled = task.log.recalled
        average = np.concatenate(
            [np.full(len(f.test_rows), recalled[f.train_rows].mean()) for f in task.folds]
        )
        assert log_loss(average, recalled[task.scored_rows]) == pytest.approx(
            average_log_loss, abs=5e-5
        )
