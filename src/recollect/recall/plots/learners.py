"""Every learner's figure for every model, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import NotEnoughDataError
from recollect.recall.comparison import HIGHER_IS_BETTER, MetricTable
from recollect.recall.plots.style import (
    MUTED,
    model_label,
    model_looks,
    new_figure,
    plot_style,
    titles,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["learners_figure"]

_NAMES = {"log_loss": "log loss", "rmse_bins": "RMSE(bins)", "auc": "AUC", "brier": "Brier score"}
_ROW_INCHES = 0.36
_SPREAD = 0.3
_TALLEST_INCHES = 24.0
_LEAST_ROOM = 0.06
_RATIOS: tuple[float, ...] = (
    *(0.01, 0.1, 0.2, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95),
    *(1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 2.0, 3.0, 5.0, 10.0, 100.0),
)


def learners_figure(
    table: MetricTable,
    *,
    reference: str | None = None,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
) -> Figure:
    """A dot plot: a row a learner and their mean, a colour and marker a model.

    With a reference model, a second panel shows each figure as a ratio to the reference's,
    where small differences between models are seen whatever the learner's level.

    Args:
        table: the metric of every learner and model.
        reference: a model of the table, or None for one panel.
        labels: names for the models.
        title: headline.

    Raises:
        NotEnoughDataError: no learner or no model.
        UnknownNameError: the reference is not in the table.
        MissingExtraError: matplotlib is not installed.
    """
    if not table.values.size:
        raise NotEnoughDataError("no learner or no model to draw")
    base = None if reference is None else table.column(reference)
    metric = _NAMES.get(table.metric, table.metric.replace("_", " "))
    better = (
        "further right is better"
        if table.metric in HIGHER_IS_BETTER
        else ("further left is better")
    )
    # Hardest learner on top, by the mean over models, so that rows read as a ranking.
    order = np.argsort(np.nan_to_num(np.nanmean(_or_zero(table.values), axis=1)))
    with plot_style():
        height = min(2.4 + _ROW_INCHES * (len(table.learners) + 1), _TALLEST_INCHES)
        figure = new_figure(8.4 if base is None else 11.6, height)
        panels = figure.subplots(1, 1 if base is None else 2, sharey=True, squeeze=False)[0]
        looks = model_looks(table.models)
        _dots(panels[0], table.values[order], table.models, looks, labels)
        panels[0].set_xlabel(f"{metric} ({better})")
        panels[0].set_yticks(
            range(-1, len(table.learners)),
            ["mean", *(table.learners[row] for row in order)],
            fontsize=9.5 if len(table.learners) <= 70 else 4,
        )
        panels[0].set_ylabel("learner")
        panels[0].set_ylim(-1.8, len(table.learners) - 0.4)
        if base is not None:
            ratio = table.values / np.where(base == 0, np.nan, base)[:, None]
            panels[1].axvline(1, color=MUTED, linewidth=1.2)
            _dots(panels[1], ratio[order], table.models, looks, labels)
            _ratio_axis(panels[1])
            name = model_label(str(reference), labels)
            panels[1].set_xlabel(f"ratio to {name} ({better})")
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside right center", title="model", alignment="left")
        many = len(table.learners)
        titles(
            figure,
            title or f"{metric[0].upper()}{metric[1:]} of every learner",
            f"{many} learner{'s' if many != 1 else ''}, {table.scored.sum():,} scored reviews; "
            "the lowest row is the plain mean over learners.",
        )
    return figure


def _dots(
    axes: Axes,
    values: NDArray[np.float64],
    models: tuple[str, ...],
    looks: dict[str, dict[str, Any]],
    labels: Mapping[str, str] | None,
) -> None:
    """Rows 0… are learners, row −1 their mean (over those where all models are defined)."""
    complete = ~np.isnan(values).any(axis=1)
    rows = np.arange(-1, values.shape[0])
    # Models one above the other within a row, in the order of the legend: none hides another.
    shift = np.linspace(_SPREAD, -_SPREAD, len(models)) if len(models) > 1 else np.zeros(1)
    axes.axhspan(-1.5, -0.5, color="#f1f1f1", zorder=0)
    for column, model in enumerate(models):
        mean = values[complete, column].mean() if complete.any() else np.nan
        axes.plot(
            np.r_[mean, values[:, column]],
            rows + shift[column],
            linestyle="none",
            marker=looks[model]["marker"],
            color=looks[model]["color"],
            markersize=7.5,
            markeredgecolor="white",
            markeredgewidth=0.6,
            alpha=0.95,
            label=model_label(model, labels),
        )
    for row in rows[1:]:
        axes.axhline(row - 0.5, color="#e4e4e4", linewidth=0.8, zorder=0)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)


def _ratio_axis(axes: Axes) -> None:
    """Half and double are equally far from 1; only ticks with room between them."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    low, high = axes.get_xlim()
    room = _LEAST_ROOM * math.log(high / low)
    ticks = [1.0]
    for tick in sorted(_RATIOS, key=lambda ratio: abs(math.log(ratio))):
        if low <= tick <= high and min(abs(math.log(tick / t)) for t in ticks) > room:
            ticks.append(tick)
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}"))


def _or_zero(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that are NaN throughout as zeros, so that their mean is silent."""
    return np.where(np.isnan(values).all(axis=1, keepdims=True), 0.0, values)
