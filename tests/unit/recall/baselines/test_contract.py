"""What every baseline must keep to, whatever the log."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from recollect.recall.baselines import BASELINES
from recollect.recall.protocol import scoring_task
from recollect.recall.task import Fold, ScoringTask
from recollect.reviews import ReviewLog

COLUMNS = {
    "average": "p_average",
    "moving-average": "p_moving_average",
    "fsrs-6": "p_fsrs_6",
    "fsrs-6-default": "p_fsrs_6_default",
    "fsrs-7": "p_fsrs_7",
    "fsrs-7-recency": "p_fsrs_7_recency",
    "fsrs-7-default": "p_fsrs_7_default",
    "half-life": "p_half_life",
    "act-r": "p_act_r",
}
NO_ROWS = np.zeros(0, dtype=np.int64)


@pytest.fixture(params=BASELINES)
def model(request):
    if request.param == "fsrs-6":
        pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    return BASELINES[request.param]()


def predicted(model, task):
    """The only column, after checks that hold for all tasks."""
    columns = model.predict(task)
    assert tuple(columns) == model.columns
    (probability,) = columns.values()
    assert probability.shape == task.scored_rows.shape
    assert probability.dtype == np.float64
    assert np.all((probability > 0) & (probability < 1))
    return probability


def test_names_and_columns():
    assert set(BASELINES) == set(COLUMNS)
    for name, make in BASELINES.items():
        model = make()
        assert (model.name, model.columns) == (name, (COLUMNS[name],))


def test_listing_the_names_loads_no_model():
    code = (
        "import sys, recollect.recall.baselines as b; list(b.BASELINES);"
        "sys.exit(any(m in sys.modules for m in ('jax', 'fsrs_rs_python', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        BASELINES["no-such-model"]


def test_day_mode(model, task, loss_of):
    assert loss_of(task, predicted(model, task)) < 0.9


def test_same_day_mode(model, log):
    predicted(model, scoring_task(log, same_day=True))


def test_predictions_are_repeatable(model, task):
    assert np.array_equal(predicted(model, task), predicted(model, task))


def test_the_log_is_left_alone(model, task):
    before = {name: np.array(value) for name, value in vars(task.log).items()}
    predicted(model, task)
    for name, value in before.items():
        assert np.array_equal(value, getattr(task.log, name)), name


def test_nothing_is_known_of_the_future(model, task):
    """Other outcomes from a review on change no prediction up to that review."""
    cut = int(task.scored_rows[task.scored_rows.size * 7 // 10])
    rating = task.log.rating.copy()
    rating[cut:] = np.where(rating[cut:] == 1, 4, 1)
    other = replace(task, log=replace(task.log, rating=rating))
    known = task.scored_rows <= cut
    assert np.array_equal(predicted(model, task)[known], predicted(model, other)[known])


def test_the_past_matters(model, task):
    """Other outcomes early in the log do change predictions (but for constant parameters)."""
    rating = task.log.rating.copy()
    rating[: task.scored_rows[0]] = 1
    other = replace(task, log=replace(task.log, rating=rating))
    assert not np.array_equal(predicted(model, task), predicted(model, other))


@pytest.mark.parametrize("grade", [1, 2, 3, 4])
def test_one_outcome_only(model, log, grade):
    same = replace(log, rating=np.full(len(log), grade, dtype=np.int8))
    probability = predicted(model, scoring_task(same))
    if not model.name.endswith("default"):
        assert (probability[-1] > 0.5) == (grade > 1)


def test_folds_without_train_rows(model, log):
    rows = np.flatnonzero(log.elapsed_days > 0)
    predicted(model, ScoringTask(log, (Fold(NO_ROWS, rows[:5]), Fold(rows[:1], rows[5:9]))))


def test_the_fewest_reviews_that_can_be_split(model, log):
    few = log.select(log.card_id < 3)
    rows = np.flatnonzero(few.elapsed_days > 0)[:6]
    predicted(model, ScoringTask(few, tuple(Fold(rows[:i], rows[i : i + 1]) for i in range(1, 6))))


def test_nothing_to_score(model):
    one = ReviewLog.from_columns([7], [0], [3])
    assert predicted(model, ScoringTask(one, ())).size == 0
    assert predicted(model, ScoringTask(one, (Fold(NO_ROWS, NO_ROWS),))).size == 0
    none = ReviewLog.from_columns([], [], [])
    assert predicted(model, ScoringTask(none, ())).size == 0


def test_extreme_gaps(model):
    """Decades, and reviews at the same moment."""
    days = np.array([0, 0, 1, 1, 40, 9000, 9001, 20000, 20000, 20001, 36000, 36400], dtype=float)
    times = np.repeat(days * 86_400_000, 4).astype(np.int64)
    card = np.tile([1, 2, 3, 4], days.size)
    rating = np.random.default_rng(0).integers(1, 5, card.size)
    log = ReviewLog.from_columns(card, times, rating)
    predicted(model, scoring_task(log))
    rows = np.flatnonzero(log.review_index > 0)
    predicted(model, ScoringTask(log, (Fold(rows[:20], rows[20:]),), same_day=True))


def test_a_log_that_does_not_know_the_time_of_day(model, log):
    predicted(model, scoring_task(replace(log, time_of_day_known=False)))


def test_ids_and_order_of_cards_do_not_matter(model, task):
    card = 1_000_000_007 - 3 * task.log.card_id
    other = replace(task, log=replace(task.log, card_id=card))
    assert np.allclose(predicted(model, task), predicted(model, other), atol=0.02)
