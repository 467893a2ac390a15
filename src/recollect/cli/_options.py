"""Options that several commands take, with the same names, meanings and messages everywhere."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

if TYPE_CHECKING:
    from recollect.reviews import DayBoundary

__all__ = [
    "PLACE",
    "ReadingOptions",
    "defaults_option",
    "examples",
    "json_flag",
    "learner_option",
    "names_of",
    "parameter_options",
    "reading_options",
]

PLACE = click.Path(path_type=Path)
"""A path, checked by whoever opens it: the messages of the readers say more than click's."""

_Command = TypeVar("_Command", bound=Callable[..., Any])


@dataclass(frozen=True)
class ReadingOptions:
    """How logs are read.

    Attributes:
        time_zone: IANA name of the learner's zone.
        rollover_hour: local hour at which a study day begins.
        skip_bad_rows: leave malformed rows out and count them.
    """

    time_zone: str = "UTC"
    rollover_hour: int = 4
    skip_bad_rows: bool = False

    @property
    def day_boundary(self) -> DayBoundary:
        """The learner's day."""
        from recollect.reviews import DayBoundary

        return DayBoundary(self.time_zone, self.rollover_hour)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    def in_words(self) -> str:
        """For people: ``time zone UTC, days begin at 4:00``."""
        return f"time zone {self.time_zone}, days begin at {self.rollover_hour}:00"


def reading_options(command: _Command) -> _Command:
    """Add the options that read logs; the command gets them as ``reading``."""

    @click.option(
        "--time-zone",
        default="UTC",
        show_default=True,
        metavar="ZONE",
        callback=_checked_zone,
        help="The learner's time zone, such as Europe/Berlin.",
    )
    @click.option(
        "--rollover-hour",
        type=click.IntRange(0, 23),
        metavar="HOUR",
        default=4,
        show_default=True,
        help="Local hour at which a study day begins.",
    )
    @click.option(
        "--skip-bad-rows",
        is_flag=True,
        help="Leave malformed rows out and count them, instead of ending with an error.",
    )
    @functools.wraps(command)
    def with_reading(
        *args: Any, time_zone: str, rollover_hour: int, skip_bad_rows: bool, **rest: Any
    ) -> Any:
        reading = ReadingOptions(time_zone, rollover_hour, skip_bad_rows)
        return command(*args, reading=reading, **rest)

    return with_reading  # type: ignore[return-value]


def json_flag(command: _Command) -> _Command:
    """Add ``--json``; the command gets it as ``as_json``."""
    option = click.option(
        "--json", "as_json", is_flag=True, help="Print JSON to stdout, and nothing else."
    )
    return option(command)


def learner_option(command: _Command) -> _Command:
    """Add ``--learner``, for commands about one learner."""
    option = click.option("--learner", metavar="ID", help="Which learner, where LOG holds several.")
    return option(command)


def parameter_options(command: _Command) -> _Command:
    """Add ``--params`` and ``--defaults``: what the model of a learner starts from."""
    params = click.option(
        "--params",
        type=PLACE,
        metavar="FILE",
        help="Parameters of this learner, from recollect fit. Default: the shared defaults.",
    )
    return params(defaults_option(command))


def defaults_option(command: _Command) -> _Command:
    """Add ``--defaults``."""
    option = click.option(
        "--defaults",
        type=PLACE,
        metavar="FILE",
        help="Shared defaults, from recollect fit-defaults. Default: those that come with it.",
    )
    return option(command)


def examples(*lines: str) -> str:
    """The end of a command's help; the lines stay as they are."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def names_of(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, ...]:
    """Callback of options that take names separated by commas; each once, in order."""
    if value is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in value.split(",") if name.strip()))
    if not names:
        raise click.BadParameter("expected names separated by commas")
    return names


def _checked_zone(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(
            f"{value!r} is not known; use an IANA name such as Europe/Berlin"
        ) from error
    return value
