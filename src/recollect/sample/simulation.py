"""A seeded simulation of a learner who studies the deck day after day."""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from recollect.errors import ParameterError
from recollect.reviews import MS_PER_DAY, ReviewLog, ReviewState
from recollect.sample.answers import answer_time_s, grade
from recollect.sample.deck import SampleCard, deck_ids, load_deck
from recollect.sample.draws import Draws
from recollect.sample.learner import Memory, SimulatedLearner
from recollect.sample.schedule import LadderScheduler, Progress

__all__ = [
    "SAMPLE_DAYS",
    "SAMPLE_LEARNER_ID",
    "SAMPLE_SEED",
    "SAMPLE_SOURCE",
    "SAMPLE_START",
    "Simulation",
    "StudyHabits",
    "load_sample",
    "simulate",
    "simulate_log",
]

SAMPLE_LEARNER_ID = "simulated"
SAMPLE_SOURCE = "built-in sample (simulated)"
SAMPLE_SEED = 20
SAMPLE_DAYS = 200
SAMPLE_START = date(2025, 3, 3)

_SECONDS_PER_DAY = MS_PER_DAY // 1000


@dataclass(frozen=True)
class StudyHabits:
    """When and how much the simulated learner studies. Hours are UTC.

    Attributes:
        new_cards_per_day: most new cards introduced in a day.
        reviews_per_day: most due reviews taken up in a day; the rest waits.
        answers_per_session: answers after which a session ends, finished or not.
        sibling_gap_days: days between the first reviews of two cards of a note.
        missed_day_probability: share of days without study.
        holiday_start_day: day of the simulation on which a break begins.
        holiday_days: length of the break.
        morning_probability: share of sessions in the morning.
        morning_hour: mean start of a morning session.
        evening_hour: mean start of an evening session.
        start_hour_sd: hours, standard deviation of the start.
        between_cards_s: seconds between an answer and the next prompt.
        learn_ahead_s: seconds that a step may come early when nothing else is left.
    """

    new_cards_per_day: int = 5
    reviews_per_day: int = 120
    answers_per_session: int = 400
    sibling_gap_days: int = 4
    missed_day_probability: float = 0.08
    holiday_start_day: int = 110
    holiday_days: int = 9
    morning_probability: float = 0.35
    morning_hour: float = 8.0
    evening_hour: float = 19.5
    start_hour_sd: float = 0.9
    between_cards_s: float = 1.5
    learn_ahead_s: float = 300.0

    def __post_init__(self) -> None:
        for name in ("missed_day_probability", "morning_probability"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be from 0 to 1")
        for name in (
            "new_cards_per_day",
            "reviews_per_day",
            "answers_per_session",
            "sibling_gap_days",
            "holiday_days",
        ):
            if getattr(self, name) < 0:
                raise ParameterError(f"{name} is {getattr(self, name)}; it must be 0 or more")


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated log with what no real log tells. All arrays have shape ``[n]``, as the log.

    Attributes:
        log: the reviews, labelled as simulated.
        recall_probability: the true probability of recall at each review.
        log_strength: log of the summed strength of the card's traces, before the review.
        competition: odds against recall that came from look-alikes.
        form: log units that the learner's form added.
        learner: the parameters of the memory.
        scheduler: what chose the intervals.
        habits: when and how much was studied.
        seed: the seed.
    """

    log: ReviewLog
    recall_probability: NDArray[np.float64]
    log_strength: NDArray[np.float64]
    competition: NDArray[np.float64]
    form: NDArray[np.float64]
    learner: SimulatedLearner
    scheduler: LadderScheduler
    habits: StudyHabits
    seed: int


def simulate_log(
    deck: Sequence[SampleCard], *, seed: int, days: int, start: date = SAMPLE_START
) -> ReviewLog:
    """The log alone of :func:`simulate`, with its default learner, scheduler and habits."""
    return simulate(deck, seed=seed, days=days, start=start).log


def load_sample() -> Simulation:
    """The built-in sample: the built-in deck studied for 200 simulated days.

    It is generated anew at each call (under a second) and always the same.
    """
    return simulate(load_deck(), seed=SAMPLE_SEED, days=SAMPLE_DAYS)


def simulate(
    deck: Sequence[SampleCard],
    *,
    seed: int,
    days: int,
    start: date = SAMPLE_START,
    learner: SimulatedLearner | None = None,
    scheduler: LadderScheduler | None = None,
    habits: StudyHabits | None = None,
) -> Simulation:
    """Let a simulated learner study a deck.

    The same arguments give the same log bit for bit.

    Args:
        deck: the cards; ``card_id`` must be unique.
        seed: non-negative seed of all that is random.
        days: number of days, missed ones included; 1 or more.
        start: calendar day of the first session.
        learner: the memory; default :class:`SimulatedLearner`.
        scheduler: what chooses the intervals; default :class:`LadderScheduler`.
        habits: when and how much is studied; default :class:`StudyHabits`.

    Raises:
        ParameterError: an empty deck, repeated card ids, a negative seed or fewer than one day.
    """
    if not deck or len({card.card_id for card in deck}) < len(deck):
        raise ParameterError("the deck to simulate must have cards, each with a card_id of its own")
    if seed < 0 or days < 1:
        raise ParameterError(f"seed {seed} must be 0 or more and days {days} 1 or more")
    run = _Run(
        deck=tuple(deck),
        learner=learner or SimulatedLearner(),
        scheduler=scheduler or LadderScheduler(),
        habits=habits or StudyHabits(),
        draws=Draws(seed),
    )
    for day in range(days):
        run.study(day)
    return run.result(seed, start)


@dataclass
class _Records:
    """Columns in the making, one entry per review."""

    index: list[int] = field(default_factory=list)
    answered_s: list[float] = field(default_factory=list)
    rating: list[int] = field(default_factory=list)
    state: list[int] = field(default_factory=list)
    duration_s: list[float] = field(default_factory=list)
    recall_probability: list[float] = field(default_factory=list)
    log_strength: list[float] = field(default_factory=list)
    competition: list[float] = field(default_factory=list)
    form: list[float] = field(default_factory=list)


class _Run:
    """The moving parts of one simulation. Seconds count from midnight of the first day."""

    def __init__(
        self,
        deck: tuple[SampleCard, ...],
        learner: SimulatedLearner,
        scheduler: LadderScheduler,
        habits: StudyHabits,
        draws: Draws,
    ) -> None:
        self.deck, self.learner, self.scheduler, self.habits = deck, learner, scheduler, habits
        self.draws = draws
        self.memory = Memory(deck, learner, draws)
        self.records = _Records()
        self.progress = [Progress() for _ in deck]
        self.due_day: dict[int, int] = {}
        self.steps_due: list[tuple[float, int]] = []
        order = draws.order(len(deck))
        first_of_note: dict[int, int] = {}
        for index, card in enumerate(deck):
            first_of_note.setdefault(card.note_id, index)
        firsts = set(first_of_note.values())
        self.first_queue = [index for index in order if index in firsts]
        self.later_cards: dict[int, list[int]] = {}
        for index, card in enumerate(deck):
            if index not in firsts:
                self.later_cards.setdefault(first_of_note[card.note_id], []).append(index)
        self.later_queue: list[tuple[int, int]] = []
        self.drift = draws.normal(0.0, learner.form_drift_sd)
        self.day_form = 0.0
        self.clock_s = 0.0
        self.now_s = 0.0
        self.answers = 0

    def study(self, day: int) -> None:
        """Live one day: form drifts, and unless the day is missed, a session is held."""
        learner, habits, draws = self.learner, self.habits, self.draws
        kept = math.exp(-1.0 / learner.form_drift_days)
        self.drift = kept * self.drift + draws.normal(
            0.0, learner.form_drift_sd * math.sqrt(1.0 - kept * kept)
        )
        self.day_form = self.drift + draws.normal(0.0, learner.form_day_sd)
        morning = draws.happens(habits.morning_probability)
        hour = draws.normal(
            habits.morning_hour if morning else habits.evening_hour, habits.start_hour_sd
        )
        missed = draws.happens(habits.missed_day_probability)
        break_day = day - habits.holiday_start_day
        if (missed and day > 0) or 0 <= break_day < habits.holiday_days:
            return
        self._session(day, start_s=day * _SECONDS_PER_DAY + 3600.0 * min(max(hour, 5.0), 22.5))

    def _session(self, day: int, start_s: float) -> None:
        start_s = max(start_s, self.now_s)
        self.clock_s += self.learner.away_clock_rate * (start_s - self.now_s)
        self.now_s, self.answers = start_s, 0
        queue = self._queue_of(day)
        while self.answers < self.habits.answers_per_session:
            step_due_s = self.steps_due[0][0] if self.steps_due else math.inf
            if step_due_s <= self.now_s:
                self._review(heapq.heappop(self.steps_due)[1], day)
            elif queue:
                self._review(queue.pop(), day)
            elif self.steps_due:
                self._pass_time(max(0.0, step_due_s - self.habits.learn_ahead_s - self.now_s))
                self._review(heapq.heappop(self.steps_due)[1], day)
            else:
                return
        self.due_day.update(dict.fromkeys(queue, day + 1))

    def _queue_of(self, day: int) -> list[int]:
        """Due reviews and new cards of a day, mixed; the last is taken first."""
        due = sorted(index for index, due_day in self.due_day.items() if due_day <= day)
        due.sort(key=self.due_day.__getitem__)
        due = due[: self.habits.reviews_per_day]
        for index in due:
            del self.due_day[index]
        cards = due + self._new_cards(day)
        return [cards[position] for position in self.draws.order(len(cards))]

    def _new_cards(self, day: int) -> list[int]:
        """The day's new cards: first cards of notes, and siblings whose gap has passed."""
        limit = self.habits.new_cards_per_day
        ready = [index for from_day, index in self.later_queue if from_day <= day]
        firsts = self.first_queue[: max(limit - len(ready), (limit + 1) // 2)]
        laters = ready[: limit - len(firsts)]
        self.first_queue = self.first_queue[len(firsts) :]
        taken = set(laters)
        self.later_queue = [entry for entry in self.later_queue if entry[1] not in taken]
        for first in firsts:
            for number, later in enumerate(self.later_cards.get(first, ()), 1):
                self.later_queue.append((day + number * self.habits.sibling_gap_days, later))
        return firsts + laters

    def _pass_time(self, seconds: float) -> None:
        self.now_s += seconds
        self.clock_s += seconds

    def _review(self, index: int, day: int) -> None:
        """Show a card, let the memory answer, write the trace and ask for the next interval."""
        learner, draws, memory, records = self.learner, self.draws, self.memory, self.records
        hour = (self.now_s % _SECONDS_PER_DAY) / 3600.0
        form = self.day_form + learner.form_at(hour, self.answers)
        reading = memory.read(index, self.clock_s, form)
        records.form.append(form)
        records.log_strength.append(reading.log_strength)
        records.competition.append(reading.competition)
        records.recall_probability.append(reading.recall_probability(learner.slip_probability))
        luck = draws.uniform()
        margin = learner.retrieval_noise * (reading.log_odds + math.log(luck / (1.0 - luck)))
        slipped = draws.happens(learner.slip_probability)
        recalled = margin > 0.0 and not slipped
        duration_s = answer_time_s(self.deck[index], learner, margin, recalled, draws)
        rating = grade(learner, margin, recalled, draws)
        self._pass_time(duration_s)
        memory.write(index, self.clock_s, recalled)
        before = self.progress[index]
        records.index.append(index)
        records.answered_s.append(self.now_s)
        records.rating.append(int(rating))
        records.state.append(int(before.state))
        records.duration_s.append(duration_s)
        after = self.scheduler.after(before, rating, draws.uniform())
        self.progress[index] = after
        if after.state == ReviewState.REVIEW:
            self.due_day[index] = day + after.wait_days
        else:
            heapq.heappush(self.steps_due, (self.now_s + after.wait_s, index))
        self.answers += 1
        self._pass_time(self.habits.between_cards_s)

    def result(self, seed: int, start: date) -> Simulation:
        """The finished log and its truth."""
        records = self.records
        cards = [self.deck[index] for index in records.index]
        number_of = deck_ids(self.deck)
        start_ms = (start - date(1970, 1, 1)).days * MS_PER_DAY
        log = ReviewLog.from_columns(
            [card.card_id for card in cards],
            [start_ms + round(1000.0 * seconds) for seconds in records.answered_s],
            records.rating,
            state=records.state,
            duration_ms=[round(1000.0 * seconds) for seconds in records.duration_s],
            note_id=[card.note_id for card in cards],
            deck_id=[number_of[card.deck] for card in cards],
            learner_id=SAMPLE_LEARNER_ID,
            source=SAMPLE_SOURCE,
        )
        return Simulation(
            log=log,
            recall_probability=np.asarray(records.recall_probability),
            log_strength=np.asarray(records.log_strength),
            competition=np.asarray(records.competition),
            form=np.asarray(records.form),
            learner=self.learner,
            scheduler=self.scheduler,
            habits=self.habits,
            seed=seed,
        )
