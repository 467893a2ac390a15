"""Measured in a process of its own: another program fits FSRS-6 to a log.

Called by ``speed.py`` as ``python speed_peers.py PEER LOG.npz`` with an interpreter that has the
peer installed. Each is called as its own documentation says, with its own defaults; making its
input from columns is timed apart.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from measuring import measure, tell

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def columns_of(path: str) -> dict[str, Any]:
    with np.load(path) as columns:
        return {name: columns[name] for name in columns.files}


def fsrs_rs_items(path: str) -> tuple[list[Any], list[int]]:
    """One item for each review on a later study day: the card's history up to it."""
    import fsrs_rs_python as fsrs

    columns = columns_of(path)
    days = (columns["review_time_ms"] // 3_600_000 - 4) // 24  # UTC, rollover at 4 h
    history: dict[int, list[Any]] = {}
    last: dict[int, int] = {}
    items, cards = [], []
    rows = zip(columns["card_id"].tolist(), days.tolist(), columns["rating"].tolist(), strict=True)
    for card, day, rating in rows:
        reviews = history.setdefault(card, [])
        elapsed = day - last.get(card, day)
        last[card] = day
        reviews.append(fsrs.FSRSReview(rating, elapsed))
        if elapsed > 0:
            items.append(fsrs.FSRSItem(reviews))
            cards.append(card)
    return items, cards


def fsrs_rs(material: tuple[list[Any], list[int]]) -> Any:
    import fsrs_rs_python as fsrs

    return fsrs.FSRS(parameters=[]).compute_parameters(material[0])


def fsrs_rs_by_card(material: tuple[list[Any], list[int]]) -> Any:
    import fsrs_rs_python as fsrs

    return fsrs.FSRS(parameters=[]).compute_parameters(material[0], card_ids=material[1])


def fsrs_optimizer_dataset(path: str) -> Any:
    """Its own table of review histories, from its CSV, in a temporary working folder."""
    import fsrs_optimizer

    columns = columns_of(path)
    table = np.column_stack([columns["card_id"], columns["review_time_ms"], columns["rating"]])
    header = "card_id,review_time,review_rating"
    np.savetxt("revlog.csv", table, fmt="%d", delimiter=",", header=header, comments="")
    optimizer = fsrs_optimizer.Optimizer()
    optimizer.create_time_series("UTC", "2006-10-05", 4, analysis=False)
    return optimizer


def fsrs_optimizer(optimizer: Any) -> Any:
    optimizer.define_model()
    optimizer.initialize_parameters(verbose=False)
    optimizer.train(verbose=False, recency_weight=True)
    return optimizer.w


def py_fsrs_logs(path: str) -> list[Any]:
    from fsrs import Rating, ReviewLog

    columns = columns_of(path)
    rows = zip(
        columns["card_id"].tolist(),
        columns["review_time_ms"].tolist(),
        columns["rating"].tolist(),
        strict=True,
    )
    return [
        ReviewLog(
            card_id=card,
            rating=Rating(rating),
            review_datetime=_EPOCH + timedelta(milliseconds=time),
            review_duration=None,
        )
        for card, time, rating in rows
    ]


def py_fsrs(logs: list[Any]) -> Any:
    from fsrs import Optimizer

    return Optimizer(logs).compute_optimal_parameters()


PEERS: dict[str, tuple[Callable[[str], Any], Callable[[Any], Any], int]] = {
    "fsrs-rs": (fsrs_rs_items, fsrs_rs, 7),
    "fsrs-rs-by-card": (fsrs_rs_items, fsrs_rs_by_card, 7),
    "fsrs-optimizer": (fsrs_optimizer_dataset, fsrs_optimizer, 0),
    "py-fsrs": (py_fsrs_logs, py_fsrs, 0),
}
"""Name → how its input is made, what is measured, and how often it is repeated. The slow ones
change what they are given, and run once."""


def main() -> None:
    peer, path = sys.argv[1], os.path.abspath(sys.argv[2])
    prepare, work, repeats = PEERS[peer]
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        tell(measure(lambda: prepare(path), work, repeats=repeats))


if __name__ == "__main__":
    main()
