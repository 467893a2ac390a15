"""``recollect evaluate``: models against one another on real logs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recollect.cli._options import PLACE, ReadingOptions, examples, names_of, reading_options
from recollect.cli._outputs import (
    STDOUT,
    check_folder,
    check_output,
    need_extra,
    prepare_outputs,
    write_json,
)
from recollect.cli._session import Session, talk_options

if TYPE_CHECKING:
    from recollect.cli._evaluation_report import EvaluationReport
    from recollect.cli._logs import LogSurvey
    from recollect.recall.evaluation import Evaluation, LearnerSource, ModelSpec
    from recollect.recall.protocol import ScoringOptions

__all__ = ["EvaluationRequest", "command", "run_evaluation"]


@dataclass(frozen=True)
class EvaluationRequest:
    """What to evaluate, and how.

    Attributes:
        sources: the learners.
        models: the models.
        scoring: which reviews are scored.
        reading: how the logs are read.
        defaults: the user's file of shared defaults, or None.
        reference: column name given by the user, or None.
        workers: processes; 0 works in this one.
        work_folder: where predictions are kept.
        seed: of the intervals.
    """

    sources: Sequence[LearnerSource]
    models: Sequence[ModelSpec]
    scoring: ScoringOptions
    reading: ReadingOptions
    defaults: Path | None
    reference: str | None
    workers: int
    work_folder: Path
    seed: int


@click.command(
    "evaluate",
    epilog=examples(
        "recollect evaluate reviews.csv",
        "recollect evaluate revlogs/ --models all --workers 4 --json results.json",
        "recollect evaluate deck.apkg --time-zone Europe/Berlin --plots pictures",
        "recollect evaluate reviews.csv --models recollect,fsrs-6 --predictions p.parquet",
    ),
)
@click.argument("logs", metavar="LOG...", nargs=-1, required=True, type=PLACE)
@click.option(
    "--models",
    callback=names_of,
    metavar="A,B,C",
    help="Models to run, or 'all'. Default: recollect, fsrs-6, fsrs-7, moving-average, average.",
)
@click.option(
    "--reference",
    metavar="MODEL",
    help="What the others are held against. Default: fsrs-6, else moving-average.",
)
@click.option(
    "--json", "json_file", type=PLACE, metavar="FILE", help="Write all figures; - for stdout."
)
@click.option(
    "--predictions",
    type=PLACE,
    metavar="FILE",
    help="Write every scored review with each model's prediction (.parquet or .csv).",
)
@click.option("--plots", type=PLACE, metavar="DIR", help="Draw pictures into this folder.")
@click.option("--same-day", is_flag=True, help="Score same-day reviews too.")
@click.option(
    "--drop-outliers", is_flag=True, help="Leave out cards with an unusual first interval."
)
@click.option(
    "--splits",
    type=click.IntRange(min=1),
    metavar="N",
    default=5,
    show_default=True,
    help="Splits in time; each is predicted from all before it.",
)
@click.option(
    "--defaults", type=PLACE, metavar="FILE", help="Shared defaults, from recollect fit-defaults."
)
@click.option("--no-fit", is_flag=True, help="Do not fit Recollect to each learner.")
@click.option(
    "--learners", callback=names_of, metavar="A,B,C", help="Only these learners. Default: all."
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    metavar="N",
    help="Processes; 0 works in one. Default: one a processor, if there are several learners.",
)
@click.option(
    "--work-folder",
    type=PLACE,
    metavar="DIR",
    help="Where finished predictions are kept and found again. Default: in the user's cache.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    default=0,
    show_default=True,
    help="Of the random draws that intervals are made of.",
)
@reading_options
@talk_options
@click.pass_obj
def command(
    session: Session,
    *,
    logs: tuple[Path, ...],
    models: tuple[str, ...],
    reference: str | None,
    json_file: Path | None,
    predictions: Path | None,
    plots: Path | None,
    same_day: bool,
    drop_outliers: bool,
    splits: int,
    defaults: Path | None,
    no_fit: bool,
    learners: tuple[str, ...],
    workers: int | None,
    work_folder: Path | None,
    seed: int,
    reading: ReadingOptions,
) -> None:
    """Measure how well models predict the reviews in LOG.

    Every model predicts the same reviews, each from what came before it: the log is cut into
    splits in time, as srs-benchmark does. Finished predictions are kept, so a run that was
    broken off goes on where it stopped when the same command is given again.
    """
    if same_day and drop_outliers:
        raise click.UsageError("--drop-outliers does not go with --same-day; leave out one")
    inputs = [*logs, *([defaults] if defaults else [])]
    check_output(json_file, "--json", (".json",), inputs)
    check_output(predictions, "--predictions", (".parquet", ".csv"), inputs)
    check_folder(plots, "--plots")
    check_folder(work_folder, "--work-folder")
    from recollect.cli._jax import prepare_jax
    from recollect.cli._logs import find_learners
    from recollect.cli._models import model_specs
    from recollect.cli._places import cache_folder
    from recollect.recall.protocol import ScoringOptions

    prepare_jax()
    _check_extras(predictions, plots)
    specs = model_specs(models, defaults, not no_fit, session)
    sources = find_learners(logs, reading, learners)
    prepare_outputs(json_file, predictions, plots and plots / "calibration.png")
    request = EvaluationRequest(
        sources=sources,
        models=specs,
        scoring=ScoringOptions(same_day=same_day, splits=splits, drop_outliers=drop_outliers),
        reading=reading,
        defaults=defaults,
        reference=reference,
        workers=_processes(len(sources)) if workers is None else workers,
        work_folder=work_folder or cache_folder() / "evaluations",
        seed=seed,
    )
    session.note(f"Predictions are kept in {request.work_folder}")
    report = run_evaluation(request, session)
    _write(report, json_file, predictions, plots, session)


def run_evaluation(request: EvaluationRequest, session: Session) -> EvaluationReport:
    """Read, evaluate and summarise, with progress.

    Raises:
        RecollectError: see :func:`recollect.recall.evaluation.evaluate`; a log that cannot be
            read; no learner that could be scored.
        click.BadParameter: the reference is not among the predictions.
    """
    from recollect.cli._evaluation_report import evaluation_report
    from recollect.cli._logs import warn_of_rows_left_out
    from recollect.cli._models import reference_column
    from recollect.recall.models import build_model

    columns = [column for spec in request.models for column in build_model(spec).columns]
    reference = reference_column(request.reference, columns)
    surveys, held_out = _survey(request, session)
    warn_of_rows_left_out(session, [survey.report for survey in surveys])
    with _said_where_to_go_on(request, session):
        evaluation = _evaluate(request, session)
    return evaluation_report(
        evaluation,
        surveys,
        request.reading,
        held_out=held_out,
        reference=reference,
        seed=request.seed,
    )


def _survey(
    request: EvaluationRequest, session: Session
) -> tuple[list[LogSurvey], list[str] | None]:
    """Every log, and the learners who had a part in the defaults (None without Recollect)."""
    from recollect.cli._logs import survey_logs
    from recollect.cli._progress import progress
    from recollect.recall.defaults import load_defaults
    from recollect.reviews import ReviewLog

    with_recollect = any(spec.name == "recollect" for spec in request.models)
    defaults = load_defaults(request.defaults) if with_recollect else None
    held_out: list[str] = []

    def look(log: ReviewLog) -> None:
        if defaults is not None and defaults.held_out_for(log):
            held_out.append(log.learner_id)

    with progress(session, "Reading") as tell:
        surveys = survey_logs(request.sources, look, tell)
    return surveys, None if defaults is None else held_out


def _evaluate(request: EvaluationRequest, session: Session) -> Evaluation:
    from recollect.cli._logs import load_source
    from recollect.cli._progress import progress
    from recollect.recall.evaluation import Event, evaluate
    from recollect.recall.models import build_model

    models = len(request.models)
    models_done: dict[str, int] = {}
    # Workers compile out of our sight.
    with progress(session, "Evaluating", compiles=request.workers == 0) as tell:
        tell(0, len(request.sources) * models, "starting")

        def hear(event: Event) -> None:
            who = event.learner_id
            if event.kind == "model":
                models_done[who] = models_done.get(who, 0) + 1
            elif event.kind in ("finished", "failed"):
                models_done.pop(who, None)
            done = event.learners_done * models + sum(models_done.values())
            tell(done, event.learners_total * models, f"learner {who} {event.model}".rstrip())

        return evaluate(
            request.sources,
            request.models,
            load=load_source,
            build_model=build_model,
            work_folder=request.work_folder,
            options=request.scoring,
            workers=request.workers,
            on_event=hear,
        )


@contextmanager
def _said_where_to_go_on(request: EvaluationRequest, session: Session) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        session.note(
            f"Models that were finished for a learner are kept in {request.work_folder}; "
            "give the same command again to go on from there"
        )
        raise


def _write(
    report: EvaluationReport,
    json_file: Path | None,
    predictions: Path | None,
    plots: Path | None,
    session: Session,
) -> None:
    from recollect.cli._evaluation_text import print_evaluation
    from recollect.cli._progress import status

    if predictions is not None:
        from recollect.recall.predictions import write_predictions

        named = any(survey.cards_named for survey in report.surveys)
        rows = write_predictions(predictions, report.evaluation.tables(), cards_as_text=named)
        session.note(f"Wrote {rows:,} predictions to {predictions}")
    if plots is not None:
        from recollect.cli._evaluation_pictures import draw_evaluation

        with status(session, "Drawing"):
            drawn = draw_evaluation(report, plots)
        for path in drawn:
            session.note(f"Drew {path}")
    if json_file is not None:
        write_json(json_file, report.as_json())
    if json_file != STDOUT:
        print_evaluation(report)
        if json_file is not None:
            session.note(f"Wrote all figures to {json_file}")


def _check_extras(predictions: Path | None, plots: Path | None) -> None:
    if predictions is not None and predictions.suffix.lower() == ".parquet":
        need_extra("pyarrow", "parquet", "writing predictions as Parquet")
    if plots is not None:
        need_extra("matplotlib", "plots", "drawing pictures")


def _processes(learners: int) -> int:
    """One a processor that we may use; none beside this one for a single learner."""
    if learners < 2:
        return 0
    try:
        processors = len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        processors = os.cpu_count() or 1
    return min(learners, processors)
