"""Checked rows to review logs, one a learner, with a report of every row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.reviews.days import DayBoundary
from recollect.reviews.log import ReviewLog
from recollect.reviews.reconstruct import times_from_gaps
from recollect.reviews.report import ReadReport
from recollect.reviews.rows import RawRows, RowChecks, check_rows
from recollect.reviews.rules import attempts, duplicate_rows, states_from_kinds

__all__ = ["LogReading", "ReadOptions", "build_logs"]


@dataclass(frozen=True)
class ReadOptions:
    """How to read: the learner's day and what to do with malformed rows.

    Attributes:
        day_boundary: time zone and rollover hour.
        skip_bad_rows: leave malformed rows out and count them, instead of raising.
    """

    day_boundary: DayBoundary
    skip_bad_rows: bool = False


@dataclass(frozen=True)
class LogReading:
    """One learner's log and what reading it left out."""

    log: ReviewLog
    report: ReadReport


def build_logs(
    raw: RawRows,
    options: ReadOptions,
    learner_id: str,
    *,
    time_of_day_known: bool = True,
    learners: Collection[str] | None = None,
) -> dict[str, LogReading]:
    """Check rows, apply the rules, split by learner and derive the logs.

    Args:
        raw: rows of one file.
        options: see :class:`ReadOptions`.
        learner_id: name of the learner when the rows name none.
        time_of_day_known: see :class:`~recollect.reviews.log.ReviewLog`.
        learners: build only these.

    Raises:
        BadRowError: a malformed row, unless they are to be skipped.
        LogFormatError: times in another unit than milliseconds.
    """
    checks = check_rows(raw)
    if not options.skip_bad_rows:
        checks.raise_first()
    names = raw.learner_names or (learner_id,)
    owner = _owners(raw)
    masks = _row_masks(raw, checks, owner)
    readings = {}
    for code, name in enumerate(names):
        if learners is not None and name not in learners:
            continue
        mine = owner == code
        report = _report(raw.file, checks, masks, mine)
        log = _log(raw, masks["keep"] & mine, options, name, time_of_day_known)
        readings[name] = LogReading(log, report)
    return readings


def _owners(raw: RawRows) -> NDArray[np.int64]:
    """``[n]`` learner of each row; a row that names none counts with the row before it."""
    if raw.learner is None:
        return np.zeros(len(raw), dtype=np.int64)
    rows = np.where(raw.learner >= 0, np.arange(len(raw)), -1)
    rows = np.maximum.accumulate(rows) if rows.size else rows
    return np.where(rows >= 0, raw.learner[rows], 0)


def _row_masks(
    raw: RawRows, checks: RowChecks, owner: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    """``{fate: [n]}``: ``keep`` and the report's fields; in each row one at most is true."""
    good = np.flatnonzero(~checks.bad)
    columns = raw.columns
    fates: dict[str, NDArray[np.bool_]] = {}

    def spread(fate: str, chosen: NDArray[np.bool_], rows: NDArray[np.int64]) -> None:
        fates[fate] = np.zeros(len(raw), dtype=np.bool_)
        fates[fate][rows[chosen]] = True

    kept = good
    if "type" in columns:
        rules = attempts(*(columns[key][good] for key in ("card_id", "ease", "type", "factor")))
        spread("manual_entries", rules.manual, good)
        spread("reset_entries", rules.reset, good)
        spread("before_reset", rules.before_reset, good)
        spread("before_relearning", rules.before_relearning, good)
        spread("cramming", rules.cramming, good)
        kept = good[rules.keep]
    if "review_time" in columns:
        rating = columns["ease" if "type" in columns else "review_rating"]
        duplicate, conflict = duplicate_rows(
            owner[kept], columns["card_id"][kept], columns["review_time"][kept], rating[kept]
        )
        spread("duplicates", duplicate, kept)
        spread("conflicts", conflict, kept)
        kept = kept[~duplicate]
    spread("keep", np.ones(kept.shape[0], dtype=np.bool_), kept)
    return fates


def _report(
    file: str,
    checks: RowChecks,
    masks: dict[str, NDArray[np.bool_]],
    mine: NDArray[np.bool_],
) -> ReadReport:
    counts = {fate: int((mask & mine).sum()) for fate, mask in masks.items()}
    return ReadReport(
        source=file,
        rows_read=int(mine.sum()),
        rows_kept=counts.pop("keep"),
        bad_rows=checks.counts(mine),
        bad_row_examples=checks.examples(mine),
        **counts,
    )


def _log(
    raw: RawRows,
    rows: NDArray[np.bool_],
    options: ReadOptions,
    learner_id: str,
    time_of_day_known: bool,
) -> ReviewLog:
    columns = {name: values[rows] for name, values in raw.columns.items()}
    card_id = columns["card_id"]
    if "review_time" not in columns:
        # Such rows come in order of time, but sort by day all the same: a log must not run back.
        order = np.argsort(columns["day_offset"], kind="stable")
        columns = {name: values[order] for name, values in columns.items()}
        card_id = columns["card_id"]
        columns["review_time"] = times_from_gaps(
            card_id, columns["day_offset"], columns.get("elapsed_seconds")
        )
        time_of_day_known = False
    if "type" in columns:
        columns["review_rating"] = columns["ease"]
        columns["review_state"] = states_from_kinds(card_id, columns["type"])
    card_names = raw.card_names
    return ReviewLog.from_columns(
        card_id,
        columns["review_time"],
        columns["review_rating"],
        state=columns.get("review_state"),
        duration_ms=columns.get("review_duration"),
        note_id=columns.get("note_id"),
        deck_id=columns.get("deck_id"),
        day_offset=columns.get("day_offset"),
        learner_id=learner_id,
        source=raw.file,
        time_of_day_known=time_of_day_known,
        day_boundary=options.day_boundary,
        card_names=card_names,
    )
