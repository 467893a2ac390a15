"""Small logs and a small bank of kinds, shared by the tests of the recall model."""

import equinox as eqx
import jax
import numpy as np
import pytest

from recollect.recall.defaults import load_defaults
from recollect.recall.personalise import personalise
from recollect.reviews import ReviewLog
from recollect.sample import load_sample

DAY_MS = 86_400_000


def random_log(seed, n=200, cards=14, **options):
    """Reviews in random order, some within minutes, some of unknown duration, note or deck."""
    random = np.random.default_rng(seed)
    gap = random.choice(
        [0, 20_000, 900_000, 3 * 3_600_000, 1.2 * DAY_MS], n, p=[0.1, 0.4, 0.2, 0.2, 0.1]
    )
    card = random.integers(0, cards, n)
    return ReviewLog.from_columns(
        card * 7 + 3,
        1_700_000_000_000 + np.cumsum(gap).astype(np.int64),
        random.choice([1, 2, 3, 4], n, p=[0.25, 0.15, 0.5, 0.1]),
        duration_ms=random.choice([-1, 0, 300, 4_000, 9_000, 400_000], n),
        note_id=np.where(card % 5 == 4, -1, card // 2),
        deck_id=np.where(card % 7 == 6, -1, card // 5),
        **options,
    )


@pytest.fixture(scope="session")
def make_random_log():
    return random_log


@pytest.fixture(scope="session")
def bank():
    """The shipped parameters with three kinds only."""
    everyone = load_defaults().everyone
    kinds = jax.tree.map(lambda leaf: leaf[:3], everyone.kinds)
    return eqx.tree_at(lambda tree: tree.kinds, everyone, kinds)


@pytest.fixture(scope="session")
def sample_log():
    """The first 700 reviews of the built-in sample, at most 8 of a card: one grid to compile."""
    log = load_sample().log
    return log.select(np.flatnonzero(log.review_index < 8)[:700])


@pytest.fixture(scope="session")
def seen(sample_log, bank):
    return personalise(sample_log, bank)
