"""``recollect predict``: each card's recall now and on a date, with the reason."""

from __future__ import annotations

from pathlib import Path

import click

from recollect.cli._options import (
    PLACE,
    ReadingOptions,
    examples,
    json_flag,
    learner_option,
    parameter_options,
    reading_options,
)
from recollect.cli._outputs import check_output
from recollect.cli._session import Session, talk_options

__all__ = ["command"]

_SHOWN_BY_DEFAULT = 20


@click.command(
    "predict",
    epilog=examples(
        "recollect predict reviews.csv --at 2026-12-01",
        "recollect predict deck.apkg --at 2026-12-01T18:30 --time-zone Europe/Berlin --limit 0",
        "recollect predict reviews.csv --at 2026-12-01 --params params.json --out recall.csv",
        "recollect predict reviews.csv --now last --json",
    ),
)
@click.argument("log", metavar="LOG", type=PLACE)
@click.option(
    "--at",
    metavar="DATE",
    help="A date (its noon) or a time, such as 2026-12-01 or 2026-12-01T18:30. Default: now.",
)
@click.option(
    "--now",
    metavar="DATE",
    help="Take this as the present, or 'last' for the log's last review. Default: the clock.",
)
@parameter_options
@click.option(
    "--out", type=PLACE, metavar="FILE", help="Write all cards (.csv, .parquet or .json)."
)
@json_flag
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    metavar="N",
    help=f"Cards to show; 0 for all. Default: {_SHOWN_BY_DEFAULT} as text, all with --json.",
)
@click.option(
    "--sort",
    type=click.Choice(["recall", "now", "last-review", "card"]),
    metavar="ORDER",
    default="recall",
    show_default=True,
    help="recall (lowest first, on the date), now (the same, now), last-review or card.",
)
@learner_option
@reading_options
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    log: Path,
    at: str | None,
    now: str | None,
    params: Path | None,
    defaults: Path | None,
    out: Path | None,
    as_json: bool,
    limit: int | None,
    sort: str,
    learner: str | None,
    reading: ReadingOptions,
) -> None:
    """Tell the recall of each card in LOG, now and on a date, and why.

    Both come with a 95 % interval. Nothing is assumed about reviews between now and the date.
    """
    inputs = [path for path in (log, params, defaults) if path]
    check_output(out, "--out", (".csv", ".parquet", ".json"), inputs)
    from recollect.cli._fitted import learner_model
    from recollect.cli._forecasts import (
        check_writable,
        forecast_rows,
        print_forecast,
        write_forecast,
    )
    from recollect.cli._jax import prepare_jax
    from recollect.cli._logs import read_one
    from recollect.cli._moments import chosen_moments
    from recollect.cli._outputs import prepare_outputs, print_json
    from recollect.cli._progress import status

    check_writable(out)
    reviews, report = read_one(log, learner, reading, session)
    prepare_outputs(out)
    moments = chosen_moments(reviews, reading.zone, now, at, session)
    prepare_jax()
    with status(session, f"Predicting from {len(reviews):,} reviews", compiles=True):
        from recollect.recall.forecast import forecast_cards

        model, origin = learner_model(reviews, params, defaults, session)
        forecast = forecast_cards(model, moments.now_ms, moments.at_ms)
    rows = forecast_rows(reviews, forecast, sort)
    document = {
        "learner": reviews.learner_id,
        "log": str(log),
        **moments.as_json(),
        **origin,
        "read": report.as_dict(),
    }
    if out is not None:
        write_forecast(out, rows, document)
        session.note(f"Wrote {len(rows):,} cards to {out}")
    shown = rows[:limit] if limit else rows
    if as_json:
        print_json("predict", document | {"cards": [row.as_dict() for row in shown]})
        return
    if limit is None:
        shown = rows[:_SHOWN_BY_DEFAULT]
    print_forecast(shown, len(rows), moments, reading)
