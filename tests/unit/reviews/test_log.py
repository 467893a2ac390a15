from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.errors import LogError, UnknownNameError
from recollect.reviews import Rating, ReviewLog, ReviewState

_rows = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 10**9), st.integers(1, 4)), max_size=40
)


def _log(rows: list[tuple[int, int, int]]) -> ReviewLog:
    cards, times, ratings = ([row[at] for row in rows] for at in range(3))
    return ReviewLog.from_columns(cards, times, ratings)


@given(_rows)
def test_derived_columns_agree_with_a_walk_through_the_log(
    rows: list[tuple[int, int, int]],
) -> None:
    log = _log(rows)
    assert [review.review_time_ms for review in log] == sorted(row[1] for row in rows)
    seen: dict[int, list[int]] = {}
    for row, review in enumerate(log):
        earlier = seen.setdefault(review.card_id, [])
        assert log.review_index[row] == len(earlier)
        if earlier:
            last = log.review(earlier[-1])
            assert review.elapsed_days == review.day_offset - last.day_offset
            gap = (review.review_time_ms - last.review_time_ms) / 1000
            assert review.elapsed_seconds == gap
        else:
            assert (review.elapsed_days, review.elapsed_seconds) == (-1, -1.0)
        assert log.recalled[row] == (review.rating != Rating.AGAIN)
        earlier.append(row)


@given(_rows, st.data())
def test_selecting_rows_is_building_a_log_of_them(
    rows: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    log = _log(rows)
    mask = np.array(
        data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), bool
    )
    part = log.select(mask)
    again = ReviewLog.from_columns(
        log.card_id[mask],
        log.review_time_ms[mask],
        log.rating[mask],
        day_offset=log.day_offset[mask],
    )
    for name in ("card_id", "elapsed_days", "elapsed_seconds", "day_offset", "rating"):
        np.testing.assert_array_equal(getattr(part, name), getattr(again, name))


def test_reviews_at_the_same_time_keep_their_order() -> None:
    log = ReviewLog.from_columns([3, 1, 2], [5, 5, 5], [1, 2, 3])
    assert log.card_id.tolist() == [3, 1, 2]


def test_an_empty_log_is_a_log() -> None:
    log = ReviewLog.from_columns([], [], [])
    assert len(log) == 0
    assert list(log) == []
    assert log.time_days.shape == (0,)
    assert log.hour_of_day.shape == (0,)


def test_a_row_shows_all_it_knows() -> None:
    log = ReviewLog.from_columns([9], [7], [4], state=[2], duration_ms=[1500])
    review = log.review(0)
    assert (review.rating, review.state) == (Rating.EASY, ReviewState.REVIEW)
    assert (review.duration_ms, review.day_offset) == (1500, 0)


@pytest.mark.parametrize(
    ("card_id", "time", "rating"),
    [
        ([1, 2], [1], [1]),
        ([1.5], [1], [1]),
        (["a"], [1], [1]),
        ([[1]], [1], [1]),
        ([1], [float("nan")], [1]),
        ([1], [10**18], [1]),
        ([1], [-(10**17)], [1]),
        ([1], [1], [0]),
        ([1], [1], [260]),
        ([1], np.array(5), [1]),
    ],
)
def test_impossible_columns_are_refused(card_id: object, time: object, rating: object) -> None:
    with pytest.raises(LogError):
        ReviewLog.from_columns(card_id, time, rating)  # type: ignore[arg-type]


def test_cards_are_found_by_number_or_by_name() -> None:
    log = ReviewLog.from_columns([7, 8], [1, 2], [3, 3])
    assert log.find_card("8") == 8
    assert log.card_name(8) == "8"
    with pytest.raises(UnknownNameError, match="there are: 7, 8"):
        log.find_card("9")
    named = ReviewLog.from_columns([0, 1], [1, 2], [3, 3], card_names=("gato", "perro"))
    assert named.find_card("perro") == 1
    assert named.card_name(0) == "gato"
    assert named.select(np.array([1])).card_names == ("gato", "perro")
    with pytest.raises(UnknownNameError):
        named.select(np.array([1])).find_card("gato")
