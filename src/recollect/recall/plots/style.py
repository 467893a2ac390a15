"""What the pictures share: colours that everyone can tell apart, type, durations in words."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from recollect.errors import MissingExtraError, OutputError
from recollect.reviews.atomic import replaced_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "FAIL",
    "INK",
    "LINES",
    "MARKERS",
    "MUTED",
    "PALETTE",
    "duration_label",
    "duration_ticks",
    "model_label",
    "model_looks",
    "new_figure",
    "percent",
    "plot_style",
    "save_figure",
    "titles",
]

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#F0E442")
"""Okabe & Ito (2008), strongest contrasts first, yellow last because it is faint on white."""

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
LINES: tuple[Literal["-", "--", "-.", ":"], ...] = ("-", "--", "-.", ":")
INK = "#222222"
MUTED = "#6b6b6b"
FAIL = "#D55E00"

_DPI = 150
_CHARACTERS_AN_INCH = 15
_WORDS = {"fsrs": "FSRS", "hlr": "HLR", "act": "ACT", "sm2": "SM-2"}
_MINUTES = 1 / 1440
_TICK_DAYS = (
    _MINUTES,
    10 * _MINUTES,
    1 / 24,
    6 / 24,
    1.0,
    7.0,
    30.0,
    180.0,
    365.0,
    3650.0,
)
_STYLE: dict[str, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 10.5,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.8,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "savefig.facecolor": "white",
    "svg.hashsalt": "recollect",
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
}


def plot_style() -> AbstractContextManager[None]:
    """The house style for the length of a ``with`` block; nothing global stays changed.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise MissingExtraError("plots", "drawing pictures") from error
    return matplotlib.rc_context(_STYLE)  # type: ignore[arg-type]


def new_figure(width: float, height: float) -> Figure:
    """An empty figure (inches) that no window system or pyplot registry knows of."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", dpi=_DPI)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as ``.png`` or ``.svg``, whole or not at all.

    Raises:
        OutputError: another suffix, or the file cannot be written.
    """
    target = Path(path)
    kind = target.suffix.lower().lstrip(".")
    if kind not in {"png", "svg"}:
        raise OutputError(f"{target}: pictures are written as .png or .svg; use either")
    # Without a date the same picture is the same file.
    metadata = {"Date": None} if kind == "svg" else None
    with replaced_file(target) as part, plot_style():
        part.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(part, format=kind, dpi=_DPI, metadata=metadata)


def titles(figure: Figure, title: str, explanation: str) -> None:
    """A title that says what is shown, and at the foot how to read it."""
    figure.suptitle(title, x=0.012, ha="left", fontsize=14, fontweight="bold", color=INK)
    lines = textwrap.fill(explanation, int(_CHARACTERS_AN_INCH * figure.get_figwidth()))
    figure.supxlabel(lines, x=0.012, ha="left", fontsize=9.5, color=MUTED)


def model_label(column: str, labels: Mapping[str, str] | None = None) -> str:
    """Name for people: from ``labels``, or made from the column (``p_fsrs_6`` is ``FSRS-6``)."""
    if labels and column in labels:
        return labels[column]
    words = [_WORDS.get(word, word) for word in column.removeprefix("p_").split("_")]
    return re.sub(r"^(FSRS|ACT) (?=\S)", r"\1-", " ".join(words)).replace("ACT-r", "ACT-R")


def model_looks(models: Iterable[str]) -> dict[str, dict[str, Any]]:
    """A colour, marker and line style for each model; no two share all three."""
    looks = {}
    for position, model in enumerate(models):
        turn = position // len(PALETTE)
        looks[model] = {
            "color": PALETTE[position % len(PALETTE)],
            "marker": MARKERS[(position + turn) % len(MARKERS)],
            "linestyle": LINES[(position + turn) % len(LINES)],
        }
    return looks


def duration_label(days: float) -> str:
    """A time span in the unit people would use: ``10 min``, ``6 h``, ``3 d``, ``2 mo``, ``1 y``."""
    for unit, size, limit in (
        ("s", 1 / 86_400, _MINUTES),
        ("min", _MINUTES, 1 / 24),
        ("h", 1 / 24, 1.0),
        ("d", 1.0, 45.0),
        ("mo", 365.25 / 12, 350.0),
    ):
        if days < limit * 0.9999:
            return f"{_short(days / size)} {unit}"
    return f"{_short(days / 365.25)} y"


def duration_ticks(axes: Axes, low_days: float, high_days: float) -> None:
    """Set a logarithmic axis of days whose ticks are minutes, hours, days, weeks and years."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    axes.set_xscale("log")
    axes.set_xlim(low_days, high_days)
    inside = [tick for tick in _TICK_DAYS if low_days <= tick <= high_days]
    if len(inside) < 2:
        steps = 3
        ratio = (high_days / low_days) ** (1 / (steps + 1))
        inside = [low_days * ratio**step for step in range(1, steps + 1)]
    axes.xaxis.set_major_locator(FixedLocator(inside))
    axes.xaxis.set_minor_locator(NullLocator())
    label: Callable[[float, int], str] = lambda days, _: duration_label(days)  # noqa: E731
    axes.xaxis.set_major_formatter(FuncFormatter(label))


def percent(value: float, _: object = None) -> str:
    """Tick label of a share: ``0.9`` is ``90 %``."""
    return f"{100 * value:.0f} %"


def _short(value: float) -> str:
    if value >= 9.95 or math.isclose(value, round(value), rel_tol=0.02):
        return f"{value:.0f}"
    return f"{value:.1f}"
