"""Models over learners: in parallel, streaming, and resumed where a run was broken off.

Each learner is one job: a worker loads the log, cuts the scoring task, and runs every model on
the same rows. Each model's predictions for a learner go to a file of their own in the work
folder, named by a hash of everything that they depend on; a later run takes what is there.
Logs and predictions stay in the workers and on disk, so memory does not grow with the number
of learners.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recollect.errors import OutputError, ParameterError
from recollect.recall.metrics import Scores
from recollect.recall.predictions import PredictionTable, scored_rows_table
from recollect.recall.protocol import ScoringOptions, scoring_task
from recollect.recall.task import RecallModel, ScoringTask
from recollect.recall.work_folder import (
    file_name,
    load_columns,
    log_column_hash,
    save_columns,
    saved_columns,
    software_fingerprint,
)
from recollect.recall.workers import Done, Failed, Handler, Message, run_jobs
from recollect.reviews import ReviewLog

__all__ = [
    "Evaluation",
    "Event",
    "LearnerFailure",
    "LearnerResult",
    "LearnerSource",
    "ModelSpec",
    "evaluate",
]

EventKind = Literal["started", "running", "model", "finished", "failed"]


_Report = Callable[[tuple[EventKind, str]], None]
"""How a worker tells what it does: the kind of event, and the model or nothing."""


@dataclass(frozen=True)
class LearnerSource:
    """Where one learner's log is; small enough to send to another process.

    Attributes:
        path: file or folder.
        learner_id: name in the results; the name within the file unless ``options`` say else.
        options: whatever the loading function wants to know (time zone, rollover hour, ...).
    """

    path: str
    learner_id: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelSpec:
    """Which model to run.

    Attributes:
        name: for the building function.
        options: for the building function; must be writable as JSON.
        version: of anything the model depends on besides this package's code and parameter
            files, e.g. a hash of a parameter file that the user gave.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True)
class LearnerResult:
    """A learner whom all models have predicted.

    Attributes:
        learner_id: name.
        scored: number of scored reviews.
        scores: probability column → figures.
        seconds: model → time of its prediction, fitting and compilation included. For reused
            predictions, the time when they were made.
        reused: models whose predictions an earlier run left.
        files: the table of rows and each model's predictions, in the work folder.
    """

    learner_id: str
    scored: int
    scores: dict[str, Scores]
    seconds: dict[str, float]
    reused: tuple[str, ...]
    files: tuple[str, ...]


@dataclass(frozen=True)
class LearnerFailure:
    """A learner left out of the results.

    Attributes:
        learner_id: name.
        reason: one line.
        details: traceback, empty when the process was lost.
    """

    learner_id: str
    reason: str
    details: str


@dataclass(frozen=True)
class Event:
    """Progress of an evaluation.

    Attributes:
        kind: a learner was started, a model set to work on them (not where its predictions are
            there from an earlier run), a model finished for them, or all models; or they failed.
        learner_id: who.
        learners_done: learners finished or failed so far.
        learners_total: all.
        model: which model, for kinds ``running`` and ``model``.
        reason: for kind ``failed``.
    """

    kind: EventKind
    learner_id: str
    learners_done: int
    learners_total: int
    model: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Evaluation:
    """What came of it, in the order of the sources.

    Attributes:
        options: how reviews were chosen and split.
        models: what was run.
        results: learners predicted by every model.
        failures: learners left out, with reasons.
        work_folder: where the predictions are.
    """

    options: ScoringOptions
    models: tuple[ModelSpec, ...]
    results: tuple[LearnerResult, ...]
    failures: tuple[LearnerFailure, ...]
    work_folder: Path

    @property
    def scores(self) -> dict[str, dict[str, Scores]]:
        """Learner → probability column → figures."""
        return {result.learner_id: result.scores for result in self.results}

    def tables(self) -> Iterator[PredictionTable]:
        """Each learner's predictions, read from the work folder one at a time."""
        for result in self.results:
            rows, *predictions = (self.work_folder / name for name in result.files)
            probability: dict[str, NDArray[np.float64]] = {}
            for path in predictions:
                probability |= load_columns(path)[0]
            yield PredictionTable(
                learner_id=result.learner_id, **load_columns(rows)[0], probability=probability
            )


@dataclass(frozen=True)
class _Plan:
    """What every worker is told once."""

    models: tuple[ModelSpec, ...]
    options: ScoringOptions
    work_folder: str
    software: str


def evaluate(
    sources: Sequence[LearnerSource],
    models: Sequence[ModelSpec],
    *,
    load: Callable[[LearnerSource], ReviewLog],
    build_model: Callable[[ModelSpec], RecallModel],
    work_folder: str | Path,
    options: ScoringOptions | None = None,
    workers: int = 1,
    on_event: Callable[[Event], None] | None = None,
) -> Evaluation:
    """Run every model on every learner.

    Args:
        sources: the learners.
        models: the models; their probability columns must differ.
        load: reads a log; a module-level function, called in the workers.
        build_model: makes a model from its spec; likewise. Also called here once, so that a
            wrong name or option ends the run before it starts.
        work_folder: finished predictions are kept here and found again.
        options: which reviews are scored, and the folds.
        workers: processes; 0 works in this one.
        on_event: told of progress.

    Raises:
        ParameterError: learners, models or columns of the same name; an option of a model that
            JSON cannot hold.
        OutputError: the work folder cannot be made.
        RecollectError: whatever ``build_model`` raises; a worker that cannot start. Errors of
            one learner do not raise: they become failures.
    """
    _check_options(models)
    _check_names(sources, [build_model(spec) for spec in models])
    folder = _made(Path(work_folder))
    plan = _Plan(tuple(models), options or ScoringOptions(), str(folder), software_fingerprint())
    results: dict[int, LearnerResult] = {}
    failures: dict[int, LearnerFailure] = {}

    def tell(kind: EventKind, job: int, *, model: str = "", reason: str = "") -> None:
        if on_event is not None:
            done = len(results) + len(failures)
            learner = sources[job].learner_id
            on_event(Event(kind, learner, done, len(sources), model, reason))

    def hear(news: Message | Done | Failed) -> None:
        if isinstance(news, Message):
            kind, model = news.content
            tell(kind, news.job, model=model)
        elif isinstance(news, Done):
            results[news.job] = news.result
            tell("finished", news.job)
        else:
            name = sources[news.job].learner_id
            failures[news.job] = LearnerFailure(name, news.reason, news.details)
            tell("failed", news.job, reason=news.reason)

    run_jobs(_setup, (load, build_model, plan), sources, workers=workers, on_news=hear)
    return Evaluation(
        options=plan.options,
        models=plan.models,
        results=tuple(results[job] for job in sorted(results)),
        failures=tuple(failures[job] for job in sorted(failures)),
        work_folder=folder,
    )


def _setup(
    load: Callable[[LearnerSource], ReviewLog],
    build_model: Callable[[ModelSpec], RecallModel],
    plan: _Plan,
) -> Handler:
    models = [(spec, build_model(spec)) for spec in plan.models]

    def handler(source: LearnerSource, report: _Report) -> LearnerResult:
        report(("started", ""))
        log = load(source).named(source.learner_id)
        return _evaluate_learner(log, models, plan, report)

    return handler


def _evaluate_learner(
    log: ReviewLog,
    models: list[tuple[ModelSpec, Any]],
    plan: _Plan,
    report: _Report,
) -> LearnerResult:
    task = scoring_task(log, **asdict(plan.options))
    table = scored_rows_table(log, task, plan.options.max_reviews_per_card)
    identity = {
        "log": log_column_hash(log),
        "options": asdict(plan.options),
        "software": plan.software,
    }
    folder = Path(plan.work_folder)
    rows_file = file_name(identity)
    if saved_columns(folder / rows_file) is None:
        save_columns(folder / rows_file, table.columns(), 0.0)
    files, seconds, reused = [rows_file], {}, []
    probability: dict[str, NDArray[np.float64]] = {}
    for spec, model in models:
        file = file_name(identity | {"model": asdict(spec)})
        found = saved_columns(folder / file)
        if found is None:
            report(("running", spec.name))
            start = time.perf_counter()
            columns = _predict(model, task)
            found = columns, time.perf_counter() - start
            save_columns(folder / file, *found)
        else:
            reused.append(spec.name)
        probability |= found[0]
        seconds[spec.name] = found[1]
        files.append(file)
        report(("model", spec.name))
    table = replace(table, probability=probability)
    return LearnerResult(
        learner_id=log.learner_id,
        scored=len(table),
        scores=table.scores(),
        seconds=seconds,
        reused=tuple(reused),
        files=tuple(files),
    )


def _predict(model: Any, task: ScoringTask) -> dict[str, NDArray[np.float64]]:
    """A model's predictions, checked: a model that is wrong must not score by accident."""
    predicted = model.predict(task)
    if set(predicted) != set(model.columns):
        raise ParameterError(
            f"model {model.name} gave columns {', '.join(predicted)}, "
            f"not {', '.join(model.columns)} as it declares"
        )
    expected = task.scored_rows.shape
    columns = {name: np.asarray(predicted[name], dtype=np.float64) for name in model.columns}
    for name, values in columns.items():
        if values.shape != expected:
            raise ParameterError(
                f"model {model.name} gave {values.shape} values in {name}, not {expected}"
            )
        wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
        if wrong.size:
            raise ParameterError(
                f"model {model.name} gave {values[wrong[0]]} in {name} for scored review "
                f"{wrong[0]}, not a probability between 0 and 1"
            )
    return columns


def _check_names(sources: Sequence[LearnerSource], models: Sequence[Any]) -> None:
    for kind, names in (
        ("learner", [source.learner_id for source in sources]),
        ("model", [model.name for model in models]),
        ("column", [column for model in models for column in model.columns]),
    ):
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ParameterError(
                f"{kind} {', '.join(repeated)} appears more than once; give each a name of its own"
            )


def _check_options(models: Sequence[ModelSpec]) -> None:
    for spec in models:
        try:
            json.dumps(asdict(spec))
        except TypeError as error:
            raise ParameterError(
                f"model {spec.name}: an option cannot be written as JSON ({error}); "
                "give text, numbers, lists or mappings"
            ) from error


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: the work folder cannot be made ({error.strerror}); choose another place"
        ) from error
    return folder
