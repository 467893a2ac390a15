from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.reviews.days import DayBoundary
from recollect.scheduling.days import day_begins_ms
from recollect.scheduling.standing import Standing, moved

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")


def at(zone: str, text: str) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int(moment.astimezone(UTC).timestamp() * 1000)


def day(text: str) -> int:
    return (datetime.fromisoformat(text) - datetime(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("zone", "change"),
    [
        ("Europe/Berlin", "2026-03-29"),  # 02:00 becomes 03:00
        ("Europe/Berlin", "2026-10-25"),  # 03:00 becomes 02:00
        ("America/New_York", "2026-03-08"),
        ("America/New_York", "2026-11-01"),
        ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
        ("Australia/Lord_Howe", "2026-10-04"),
    ],
)
def test_days_begin_at_the_rollover_hour_also_where_clocks_are_changed(zone, change):
    boundary = DayBoundary(zone, 4)
    number = day(change)
    begins = day_begins_ms(boundary, number)
    assert begins == at(zone, f"{change}T04:00")
    assert boundary.day_of(begins) == number
    assert boundary.day_of(begins - 1) == number - 1
    before = day_begins_ms(boundary, number - 1)
    hours = (begins - before) / 3_600_000
    assert hours in (23.0, 23.5, 24.5, 25.0)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
def test_an_interval_of_a_day_is_due_on_the_next_study_day_whatever_the_clock_does(zone):
    boundary = DayBoundary(zone, 4)
    for text in (
        "2026-03-28",
        "2026-03-29",
        "2026-03-07",
        "2026-03-08",
        "2026-10-31",
        "2026-04-04",
    ):
        late = at(zone, f"{text}T23:30")
        after = moved(Standing("review", None, 1, None, 0), 3, 1, late, boundary)
        assert after.due_day == day(text) + 1
        early = at(zone, f"{text}T03:30")  # still the study day before
        after = moved(Standing("review", None, 1, None, 0), 3, 1, early, boundary)
        assert after.due_day == day(text)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe"])
def test_a_step_that_passes_the_rollover_is_due_on_the_next_day(zone):
    boundary = DayBoundary(zone, 4)
    late = at(zone, "2026-03-29T03:55")
    soon = moved(Standing(), 1, -60, late, boundary)
    assert (soon.due_at_ms, soon.due_day) == (late + 60_000, None)
    later = moved(Standing(), 3, -600, late, boundary)
    assert (later.due_at_ms, later.due_day) == (None, day("2026-03-29"))


@given(
    zone=st.sampled_from(ZONES),
    hour=st.integers(0, 23),
    moment=st.integers(at("UTC", "1995-01-01"), at("UTC", "2040-01-01")),
)
def test_a_day_begins_where_its_number_appears(zone, hour, moment):
    boundary = DayBoundary(zone, hour)
    number = boundary.day_of(moment)
    begins = day_begins_ms(boundary, number)
    assert begins <= moment
    assert boundary.day_of(begins) == number
    assert boundary.day_of(begins - 1) == number - 1
