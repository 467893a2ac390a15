"""An evaluation as text: every learner, the means, and who is better than the reference."""

from __future__ import annotations

import math

import click
import numpy as np

from recollect.cli._evaluation_report import EvaluationReport
from recollect.cli._models import column_name
from recollect.cli._tables import NONE, Column, heading, interval, number, percent, print_table
from recollect.recall.comparison import Interval, PairedComparison

__all__ = ["print_evaluation"]

_MOST_LEARNERS = 40
_LONG_NAME = 9
_LEAST_FOR_INTERVAL = 6
"""Learners below which an interval over learners is not shown: it would be far too narrow."""


def print_evaluation(report: EvaluationReport) -> None:
    """Print the report to stdout."""
    results = report.evaluation.results
    scored = sum(result.scored for result in results)
    options = report.evaluation.options
    rows = (
        "same-day reviews too" if options.same_day else "on a later study day than the card's last"
    )
    click.echo(
        f"{_counted(len(results), 'learner')}, {scored:,} scored reviews ({rows})\n"
        f"{_counted(options.splits, 'split')} in time; {report.reading.in_words()}"
    )
    if len(results) == 1:
        _print_one_learner(report)
    else:
        _print_learners(report)
        _print_means(report)
        if report.reference is not None:
            _print_comparisons(report, report.reference)
    click.echo(
        "Lower is better for log loss and RMSE(bins), higher for AUC; a calibration slope of 1 "
        "is right."
    )
    _print_notes(report)


def _print_one_learner(report: EvaluationReport) -> None:
    result = report.evaluation.results[0]
    ratio = {row.model: row.ratio.mean for row in report.comparisons["log_loss"]}
    recall = next(iter(result.scores.values())).recall
    heading(f"Learner {result.learner_id}, who recalled {percent(recall)}")
    print_table(
        [
            Column("model", text=True),
            Column("log loss"),
            *([Column(f"ratio to\n{column_name(report.reference)}")] if report.reference else []),
            Column("RMSE\n(bins)"),
            Column("AUC"),
            Column("calib.\nslope"),
        ],
        [
            [
                column_name(mean.model),
                number(mean.plain.mean),
                *([number(ratio.get(mean.model, 1.0), 3)] if report.reference else []),
                *_other_figures(report, mean.model),
            ]
            for mean in report.means["log_loss"]
        ],
    )


def _print_learners(report: EvaluationReport) -> None:
    table = report.tables["log_loss"]
    heading("Log loss of every learner")
    shown = table.values[:_MOST_LEARNERS]
    recall = [next(iter(r.scores.values())).recall for r in report.evaluation.results]
    print_table(
        [
            Column("learner", text=True),
            Column("reviews"),
            Column("recall"),
            *(Column(_folded(column_name(model))) for model in table.models),
        ],
        [
            [table.learners[at], f"{table.scored[at]:,}", percent(recall[at]), *map(number, row)]
            for at, row in enumerate(shown.tolist())
        ],
        strong=frozenset(
            (at, 3 + int(np.nanargmin(row)))
            for at, row in enumerate(shown)
            if not np.isnan(row).all()
        ),
    )
    more = len(table.learners) - len(shown)
    if more > 0:
        click.echo(f"... and {more} more learners (--json has all)")


def _print_means(report: EvaluationReport) -> None:
    heading("Means over learners, with 95 % intervals of the log loss")
    print_table(
        [
            Column("model", text=True),
            Column("log loss"),
            Column("weighted"),
            Column("RMSE\n(bins)"),
            Column("AUC"),
            Column("calib.\nslope"),
        ],
        [
            [
                column_name(mean.model),
                _over_learners(mean.plain, report),
                number(mean.weighted),
                *_other_figures(report, mean.model),
            ]
            for mean in report.means["log_loss"]
        ],
    )


def _over_learners(value: Interval, report: EvaluationReport, digits: int = 4) -> str:
    """A mean over learners, with its interval if there are enough of them for one."""
    enough = len(report.evaluation.results) >= _LEAST_FOR_INTERVAL
    return interval(value, digits) if enough else number(value.mean, digits)


def _other_figures(report: EvaluationReport, model: str) -> list[str]:
    """Means of RMSE(bins), AUC and calibration slope."""
    digits = {"rmse_bins": 4, "auc": 4, "calibration_slope": 2}
    return [
        number(
            next(mean.plain.mean for mean in report.means[metric] if mean.model == model), places
        )
        for metric, places in digits.items()
    ]


def _print_comparisons(report: EvaluationReport, reference: str) -> None:
    heading(f"Log loss against {column_name(reference)}, learner by learner")
    order = {mean.model: place for place, mean in enumerate(report.means["log_loss"])}
    rows = sorted(report.comparisons["log_loss"], key=lambda row: order[row.model])
    print_table(
        [
            Column("model", text=True),
            Column("mean ratio"),
            Column("mean difference"),
            Column("Wilcoxon\np"),
            Column("better\nfor"),
        ],
        [
            [
                column_name(row.model),
                _over_learners(row.ratio, report, 3),
                _over_learners(row.difference, report),
                _p_value(row),
                f"{row.won} of {row.learners}",
            ]
            for row in rows
        ],
    )


def _print_notes(report: EvaluationReport) -> None:
    lines = []
    if len(report.evaluation.results) > 1:
        lines.append(
            "RMSE(bins), AUC and calibration slope are means over learners; the picture of "
            "calibration (--plots) pools all learners' reviews."
        )
        if len(report.evaluation.results) < _LEAST_FOR_INTERVAL:
            lines.append(f"Fewer than {_LEAST_FOR_INTERVAL} learners: no intervals are shown.")
    if report.evaluation.options.same_day and any(
        "fsrs_6" in mean.model for mean in report.means["log_loss"]
    ):
        lines.append(
            "FSRS-6 counts whole days and cannot tell apart the reviews of one day; "
            "for same-day reviews fsrs-7 is the rival to look at."
        )
    if report.held_out is not None:
        total = len(report.surveys)
        held = len(report.held_out)
        lines.append(
            f"Recollect's shared defaults were fitted without the learner for the {held} of "
            f"{total} who had a part in them."
            if held
            else "No learner had a part in the fit of Recollect's shared defaults."
        )
    left_out = sum(survey.report.rows_left_out for survey in report.surveys)
    read = sum(survey.report.rows_read for survey in report.surveys)
    lines.append(f"Rows read: {read:,}; left out: {left_out:,}.")
    lines += [
        f"Learner {failure.learner_id} is left out: {failure.reason}"
        for failure in report.evaluation.failures[:_MOST_LEARNERS]
    ]
    reused = sum(len(result.reused) for result in report.evaluation.results)
    made = len(report.evaluation.results) * len(report.evaluation.models)
    if reused:
        lines.append(f"{reused} of {made} predictions were there from an earlier run.")
    click.echo()
    for line in lines:
        click.echo(line)


def _p_value(row: PairedComparison) -> str:
    if row.learners < 2 or math.isnan(row.wilcoxon_p):
        return NONE
    return "<0.0001" if row.wilcoxon_p < 1e-4 else f"{row.wilcoxon_p:.4f}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _folded(name: str) -> str:
    """A long name on two lines, so that the columns of many models stay narrow."""
    if len(name) <= _LONG_NAME or "-" not in name:
        return name
    start, end = name.rsplit("-", 1)
    return f"{start}-\n{end}"
