"""Moments as people write them, and as milliseconds since 1970."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import click

from recollect.cli._session import Session
from recollect.reviews import MS_PER_DAY, ReviewLog

__all__ = [
    "Moments",
    "chosen_moments",
    "format_day",
    "format_moment",
    "iso_moment",
    "now_ms",
    "parse_moment",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOON = 12
_LONG_AGO_DAYS = 365
_LAST = "last"


@dataclass(frozen=True)
class Moments:
    """The present that a command works with, and the moment that it is asked about."""

    now_ms: int
    at_ms: int

    def as_json(self) -> dict[str, str]:
        """ISO 8601, UTC."""
        return {"now": iso_moment(self.now_ms), "at": iso_moment(self.at_ms)}


def now_ms() -> int:
    """The time of the command. Only the command line reads the clock, and passes it on."""
    return time.time_ns() // 1_000_000


def chosen_moments(
    log: ReviewLog, zone: ZoneInfo, now: str | None, at: str | None, session: Session
) -> Moments:
    """What ``--now`` and ``--at`` stand for.

    Args:
        log: the learner's reviews; not empty.
        zone: the learner's time zone.
        now: text of the option; None for the clock, ``last`` for the last review.
        at: text of the option; None for now.
        session: to note a log that ends long before now.

    Raises:
        click.BadParameter: no such moment, now before the last review, or the date before now.
    """
    last_ms = int(log.review_time_ms[-1])
    last = format_moment(last_ms, zone)
    if now == _LAST:
        present_ms = last_ms
    else:
        present_ms = now_ms() if now is None else parse_moment(now, zone, "--now")
    if present_ms < last_ms:
        raise click.BadParameter(
            f"the log's last review is at {last}, later than that; "
            "give a later moment, or 'last' for that review",
            param_hint="--now",
        )
    if now is None and present_ms - last_ms > _LONG_AGO_DAYS * MS_PER_DAY:
        session.note(
            f"The log's last review was long ago, at {last}; --now last takes that for the present"
        )
    at_ms = present_ms if at is None else parse_moment(at, zone, "--at")
    if at == format_day(present_ms, zone):  # today, after noon
        at_ms = max(at_ms, present_ms)
    if at_ms < present_ms:
        raise click.BadParameter(
            f"{format_moment(at_ms, zone)} is before now, {format_moment(present_ms, zone)}; "
            "--now sets another present",
            param_hint="--at",
        )
    return Moments(present_ms, at_ms)


def parse_moment(text: str, zone: ZoneInfo, option: str) -> int:
    """Milliseconds since 1970 of a date or a time.

    Args:
        text: ISO 8601. A date alone stands for noon of that day; a time without an offset
            from UTC is local.
        zone: the learner's time zone.
        option: the option that it was given to, for the message.

    Raises:
        click.BadParameter: not such a text.
    """
    try:
        try:
            moment = datetime.combine(date.fromisoformat(text), datetime.min.time())
            moment = moment.replace(hour=_NOON)
        except ValueError:
            moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        moment.astimezone(zone)  # where it is shown, it must be a date too
        return (moment.astimezone(UTC) - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError) as error:
        raise click.BadParameter(
            f"{text!r} is no date or time; write 2026-12-01, 2026-12-01T18:30 or "
            "2026-12-01T18:30+01:00",
            param_hint=option,
        ) from error


def format_moment(moment_ms: int, zone: ZoneInfo) -> str:
    """Local date and time to the minute, such as ``2026-12-01 18:30``."""
    return _local(moment_ms, zone).replace(tzinfo=None).isoformat(" ", "minutes")


def format_day(moment_ms: int, zone: ZoneInfo) -> str:
    """Local calendar day, such as ``2026-12-01``."""
    return _local(moment_ms, zone).date().isoformat()


def iso_moment(moment_ms: int) -> str:
    """ISO 8601 in UTC to the second, such as ``2026-12-01T17:30:00+00:00``."""
    return _local(moment_ms, ZoneInfo("UTC")).isoformat(timespec="seconds")


def _local(moment_ms: int, zone: ZoneInfo) -> datetime:
    # Added to the epoch rather than taken from it: not every system converts early times.
    return (_EPOCH + timedelta(milliseconds=int(moment_ms))).astimezone(zone)
