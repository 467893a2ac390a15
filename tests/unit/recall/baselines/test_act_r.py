"""ACT-R: the spacing effect it was made for, and the fit."""

import numpy as np
import pytest

from recollect.recall.baselines.act_r import ActRParameters, fit_act_r
from recollect.recall.baselines.act_r_activation import Cards, activation
from recollect.recall.protocol import scoring_task
from recollect.reviews import ReviewLog

DAY = 86_400_000
PAPER = ActRParameters()


def level_of_last(days):
    log = ReviewLog.from_columns(np.ones(len(days), int), np.array(days) * DAY, [3] * len(days))
    return activation(Cards.of(log), PAPER.decay, PAPER.spacing).level[-1]


def test_practice_raises_and_time_lowers_activation():
    assert level_of_last([0, 1, 2, 10]) > level_of_last([1, 2, 10]) > level_of_last([2, 10])
    assert level_of_last([0, 5]) > level_of_last([0, 50])


def test_spaced_practice_lasts_longer_than_massed_practice():
    assert level_of_last([0, 15, 30, 400]) > level_of_last([28, 29, 30, 400])


def test_the_first_review_has_no_activation(log):
    found = activation(Cards.of(log), PAPER.decay, PAPER.spacing)
    assert not np.any(found.level[log.review_index == 0])


def test_a_fit_beats_the_paper_on_who_it_was_fitted_to(make_log):
    task = scoring_task(make_log(cards=150))
    log, rows = task.log, np.flatnonzero(task.log.elapsed_days > 0)

    def loss(parameters):
        found = activation(Cards.of(log), parameters.decay, parameters.spacing)
        logit = (found.level[rows] - parameters.threshold) / parameters.noise
        return np.mean(np.logaddexp(0, np.where(log.recalled[rows], -logit, logit)))

    assert loss(fit_act_r(task, rows)) < loss(PAPER) - 0.01


def test_very_long_logs_are_sampled_by_card(make_log, monkeypatch):
    task = scoring_task(make_log(cards=120))
    rows = np.flatnonzero(task.log.elapsed_days > 0)
    whole = fit_act_r(task, rows)
    monkeypatch.setattr("recollect.recall.baselines.act_r._MAX_TRAIN_ROWS", rows.size // 2)
    half = fit_act_r(task, rows)
    assert half != whole
    assert half.to_array() == pytest.approx(whole.to_array(), abs=1.0)


def test_nothing_to_learn_from_leaves_the_paper(task):
    assert fit_act_r(task, np.zeros(0, dtype=np.int64)) == PAPER
