"""An explanation as text: the sum behind the number, the traces as bars, the card's history."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from recollect.cli._moments import format_moment
from recollect.cli._options import ReadingOptions
from recollect.cli._tables import NONE, Column, heading, number, percent, print_table
from recollect.recall.plots.style import duration_label
from recollect.reviews import Rating

if TYPE_CHECKING:
    from recollect.recall.explanation import Explanation, PastReview, Term, Trace

__all__ = ["bar", "print_explanation"]

_BAR_CELLS = 30
_LEAST_SHOWN = 0.0005
_EIGHTHS = " ▏▎▍▌▋▊▉"
_AHEAD_DAYS = (1.0, 3.0, 7.0, 30.0, 90.0, 365.0)


def print_explanation(
    explanation: Explanation, name: str, reading: ReadingOptions, *, latest: int | None = None
) -> None:
    """Print an explanation to stdout.

    Args:
        explanation: of a card.
        name: the card's name in its log.
        reading: whose time zone is used.
        latest: show only so many of its reviews, the latest; all where None.
    """
    at = format_moment(explanation.at_ms, reading.zone)
    low, high = percent(explanation.low), percent(explanation.high)
    click.secho(
        f"Card {name} at {at} ({reading.time_zone}): "
        f"recall {percent(explanation.recall)} (95 % interval {low} to {high})",
        bold=True,
    )
    click.echo(explanation.summary)
    _print_terms(explanation)
    _print_traces(explanation.traces)
    _print_learner(explanation.learner)
    _print_curve(explanation)
    _print_history(explanation.history, reading, latest)


def bar(share: float) -> str:
    """A bar of up to 30 cells for a share of 0 to 1, to an eighth of a cell."""
    eighths = round(8 * _BAR_CELLS * min(max(share, 0.0), 1.0))
    full, rest = divmod(eighths, 8)
    return "█" * full + (_EIGHTHS[rest] if rest else "")


def _print_terms(explanation: Explanation) -> None:
    heading("What the number is made of (they add up to the log odds of recall)")
    rows = [
        [
            term.name,
            number(term.value, 3),
            number(term.weight, 3),
            _signed(term.contribution),
            term.meaning,
        ]
        for term in explanation.terms
        if abs(term.contribution) >= _LEAST_SHOWN
    ]
    click.echo(
        "A value counts in usual sizes of its term; the weight is what this learner's reviews "
        "have taught."
    )
    hidden = len(explanation.terms) - len(rows)
    total = [
        "log odds",
        "",
        "",
        _signed(explanation.logit),
        f"{percent(explanation.recall)} recall",
    ]
    print_table(
        [
            Column("term", text=True),
            Column("value"),
            Column("weight"),
            Column("adds"),
            Column("meaning", text=True, foldable=True),
        ],
        [*rows, total],
        strong=frozenset({(len(rows), 0), (len(rows), 3)}),
    )
    if hidden:
        click.echo(f"... and {hidden} more terms that add nothing here")


def _print_traces(traces: Sequence[Trace]) -> None:
    heading("Traces by the time over which they fade")
    click.echo("What past reviews left, as it stands at that moment.")
    print_table(
        [
            Column("fades over"),
            Column("strength"),
            Column("share"),
            Column("", text=True),
        ],
        [
            [
                duration_label(trace.time_scale_days),
                number(trace.strength, 3),
                percent(trace.share),
                bar(trace.share),
            ]
            for trace in traces
        ],
    )


def _print_learner(state: Sequence[Term]) -> None:
    if not state:
        return
    heading("State of the learner before the last review of the log, of whichever card")
    click.echo(
        "It has no part in the recall above, which looks ahead; it adds to what is predicted just "
        "then,\nat the moment of a review. Surprise is how far answers were above (+) or below (-) "
        "what was\nexpected."
    )
    print_table(
        [
            Column("state", text=True),
            Column("value"),
            Column("adds"),
            Column("meaning", text=True, foldable=True),
        ],
        [
            [term.name, number(term.value, 3), _signed(term.contribution), term.meaning]
            for term in state
        ],
    )


def _print_curve(explanation: Explanation) -> None:
    import numpy as np

    heading("Recall after the last review, without another")
    recall = np.asarray(explanation.curve(np.asarray(_AHEAD_DAYS)))
    print_table(
        [Column(duration_label(days)) for days in _AHEAD_DAYS],
        [[percent(float(value)) for value in recall]],
    )


def _print_history(
    history: Sequence[PastReview], reading: ReadingOptions, latest: int | None
) -> None:
    earlier = 0 if latest is None else max(len(history) - latest, 0)
    heading(
        f"Its latest {latest} reviews, after {earlier} earlier ones" if earlier else "Its reviews"
    )
    click.echo(
        "Predicted just then, knowing all up to that moment, and by the curve that was drawn a "
        "review earlier."
    )
    print_table(
        [
            Column("when"),
            Column("answer", text=True),
            Column("after"),
            Column("predicted\njust then"),
            Column("a review\nearlier"),
            Column("time"),
            Column("what moved", text=True, foldable=True),
        ],
        [
            [
                format_moment(review.time_ms, reading.zone),
                Rating(review.rating).name.capitalize(),
                duration_label(review.elapsed_days) if review.elapsed_days > 0 else NONE,
                percent(review.recall_instant),
                percent(review.recall_curve),
                f"{review.duration_ms / 1000:.1f} s" if review.duration_ms >= 0 else NONE,
                review.moved,
            ]
            for review in history[earlier:]
        ],
    )


def _signed(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:+.3f}"
