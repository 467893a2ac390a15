"""How the simulated learner answers: after how long, and with which grade."""

from __future__ import annotations

import math

from recollect.reviews import Rating
from recollect.sample.deck import SampleCard
from recollect.sample.draws import Draws
from recollect.sample.learner import SimulatedLearner

__all__ = ["answer_time_s", "grade"]


def answer_time_s(
    card: SampleCard, learner: SimulatedLearner, margin: float, recalled: bool, draws: Draws
) -> float:
    """Seconds from prompt to button, lognormal around ``base + F exp(-f margin)``.

    Args:
        card: the card shown.
        learner: the learner's parameters.
        margin: log units by which retrieval cleared its threshold.
        recalled: whether it was recalled; a failure takes the time to give up.
        draws: where the noise comes from.
    """
    if recalled:
        search_s = learner.latency_scale_s * math.exp(-learner.latency_slope * margin)
    else:
        search_s = learner.latency_scale_s * learner.failure_slowdown
    base_s = learner.latency_base_s + (learner.formula_extra_s if card.kind == "formula" else 0.0)
    noise = math.exp(draws.normal(0.0, learner.latency_sd))
    return min((base_s + search_s) * noise, learner.answer_cap_s)


def grade(learner: SimulatedLearner, margin: float, recalled: bool, draws: Draws) -> Rating:
    """The grade that the learner gives, from how clearly retrieval cleared its threshold.

    Args:
        learner: the learner's parameters.
        margin: log units by which retrieval cleared its threshold.
        recalled: whether it was recalled; a failure is graded Again.
        draws: where the noise comes from.
    """
    felt = margin + draws.normal(0.0, learner.grading_sd)
    if not recalled:
        return Rating.AGAIN
    if felt < learner.hard_below:
        return Rating.HARD
    return Rating.EASY if felt > learner.easy_above else Rating.GOOD
