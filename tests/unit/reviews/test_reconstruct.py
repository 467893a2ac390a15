from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.reviews import read_log
from recollect.reviews.log import previous_row
from recollect.reviews.reconstruct import times_from_gaps


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3 * 86_400_000)), min_size=1, max_size=40)
)
def test_times_fit_days_order_and_gaps(rows: list[tuple[int, int]]) -> None:
    rows = sorted(rows, key=lambda row: row[1])
    card = np.array([row[0] for row in rows], dtype=np.int64)
    true_ms = np.array([row[1] for row in rows], dtype=np.int64)
    day = true_ms // 86_400_000
    previous = previous_row(card)
    first = previous < 0
    gap = np.where(first, -1, (true_ms - true_ms[previous]) // 1000)
    got = times_from_gaps(card, day, gap)
    assert np.all(np.diff(got) >= 0)
    np.testing.assert_array_equal(got // 86_400_000, day)
    # A gap loses under a second where it was cut, and as much again for each gap before it
    # on the chains that decide where its two ends lie.
    error = np.abs((got - got[previous]) / 1000 - (true_ms - true_ms[previous]) / 1000)[~first]
    assert np.all(error <= 2 + len(rows))


def test_without_gaps_rows_stand_at_the_start_of_their_day() -> None:
    cards, days = np.array([1, 2, 1]), np.array([0, 0, 2])
    assert times_from_gaps(cards, days, None).tolist() == [0, 0, 172_800_000]


def test_gaps_that_contradict_the_days_still_give_times_within_the_days() -> None:
    cards, days = np.array([1, 2, 1, 2]), np.array([0, 0, 1, 1])
    got = times_from_gaps(cards, days, np.array([-1, -1, 10**7, 5]))
    assert np.all(np.diff(got) >= 0)
    assert (got // 86_400_000).tolist() == [0, 0, 1, 1]


def test_an_unknown_gap_starts_a_new_chain() -> None:
    cards, days = np.array([1, 1, 1]), np.array([0, 3, 3])
    got = times_from_gaps(cards, days, np.array([-1, -1, 600]))
    assert got.tolist() == [0, 3 * 86_400_000, 3 * 86_400_000 + 600_000]


@pytest.mark.parametrize("learner", [1, 2, 6, 13])
def test_gaps_of_real_logs_come_back_within_a_minute(real_data: Path, learner: int) -> None:
    log = read_log(real_data / "revlogs-dev", str(learner)).log
    gaps = np.floor(log.elapsed_seconds).astype(np.int64)
    got = times_from_gaps(log.card_id, log.day_offset.astype(np.int64), gaps)
    previous = previous_row(log.card_id)
    later = previous >= 0
    error = np.abs((got - got[previous]) / 1000 - log.elapsed_seconds)[later]
    assert np.max(error) <= 60
    assert np.mean(error <= 2) > 0.75
    np.testing.assert_array_equal(got // 86_400_000, log.day_offset)
