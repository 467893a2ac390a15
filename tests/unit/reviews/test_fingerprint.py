from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from recollect.reviews import ReviewLog, log_fingerprint

_rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 10**9), st.integers(1, 4)),
    min_size=1,
    max_size=20,
)


def _log(rows: list[tuple[int, int, int]], shift: int = 0, rename: int = 0) -> ReviewLog:
    return ReviewLog.from_columns(
        [row[0] ^ rename for row in rows],
        [row[1] + shift for row in rows],
        [row[2] for row in rows],
    )


@given(_rows, st.integers(0, 10**12), st.integers(0, 2**40))
def test_dates_and_card_numbers_do_not_matter(
    rows: list[tuple[int, int, int]], shift: int, rename: int
) -> None:
    assert log_fingerprint(_log(rows)) == log_fingerprint(_log(rows, shift, rename))


@given(_rows, _rows)
def test_logs_that_differ_by_more_than_rounding_differ(
    a: list[tuple[int, int, int]], b: list[tuple[int, int, int]]
) -> None:
    first, second = _log(a), _log(b)
    assume(
        len(first) != len(second)
        or bool(np.any(first.rating != second.rating))
        or bool(
            np.any(np.abs(np.diff(first.review_time_ms) - np.diff(second.review_time_ms)) > 2000)
        )
    )
    assert log_fingerprint(first) != log_fingerprint(second)


def test_a_fingerprint_is_short_and_stays_as_it_is() -> None:
    log = ReviewLog.from_columns([5, 6, 5], [1000, 2499, 2500], [3, 1, 4])
    # SHA-256 of the rows (0, 0, 3), (1, 1, 1), (0, 2, 4) as little-endian 64-bit integers.
    assert log_fingerprint(log) == "9b55da29084fae58"
    assert log_fingerprint(ReviewLog.from_columns([], [], [])) == "e3b0c44298fc1c14"
