"""The learner of a collection: kept in a file, and worked out afresh when much has been learned.

A learner changes slowly. What is kept is used as long as the reviews that it rests on are the same
and those that have come since are few beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

import recollect
from recollect.collection import Collection, schema
from recollect.collection.reviews import read_review_log
from recollect.collection.settings import get_settings
from recollect.collection.transaction import Transaction
from recollect.errors import OutputError
from recollect.reviews import ReviewLog
from recollect.scheduling.learner import Learner, learner_of, load_learner, save_learner

if TYPE_CHECKING:
    from recollect.recall.model.parameters import RecallParameters

__all__ = ["remembered_learner"]

_FEW, _FEW_AT_LEAST = 0.01, 50
"""Up to so many new reviews (a share of all, and a number) a learner counts as known."""
_PRIME = 1_000_003

_reviews, _voided = schema.reviews, schema.voided_reviews


def remembered_learner(
    collection: Collection,
    folder: Path | None,
    parameters: Callable[[ReviewLog], RecallParameters],
    *,
    origin: str = "",
    told: Callable[[int], None] = lambda reviews: None,
) -> Learner:
    """The learner, from the file if it still holds.

    Args:
        collection: with their reviews.
        folder: where learners are kept; None to keep none.
        parameters: gives the parameters for a log; asked only if the file does not hold.
        origin: tells parameters apart, such as the digest of their file.
        told: called with the number of reviews before they are gone through.

    Returns:
        The learner; one without reviews is the average one.
    """
    with collection.reading() as transaction:
        facts = _facts(transaction, origin)
        path = None if folder is None else folder / f"{_name(transaction)}.npz"
        kept = None if path is None else load_learner(path)
        if kept is not None and _holds(transaction, kept[1], facts):
            return kept[0]
        told(int(facts["reviews"]))
        log = read_review_log(transaction).log
    learner = learner_of(log, parameters(log))
    if path is not None:
        with suppress(OutputError, OSError):  # a read-only place costs time, nothing else
            path.parent.mkdir(parents=True, exist_ok=True)
            save_learner(learner, path, facts)
    return learner


def _name(transaction: Transaction) -> str:
    settings = get_settings(transaction)
    known = f"{settings.created_at_ms} {settings.fuzz_seed}"
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _facts(transaction: Transaction, origin: str) -> dict[str, Any]:
    settings = get_settings(transaction)
    last = transaction.execute(select(func.max(_reviews.c.id))).scalar_one()
    last_id = -1 if last is None else int(last)
    count, digest = _digest(transaction, last_id)
    return {
        "program": recollect.__version__,
        "origin": origin,
        "time_zone": settings.time_zone,
        "rollover_hour": settings.rollover_hour,
        "last_id": last_id,
        "reviews": count,
        "digest": digest,
    }


def _holds(transaction: Transaction, kept: dict[str, Any], now: dict[str, Any]) -> bool:
    if any(kept.get(name) != now[name] for name in ("program", "origin", "time_zone")):
        return False
    if kept.get("rollover_hour") != now["rollover_hour"]:
        return False
    if now["reviews"] - kept["reviews"] > max(_FEW * kept["reviews"], _FEW_AT_LEAST):
        return False
    return _digest(transaction, int(kept["last_id"])) == (kept["reviews"], kept["digest"])


def _digest(transaction: Transaction, last_id: int) -> tuple[int, int]:
    """Count and check sum of the reviews that count, up to a number."""
    query = select(func.count(), func.coalesce(func.sum(_reviews.c.id % _PRIME), 0)).where(
        _reviews.c.id <= last_id, _reviews.c.id.not_in(select(_voided.c.review_id))
    )
    count, digest = transaction.execute(query).one()
    return int(count), int(digest)
