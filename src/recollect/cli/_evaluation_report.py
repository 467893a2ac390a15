"""What an evaluation found, gathered once for text, JSON and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from recollect.cli._logs import LogSurvey
from recollect.cli._moments import iso_moment
from recollect.cli._options import ReadingOptions
from recollect.cli._outputs import command_json
from recollect.errors import NotEnoughDataError
from recollect.recall.comparison import (
    METRICS,
    MeanScore,
    MetricTable,
    PairedComparison,
    compare_all,
    mean_scores,
    metric_table,
)
from recollect.recall.evaluation import Evaluation

__all__ = ["EvaluationReport", "evaluation_report"]

_MEANS = (*METRICS, "calibration_slope")
_MOST_RESAMPLES = 10_000
_FEWEST_RESAMPLES = 1_000
_DRAWS = 20_000_000


@dataclass(frozen=True, eq=False)
class EvaluationReport:
    """Figures of an evaluation.

    Attributes:
        evaluation: the figures of every learner.
        surveys: the logs.
        reading: how they were read.
        held_out: learners predicted from defaults that were fitted without them; None where
            Recollect was not run.
        reference: column that the others are held against; None where there is no other.
        tables: metric → figures of every learner and column.
        means: metric → means over learners, best first.
        comparisons: metric → columns against the reference.
        seed: of the intervals.
    """

    evaluation: Evaluation
    surveys: tuple[LogSurvey, ...]
    reading: ReadingOptions
    held_out: tuple[str, ...] | None
    reference: str | None
    tables: dict[str, MetricTable]
    means: dict[str, list[MeanScore]]
    comparisons: dict[str, list[PairedComparison]]
    seed: int

    def as_json(self) -> dict[str, Any]:
        """All of it, as plain values for :func:`~recollect.cli._outputs.json_text`."""
        results = self.evaluation.results
        document = {
            "options": asdict(self.evaluation.options) | asdict(self.reading) | {"seed": self.seed},
            "models": [asdict(spec) for spec in self.evaluation.models],
            "reference": self.reference,
            "logs": [self._log(survey) for survey in self.surveys],
            "scores": self.evaluation.scores,
            "seconds": {result.learner_id: result.seconds for result in results},
            "means": self.means,
            "comparisons": self.comparisons,
            "left_out": [
                {"learner": failure.learner_id, "reason": failure.reason}
                for failure in self.evaluation.failures
            ],
            "work_folder": str(self.evaluation.work_folder),
        }
        return command_json("evaluate", document)

    def _log(self, survey: LogSurvey) -> dict[str, Any]:
        return {
            "learner": survey.learner,
            "path": survey.path,
            "reviews": survey.reviews,
            "cards": survey.cards,
            "first_review": iso_moment(survey.first_ms) if survey.reviews else None,
            "last_review": iso_moment(survey.last_ms) if survey.reviews else None,
            "defaults_held_out": None if self.held_out is None else survey.learner in self.held_out,
            "read": survey.report.as_dict(),
        }


def evaluation_report(
    evaluation: Evaluation,
    surveys: Sequence[LogSurvey],
    reading: ReadingOptions,
    *,
    held_out: Sequence[str] | None,
    reference: str | None,
    seed: int,
) -> EvaluationReport:
    """Means and comparisons of an evaluation.

    Raises:
        NotEnoughDataError: no learner could be scored; says why.
    """
    if not evaluation.results:
        reasons = list(dict.fromkeys(failure.reason for failure in evaluation.failures))
        more = f" (and {len(reasons) - 1} other reasons)" if len(reasons) > 1 else ""
        raise NotEnoughDataError((reasons[0] if reasons else "no learner to evaluate") + more)
    learners = len(evaluation.results)
    # Enough draws for a steady interval, and no minutes of drawing for many thousand learners.
    resamples = min(_MOST_RESAMPLES, max(_FEWEST_RESAMPLES, _DRAWS // learners))
    draws = {"resamples": resamples, "seed": seed}
    tables = {metric: metric_table(evaluation.scores, metric) for metric in _MEANS}
    return EvaluationReport(
        evaluation=evaluation,
        surveys=tuple(surveys),
        reading=reading,
        held_out=None if held_out is None else tuple(held_out),
        reference=reference,
        tables=tables,
        means={name: mean_scores(table, **draws) for name, table in tables.items()},
        comparisons={
            name: compare_all(tables[name], reference, **draws) if reference else []
            for name in METRICS
        },
        seed=seed,
    )
