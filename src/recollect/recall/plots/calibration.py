"""Reliability diagrams: do things predicted at 90 % come true nine times in ten?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from recollect.errors import NotEnoughDataError
from recollect.recall.metrics import CalibrationCurve, calibration_curve, calibration_line
from recollect.recall.plots.style import (
    INK,
    MUTED,
    model_label,
    model_looks,
    new_figure,
    percent,
    plot_style,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["calibration_figure"]

_COLUMNS = 4
_HISTOGRAM_BINS = 40


def calibration_figure(
    probability: Mapping[str, ArrayLike],
    outcome: ArrayLike,
    *,
    labels: Mapping[str, str] | None = None,
    bins: int = 20,
    title: str = "Calibration: do predictions come true?",
    of_whom: str = "",
) -> Figure:
    """One reliability diagram a model, with the histogram of its predictions below.

    Args:
        probability: model's column → ``[m]`` predicted recall.
        outcome: ``[m]`` whether recalled.
        labels: names for the columns.
        bins: of equal count.
        title: headline.
        of_whom: a sentence on whose reviews these are, for the foot.

    Raises:
        NotEnoughDataError: no model, or no review.
        MissingExtraError: matplotlib is not installed.
    """
    if not probability:
        raise NotEnoughDataError("no model's predictions to draw; give at least one column")
    curves = {model: calibration_curve(p, outcome, bins=bins) for model, p in probability.items()}
    values = {model: np.asarray(p, dtype=np.float64) for model, p in probability.items()}
    low = _window_start(curves, values)
    outside = sum(int((p < low).sum()) for p in values.values())
    with plot_style():
        columns = min(_COLUMNS, len(curves))
        rows = math.ceil(len(curves) / columns)
        figure = new_figure(max(6.4, 3.3 * columns), 3.9 * rows + 0.8)
        heights = [3.0, 0.8] * rows
        grid = figure.subplots(
            2 * rows, columns, squeeze=False, gridspec_kw={"height_ratios": heights}
        )
        looks = model_looks(curves)
        for place, (model, curve) in enumerate(curves.items()):
            row, column = 2 * (place // columns), place % columns
            line = calibration_line(values[model], outcome)
            note = (
                "" if math.isnan(line.slope) else f"slope {line.slope:.2f}".replace("-", "\u2212")
            )
            top, bottom = grid[row, column], grid[row + 1, column]
            _reliability(top, curve, looks[model], low)
            top.set_title(model_label(model, labels), fontweight="bold", color=INK)
            top.text(0.97, 0.05, note, transform=top.transAxes, ha="right", color=MUTED)
            _histogram(bottom, values[model], looks[model], low)
            if column == 0:
                top.set_ylabel("recalled in fact")
                bottom.set_ylabel("reviews")
        for place in range(len(curves), rows * columns):
            for offset in (0, 1):
                grid[2 * (place // columns) + offset, place % columns].set_axis_off()
        titles(
            figure,
            title,
            "On the dashed line predictions are right; below it too confident, above it too "
            "cautious. Vertical bars: 95 % intervals."
            + (f" {of_whom}" if of_whom else "")
            + (
                f" {outside:,} predictions below {percent(low)} are in the first bar."
                if outside
                else ""
            ),
        )
    return figure


def _window_start(
    curves: Mapping[str, CalibrationCurve], values: Mapping[str, NDArray[np.float64]]
) -> float:
    """A multiple of 10 % below all points and all but the lowest hundredth of predictions."""
    points = min(min(curve.low.min(), curve.predicted.min()) for curve in curves.values())
    most = min(float(np.quantile(p, 0.01)) for p in values.values())
    return max(0.0, math.floor(min(points, most) * 10 - 0.2) / 10)


def _reliability(axes: Axes, curve: CalibrationCurve, look: dict[str, Any], low: float) -> None:
    axes.plot([0, 1], [0, 1], linestyle=(0, (4, 3)), color=MUTED, linewidth=1.2, label="perfect")
    # An interval of a share always holds the share, up to rounding.
    below = np.maximum(curve.observed - curve.low, 0)
    above = np.maximum(curve.high - curve.observed, 0)
    axes.errorbar(
        curve.predicted,
        curve.observed,
        yerr=np.stack([below, above]),
        color=look["color"],
        marker=look["marker"],
        markersize=5,
        linewidth=1.2,
        elinewidth=1.2,
        label="observed",
    )
    axes.set_xlim(low, 1.01)
    axes.set_ylim(low, 1.01)
    axes.set_aspect("equal")
    axes.tick_params(labelbottom=False)
    _percent(axes.xaxis)
    _percent(axes.yaxis)


def _histogram(
    axes: Axes, probability: NDArray[np.float64], look: dict[str, Any], low: float
) -> None:
    edges = np.linspace(low, 1.0, _HISTOGRAM_BINS + 1).tolist()
    axes.hist(np.maximum(probability, low), bins=edges, color=look["color"], alpha=0.85)
    axes.set_xlim(low, 1.01)
    axes.set_xlabel("predicted recall")
    axes.grid(False)
    axes.yaxis.set_major_locator(_few_ticks())
    axes.yaxis.set_major_formatter("{x:,.0f}")
    _percent(axes.xaxis)


def _percent(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(percent)


def _few_ticks() -> Any:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(2, integer=True)
