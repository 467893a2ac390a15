"""One card's life: recall between reviews, and the traces that carry it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.plots.style import (
    FAIL,
    INK,
    PALETTE,
    duration_label,
    new_figure,
    percent,
    plot_style,
    titles,
)
from recollect.reviews import Rating

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["CardLife", "card_figure"]

_PASS = PALETTE[0]
_TRACE_COLOURS = (
    "#000000",
    "#009E73",
    "#0072B2",
    "#E69F00",
    "#56B4E9",
    "#CC79A7",
    "#D55E00",
    "#999999",
)
"""Okabe & Ito's colours, slowest trace first: neighbours differ for everyone."""
_BAND = 0.09
"""Height of the band below the axis for reviews that nothing predicted, as a share of it."""
_LEAST_ROOM = 0.045
_TICKS = (0.0, 1 / 24, 6 / 24, 1.0, 7.0, 30.0, 91.3, 182.6, 365.25, 730.5, 1826.25, 3652.5)


@dataclass(frozen=True, eq=False)
class CardLife:
    """What to draw of a card.

    Attributes:
        time_days: ``[t]`` moments, ascending, from the first review (0).
        recall: ``[t]`` predicted recall at those moments; NaN breaks the line.
        trace: ``[t, k]`` strength of the traces by time scale.
        time_scale_days: ``[k]`` time constants, shortest first.
        review_time_days: ``[n]`` moments of the reviews.
        rating: ``[n]`` 1-4.
        predicted: ``[n]`` recall predicted just before each review; NaN where there was none.
    """

    time_days: NDArray[np.float64]
    recall: NDArray[np.float64]
    trace: NDArray[np.float64]
    time_scale_days: NDArray[np.float64]
    review_time_days: NDArray[np.float64]
    rating: NDArray[np.int64]
    predicted: NDArray[np.float64]

    def __post_init__(self) -> None:
        moments, reviews = self.time_days.shape[0], self.review_time_days.shape[0]
        if self.recall.shape != (moments,) or self.trace.shape != (
            moments,
            self.time_scale_days.shape[0],
        ):
            raise ParameterError("a card's recall and traces differ in length from its moments")
        if self.rating.shape != (reviews,) or self.predicted.shape != (reviews,):
            raise ParameterError("a card's ratings and predictions differ in length from reviews")
        if moments < 2 or reviews < 1:
            raise NotEnoughDataError(
                f"{moments} moments and {reviews} reviews; a card's picture needs 2 and 1"
            )


def card_figure(life: CardLife, *, title: str = "One card's life") -> Figure:
    """Recall over time with the reviews marked, and the traces below.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    with plot_style():
        figure = new_figure(9.6, 6.0)
        top, bottom = figure.subplots(2, 1, sharex=True, gridspec_kw={"height_ratios": [3, 2]})
        _recall(top, life)
        _traces(bottom, life)
        _stretch_the_start(bottom, float(life.time_days[-1]))
        passed = int((life.rating > int(Rating.AGAIN)).sum())
        titles(
            figure,
            title,
            f"{life.rating.shape[0]} reviews, {passed} recalled. Line: recall as it is seen today; "
            "it falls between reviews, and each review writes new traces. Markers: the reviews, at "
            "the height that had been predicted for them a review earlier, when less was known.",
        )
    return figure


def _recall(axes: Axes, life: CardLife) -> None:
    for moment in life.review_time_days:
        axes.axvline(moment, color="#d9d9d9", linewidth=0.9, zorder=0.5)
    axes.plot(life.time_days, life.recall, color=INK, linewidth=1.6, label="recall, seen today")
    known = np.r_[life.recall, life.predicted]
    lowest = float(np.nanmin(known)) if not np.isnan(known).all() else 0.0
    floor = max(0.0, math.floor(lowest * 10 - 0.5) / 10)
    new = np.isnan(life.predicted)
    band = _BAND * (1.0 - floor) if new.any() else 0.0
    if band:
        axes.axhspan(floor - band, floor, color="#f1f1f1", zorder=0)
    passed = life.rating > int(Rating.AGAIN)
    for rows, colour, marker, label in (
        (passed & ~new, _PASS, "o", "review: recalled"),
        (~passed & ~new, FAIL, "X", "review: forgotten"),
        (passed & new, _PASS, "o", "first review: recalled"),
        (~passed & new, FAIL, "X", "first review: forgotten"),
    ):
        if not rows.any():
            continue
        height = np.where(new, floor - band / 2, life.predicted)[rows]
        axes.plot(
            life.review_time_days[rows],
            height,
            linestyle="none",
            marker=marker,
            markersize=9,
            color="white" if new[rows][0] else colour,
            markeredgecolor=colour if new[rows][0] else "white",
            markeredgewidth=1.4 if new[rows][0] else 0.8,
            label=label,
            zorder=3,
            clip_on=False,
        )
    axes.set_ylim(floor - band, 1.0 + 0.05 * (1 - floor))
    axes.set_yticks([tick for tick in axes.get_yticks() if floor - 1e-9 <= tick <= 1.0])
    axes.yaxis.set_major_formatter(percent)
    axes.set_ylabel("recall")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))


def _stretch_the_start(axes: Axes, last_days: float) -> None:
    """A square-root axis: early reviews are minutes and days apart, late ones months."""
    axes.set_xscale("function", functions=(_signed_root, _signed_square))
    ticks: list[float] = []
    for days in _TICKS:
        room = (math.sqrt(days) - math.sqrt(ticks[-1])) / math.sqrt(last_days) if ticks else 1.0
        if days <= last_days and room >= _LEAST_ROOM:
            ticks.append(days)
    axes.set_xticks(ticks, [duration_label(days) if days else "0" for days in ticks])
    axes.set_xlim(-last_days * 0.0002, last_days * 1.02)
    axes.set_xlabel("time since the first review (start stretched)")


def _signed_root(days: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sign(days) * np.sqrt(np.abs(days))


def _signed_square(roots: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sign(roots) * roots**2


def _traces(axes: Axes, life: CardLife) -> None:
    scales = life.time_scale_days.shape[0]
    for scale in range(scales):
        axes.plot(
            life.time_days,
            life.trace[:, scale],
            color=_TRACE_COLOURS[(scales - 1 - scale) % len(_TRACE_COLOURS)],
            linewidth=1.8,
            label=duration_label(float(life.time_scale_days[scale])),
        )
    axes.set_ylim(bottom=0)
    axes.set_ylabel("strength of traces")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), title="fades over", alignment="left")
