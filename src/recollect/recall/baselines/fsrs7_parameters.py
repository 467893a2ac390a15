"""The 34 parameters of FSRS-7 by name, with defaults, bounds and the spread of the prior.

Values are those of the reference implementations (open-spaced-repetition: srs-benchmark
``FSRS-7`` and ``fsrs-rs``, model version 7).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import ParameterError

__all__ = ["DEFAULTS", "LOWER", "PRIOR_SPREAD", "UPPER", "Fsrs7Parameters", "TraceParameters"]

_FREE = 9999.0  # a spread so wide that the prior does not hold the parameter


@dataclass(frozen=True)
class TraceParameters:
    """How a review changes one of the two stabilities. Scalars (floats, or traced arrays).

    Attributes:
        log_gain, stability_exponent, surprise: growth after a recall,
            e^(log_gain - 1.5) (11 - D) S^-exponent (e^(surprise (1 - r)) - 1).
        lapse_scale, lapse_exponent, lapse_surprise: stability after a failure,
            scale ((S + 1)^exponent - 1) e^(surprise (1 - r)).
        hard_factor, easy_factor: multiply the growth after Hard and Easy.
    """

    log_gain: Any
    stability_exponent: Any
    surprise: Any
    lapse_scale: Any
    lapse_exponent: Any
    lapse_surprise: Any
    hard_factor: Any
    easy_factor: Any


@dataclass(frozen=True)
class Fsrs7Parameters:
    """All parameters. Scalars: floats, or traced arrays while fitting.

    Attributes:
        initial_stability_again, _hard, _good, _easy: days, after a first review of that grade.
        initial_difficulty_base, initial_difficulty_rate: D0(G) = base - e^(rate (G - 1)) + 1.
        difficulty_step: change of difficulty per grade away from Good.
        slow, fast: how a review changes the slow and the fast stability.
        fast_decay, fast_decay_exponent: the fast curve's exponent is
            fast_decay Sf^(fast_decay_exponent - 0.3).
        slow_decay: exponent of the slow curve.
        fast_base, slow_base: recall of each curve when the elapsed time equals its stability.
        fast_weight, fast_weight_exponent: the fast curve weighs fast_weight Sf^-exponent.
        slow_weight, slow_weight_exponent, slow_weight_difficulty: the slow curve weighs
            slow_weight S^exponent e^((D - 5)(slow_weight_difficulty - 0.5)).
        time_scale_difficulty: time runs e^((D - 5)(time_scale_difficulty - 0.3)) times
            faster on the slow curve.
    """

    initial_stability_again: Any
    initial_stability_hard: Any
    initial_stability_good: Any
    initial_stability_easy: Any
    initial_difficulty_base: Any
    initial_difficulty_rate: Any
    difficulty_step: Any
    slow: TraceParameters
    fast: TraceParameters
    fast_decay: Any
    slow_decay: Any
    fast_base: Any
    slow_base: Any
    fast_weight: Any
    slow_weight: Any
    fast_weight_exponent: Any
    slow_weight_exponent: Any
    slow_weight_difficulty: Any
    time_scale_difficulty: Any
    fast_decay_exponent: Any

    @classmethod
    def from_list(cls, values: Iterable[Any]) -> Fsrs7Parameters:
        """From the 34 numbers in the order that FSRS tools exchange.

        Raises:
            ParameterError: another number of values.
        """
        numbers = list(values)
        if len(numbers) != len(_TABLE):
            raise ParameterError(f"FSRS-7 has 34 parameters, the list holds {len(numbers)}")
        slow, fast = TraceParameters(*numbers[7:15]), TraceParameters(*numbers[15:23])
        return cls(*[*numbers[:7], slow, fast, *numbers[23:]])

    def to_list(self) -> list[float]:
        """The 34 numbers in the order that FSRS tools exchange."""
        numbers: list[float] = []
        for value in self.__dict__.values():
            inner = value.__dict__.values() if isinstance(value, TraceParameters) else (value,)
            numbers.extend(float(number) for number in inner)
        return numbers

    @property
    def initial_stability_days(self) -> tuple[Any, Any, Any, Any]:
        """Slow stability after a first review graded Again, Hard, Good, Easy."""
        return (
            self.initial_stability_again,
            self.initial_stability_hard,
            self.initial_stability_good,
            self.initial_stability_easy,
        )


# In the order of the list: name, default, lower and upper bound, standard deviation of the prior.
_TABLE: tuple[tuple[str, float, float, float, float], ...] = (
    ("initial_stability_again", 0.1104, 0.0001, 50.0, _FREE),
    ("initial_stability_hard", 2.2395, 0.0001, 100.0, _FREE),
    ("initial_stability_good", 3.9221, 0.0001, 100.0, _FREE),
    ("initial_stability_easy", 11.7841, 0.0001, 100.0, _FREE),
    ("initial_difficulty_base", 6.1686, 1.0, 10.0, 0.523),
    ("initial_difficulty_rate", 0.6457, 0.001, 4.0, 0.2528),
    ("difficulty_step", 3.6807, 0.1, 4.0, 0.4329),
    ("slow.log_gain", 1.9795, 0.0, 4.0, 0.2966),
    ("slow.stability_exponent", 0.0, 0.0, 1.2, 0.2139),
    ("slow.surprise", 1.3826, 0.3, 3.0, 0.2889),
    ("slow.lapse_scale", 0.7024, 0.01, 1.5, 0.1862),
    ("slow.lapse_exponent", 0.5999, 0.1, 1.0, 0.175),
    ("slow.lapse_surprise", 0.8146, 0.0, 3.5, 0.3812),
    ("slow.hard_factor", 0.6398, 0.0, 1.0, 0.3013),
    ("slow.easy_factor", 1.0, 1.0, 7.0, 0.9104),
    ("fast.log_gain", 1.3207, 0.0, 4.0, 0.3234),
    ("fast.stability_exponent", 0.6707, 0.0, 2.0, 0.2448),
    ("fast.surprise", 3.8668, 0.5, 6.0, 0.3273),
    ("fast.lapse_scale", 0.4416, 0.001, 1.5, 0.1842),
    ("fast.lapse_exponent", 0.0934, 0.001, 1.0, 0.1735),
    ("fast.lapse_surprise", 1.8631, 0.0, 5.0, 0.4608),
    ("fast.hard_factor", 0.6162, 0.0, 1.0, 0.311),
    ("fast.easy_factor", 1.0869, 1.0, 7.0, 0.864),
    ("fast_decay", 0.1567, 0.01, 0.25, 0.0418),
    ("slow_decay", 0.0801, 0.01, 0.95, 0.2596),
    ("fast_base", 0.2421, 0.2, 0.85, 0.0798),
    ("slow_base", 0.9464, 0.5, 0.99, 0.0682),
    ("fast_weight", 0.1433, 0.01, 1.0, 0.1282),
    ("slow_weight", 0.7145, 0.1, 1.0, 0.1397),
    ("fast_weight_exponent", 0.0, 0.0, 0.9, 0.1407),
    ("slow_weight_exponent", 0.5667, 0.1, 1.1, 0.1489),
    ("slow_weight_difficulty", 0.3734, 0.0, 1.0, 0.2),
    ("time_scale_difficulty", 0.5333, 0.0, 0.6, 0.15),
    ("fast_decay_exponent", 0.3048, 0.0, 0.6, 0.15),
)


def _column(number: int) -> NDArray[np.float32]:
    values = np.array([row[number] for row in _TABLE], dtype=np.float32)
    values.setflags(write=False)
    return values


LOWER, UPPER, PRIOR_SPREAD = _column(2), _column(3), _column(4)
"""``[34]`` bounds, and standard deviations of the prior around the defaults."""

DEFAULTS = Fsrs7Parameters.from_list(row[1] for row in _TABLE)
"""What every new user starts with."""
