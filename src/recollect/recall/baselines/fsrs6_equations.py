"""FSRS-6: its parameters by name and its forward pass over a log.

Free Spaced Repetition Scheduler, version 6 (open-spaced-repetition; the equations are in the
wiki "The Algorithm" of fsrs4anki). A card has a stability S (days until recall falls to 0.9)
and a difficulty D (1-10). Elapsed times are whole study days; a second review on the same day
has its own, time-free update.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.errors import ParameterError
from recollect.recall.baselines.support import previous_row, waves
from recollect.reviews import ReviewLog

__all__ = ["Fsrs6Parameters", "Fsrs6States", "fsrs6_recall", "fsrs6_states"]

STABILITY_MIN_DAYS = 0.001
STABILITY_MAX_DAYS = 36500.0
DIFFICULTY_MIN = 1.0
DIFFICULTY_MAX = 10.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fsrs6Parameters:
    """The 21 parameters, in the order in which other tools list them; defaults of FSRS-6.

    Attributes:
        initial_stability_again, _hard, _good, _easy: days, after a first review of that grade.
        initial_difficulty_base, initial_difficulty_rate: D0(G) = base - e^(rate (G - 1)) + 1.
        difficulty_step: change of difficulty per grade away from Good.
        difficulty_reversion: share by which difficulty returns to that of a first Easy.
        success_log_gain, success_stability_exponent, success_surprise: growth of stability
            after a recall: e^gain (11 - D) S^-exponent (e^(surprise (1 - R)) - 1).
        lapse_scale, lapse_difficulty_exponent, lapse_stability_exponent, lapse_surprise:
            stability after a failure: scale D^-a ((S + 1)^b - 1) e^(surprise (1 - R)).
        hard_factor, easy_factor: multiply the growth after Hard and Easy.
        same_day_rate, same_day_offset, same_day_stability_exponent: a same-day review
            multiplies S by e^(rate (G - 3 + offset)) S^-exponent.
        curve_decay: exponent of the forgetting curve.
    """

    initial_stability_again: float = 0.212
    initial_stability_hard: float = 1.2931
    initial_stability_good: float = 2.3065
    initial_stability_easy: float = 8.2956
    initial_difficulty_base: float = 6.4133
    initial_difficulty_rate: float = 0.8334
    difficulty_step: float = 3.0194
    difficulty_reversion: float = 0.001
    success_log_gain: float = 1.8722
    success_stability_exponent: float = 0.1666
    success_surprise: float = 0.796
    lapse_scale: float = 1.4835
    lapse_difficulty_exponent: float = 0.0614
    lapse_stability_exponent: float = 0.2629
    lapse_surprise: float = 1.6483
    hard_factor: float = 0.6014
    easy_factor: float = 1.8729
    same_day_rate: float = 0.5425
    same_day_offset: float = 0.0912
    same_day_stability_exponent: float = 0.0658
    curve_decay: float = 0.1542

    @classmethod
    def from_list(cls, values: Iterable[float]) -> Fsrs6Parameters:
        """From the list of 21 numbers that FSRS tools exchange.

        Raises:
            ParameterError: another number of values, or one that is not finite.
        """
        numbers = [float(value) for value in values]
        if len(numbers) != 21:
            raise ParameterError(f"FSRS-6 has 21 parameters, the list holds {len(numbers)}")
        if not np.all(np.isfinite(numbers)):
            raise ParameterError("FSRS-6 parameters must be finite numbers; fit them again")
        return cls(*numbers)

    def to_list(self) -> list[float]:
        """The 21 numbers in the order that FSRS tools exchange."""
        return list(astuple(self))

    @property
    def initial_stability_days(self) -> Floats:
        """``[4]`` stability after a first review graded Again, Hard, Good, Easy."""
        return np.array(self.to_list()[:4])


@dataclass(frozen=True, eq=False)
class Fsrs6States:
    """A card's memory right after each review of a log.

    Attributes:
        stability_days: ``[n]``.
        difficulty: ``[n]``.
    """

    stability_days: Floats
    difficulty: Floats


def forgetting_curve(
    parameters: Fsrs6Parameters, elapsed_days: Floats, stability_days: Floats
) -> Floats:
    """Recall R = (1 + F t / S)^-decay, with F such that R(S) = 0.9. All arrays ``[m]``."""
    decay = parameters.curve_decay
    factor = 0.9 ** (-1.0 / decay) - 1.0
    return (1.0 + factor * elapsed_days / stability_days) ** -decay


def initial_difficulty(parameters: Fsrs6Parameters, rating: Floats | float) -> Floats | float:
    """Difficulty after a first review of that grade, not yet held within 1-10."""
    p = parameters
    return p.initial_difficulty_base - np.exp(p.initial_difficulty_rate * (rating - 1.0)) + 1.0


def next_difficulty(parameters: Fsrs6Parameters, difficulty: Floats, rating: Floats) -> Floats:
    """Difficulty after a further review; steps shrink towards 10, and D drifts to D0(Easy)."""
    step = -parameters.difficulty_step * (rating - 3.0)
    moved = difficulty + step * (10.0 - difficulty) / 9.0
    home = initial_difficulty(parameters, 4.0)
    share = parameters.difficulty_reversion
    return np.clip(share * home + (1.0 - share) * moved, DIFFICULTY_MIN, DIFFICULTY_MAX)


def next_stability(
    parameters: Fsrs6Parameters,
    stability_days: Floats,
    difficulty: Floats,
    rating: Floats,
    elapsed_days: Floats,
) -> Floats:
    """Stability after a further review. All arrays ``[m]``; 0 elapsed days means same day."""
    p, s = parameters, stability_days
    surprise = 1.0 - forgetting_curve(p, elapsed_days, s)
    growth = (
        np.exp(p.success_log_gain)
        * (11.0 - difficulty)
        * s**-p.success_stability_exponent
        * np.expm1(p.success_surprise * surprise)
        * np.where(rating == 2, p.hard_factor, 1.0)
        * np.where(rating == 4, p.easy_factor, 1.0)
    )
    lapsed = (
        p.lapse_scale
        * difficulty**-p.lapse_difficulty_exponent
        * ((s + 1.0) ** p.lapse_stability_exponent - 1.0)
        * np.exp(p.lapse_surprise * surprise)
    )
    lapsed = np.minimum(lapsed, s / np.exp(p.same_day_rate * p.same_day_offset))
    factor = np.exp(p.same_day_rate * (rating - 3.0 + p.same_day_offset))
    factor = factor * s**-p.same_day_stability_exponent
    same_day = s * np.where(rating >= 2, np.maximum(factor, 1.0), factor)
    later = np.where(rating > 1, s * (1.0 + growth), lapsed)
    chosen = np.where(elapsed_days == 0, same_day, later)
    return np.clip(chosen, STABILITY_MIN_DAYS, STABILITY_MAX_DAYS)


def fsrs6_states(log: ReviewLog, parameters: Fsrs6Parameters) -> Fsrs6States:
    """Run the recurrence over every card of a log.

    Args:
        log: ``n`` reviews; whole study days are used as elapsed times.
        parameters: of the model.
    """
    n = len(log)
    rating = log.rating.astype(np.float64)
    elapsed = np.maximum(log.elapsed_days, 0).astype(np.float64)
    previous = previous_row(log.card_id)
    stability, difficulty = np.ones(n), np.ones(n)
    for position, rows in enumerate(waves(log)):
        grade = rating[rows]
        if position == 0:
            first = parameters.initial_stability_days[log.rating[rows] - 1]
            stability[rows] = np.clip(first, STABILITY_MIN_DAYS, STABILITY_MAX_DAYS)
            start = initial_difficulty(parameters, grade)
            difficulty[rows] = np.clip(start, DIFFICULTY_MIN, DIFFICULTY_MAX)
        else:
            before = previous[rows]
            s, d = stability[before], difficulty[before]
            stability[rows] = next_stability(parameters, s, d, grade, elapsed[rows])
            difficulty[rows] = next_difficulty(parameters, d, grade)
    return Fsrs6States(stability, difficulty)


def fsrs6_recall(
    log: ReviewLog, parameters: Fsrs6Parameters, rows: NDArray[np.int64], elapsed_days: Floats
) -> Floats:
    """Recall predicted for some reviews from what came before them.

    Args:
        log: ``n`` reviews.
        parameters: of the model.
        rows: ``[m]`` row numbers; none may be a card's first review.
        elapsed_days: ``[n]`` time since the card's previous review.

    Returns:
        ``[m]`` probabilities.
    """
    states = fsrs6_states(log, parameters)
    before = previous_row(log.card_id)[rows]
    return forgetting_curve(parameters, elapsed_days[rows], states.stability_days[before])
