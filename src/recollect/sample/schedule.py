"""The simulated learner's scheduler: learning steps, then a ladder of intervals."""

from __future__ import annotations

from dataclasses import dataclass

from recollect.errors import ParameterError
from recollect.reviews import Rating, ReviewState

__all__ = ["LadderScheduler", "Progress"]


@dataclass(frozen=True)
class Progress:
    """Where a card stands, and how long it rests: seconds if it returns today, else days.

    Attributes:
        state: the scheduler's phase.
        step: learning or relearning step.
        rung: rung of the ladder.
        wait_s: seconds until it is due again; 0 when it waits for another day.
        wait_days: study days until it is due again; 0 when it returns today.
    """

    state: ReviewState = ReviewState.NEW
    step: int = 0
    rung: int = 0
    wait_s: float = 0.0
    wait_days: int = 0


@dataclass(frozen=True)
class LadderScheduler:
    """Fixed steps and a fixed ladder: simple, and no memory model inside.

    Attributes:
        learning_steps_s: seconds between the first showings of a new card.
        relearning_steps_s: seconds before a forgotten card is shown again.
        ladder_days: intervals of the rungs, in study days.
        rungs_down: rungs that a failure costs.
        fuzz: largest relative change of an interval of three days or more.
    """

    learning_steps_s: tuple[float, ...] = (60.0, 600.0)
    relearning_steps_s: tuple[float, ...] = (600.0,)
    ladder_days: tuple[int, ...] = (1, 3, 7, 15, 30, 60, 120)
    rungs_down: int = 2
    fuzz: float = 0.15

    def __post_init__(self) -> None:
        if not (self.learning_steps_s and self.relearning_steps_s and self.ladder_days):
            raise ParameterError("a scheduler needs a learning step, a relearning step and a rung")
        if min(self.ladder_days) < 1:
            raise ParameterError(f"ladder_days {self.ladder_days} must be 1 day or more")

    def after(self, progress: Progress, rating: Rating, uniform: float) -> Progress:
        """Where a card stands after an answer.

        Args:
            progress: where it stood.
            rating: how the answer was graded.
            uniform: a random number between 0 and 1, for the fuzz.
        """
        if progress.state == ReviewState.REVIEW:
            if rating == Rating.AGAIN:
                rung = max(progress.rung - self.rungs_down, 0)
                wait_s = self.relearning_steps_s[0]
                return Progress(ReviewState.RELEARNING, 0, rung, wait_s=wait_s)
            return self._rest(progress.rung + int(rating) - int(Rating.HARD), uniform)
        return self._after_step(progress, rating, uniform)

    def _after_step(self, progress: Progress, rating: Rating, uniform: float) -> Progress:
        relearning = progress.state == ReviewState.RELEARNING
        steps = self.relearning_steps_s if relearning else self.learning_steps_s
        state = ReviewState.RELEARNING if relearning else ReviewState.LEARNING
        step = {Rating.AGAIN: 0, Rating.HARD: progress.step}.get(rating, progress.step + 1)
        if step < len(steps) and rating != Rating.EASY:
            return Progress(state, step, progress.rung, wait_s=steps[step])
        skipped = 1 if rating == Rating.EASY and not relearning else 0
        return self._rest(progress.rung + skipped, uniform)

    def _rest(self, rung: int, uniform: float) -> Progress:
        rung = min(rung, len(self.ladder_days) - 1)
        days = self.ladder_days[rung]
        if days >= 3:
            days = max(1, round(days * (1.0 + self.fuzz * (2.0 * uniform - 1.0))))
        return Progress(ReviewState.REVIEW, 0, rung, wait_days=days)
