"""Logs of any size, made of whole cards of real learners or of the built-in simulated one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from recollect.reviews import ReviewLog, open_logs, read_log

MS_PER_HOUR = 3_600_000
_SAMPLE_SEEDS = 6
_FIRST_MS = 1_600_000_000_000
"""Where the time of a made log starts: peers leave out what is said to be before 2006."""

CSV_NAME = "revlog-fsrs-format.csv"


def data_folder() -> Path | None:
    """The folder of real logs: RECOLLECT_DATA, by default ``../shared/data`` beside the project."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("RECOLLECT_DATA", beside))
    return folder if (folder / "revlogs-dev").is_dir() else None


def learners() -> tuple[list[ReviewLog], str]:
    """Logs to make others of, and what they are."""
    folder = data_folder()
    if folder is not None:
        logs = open_logs(folder / "revlogs-dev")
        return [logs.read(name).log for name in logs.learner_ids], "cards of real learners"
    from recollect.sample import SAMPLE_DAYS, load_deck, simulate_log

    deck = load_deck()
    return [
        simulate_log(deck, seed=seed, days=SAMPLE_DAYS) for seed in range(_SAMPLE_SEEDS)
    ], "simulated cards"


def real_csv() -> ReviewLog | None:
    """The log of one learner in the CSV format of the FSRS tools, where it is there."""
    folder = data_folder()
    if folder is None or not (folder / CSV_NAME).is_file():
        return None
    return read_log(folder / CSV_NAME).log


def columns_of(log: ReviewLog) -> dict[str, Any]:
    """What a process that measures is given; see :meth:`ReviewLog.from_columns`."""
    names = ("card_id", "review_time_ms", "rating", "state", "duration_ms", "note_id", "deck_id")
    return {name: getattr(log, name) for name in names}


def columns_of_size(logs: list[ReviewLog], size: int, seed: int = 0) -> dict[str, Any]:
    """Columns of exactly ``size`` reviews, oldest first.

    Copies of all learners are laid over one another as if one learner had all their cards, a few
    hours apart. Then cards are drawn until there are enough reviews, so that cards have the
    histories that real cards have; the last one is cut short.

    Args:
        logs: of the learners.
        size: number of reviews.
        seed: of the draw of cards.
    """
    total = sum(len(log) for log in logs)
    parts: dict[str, list[Any]] = {}
    next_id = 0
    for copy in range(-(-size // total)):
        for number, log in enumerate(logs):
            columns = columns_of(log)
            shift = _FIRST_MS + (7 * copy + number) * MS_PER_HOUR
            columns["review_time_ms"] = columns["review_time_ms"] - log.review_time_ms[0] + shift
            next_id = _rename(columns, next_id)
            for name, column in columns.items():
                parts.setdefault(name, []).append(column)
    together = {name: np.concatenate(columns) for name, columns in parts.items()}
    card, length = np.unique(together["card_id"], return_counts=True)
    order = np.random.default_rng(seed).permutation(card.size)
    drawn = order[: np.searchsorted(np.cumsum(length[order]), size) + 1]
    rows = np.flatnonzero(np.isin(together["card_id"], card[drawn]))
    surplus = rows[together["card_id"][rows] == card[drawn[-1]]][::-1][: rows.size - size]
    rows = np.setdiff1d(rows, surplus)
    rows = rows[np.argsort(together["review_time_ms"][rows], kind="stable")]
    return {name: column[rows] for name, column in together.items()}


def _rename(columns: dict[str, Any], first: int) -> int:
    """Number cards, notes and decks from ``first`` on, unknown ones (-1) apart; the next free."""
    highest = first
    for name in ("card_id", "note_id", "deck_id"):
        known = columns[name] >= 0
        _, number = np.unique(columns[name], return_inverse=True)
        columns[name] = np.where(known, first + number, -1)
        highest = max(highest, int(columns[name].max()) + 1)
    return highest
