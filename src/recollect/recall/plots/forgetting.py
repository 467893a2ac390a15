"""Forgetting curves by strength: what the model draws, and the learner's answers on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.metrics import wilson_interval
from recollect.recall.plots.style import (
    LINES,
    MARKERS,
    PALETTE,
    duration_label,
    duration_ticks,
    new_figure,
    percent,
    plot_style,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

__all__ = ["ForgettingGroup", "forgetting_figure", "forgetting_groups"]

_FEWEST_REVIEWS = 10


@dataclass(frozen=True, eq=False)
class ForgettingGroup:
    """Reviews of similar strength.

    Attributes:
        low_strength_days: weakest memory of the group.
        high_strength_days: strongest.
        elapsed_days: ``[k]`` geometric mean gap of each bin.
        observed: ``[k]`` share recalled.
        low: ``[k]`` lower end of its 95 % Wilson interval.
        high: ``[k]`` upper end.
        count: ``[k]`` reviews.
        curve_days: ``[c]`` gaps at which the model's curve is given.
        curve_recall: ``[c]`` the model's recall there.
    """

    low_strength_days: float
    high_strength_days: float
    elapsed_days: NDArray[np.float64]
    observed: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]
    curve_days: NDArray[np.float64]
    curve_recall: NDArray[np.float64]


def forgetting_groups(
    elapsed_days: ArrayLike,
    outcome: ArrayLike,
    predicted: ArrayLike,
    strength_days: ArrayLike,
    *,
    groups: int = 5,
    bins: int = 8,
    curves: Sequence[tuple[ArrayLike, ArrayLike]] | None = None,
) -> list[ForgettingGroup]:
    """Sort reviews into groups of equal size by strength, and bins of equal size by gap.

    Without ``curves`` the model's line is the mean prediction for the very reviews of each
    bin, so that line and points differ by the model's error alone, whatever gaps the learner's
    scheduler chose for which cards.

    Args:
        elapsed_days: ``[m]`` gap before each review, above 0.
        outcome: ``[m]`` whether recalled.
        predicted: ``[m]`` the model's recall.
        strength_days: ``[m]`` the model's strength before the review, e.g. days to 90 % recall.
        groups: at most this many groups.
        bins: at most this many bins a group; each has at least ten reviews.
        curves: for each group, gaps in days and the model's recall there.

    Raises:
        NotEnoughDataError: fewer than ten reviews.
        ParameterError: arrays of different lengths, gaps or strengths not above 0, or not one
            curve a group.
    """
    gap, strength, p = (
        np.asarray(values, dtype=np.float64) for values in (elapsed_days, strength_days, predicted)
    )
    y = np.asarray(outcome, dtype=np.float64)
    if not gap.shape == y.shape == p.shape == strength.shape or gap.ndim != 1:
        raise ParameterError("gaps, outcomes, predictions and strengths differ in length")
    if gap.shape[0] < _FEWEST_REVIEWS:
        raise NotEnoughDataError(
            f"{gap.shape[0]} reviews; forgetting curves need at least {_FEWEST_REVIEWS}"
        )
    if not (gap.min() > 0 and strength.min() > 0):
        raise ParameterError("gaps and strengths must be above 0 days; leave out same-time rows")
    groups = max(1, min(groups, gap.shape[0] // (2 * _FEWEST_REVIEWS)))
    parts = [part for part in _equal_parts(strength, groups) if part.shape[0]]
    if curves is not None and len(curves) != len(parts):
        raise ParameterError(f"{len(curves)} curves for {len(parts)} groups of strength")
    made = []
    for position, part in enumerate(parts):
        cells = max(1, min(bins, part.shape[0] // _FEWEST_REVIEWS))
        in_bins = [part[cell] for cell in _equal_parts(gap[part], cells) if cell.shape[0]]
        count = np.array([rows.shape[0] for rows in in_bins], dtype=np.int64)
        recalled = np.array([y[rows].sum() for rows in in_bins])
        low, high = wilson_interval(recalled, count)
        centre = np.array([math.exp(np.log(gap[rows]).mean()) for rows in in_bins])
        if curves is None:
            line = centre, np.array([p[rows].mean() for rows in in_bins])
        else:
            days, recall = curves[position]
            line = np.asarray(days, dtype=np.float64), np.asarray(recall, dtype=np.float64)
        made.append(
            ForgettingGroup(
                low_strength_days=float(strength[part].min()),
                high_strength_days=float(strength[part].max()),
                elapsed_days=centre,
                observed=recalled / count,
                low=low,
                high=high,
                count=count,
                curve_days=line[0],
                curve_recall=line[1],
            )
        )
    return made


def forgetting_figure(
    groups: Sequence[ForgettingGroup],
    *,
    title: str = "Forgetting, by strength of the memory",
    strength: str = "strength",
) -> Figure:
    """Recall against elapsed time, one colour a group: line the model, points the answers.

    Args:
        groups: from :func:`forgetting_groups`, weakest first.
        title: headline.
        strength: what the groups are of, for the legend.

    Raises:
        NotEnoughDataError: no group.
        MissingExtraError: matplotlib is not installed.
    """
    if not groups:
        raise NotEnoughDataError("no group of reviews to draw")
    with plot_style():
        figure = new_figure(8.6, 5.4)
        axes = figure.subplots()
        handles = [_draw(axes, group, position) for position, group in enumerate(groups)]
        gaps = np.concatenate([np.r_[g.elapsed_days, g.curve_days] for g in groups])
        duration_ticks(axes, float(gaps.min()) / 1.3, float(gaps.max()) * 1.3)
        bottom = min(float(np.r_[g.low, g.curve_recall].min()) for g in groups)
        axes.set_ylim(max(0.0, math.floor(bottom * 10 - 0.2) / 10), 1.01)
        axes.yaxis.set_major_formatter(percent)
        axes.set_xlabel("time since the card's previous review")
        axes.set_ylabel("recall")
        axes.legend(
            handles=handles,
            title=strength,
            loc="center left",
            bbox_to_anchor=(1.0, 0.5),
            alignment="left",
            handlelength=3.2,
            labelspacing=0.8,
        )
        titles(
            figure,
            title,
            "Lines: the model's recall. Points: the learner's answers at those gaps, with 95 % "
            "intervals.",
        )
    return figure


def _draw(axes: Axes, group: ForgettingGroup, position: int) -> Line2D:
    """Draw a group; returns its entry for the legend, line and point in one."""
    from matplotlib.lines import Line2D

    colour = PALETTE[position % (len(PALETTE) - 1)]
    marker = MARKERS[position % len(MARKERS)]
    line = LINES[position % len(LINES)]
    axes.plot(
        group.curve_days, group.curve_recall, color=colour, linestyle=line, linewidth=2, zorder=2
    )
    # An interval of a share always holds the share, up to rounding.
    below = np.maximum(group.observed - group.low, 0)
    above = np.maximum(group.high - group.observed, 0)
    axes.errorbar(
        group.elapsed_days,
        group.observed,
        yerr=np.stack([below, above]),
        color=colour,
        linestyle="none",
        marker=marker,
        markersize=7,
        elinewidth=1.1,
        markeredgecolor="white",
        markeredgewidth=0.6,
        zorder=3,
    )
    span = (
        f"{duration_label(group.low_strength_days)} to {duration_label(group.high_strength_days)}"
    )
    return Line2D(
        [],
        [],
        color=colour,
        linestyle=line,
        linewidth=2,
        marker=marker,
        markersize=7,
        markeredgecolor="white",
        label=f"{span}\n{group.count.sum():,} reviews",
    )


def _equal_parts(values: NDArray[np.float64], parts: int) -> list[NDArray[np.int64]]:
    """Row numbers in parts of about equal size by value; equal values stay together."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, parts + 1)[1:-1]))
    part = np.searchsorted(edges, values, side="left")
    return [np.flatnonzero(part == number) for number in range(edges.shape[0] + 1)]
