"""Review logs: what was reviewed when, and how it went. No JAX here."""

from recollect.reviews.build import LogReading
from recollect.reviews.days import MS_PER_DAY, DayBoundary
from recollect.reviews.fingerprint import log_fingerprint
from recollect.reviews.log import Rating, Review, ReviewLog, ReviewState
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
