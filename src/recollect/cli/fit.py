"""``recollect fit``: a learner's own parameters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recollect.cli._options import (
    PLACE,
    ReadingOptions,
    defaults_option,
    examples,
    json_flag,
    learner_option,
    reading_options,
)
from recollect.cli._outputs import check_output
from recollect.cli._session import Session, talk_options

if TYPE_CHECKING:
    from recollect.recall.fitting import FittedValue, LearnerFit

__all__ = ["command", "fit_with_progress", "print_fit"]

_SHOWN = 10


@click.command(
    "fit",
    epilog=examples(
        "recollect fit reviews.csv --out params.json",
        "recollect fit revlogs/ --learner 7 --out learner-7.json",
        "recollect predict reviews.csv --at 2026-12-01 --params params.json",
    ),
)
@click.argument("log", metavar="LOG", type=PLACE)
@click.option(
    "--out",
    type=PLACE,
    metavar="FILE",
    help="Write the parameters here (.json), for recollect predict and explain.",
)
@click.option(
    "--all",
    "show_all",
    is_flag=True,
    help=f"Show all parameters, not just the {_SHOWN} that moved most. --json always has all.",
)
@defaults_option
@json_flag
@learner_option
@reading_options
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    log: Path,
    out: Path | None,
    defaults: Path | None,
    show_all: bool,
    as_json: bool,
    learner: str | None,
    reading: ReadingOptions,
) -> None:
    """Fit the parameters of one learner to the reviews in LOG.

    The fit starts from the shared defaults and stays near them as far as the log is short.
    The values that moved most from the defaults are shown, with their standard errors.
    """
    inputs = [path for path in (log, defaults) if path]
    check_output(out, "--out", (".json",), inputs)
    from recollect.cli._jax import prepare_jax
    from recollect.cli._logs import read_one
    from recollect.cli._outputs import prepare_outputs, print_json

    reviews, report = read_one(log, learner, reading, session)
    prepare_outputs(out)
    prepare_jax()
    from recollect.recall.defaults import load_defaults

    shared = load_defaults(defaults)
    result = fit_with_progress(reviews, shared, session)
    if out is not None:
        from recollect.reviews.atomic import replaced_file

        with replaced_file(out) as draft:
            result.save(draft)
        session.note(
            f"Wrote the parameters to {out}; use them with: recollect predict {log} --params {out}"
        )
    if as_json:
        document: dict[str, Any] = {
            "learner": reviews.learner_id,
            "log": str(log),
            "reviews": result.reviews,
            "loss_before": result.loss_before,
            "loss_after": result.loss_after,
            "defaults_held_out": shared.held_out_for(reviews),
            "parameters": result.named(),
            "read": report.as_dict(),
        }
        print_json("fit", document)
        return
    click.echo(f"Learner {reviews.learner_id}: {len(reviews):,} reviews")
    print_fit(result, most=None if show_all else _SHOWN)
    if out is None:
        session.note("Nothing is written; --out params.json keeps the parameters")


def fit_with_progress(reviews: Any, shared: Any, session: Session) -> LearnerFit:
    """Fit one learner, with progress.

    Raises:
        NotEnoughDataError: too few reviews.
    """
    from recollect.cli._progress import progress
    from recollect.recall.fitting import fit_learner

    with progress(session, "Fitting", compiles=True) as tell:
        return fit_learner(
            reviews,
            shared,
            on_step=lambda step, total, loss: tell(step, total, f"log loss {loss:.4f}"),
        )


def print_fit(result: LearnerFit, most: int | None = None) -> None:
    """Print the fitted values beside the defaults to stdout.

    Args:
        result: of the fit.
        most: only so many, those that moved most for their standard error, farthest first; all
            in their own order where None.
    """
    from recollect.cli._tables import Column, print_table

    named = result.named()
    shown = named
    if most is not None:
        chosen = sorted(named, key=lambda name: -_moved(named[name]))[:most]
        shown = {name: named[name] for name in chosen}
    click.echo(
        f"Log loss {result.loss_before:.4f} with the shared defaults, {result.loss_after:.4f} "
        f"fitted (mean over {result.reviews:,} reviews on later days)"
    )
    click.echo('"moved" is the distance from the default in standard errors.')
    click.echo()
    print_table(
        [
            Column("parameter", text=True),
            Column("fitted"),
            Column("± standard\nerror"),
            Column("default"),
            Column("moved"),
            Column("unit", text=True),
            Column("meaning", text=True, foldable=True),
        ],
        [
            [
                name,
                f"{item.value:.4g}",
                f"{item.standard_error:.2g}",
                f"{item.default:.4g}",
                f"{_moved(item):.1f}",
                item.unit,
                item.meaning,
            ]
            for name, item in shown.items()
        ],
    )
    if len(shown) < len(named):
        click.echo(f"... and {len(named) - len(shown)} more that moved less")


def _moved(item: FittedValue) -> float:
    """Distance from the default in standard errors; 0 where there is no error to divide by."""
    error = item.standard_error
    return abs(item.value - item.default) / error if error > 0 else 0.0
