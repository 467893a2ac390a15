"""Pictures of studying: days, retention by interval, what is to come (the ``plots`` extra)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recollect.recall.plots.style import (
    INK,
    MUTED,
    PALETTE,
    new_figure,
    percent,
    plot_style,
    titles,
)
from recollect.scheduling.overview import DueDay
from recollect.study.statistics import DayStudied, RetentionBin

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["days_figure", "forecast_figure", "retention_figure"]

_FIRST = date(1970, 1, 1)
_WEEK = 7


def days_figure(days: Sequence[DayStudied]) -> Figure:
    """Answers and recall by study day; recall is the mean of a week up to each day."""
    number = np.array([day.day for day in days])
    every = np.arange(number[0], number[-1] + 1)
    place = number - number[0]

    def spread(name: str) -> NDArray[np.float64]:
        out = np.zeros(every.size)
        out[place] = [getattr(day, name) for day in days]
        return out

    answers = spread("answers")
    reviews, recalled, foretold, expected = (
        _weekly(spread(name)) for name in ("reviews", "recalled", "foretold", "expected")
    )
    dates = _dates(every.tolist())
    with plot_style():
        figure = new_figure(8.0, 5.2)
        top, bottom = figure.subplots(2, 1, sharex=True)
        top.bar(dates, answers, color=PALETTE[0], width=0.9)
        top.set_ylabel("answers a day")
        with np.errstate(invalid="ignore", divide="ignore"):
            bottom.plot(dates, recalled / reviews, color=PALETTE[0], label="recalled in fact")
            bottom.plot(
                dates, expected / foretold, color=PALETTE[1], linestyle="--", label="expected"
            )
        bottom.set_ylim(0.0, 1.02)
        bottom.yaxis.set_major_formatter(percent)
        bottom.set_ylabel("reviews recalled")
        bottom.legend(loc="lower left")
        figure.autofmt_xdate()
        titles(figure, "Answers and recall by day", "Recall: mean of the seven days up to each.")
    return figure


def retention_figure(bins: Sequence[RetentionBin]) -> Figure:
    """Share of reviews recalled, by the interval before them."""
    with plot_style():
        figure = new_figure(7.0, 4.2)
        axes = figure.subplots()
        axes.bar(range(len(bins)), [one.recalled for one in bins], color=PALETTE[0])
        for at, one in enumerate(bins):
            axes.text(at, 0.02, f"{one.reviews:,}", ha="center", color="white", fontsize=9)
        axes.set_xticks(range(len(bins)), [_bin_label(one) for one in bins], color=INK)
        axes.set_ylim(0.0, 1.02)
        axes.yaxis.set_major_formatter(percent)
        axes.set_ylabel("recalled")
        axes.set_xlabel("interval before the review")
        axes.grid(axis="x", visible=False)
        titles(figure, "Retention by interval", "In the bars: number of reviews.")
    return figure


def forecast_figure(days: Sequence[DueDay]) -> Figure:
    """Cards that become due, by day."""
    dates = _dates([day.day for day in days])
    due = np.array([day.reviews for day in days])
    with plot_style():
        figure = new_figure(8.0, 4.2)
        axes = figure.subplots()
        axes.bar(dates, due, color=PALETTE[0], width=0.9, label="due")
        total = axes.twinx()
        total.plot(dates, np.cumsum(due), color=MUTED, linewidth=1.4)
        total.set_ylabel("together", color=MUTED)
        total.grid(False)
        axes.set_ylabel("cards due")
        figure.autofmt_xdate()
        titles(figure, "What becomes due", "If no answer is late; new cards are not in it.")
    return figure


def _dates(days: Sequence[int]) -> Any:
    """Dates, which matplotlib knows how to write on an axis."""
    return [_FIRST + timedelta(days=day) for day in days]


def _weekly(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = np.concatenate([np.zeros(1), np.cumsum(values)])
    start = np.maximum(np.arange(values.size) - _WEEK + 1, 0)
    return total[1:] - total[start]


def _bin_label(one: RetentionBin) -> str:
    if one.high - one.low == 1:
        return f"{one.low} d"
    return f"{one.low} d +" if one.high > 10_000 else f"{one.low}–{one.high - 1} d"
