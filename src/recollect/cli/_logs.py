"""Finding the learners in what the user named, and reading their logs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from recollect.cli._options import ReadingOptions
from recollect.cli._progress import status
from recollect.cli._session import Session
from recollect.errors import NotEnoughDataError, UnknownNameError
from recollect.recall.evaluation import LearnerSource
from recollect.reviews import LogSource, ReadReport, ReviewLog, open_logs, read_log

__all__ = [
    "LogSurvey",
    "find_learners",
    "load_source",
    "read_one",
    "survey_logs",
    "warn_of_rows_left_out",
]

_MOST_REPORTS = 8


@dataclass(frozen=True)
class LogSurvey:
    """What is known of a learner's log without keeping it.

    Attributes:
        learner: name in the results.
        path: where the log is.
        reviews: rows of the log.
        cards: different cards.
        first_ms: time of the first review.
        last_ms: time of the last review.
        cards_named: whether cards have names, not numbers.
        report: what reading left out.
    """

    learner: str
    path: str
    reviews: int
    cards: int
    first_ms: int
    last_ms: int
    cards_named: bool
    report: ReadReport


def find_learners(
    paths: Sequence[Path], reading: ReadingOptions, learners: Sequence[str] = ()
) -> list[LearnerSource]:
    """Every learner in the files and folders, in order.

    A name that several of the paths use is told apart by the path: ``folder/reviews.csv``, or
    ``logs:7`` where a path holds several learners.

    Args:
        paths: what the user named.
        reading: how to read.
        learners: only these; all where empty.

    Raises:
        LogError: a path holds no log.
        UnknownNameError: a learner that is nowhere.
    """
    _opened.cache_clear()  # the files may have changed since this process last looked
    found: list[tuple[Path, str, bool]] = []
    for path in paths:
        source = _opened(str(path), reading)
        found += [(path, name, len(source) == 1) for name in source.learner_ids]
    uses = Counter(name for _, name, _ in found)
    sources = []
    for path, name, alone in found:
        apart = str(path) if alone else f"{path}:{name}"
        sources.append(
            LearnerSource(
                path=str(path),
                learner_id=name if uses[name] == 1 else apart,
                options=asdict(reading) | {"learner": name},
            )
        )
    known = {source.learner_id for source in sources} | set(uses)
    for learner in learners:
        if learner not in known:
            raise UnknownNameError("learner", learner, [s.learner_id for s in sources])
    return [
        source
        for source in sources
        if not learners or {source.learner_id, source.options["learner"]} & set(learners)
    ]


def load_source(source: LearnerSource) -> ReviewLog:
    """The log of a learner that :func:`find_learners` found; for worker processes too.

    Raises:
        LogError: the file cannot be used.
    """
    options: dict[str, Any] = dict(source.options)
    learner = options.pop("learner")
    return _opened(source.path, ReadingOptions(**options)).read(learner).log


def survey_logs(
    sources: Sequence[LearnerSource],
    look: Callable[[ReviewLog], None],
    tell: Callable[[int, int, str], None],
) -> list[LogSurvey]:
    """Read every log once, and so find a malformed one before any work is done.

    Args:
        sources: the learners.
        look: called with each log, which is not kept.
        tell: told of progress.

    Raises:
        LogError: a log cannot be used.
    """
    surveys = []
    for number, source in enumerate(sources):
        tell(number, len(sources), source.learner_id)
        options: dict[str, Any] = dict(source.options)
        learner = options.pop("learner")
        result = _opened(source.path, ReadingOptions(**options)).read(learner)
        log = result.log.named(source.learner_id)
        look(log)
        surveys.append(_survey(log, source.path, result.report))
    tell(len(sources), len(sources), "")
    return surveys


def read_one(
    path: Path, learner: str | None, reading: ReadingOptions, session: Session
) -> tuple[ReviewLog, ReadReport]:
    """The log of one learner, not empty, with a warning of rows left out.

    Raises:
        LogError: the file cannot be used, or holds several learners and none is named.
        UnknownNameError: no such learner.
        NotEnoughDataError: there are no reviews in it.
    """
    with status(session, f"Reading {path.name}"):
        result = read_log(
            path,
            learner,
            day_boundary=reading.day_boundary,
            skip_bad_rows=reading.skip_bad_rows,
        )
    warn_of_rows_left_out(session, [result.report])
    if not len(result.log):
        raise NotEnoughDataError(
            f"{path}: there are no reviews in the log ({result.report.summary()})"
        )
    return result.log, result.report


def warn_of_rows_left_out(session: Session, reports: Sequence[ReadReport]) -> None:
    """Say on stderr what reading left out: malformed rows as a warning, the rest as a note."""
    telling = [report for report in reports if report.rows_left_out or report.conflicts]
    if len(telling) > _MOST_REPORTS:
        total = replace(sum(telling[1:], telling[0]), source=f"{len(telling)} logs")
        telling = [total]
    for report in telling:
        if report.bad_rows:
            session.warn(f"{report.source}: {report.summary()}")
            for example in report.bad_row_examples[:3]:
                session.note(f"  such as {example}")
        else:
            session.note(f"{report.source}: {report.summary()}")


def _survey(log: ReviewLog, path: str, report: ReadReport) -> LogSurvey:
    times = log.review_time_ms
    return LogSurvey(
        learner=log.learner_id,
        path=path,
        reviews=len(log),
        cards=len(set(log.card_id.tolist())),
        first_ms=int(times[0]) if len(log) else 0,
        last_ms=int(times[-1]) if len(log) else 0,
        cards_named=log.card_names is not None,
        report=report,
    )


@lru_cache(maxsize=1)
def _opened(path: str, reading: ReadingOptions) -> LogSource:
    """A file of many learners is read once, not once for each; one file is kept at a time."""
    return open_logs(path, day_boundary=reading.day_boundary, skip_bad_rows=reading.skip_bad_rows)
