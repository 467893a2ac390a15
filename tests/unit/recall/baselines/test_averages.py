"""The constant and the running average."""

import numpy as np
import pytest

from recollect.recall.baselines.average import Average
from recollect.recall.baselines.moving_average import MovingAverage
from recollect.recall.baselines.support import task_rows
from recollect.recall.task import Fold, ScoringTask


def test_average_is_the_share_recalled_among_the_train_rows(task):
    probability = Average().predict(task)["p_average"]
    start = 0
    for fold in task.folds:
        part = probability[start : start + fold.test_rows.size]
        start += fold.test_rows.size
        assert part == pytest.approx(np.full(part.size, task.log.recalled[fold.train_rows].mean()))


def test_moving_average_by_hand(make_log):
    log = make_log(seed=3)
    rows = np.flatnonzero(log.elapsed_days > 0)[:3]
    log.rating[rows] = [3, 1, 3]
    task = ScoringTask(log, (Fold(rows[:1], rows[1:3]),))
    first = 1 / (1 + np.exp(-1.2))
    logit = 1.2 + 0.3 * (1 - first)
    second = 1 / (1 + np.exp(-logit))
    third = 1 / (1 + np.exp(-(logit - 0.3 * second)))
    assert MovingAverage().predict(task)["p_moving_average"] == pytest.approx([second, third])


def test_moving_average_stays_in_range_after_a_long_run(make_log):
    log = make_log(cards=400)
    log.rating[:] = 3
    rows = np.flatnonzero(log.elapsed_days > 0)
    task = ScoringTask(log, (Fold(rows[:1], rows[1:]),))
    path = MovingAverage(step=50.0).predict(task)["p_moving_average"]
    assert np.all(path < 1)
    assert path[-1] > 0.99


def test_task_rows_are_all_train_and_test_rows_once(task):
    rows = task_rows(task)
    assert np.array_equal(rows, np.flatnonzero(task.log.elapsed_days > 0))
