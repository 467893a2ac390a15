"""Forecasts of cards as rows: for the terminal, and for files."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from recollect.cli._moments import Moments, format_day, format_moment, iso_moment
from recollect.cli._options import ReadingOptions
from recollect.cli._outputs import command_json, need_extra, write_json
from recollect.cli._tables import Column, percent, print_table
from recollect.recall.plots.style import duration_label
from recollect.reviews import MS_PER_DAY, ReviewLog
from recollect.reviews.atomic import replaced_file

if TYPE_CHECKING:
    from recollect.recall.forecast import CardForecast

__all__ = ["ForecastRow", "check_writable", "forecast_rows", "print_forecast", "write_forecast"]

_FAR_AHEAD_DAYS = 10 * 365.25


@dataclass(frozen=True)
class ForecastRow:
    """A card's forecast; ``low`` and ``high`` are the ends of 95 % intervals.

    Attributes:
        card: its name in the log.
        reviews: how often it was reviewed.
        lapses: how often it was forgotten.
        last_review: ISO 8601, UTC.
        recall_now: probability of recall now.
        recall_now_low: lower end.
        recall_now_high: upper end.
        recall_at: probability of recall on the date.
        recall_at_low: lower end.
        recall_at_high: upper end.
        days_to_90: days from the last review until recall is 90 %.
        reason: one sentence.
    """

    card: str
    reviews: int
    lapses: int
    last_review: str
    recall_now: float
    recall_now_low: float
    recall_now_high: float
    recall_at: float
    recall_at_low: float
    recall_at_high: float
    days_to_90: float
    reason: str
    last_review_ms: int = dataclasses.field(repr=False, default=0)

    def as_dict(self) -> dict[str, Any]:
        """The columns of files and of JSON."""
        values = dataclasses.asdict(self)
        del values["last_review_ms"]
        return values


def forecast_rows(log: ReviewLog, forecast: CardForecast, sort: str) -> list[ForecastRow]:
    """Rows in the wanted order; equals in the order of the card's number.

    Args:
        log: knows the names of the cards.
        forecast: of the cards.
        sort: ``recall``, ``now``, ``last-review`` or ``card``.
    """
    order = np.argsort(forecast.card_id, kind="stable")
    key = {
        "recall": forecast.recall_at,
        "now": forecast.recall_now,
        "last-review": forecast.last_review_ms,
        "card": forecast.card_id,
    }[sort]
    order = order[np.argsort(np.asarray(key)[order], kind="stable")]
    return [_row(log, forecast, at) for at in order.tolist()]


def print_forecast(
    rows: Sequence[ForecastRow], cards: int, moments: Moments, reading: ReadingOptions
) -> None:
    """Print a table to stdout.

    Args:
        rows: cards to show.
        cards: how many there are.
        moments: now and the date.
        reading: whose time zone is used.
    """
    now, at = (format_moment(ms, reading.zone) for ms in (moments.now_ms, moments.at_ms))
    same = moments.now_ms == moments.at_ms
    moments_in_words = f"at {at}" if same else f"now ({now}) and at {at}"
    click.echo(f"Recall of {cards:,} cards {moments_in_words}")
    click.echo(f"{reading.in_words()[0].upper()}{reading.in_words()[1:]}; 95 % intervals")
    click.echo()
    columns = [
        Column("card", text=True),
        Column("reviews"),
        *([] if same else [Column("now")]),
        Column(at.replace(" ", "\n")),
        Column("90 %\nuntil"),
        Column("why", text=True, foldable=True),
    ]
    print_table(columns, [_cells(row, same, reading) for row in rows])
    if len(rows) < cards:
        click.echo(f"... and {cards - len(rows):,} more cards (--limit 0 shows all)")


def check_writable(path: Path | None) -> None:
    """End before any work where the extra for a Parquet file is missing.

    Raises:
        MissingExtraError: it is.
    """
    if path is not None and path.suffix.lower() == ".parquet":
        need_extra("pyarrow", "parquet", "writing forecasts as Parquet")


def write_forecast(path: Path, rows: Sequence[ForecastRow], document: dict[str, Any]) -> None:
    """Write all rows as CSV, Parquet or JSON, whole or not at all.

    Args:
        path: its ending says which.
        rows: the cards.
        document: what JSON says besides.

    Raises:
        OutputError: the file cannot be written.
    """
    values = [row.as_dict() for row in rows]
    kind = path.suffix.lower()
    if kind == ".json":
        write_json(path, command_json("predict", document | {"cards": values}))
        return
    with replaced_file(path) as draft:
        if kind == ".parquet":
            import pyarrow
            import pyarrow.parquet

            pyarrow.parquet.write_table(pyarrow.Table.from_pylist(values), draft)
            return
        with draft.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(values[0]))
            writer.writeheader()
            writer.writerows(values)


def _row(log: ReviewLog, forecast: CardForecast, at: int) -> ForecastRow:
    numbers = {
        name: float(getattr(forecast, name)[at])
        for name in (
            "recall_now",
            "recall_now_low",
            "recall_now_high",
            "recall_at",
            "recall_at_low",
            "recall_at_high",
            "days_to_90",
        )
    }
    last_ms = int(forecast.last_review_ms[at])
    return ForecastRow(
        card=log.card_name(int(forecast.card_id[at])),
        reviews=int(forecast.reviews[at]),
        lapses=int(forecast.lapses[at]),
        last_review=iso_moment(last_ms),
        last_review_ms=last_ms,
        reason=forecast.reasons[at],
        **numbers,
    )


def _cells(row: ForecastRow, same: bool, reading: ReadingOptions) -> list[str]:
    ends = f"({percent(row.recall_at_low)[:-2]}–{percent(row.recall_at_high)})"
    return [
        row.card,
        str(row.reviews),
        *([] if same else [percent(row.recall_now)]),
        f"{percent(row.recall_at)} {ends}",
        _until(row, reading),
        row.reason,
    ]


def _until(row: ForecastRow, reading: ReadingOptions) -> str:
    """The day on which recall falls to 90 %; how long after the last review where it is soon."""
    days = row.days_to_90
    if days >= _FAR_AHEAD_DAYS:
        return f">{duration_label(_FAR_AHEAD_DAYS)}"
    if days < 1:
        return duration_label(days) if days > 0 else "at once"
    return format_day(row.last_review_ms + round(days * MS_PER_DAY), reading.zone)
