"""From numbers to a verdict: what was found lies in the published band, or it does not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from recollect.experiments.protocol.contract import Expected, Value

__all__ = ["Judged", "Verdict", "judge", "mean_with_interval", "verdict_of"]

_CONFIDENCE = 0.95


class Verdict(StrEnum):
    """How an experiment ended."""

    REPRODUCED = "reproduced"
    PARTLY = "partly"
    NOT = "not"
    UNTESTED = "not tested"


@dataclass(frozen=True)
class Judged:
    """One expectation beside what was found.

    Attributes:
        expected: the expectation.
        found: mean over seeds, with its 95 % interval.
        held: whether it agrees; None where the data that the band speaks of was not there.
    """

    expected: Expected
    found: Value
    held: bool | None


def mean_with_interval(values: Sequence[float | Value]) -> Value:
    """Mean over seeds with Student's 95 % interval.

    A single seed has the interval that the run gives itself, or none (low = high = value). With
    several seeds whose runs give intervals, the wider of the two counts.

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no values")
    middles = np.array([v.value if isinstance(v, Value) else float(v) for v in values])
    middle = float(middles.mean())
    below = above = 0.0
    if len(middles) > 1 and np.ptp(middles) > 0:
        below = above = float(
            stats.t.ppf(0.5 + _CONFIDENCE / 2, len(middles) - 1) * stats.sem(middles)
        )
    own = [v for v in values if isinstance(v, Value)]
    if own:
        # np.maximum, unlike max, lets an end that is not a number spoil the interval.
        below = float(np.maximum(below, np.mean([v.value - v.low for v in own])))
        above = float(np.maximum(above, np.mean([v.high - v.value for v in own])))
    return Value(middle, middle - below, middle + above)


def judge(expected: Expected, values: Sequence[float | Value], sets_used: frozenset[str]) -> Judged:
    """Hold one expectation against the values of all seeds.

    A band with two ends holds if the mean lies in it; a direction holds if the whole interval
    does. What is not a number never agrees.

    Args:
        expected: the expectation.
        values: of its measure, one a seed.
        sets_used: folders of the real data that were there.
    """
    found = mean_with_interval(values)
    if not sets_used.issuperset(expected.only_with):
        return Judged(expected, found, None)
    low, high = expected.band
    checked = (found.low, found.high) if expected.is_direction else (found.value,)
    held = all(math.isfinite(value) and low <= value <= high for value in checked)
    return Judged(expected, found, held)


def verdict_of(judged: Sequence[Judged]) -> Verdict:
    """Reproduced if every expectation that could be tested held, partly if some did.

    A premise counts only where it fails.
    """
    tested = [
        each.held
        for each in judged
        if each.held is not None and not (each.expected.premise and each.held)
    ]
    if not tested:
        return Verdict.UNTESTED
    if all(tested):
        return Verdict.REPRODUCED
    return Verdict.PARTLY if any(tested) else Verdict.NOT
