"""Review logs: what was reviewed when, and how it went. No JAX here.

The names below are imported when they are first used: most of them need NumPy, and a command that
only asks which day it is should not wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recollect.reviews.build import LogReading
    from recollect.reviews.days import MS_PER_DAY, DayBoundary
    from recollect.reviews.fingerprint import log_fingerprint
    from recollect.reviews.log import Review, ReviewLog
    from recollect.reviews.rating import Rating, ReviewState
    from recollect.reviews.reading import LogSource, open_logs, read_log, read_logs
    from recollect.reviews.report import ReadReport
    from recollect.reviews.writing import write_csv, write_parquet

__all__ = [
    "MS_PER_DAY",
    "DayBoundary",
    "LogReading",
    "LogSource",
    "Rating",
    "ReadReport",
    "Review",
    "ReviewLog",
    "ReviewState",
    "log_fingerprint",
    "open_logs",
    "read_log",
    "read_logs",
    "write_csv",
    "write_parquet",
]

_HOMES = {
    "build": ("LogReading",),
    "days": ("MS_PER_DAY", "DayBoundary"),
    "fingerprint": ("log_fingerprint",),
    "log": ("Review", "ReviewLog"),
    "rating": ("Rating", "ReviewState"),
    "reading": ("LogSource", "open_logs", "read_log", "read_logs"),
    "report": ("ReadReport",),
    "writing": ("write_csv", "write_parquet"),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"recollect.reviews.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
