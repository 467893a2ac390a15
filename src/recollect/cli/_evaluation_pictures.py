"""The pictures of an evaluation, as PNG files in a folder."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from recollect.cli._evaluation_report import EvaluationReport
from recollect.errors import NotEnoughDataError
from recollect.recall.evaluation import Evaluation

if TYPE_CHECKING:
    from recollect.recall.plots import CardLife

__all__ = ["draw_card", "draw_evaluation", "implied_strength_days"]

_MOST_ROWS = 2_000_000
_SECONDS_PER_DAY = 86_400
_TARGET_RECALL = 0.9
_MARGIN = 1e-6
_POOLED = (
    "All learners' reviews are pooled, slopes too; the table's slopes are means over learners."
)
_CURVES = ("p_recollect_curve", "p_fsrs_6", "p_fsrs_7_recency", "p_fsrs_7", "p_half_life")


def draw_evaluation(report: EvaluationReport, folder: Path, label: str = "") -> list[Path]:
    """Draw calibration, learners side by side and, where a model has curves, forgetting.

    Args:
        report: what to draw.
        folder: where to write.
        label: what every title must say of the data.

    Returns:
        The files written.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: a file cannot be written.
    """
    from recollect.recall.plots import calibration_figure, learners_figure, save_figure

    rows = _pooled(report.evaluation)
    columns = [name for name in rows if name.startswith("p_")]
    written = [folder / "calibration.png", folder / "learners.png"]
    figure = calibration_figure(
        {name: rows[name] for name in columns},
        rows["outcome"],
        title=_labelled("Calibration: do predictions come true?", label),
        of_whom=_POOLED if len(report.evaluation.results) > 1 else "",
    )
    save_figure(figure, written[0])
    figure = learners_figure(
        report.tables["log_loss"],
        reference=report.reference,
        title=_labelled("Log loss of every learner", label),
    )
    save_figure(figure, written[1])
    curve = next((name for name in _CURVES if name in columns), None)
    if curve is not None and _draw_forgetting(
        rows, curve, report.evaluation.options.same_day, label, folder / "forgetting.png"
    ):
        written.append(folder / "forgetting.png")
    return written


def draw_card(life: CardLife, name: str, path: Path, label: str = "") -> Path:
    """Draw one card's life.

    Args:
        life: of the card.
        name: of the card.
        path: the file.
        label: what the title must say of the data.

    Raises:
        MissingExtraError: matplotlib is not installed.
        OutputError: the file cannot be written.
    """
    from recollect.recall.plots import card_figure, save_figure

    save_figure(card_figure(life, title=_labelled(f"The life of card {name}", label)), path)
    return path


def implied_strength_days(
    elapsed_days: NDArray[np.float64], recall: NDArray[np.float64]
) -> NDArray[np.float64]:
    """``[m]`` days in which recall would fall to 90 %, were forgetting exponential.

    Args:
        elapsed_days: ``[m]`` time since the card's previous review.
        recall: ``[m]`` what a model's curve predicts for then.
    """
    safe = np.clip(recall, _MARGIN, 1 - _MARGIN)
    return elapsed_days * math.log(_TARGET_RECALL) / np.log(safe)


def _draw_forgetting(
    rows: dict[str, NDArray[np.float64]], curve: str, same_day: bool, label: str, path: Path
) -> bool:
    from recollect.recall.plots import forgetting_figure, forgetting_groups, save_figure
    from recollect.recall.plots.style import model_label

    days = rows["elapsed_seconds"] / _SECONDS_PER_DAY if same_day else rows["elapsed_days"]
    later = days > 0
    gap, recall = days[later], rows[curve][later]
    try:
        groups = forgetting_groups(
            gap, rows["outcome"][later], recall, implied_strength_days(gap, recall)
        )
    except NotEnoughDataError:
        return False
    figure = forgetting_figure(
        groups,
        title=_labelled(f"Forgetting, by strength of the memory ({model_label(curve)})", label),
        strength="days to 90 % recall",
    )
    save_figure(figure, path)
    return True


def _labelled(title: str, label: str) -> str:
    return f"{title} — {label}" if label else title


def _pooled(evaluation: Evaluation) -> dict[str, NDArray[np.float64]]:
    """Columns of all learners' scored reviews; of very many, every k-th review."""
    total = sum(result.scored for result in evaluation.results)
    step = max(1, math.ceil(total / _MOST_ROWS))
    parts: dict[str, list[NDArray[np.float64]]] = {}
    for columns in _columns(evaluation):
        for name, values in columns.items():
            parts.setdefault(name, []).append(values[::step])
    return {name: np.concatenate(pieces) for name, pieces in parts.items()}


def _columns(evaluation: Evaluation) -> Iterator[dict[str, NDArray[np.float64]]]:
    for table in evaluation.tables():
        yield {
            "outcome": table.outcome.astype(np.float64),
            "elapsed_days": table.elapsed_days.astype(np.float64),
            "elapsed_seconds": table.elapsed_seconds,
            **table.probability,
        }
