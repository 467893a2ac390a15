"""Text cells to numbers, a column at a time, with the cells that are none told apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_missing", "parse_integers", "parse_times"]

_MISSING = frozenset(("", "nan", "null", "none", "na", "n/a", "nat", "<na>"))
_LIMIT = 2**63


def is_missing(cell: str) -> bool:
    """Whether a cell stands for "no value" (empty, NaN, null, ...)."""
    return cell.strip().lower() in _MISSING


def parse_integers(
    cells: Sequence[str], *, fractions: bool = False
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """A column of whole numbers; ``3.0`` counts as whole.

    Args:
        cells: ``n`` texts.
        fractions: round numbers with a fraction instead of refusing them.

    Returns:
        ``[n]`` values, -1 where there is none, and ``{index: text}`` of the cells that are
        not whole numbers (missing values among them).
    """
    odd = "_" in "".join(cells)  # int() would read 1_0 as ten
    try:
        if not odd:
            return np.fromiter(map(int, cells), dtype=np.int64, count=len(cells)), {}
    except (ValueError, OverflowError):
        pass
    values = np.full(len(cells), -1, dtype=np.int64)
    failed: dict[int, str] = {}
    for index, cell in enumerate(cells):
        if not odd and cell.isdecimal() and len(cell) < 19:
            values[index] = int(cell)
        elif cell in _MISSING or (number := _integer(cell, fractions)) is None:
            failed[index] = cell
        else:
            values[index] = number
    return values, failed


def parse_times(
    cells: Sequence[str], zone: ZoneInfo
) -> tuple[NDArray[np.int64], NDArray[np.bool_], dict[int, str]]:
    """A column of times: milliseconds since 1970, or ISO 8601 date and time.

    Args:
        cells: ``n`` texts.
        zone: where the clock stood when a text gives no offset from UTC.

    Returns:
        ``[n]`` milliseconds since the epoch, UTC; ``[n]`` whether the cell was a plain number;
        ``{index: text}`` of the cells that are neither.
    """
    n = len(cells)
    try:
        moments = [datetime.fromisoformat(cell) for cell in cells]
        if all(moment.tzinfo is not None for moment in moments):
            seconds = (moment.timestamp() for moment in moments)
            exact = np.fromiter(seconds, dtype=np.float64, count=n)
            return np.rint(exact * 1000.0).astype(np.int64), np.zeros(n, dtype=np.bool_), {}
    except ValueError:
        pass
    values, failed = parse_integers(cells, fractions=True)
    numeric = np.ones(n, dtype=np.bool_)
    for index, cell in list(failed.items()):
        numeric[index] = False
        time_ms = _iso_ms(cell.strip(), zone)
        if time_ms is not None:
            values[index] = time_ms
            del failed[index]
    return values, numeric, failed


def _integer(cell: str, fractions: bool) -> int | None:
    text = cell.strip()
    if "_" in text:
        return None
    try:
        number = int(text)
    except ValueError:
        try:
            real = float(text)
        except ValueError:
            return None
        if not math.isfinite(real) or not (fractions or real.is_integer()):
            return None
        number = round(real)
    return number if -_LIMIT <= number < _LIMIT else None


def _iso_ms(text: str, zone: ZoneInfo) -> int | None:
    # A date alone says nothing about the order of a day's reviews.
    if "T" not in text and " " not in text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return round(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
