"""Review logs: what was reviewed when, and how it went. No JAX here."""

from recollect.reviews.days import MS_PER_DAY, DayBoundary
from recollect.reviews.log import Rating, Review, ReviewLog, ReviewState

__all__ = ["MS_PER_DAY", "DayBoundary", "Rating", "Review", "ReviewLog", "ReviewState"]
