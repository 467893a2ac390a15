"""Numbers, bands and verdicts in words, the same on the terminal and in the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = [
    "band_text",
    "counts_text",
    "found_text",
    "held_text",
    "number_text",
    "published_text",
]

_ROUNDING = 1e-11
"""What is nearer to nothing than this is rounding of single or double precision."""


def number_text(value: float | None) -> str:
    """Three significant digits, without an exponent where people can do without."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) < _ROUNDING:
        return "0"
    if abs(value) >= 100_000 or abs(value) < 0.0005:
        return f"{value:.2e}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def band_text(band: Sequence[float | None], unit: str = "") -> str:
    """``0.9 to 1.1``, ``at least 0.9`` or ``at most 1.1``, with the unit."""
    low, high = band
    end = f" {unit}" if unit else ""
    if low == high:
        return f"{number_text(low)}{end}"
    if low is None:
        return f"at most {number_text(high)}{end}"
    if high is None:
        return f"at least {number_text(low)}{end}"
    return f"{number_text(low)} to {number_text(high)}{end}"


def found_text(expected: Mapping[str, Any]) -> str:
    """What was found, with its interval where it has one."""
    low, high = expected["interval_95"]
    unit = f" {expected['unit']}" if expected["unit"] else ""
    text = number_text(expected["found"])
    if low is not None and high is not None and high > low:
        text += f" ({number_text(low)} to {number_text(high)})"
    return text + unit


def published_text(expected: Mapping[str, Any]) -> str:
    """The published value, that only a direction was claimed, or a dash for neither."""
    if expected["published"] is None:
        return "direction" if None in expected["band"] else "–"
    unit = f" {expected['unit']}" if expected["unit"] else ""
    return number_text(expected["published"]) + unit


def held_text(expected: Mapping[str, Any]) -> str:
    """Whether an expectation held, in a word or two."""
    word = {True: "yes", False: "no", None: "not tested"}[expected["held"]]
    return f"{word} (built in)" if expected["premise"] else word


def counts_text(document: Mapping[str, Any]) -> str:
    """How many of a result's numbers agree: ``3 of 5 numbers agree, 2 not tested``."""
    counting = [each for each in document["expected"] if not (each["premise"] and each["held"])]
    tested = [each["held"] for each in counting if each["held"] is not None]
    said = f"{sum(tested)} of {len(tested)} numbers agree"
    untested = len(counting) - len(tested)
    return f"{said}, {untested} not tested" if untested else said
