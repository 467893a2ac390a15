"""The simulated learner's memory: many traces a card, each with a decay of its own.

The memory follows ACT-R with activation-dependent decay (Pavlik & Anderson, Cognitive Science
29, 2005) and adds competition between look-alikes, transfer between siblings and the learner's
form. It is on purpose another model than any that Recollect fits, so that the sample is no test
that a model could pass by being the one that made it. ``docs/sample.md`` has the equations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from recollect.errors import ParameterError
from recollect.sample.deck import SampleCard, cue_similarity
from recollect.sample.draws import Draws

__all__ = ["Memory", "Reading", "SimulatedLearner"]

_YOUNGEST_TRACE_S = 1.0


@dataclass(frozen=True)
class SimulatedLearner:
    """What the simulated learner is like. "Log units" are natural logarithms of strength.

    Attributes:
        decay_floor: decay exponent of a trace laid on an empty memory (*a*; the published value).
        decay_slope: extra decay exponent per unit of strength at encoding (*c*; published value).
        decay_ceiling: largest decay exponent.
        away_clock_rate: seconds of forgetting per second away from study (*h*; published value).
        retrieval_threshold: log strength at which recall is even (*tau*).
        retrieval_noise: log units, scale of the logistic noise of retrieval (*s*).
        recalled_trace_weight: strength of the trace after a recall, at an age of 1 s.
        feedback_trace_weight: strength of the trace after a failure and seeing the answer.
        sibling_trace_weight: share of it that the other card of the same note receives.
        prior_mean: log strength of what is known before the first review, mean over notes.
        prior_sd: its standard deviation over notes, log units.
        capital_prior: log units that capitals are better known before the first review.
        note_difficulty_sd: log units, over notes.
        card_difficulty_sd: log units, over cards, on top of the note's.
        reverse_difficulty: log units that producing a foreign word is harder than reading it.
        formula_difficulty: log units that a formula is harder than a word.
        competition_weight: odds against recall from an equally strong identical-looking rival.
        competition_noise: log units, how softly a stronger rival wins.
        form_drift_sd: log units, standard deviation of the slow drift of the learner's form.
        form_drift_days: days after which the drift's correlation has fallen to 1/e.
        form_day_sd: log units, standard deviation of the form of a single day.
        circadian_amplitude: log units between the best hour and the daily mean.
        best_hour: local hour, 0-24, of the best form.
        fatigue_per_100_answers: log units lost per 100 answers of a session.
        slip_probability: share of answers that fail whatever the memory.
        latency_base_s: seconds to read and to press a button, word or capital.
        formula_extra_s: seconds more for a formula.
        latency_scale_s: seconds of retrieval at the threshold (*F*).
        latency_slope: how fast retrieval speeds up, per log unit above the threshold (*f*).
        latency_sd: log units, standard deviation of the lognormal noise.
        failure_slowdown: factor on the time to retrieve at threshold before giving up.
        answer_cap_s: seconds after which the clock of an answer stops.
        hard_below: log units above threshold under which a recall is graded Hard.
        easy_above: log units above threshold over which it is graded Easy.
        grading_sd: log units, standard deviation of the noise of grading.
    """

    decay_floor: float = 0.177
    decay_slope: float = 0.217
    decay_ceiling: float = 0.8
    away_clock_rate: float = 0.025
    retrieval_threshold: float = -2.1
    retrieval_noise: float = 0.4
    recalled_trace_weight: float = 1.0
    feedback_trace_weight: float = 0.7
    sibling_trace_weight: float = 0.25
    prior_mean: float = -3.9
    prior_sd: float = 1.4
    capital_prior: float = 0.6
    note_difficulty_sd: float = 0.45
    card_difficulty_sd: float = 0.15
    reverse_difficulty: float = 0.15
    formula_difficulty: float = 0.2
    competition_weight: float = 0.12
    competition_noise: float = 0.6
    form_drift_sd: float = 0.2
    form_drift_days: float = 21.0
    form_day_sd: float = 0.15
    circadian_amplitude: float = 0.08
    best_hour: float = 11.0
    fatigue_per_100_answers: float = 0.06
    slip_probability: float = 0.01
    latency_base_s: float = 1.2
    formula_extra_s: float = 3.0
    latency_scale_s: float = 6.0
    latency_slope: float = 0.9
    latency_sd: float = 0.35
    failure_slowdown: float = 1.6
    answer_cap_s: float = 60.0
    hard_below: float = 0.3
    easy_above: float = 2.0
    grading_sd: float = 0.25

    def __post_init__(self) -> None:
        positive = ("retrieval_noise", "competition_noise", "form_drift_days", "away_clock_rate")
        for name in positive:
            if not getattr(self, name) > 0.0:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be above 0")
        if not 0.0 <= self.slip_probability < 1.0:
            raise ParameterError(
                f"slip_probability is {self.slip_probability}; it must be at least 0 and below 1"
            )

    def form_at(self, hour: float, answers_so_far: int) -> float:
        """Log units that the hour of day and the session's length add to every strength.

        Args:
            hour: local hour, 0-24.
            answers_so_far: answers already given in the session.
        """
        phase = 2.0 * math.pi * (hour - self.best_hour) / 24.0
        tired = self.fatigue_per_100_answers * answers_so_far / 100.0
        return self.circadian_amplitude * math.cos(phase) - tired


@dataclass(frozen=True)
class Reading:
    """What the memory says about one card at one moment.

    Attributes:
        log_strength: log of the summed strength of its traces.
        competition: odds against recall that studied look-alikes add; 0 without any.
        log_odds: log odds that it is retrieved, slips aside.
    """

    log_strength: float
    competition: float
    log_odds: float

    def recall_probability(self, slip_probability: float) -> float:
        """Probability of a correct answer when a share of the retrieved ones slips."""
        return (1.0 - slip_probability) / (1.0 + math.exp(-self.log_odds))


class Memory:
    """The traces of all cards and how they are read and written.

    Moments are seconds on the learner's own clock, which runs at ``away_clock_rate`` between
    sessions; they must not decrease. Cards are named by their position in the deck.

    Args:
        deck: the cards.
        learner: the learner's parameters.
        draws: where difficulties and prior knowledge are drawn from.
    """

    def __init__(self, deck: Sequence[SampleCard], learner: SimulatedLearner, draws: Draws) -> None:
        self.learner = learner
        position = {card.card_id: index for index, card in enumerate(deck)}
        self._rivals = [
            [
                (position[other], cue_similarity(card.prompt, deck[position[other]].prompt))
                for other in card.confusable_with
                if other in position
            ]
            for card in deck
        ]
        of_note: dict[int, list[int]] = {}
        for index, card in enumerate(deck):
            of_note.setdefault(card.note_id, []).append(index)
        self._siblings = [
            [other for other in of_note[card.note_id] if other != index]
            for index, card in enumerate(deck)
        ]
        notes = {
            note: (draws.normal(0.0, learner.note_difficulty_sd), draws.normal())
            for note in of_note
        }
        self._difficulty = [
            notes[card.note_id][0]
            + _offset(card, learner)
            + draws.normal(0.0, learner.card_difficulty_sd)
            for card in deck
        ]
        self._prior = [
            math.exp(
                learner.prior_mean
                + learner.prior_sd * notes[card.note_id][1]
                + (learner.capital_prior if card.kind == "capital" else 0.0)
            )
            for card in deck
        ]
        self._traces: list[list[tuple[float, float, float]]] = [[] for _ in deck]

    def log_strength(self, index: int, moment_s: float) -> float:
        """Log of the summed strength of a card's traces and of what was known before."""
        strength = self._prior[index]
        for laid_s, decay, weight in self._traces[index]:
            strength += weight * max(moment_s - laid_s, _YOUNGEST_TRACE_S) ** -decay
        return math.log(strength)

    def read(self, index: int, moment_s: float, form: float) -> Reading:
        """What the memory says about a card, without changing it.

        Args:
            index: position of the card.
            moment_s: when, on the learner's clock.
            form: log units that the learner's form adds.
        """
        learner = self.learner
        log_strength = self.log_strength(index, moment_s)
        activation = log_strength - self._difficulty[index] + form
        silence = math.exp((learner.retrieval_threshold - activation) / learner.retrieval_noise)
        competition = math.fsum(
            learner.competition_weight
            * similarity
            * math.exp(
                (self.log_strength(rival, moment_s) - log_strength) / learner.competition_noise
            )
            for rival, similarity in self._rivals[index]
            if self._traces[rival]
        )
        return Reading(log_strength, competition, -math.log(silence + competition))

    def write(self, index: int, moment_s: float, recalled: bool) -> None:
        """Lay a trace on the card, and a fainter one on its siblings."""
        learner = self.learner
        weight = learner.recalled_trace_weight if recalled else learner.feedback_trace_weight
        self._lay(index, moment_s, weight)
        for sibling in self._siblings[index]:
            self._lay(sibling, moment_s, weight * learner.sibling_trace_weight)

    def _lay(self, index: int, moment_s: float, weight: float) -> None:
        learner = self.learner
        strength = math.exp(self.log_strength(index, moment_s))
        decay = min(learner.decay_floor + learner.decay_slope * strength, learner.decay_ceiling)
        if weight > 0.0:
            self._traces[index].append((moment_s, decay, weight))


def _offset(card: SampleCard, learner: SimulatedLearner) -> float:
    """Difficulty that comes with the kind of card."""
    if card.kind == "formula":
        return learner.formula_difficulty
    return learner.reverse_difficulty if card.direction == "reverse" else 0.0
