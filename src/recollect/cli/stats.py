"""``recollect stats``: what the review log says."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recollect.cli._options import PLACE, examples, json_flag
from recollect.cli._outputs import check_folder
from recollect.cli._session import Session, collection_option, talk_options

if TYPE_CHECKING:
    from recollect.scheduling.overview import DueDay
    from recollect.study.statistics import StudyNumbers

__all__ = ["command"]

_SHOWN = 14
_AHEAD = 30
_MS_PER_MINUTE = 60_000


@click.command(
    "stats",
    epilog=examples(
        "recollect stats",
        "recollect stats --deck Spanish --days 90",
        "recollect stats --plots pictures --json",
    ),
)
@click.option("--deck", metavar="D", help="A deck, with all decks within it. Default: all decks.")
@click.option(
    "--days", type=click.IntRange(1), metavar="N", help="Only the last N study days. Default: all."
)
@click.option("--plots", type=PLACE, metavar="DIR", help="Draw pictures into this folder.")
@json_flag
@collection_option
@talk_options
@click.pass_obj
def command(
    session: Session, *, deck: str | None, days: int | None, plots: Path | None, as_json: bool
) -> None:
    """Tell what the review log says.

    Answers, time and recall by day; whether predicted recall came true; retention by interval;
    and what becomes due.
    """
    check_folder(plots, "--plots")
    from recollect.cli._collection import chosen_deck, opened_collection
    from recollect.cli._outputs import need_extra
    from recollect.scheduling.overview import due_by_day
    from recollect.study.statistics import study_numbers

    if plots is not None:
        need_extra("matplotlib", "plots", "drawing pictures")
    with opened_collection(session) as collection, collection.reading() as transaction:
        chosen = chosen_deck(transaction, deck)
        deck_id = None if chosen is None else chosen.id
        numbers = study_numbers(transaction, deck_id=deck_id, days=days)
        ahead = due_by_day(transaction, _AHEAD, deck_id)
    if plots is not None:
        for path in _draw(numbers, ahead, plots):
            session.note(f"Drew {path}")
    if as_json:
        from recollect.cli._outputs import print_json

        name = None if chosen is None else chosen.name
        print_json("stats", _document(numbers, ahead, name, days))
        return
    _print(numbers, ahead)


def _document(
    numbers: StudyNumbers, ahead: list[DueDay], deck: str | None, days: int | None
) -> dict[str, Any]:
    from recollect.cli._days import iso_day

    by_day = []
    for day in numbers.days:
        row = asdict(day)
        by_day.append({"date": iso_day(row.pop("day")), **row})
    return {
        "deck": deck,
        "last_days": days,
        "days": by_day,
        "calibration": [asdict(one) for one in numbers.calibration],
        "retention": [asdict(one) for one in numbers.retention],
        "due": [{"date": iso_day(day.day), "reviews": day.reviews} for day in ahead],
    }


def _print(numbers: StudyNumbers, ahead: list[DueDay]) -> None:
    from recollect.cli._days import iso_day
    from recollect.cli._tables import NONE, Column, heading, percent, print_table

    if not numbers.days:
        click.echo("No answers yet.")
        return
    answers = sum(day.answers for day in numbers.days)
    minutes = sum(day.spent_ms for day in numbers.days) / _MS_PER_MINUTE
    click.echo(
        f"{answers:,} answers on {len(numbers.days):,} days, {minutes / 60:,.1f} hours; "
        f"{sum(day.new for day in numbers.days):,} cards met"
    )
    heading("By day" if len(numbers.days) <= _SHOWN else f"By day, the latest {_SHOWN}")
    print_table(
        [
            Column("day", text=True),
            Column("answers"),
            Column("new"),
            Column("reviews"),
            Column("recalled"),
            Column("expected"),
            Column("minutes"),
        ],
        [
            [
                iso_day(day.day),
                f"{day.answers:,}",
                f"{day.new:,}",
                f"{day.reviews:,}",
                percent(day.recalled / day.reviews) if day.reviews else NONE,
                percent(day.expected / day.foretold) if day.foretold else NONE,
                f"{day.spent_ms / _MS_PER_MINUTE:.1f}",
            ]
            for day in numbers.days[-_SHOWN:]
        ],
    )
    heading("Did predicted recall come true?")
    if numbers.calibration:
        print_table(
            [Column("predicted", text=True), Column("reviews"), Column("mean"), Column("recalled")],
            [
                [
                    f"{percent(one.low)} to {percent(one.high)}",
                    f"{one.reviews:,}",
                    percent(one.expected, 1),
                    percent(one.recalled, 1),
                ]
                for one in numbers.calibration
            ],
        )
    else:
        click.echo("No reviews with a prediction yet.")
    heading("Retention by interval")
    if numbers.retention:
        print_table(
            [Column("interval", text=True), Column("reviews"), Column("recalled")],
            [
                [_days_range(one.low, one.high), f"{one.reviews:,}", percent(one.recalled, 1)]
                for one in numbers.retention
            ],
        )
    else:
        click.echo("No cards in review yet.")
    heading("What becomes due")
    week, month = sum(day.reviews for day in ahead[:7]), sum(day.reviews for day in ahead)
    click.echo(
        f"today {ahead[0].reviews:,}, tomorrow {ahead[1].reviews:,}, "
        f"in 7 days {week:,}, in {_AHEAD} days {month:,}; recollect due shows each day"
    )


def _days_range(low: int, high: int) -> str:
    if high - low == 1:
        return "1 day" if low == 1 else f"{low} days"
    return f"{low} days and more" if high > 10_000 else f"{low} to {high - 1} days"


def _draw(numbers: StudyNumbers, ahead: list[DueDay], folder: Path) -> list[Path]:
    from recollect.cli._outputs import made_folder
    from recollect.errors import NotEnoughDataError
    from recollect.recall.plots import calibration_figure, save_figure
    from recollect.study.pictures import days_figure, forecast_figure, retention_figure

    made_folder(folder)
    figures: dict[str, Any] = {"forecast.png": forecast_figure(ahead)}
    if numbers.days:
        figures["days.png"] = days_figure(numbers.days)
    if numbers.retention:
        figures["retention.png"] = retention_figure(numbers.retention)
    if numbers.predicted.size:
        with suppress(NotEnoughDataError):
            figures["calibration.png"] = calibration_figure(
                {"p_recollect": numbers.predicted},
                numbers.outcome.astype(float),
                title="Did predicted recall come true?",
            )
    written = []
    for name, figure in sorted(figures.items()):
        save_figure(figure, folder / name)
        written.append(folder / name)
    return written
