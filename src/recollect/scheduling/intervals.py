"""From a falling curve of recall to intervals in whole days."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recollect.collection.rows import Preset
from recollect.scheduling.fuzz import fuzzed

__all__ = ["GRID_DAYS", "LONGEST_DAYS", "days_to_reach", "whole_days"]

LONGEST_DAYS = 36_500

GRID_DAYS: NDArray[np.float64] = np.concatenate(
    [np.arange(1.0, 11.0), np.round(np.geomspace(12.0, LONGEST_DAYS, 41))]
)
"""``[day]`` days after an answer at which the curve is looked at: each of the first ten, then
closer than a quarter apart."""


def days_to_reach(recall: NDArray[np.float64], target: float) -> NDArray[np.float64]:
    """Days after which a curve has fallen to a recall.

    Between the days of the grid the log odds are taken to fall evenly with the log of the days.

    Args:
        recall: ``[*batch, day]`` on the days of :data:`GRID_DAYS`; does not rise.
        target: recall.

    Returns:
        ``[*batch]`` from 1 (also where it is below at once) to 36,500 (also where it stays above).
    """
    above = recall >= target
    count = above.sum(axis=-1)
    last = np.clip(count - 1, 0, GRID_DAYS.size - 2)
    before, after = (
        _log_odds(np.take_along_axis(recall, (last + at)[..., None], axis=-1)[..., 0])
        for at in (0, 1)
    )
    wanted = _log_odds(np.float64(target))
    fall = before - after
    share = np.where(fall > 0, (before - wanted) / np.where(fall > 0, fall, 1.0), 1.0)
    log_days = np.log(GRID_DAYS)
    found = np.exp(
        log_days[last] + np.clip(share, 0.0, 1.0) * (log_days[last + 1] - log_days[last])
    )
    return np.where(count == 0, 1.0, np.where(count == GRID_DAYS.size, float(LONGEST_DAYS), found))


def whole_days(days: Sequence[float], preset: Preset, share: float | None) -> tuple[int, ...]:
    """Intervals in whole days for the four answers: at least one day, and none shorter than that
    of a worse answer.

    Args:
        days: ``[4]`` exact intervals after Again, Hard, Good and Easy.
        preset: with the longest interval, and whether to scatter.
        share: where in their ranges scattered intervals fall; None for no scattering.
    """
    longest = preset.maximum_interval_days
    whole: list[int] = []
    for exact in days:
        wanted = max(exact, 1.0)
        if share is None or not preset.fuzz:
            day = min(max(math.floor(wanted + 0.5), 1), longest)
        else:
            day = fuzzed(wanted, share, longest)
        whole.append(max(day, whole[-1] if whole else 1))
    return tuple(whole)


def _log_odds(recall: NDArray[np.float64] | np.float64) -> NDArray[np.float64]:
    safe = np.clip(recall, 1e-9, 1.0 - 1e-9)
    return np.asarray(np.log(safe) - np.log1p(-safe), dtype=np.float64)
