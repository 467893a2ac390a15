"""Made-up learners for the baselines."""

import numpy as np
import pytest

from recollect.recall.protocol import scoring_task
from recollect.reviews import ReviewLog

MS_PER_HOUR = 3_600_000


def made_up_log(seed=0, cards=60, reviews=12, *, growth=2.2, recall_at_half_life=0.8):
    """Cards that are forgotten exponentially; the scheduler multiplies intervals by chance.

    A tenth of the reviews come minutes after the one before them, on the same day.
    """
    random = np.random.default_rng(seed)
    ids, times, ratings = [], [], []
    for card in range(cards):
        now, half_life, last = random.integers(0, 30) * 24 + 9.0, 2.0, None
        for _ in range(random.integers(1, reviews + 1)):
            if last is None:
                recalled = random.random() < 0.6
            else:
                soon = random.random() < 0.1
                now += 0.2 if soon else round(half_life * random.uniform(0.5, 2.5)) * 24 + 24
                recalled = random.random() < recall_at_half_life ** ((now - last) / 24 / half_life)
            last = now
            half_life = min(half_life * growth, 400.0) if recalled else max(half_life / 3, 1.0)
            ids.append(card)
            times.append(round((now + random.uniform(0, 2)) * MS_PER_HOUR))
            ratings.append(int(random.choice([2, 3, 3, 3, 4])) if recalled else 1)
    return ReviewLog.from_columns(ids, times, ratings)


@pytest.fixture(scope="session")
def log():
    return made_up_log(cards=32)  # FSRS-7 compiles once for up to 32 cards


@pytest.fixture(scope="session")
def task(log):
    return scoring_task(log)


@pytest.fixture(scope="session")
def make_log():
    return made_up_log


def log_loss(recalled, probability):
    return float(-np.mean(np.log(np.where(recalled, probability, 1.0 - probability))))


@pytest.fixture(scope="session")
def loss_of():
    """Log loss of a column of predictions on a task."""
    return lambda task, probability: log_loss(task.log.recalled[task.scored_rows], probability)
