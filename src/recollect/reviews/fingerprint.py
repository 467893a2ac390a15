"""A short name for a log's content, the same whatever format it was read from."""

from __future__ import annotations

import hashlib

import numpy as np

from recollect.reviews.log import ReviewLog

__all__ = ["log_fingerprint"]


def log_fingerprint(log: ReviewLog) -> str:
    """Sixteen hex digits that depend only on who answered what, when and how.

    It is a SHA-256 over, row by row in the log's order: the card, numbered by first appearance;
    whole seconds since the first review (half a second rounds up); the rating. Card numbers,
    dates, states, durations, notes, decks and the learner's name do not enter. Reviews of
    different cards at the very same millisecond count in the order of the file; a source that
    cut its times to whole seconds can differ from one that kept milliseconds.
    """
    _, first, inverse = np.unique(log.card_id, return_index=True, return_inverse=True)
    rank = np.empty(first.shape[0], dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.shape[0])
    since = log.review_time_ms - (log.review_time_ms[0] if len(log) else 0)
    rows = np.stack((rank[inverse], (since + 500) // 1000, log.rating.astype(np.int64)), axis=1)
    return hashlib.sha256(rows.astype("<i8").tobytes()).hexdigest()[:16]
