"""``recollect fit-defaults``: the shared defaults that every learner starts from."""

from __future__ import annotations

from pathlib import Path

import click

from recollect.cli._options import (
    PLACE,
    ReadingOptions,
    examples,
    json_flag,
    names_of,
    reading_options,
)
from recollect.cli._outputs import check_output
from recollect.cli._session import Session, talk_options

__all__ = ["command"]


@click.command(
    "fit-defaults",
    epilog=examples(
        "recollect fit-defaults revlogs/ --out defaults.json",
        "recollect fit-defaults a.apkg b.apkg c.csv --out defaults.json",
        "recollect evaluate revlogs/ --defaults defaults.json",
    ),
)
@click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=PLACE)
@click.option(
    "--out",
    type=PLACE,
    required=True,
    metavar="FILE",
    help="Write the defaults here (.json), for --defaults of the other commands.",
)
@click.option(
    "--no-hold-out",
    is_flag=True,
    help="Fit one set only; learners of these logs must then not be scored with it.",
)
@click.option(
    "--learners", callback=names_of, metavar="A,B,C", help="Only these learners. Default: all."
)
@json_flag
@reading_options
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    logs: tuple[Path, ...],
    out: Path,
    no_hold_out: bool,
    learners: tuple[str, ...],
    as_json: bool,
    reading: ReadingOptions,
) -> None:
    """Fit the defaults that are shared by all learners to the logs of many.

    Beside the set for everyone, sets are fitted that leave out some of the learners in turn,
    so that each of them can be scored fairly. This takes minutes to hours.
    """
    check_output(out, "--out", (".json",), logs)
    from recollect.cli._jax import prepare_jax
    from recollect.cli._logs import find_learners, survey_logs, warn_of_rows_left_out
    from recollect.cli._outputs import prepare_outputs, print_json
    from recollect.cli._progress import progress
    from recollect.reviews import ReviewLog
    from recollect.reviews.atomic import replaced_file

    prepare_jax()
    from recollect.recall.fitting import FitEvent, fit_defaults

    readings: list[ReviewLog] = []
    with progress(session, "Reading") as tell:
        surveys = survey_logs(find_learners(logs, reading, learners), readings.append, tell)
    warn_of_rows_left_out(session, [survey.report for survey in surveys])
    prepare_outputs(out)
    with progress(session, "Fitting", compiles=True) as tell:

        def hear(event: FitEvent) -> None:
            loss = "" if event.loss is None else f", log loss {event.loss:.4f} a review"
            tell(event.done, event.total, f"{event.stage}{loss}")

        fitted = fit_defaults(readings, hold_out=not no_hold_out, on_event=hear)
    with replaced_file(out) as draft:
        fitted.save(draft)
    if as_json:
        print_json("fit-defaults", {"out": str(out), "provenance": fitted.provenance})
        return
    reviews = sum(survey.reviews for survey in surveys)
    click.echo(f"Fitted to {len(surveys):,} learners with {reviews:,} reviews; wrote {out}")
