from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.errors import ParameterError
from recollect.reviews import DayBoundary, ReviewLog


def _ms(text: str, zone: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def _days(zone: str, rollover: int, *times: str) -> list[int]:
    moments = np.array([_ms(time, zone) for time in times], dtype=np.int64)
    days = DayBoundary(zone, rollover).day_number(moments)
    return (days - days[0]).tolist()


def test_a_day_lasts_from_rollover_to_rollover() -> None:
    assert _days("UTC", 4, "2024-05-01 04:00", "2024-05-02 03:59:59", "2024-05-02 04:00") == [
        0,
        0,
        1,
    ]
    assert _days("UTC", 0, "2024-05-01 00:00", "2024-05-01 23:59", "2024-05-02 00:00") == [0, 0, 1]


def test_the_days_of_clock_changes_last_23_and_25_hours() -> None:
    # In Berlin the clock jumped from 2 to 3 on 31 March 2024, and back on 27 October.
    assert _days(
        "Europe/Berlin", 4, "2024-03-30 04:00", "2024-03-31 03:59:59", "2024-03-31 04:00"
    ) == [0, 0, 1]
    spring = _ms("2024-03-31 04:00", "Europe/Berlin") - _ms("2024-03-30 04:00", "Europe/Berlin")
    assert spring == 23 * 3_600_000
    assert _days(
        "Europe/Berlin", 4, "2024-10-26 04:00", "2024-10-27 03:59:59", "2024-10-27 04:00"
    ) == [0, 0, 1]
    autumn = _ms("2024-10-27 04:00", "Europe/Berlin") - _ms("2024-10-26 04:00", "Europe/Berlin")
    assert autumn == 25 * 3_600_000


def test_the_same_moment_falls_on_different_days_in_different_zones() -> None:
    moment = np.array([_ms("2024-05-01 23:00", "UTC")], dtype=np.int64)
    london = DayBoundary("Europe/London").day_number(moment)
    tokyo = DayBoundary("Asia/Tokyo").day_number(moment)
    assert (tokyo - london).tolist() == [1]


def test_elapsed_days_count_rollovers_not_hours() -> None:
    times = [_ms(t, "UTC") for t in ("2024-05-01 03:00", "2024-05-01 05:00", "2024-05-03 03:00")]
    log = ReviewLog.from_columns([1, 1, 1], times, [3, 3, 3])
    assert log.elapsed_days.tolist() == [-1, 1, 1]
    assert log.elapsed_seconds.tolist() == [-1.0, 7200.0, 46 * 3600.0]


@given(
    st.lists(st.integers(0, 4_000_000_000_000), min_size=1, max_size=30),
    st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns"]),
    st.integers(0, 23),
)
def test_days_agree_with_the_calendar(times: list[int], zone: str, rollover: int) -> None:
    got = DayBoundary(zone, rollover).day_number(np.array(times, dtype=np.int64))
    for time, day in zip(times, got.tolist(), strict=True):
        local = datetime.fromtimestamp(time // 1000, tz=ZoneInfo(zone)).replace(tzinfo=None)
        expected = (local - timedelta(hours=rollover)).date() - datetime(1970, 1, 1).date()
        assert day == expected.days


@pytest.mark.parametrize("hour", [-1, 24])
def test_rollover_hours_outside_the_day_are_refused(hour: int) -> None:
    with pytest.raises(ParameterError, match="rollover hour"):
        DayBoundary(rollover_hour=hour)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_unknown_zones_are_refused(zone: str) -> None:
    with pytest.raises(ParameterError, match="time zone"):
        DayBoundary(zone)
