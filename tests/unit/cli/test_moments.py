from zoneinfo import ZoneInfo

import click
import numpy as np
import pytest

from recollect.cli._moments import (
    chosen_moments,
    format_day,
    format_moment,
    iso_moment,
    now_ms,
    parse_moment,
)
from recollect.cli._session import Session
from recollect.reviews import MS_PER_DAY, ReviewLog

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
DECEMBER_MS = 1_796_083_200_000  # 2026-12-01 00:00 UTC, by `date -d 2026-12-01Z +%s`
HOUR_MS = 3_600_000


@pytest.mark.parametrize(
    ("text", "zone", "hours"),
    [
        ("2026-12-01", UTC, 12),
        ("2026-12-01", BERLIN, 11),
        ("2026-12-01T18:30", UTC, 18.5),
        ("2026-12-01 18:30", BERLIN, 17.5),
        ("2026-12-01T18:30+02:00", BERLIN, 16.5),
        ("2026-12-01T00:00:00Z", BERLIN, 0),
    ],
)
def test_moments_are_read_as_people_write_them(text, zone, hours):
    assert parse_moment(text, zone, "--at") == DECEMBER_MS + hours * HOUR_MS


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "1.12.2026", "2026-12-01T25:00"])
def test_other_texts_are_wrong_usage(text):
    with pytest.raises(click.BadParameter, match="no date or time; write 2026-12-01") as caught:
        parse_moment(text, UTC, "--at")
    assert caught.value.param_hint == "--at"


def test_moments_are_shown_in_the_zone():
    assert format_moment(DECEMBER_MS, BERLIN) == "2026-12-01 01:00"
    assert format_day(DECEMBER_MS - 1, BERLIN) == "2026-12-01"
    assert format_day(DECEMBER_MS - 1, UTC) == "2026-11-30"
    assert iso_moment(DECEMBER_MS + 999) == "2026-12-01T00:00:00+00:00"


def test_moments_before_1970_are_shown_too():
    assert format_moment(-HOUR_MS, UTC) == "1969-12-31 23:00"


def test_the_clock_runs_in_milliseconds():
    before = now_ms()
    assert before > DECEMBER_MS - 10 * 365 * MS_PER_DAY
    assert now_ms() >= before


def _log(last_ms):
    return ReviewLog.from_columns([1, 1], [last_ms - MS_PER_DAY, last_ms], [3, 3])


def test_now_can_be_the_last_review():
    moments = chosen_moments(_log(DECEMBER_MS), UTC, "last", None, Session())
    assert (moments.now_ms, moments.at_ms) == (DECEMBER_MS, DECEMBER_MS)
    assert moments.as_json() == dict.fromkeys(("now", "at"), "2026-12-01T00:00:00+00:00")


def test_now_can_be_given_and_the_date_comes_after_it():
    moments = chosen_moments(_log(DECEMBER_MS), UTC, "2026-12-02", "2026-12-05", Session())
    assert moments.now_ms == DECEMBER_MS + 36 * HOUR_MS
    assert moments.at_ms == DECEMBER_MS + (4 * 24 + 12) * HOUR_MS


def test_now_before_the_last_review_is_wrong_usage():
    with pytest.raises(click.BadParameter, match="last review is at 2026-12-01 00:00, later"):
        chosen_moments(_log(DECEMBER_MS), UTC, "2026-11-30", None, Session())


def test_a_date_before_now_is_wrong_usage():
    with pytest.raises(click.BadParameter, match="2026-12-01 12:00 is before now, 2026-12-02"):
        chosen_moments(_log(DECEMBER_MS), UTC, "2026-12-02", "2026-12-01", Session())


def test_today_is_now_when_noon_has_passed():
    moments = chosen_moments(_log(DECEMBER_MS), UTC, "2026-12-02T20:00", "2026-12-02", Session())
    assert moments.at_ms == moments.now_ms
    moments = chosen_moments(_log(DECEMBER_MS), UTC, "2026-12-02T08:00", "2026-12-02", Session())
    assert moments.at_ms == moments.now_ms + 4 * HOUR_MS


def test_the_clock_is_the_present_and_an_old_log_is_noted(capsys):
    before = now_ms()
    moments = chosen_moments(_log(MS_PER_DAY * 400), UTC, None, None, Session())
    assert before <= moments.now_ms <= now_ms()
    assert "long ago, at 1971-02-05 00:00; --now last" in capsys.readouterr().err
    chosen_moments(_log(now_ms() - MS_PER_DAY), UTC, None, None, Session())
    assert capsys.readouterr().err == ""


def test_a_log_of_one_review_has_a_last_one():
    log = ReviewLog.from_columns([1], np.array([DECEMBER_MS]), [3])
    assert chosen_moments(log, UTC, "last", None, Session()).now_ms == DECEMBER_MS
