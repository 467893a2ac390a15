"""FSRS-6: parameters, properties of its equations, and the fit."""

import re
import sys

import numpy as np
import pytest

from recollect.errors import MissingExtraError, ParameterError
from recollect.recall.baselines.fsrs6 import Fsrs6, Fsrs6Default, fit_fsrs6, training_items
from recollect.recall.baselines.fsrs6_equations import (
    Fsrs6Parameters,
    forgetting_curve,
    fsrs6_recall,
    fsrs6_states,
)

SHOWN = r"rating: (\d+), delta_t: (\d+)"


def test_parameters_go_to_a_list_and_back():
    values = [round(0.1 * i, 1) for i in range(21)]
    parameters = Fsrs6Parameters.from_list(values)
    assert parameters.to_list() == values
    assert parameters.curve_decay == 2.0
    assert parameters.hard_factor == 1.5


@pytest.mark.parametrize("values", [[], [1.0] * 19, [1.0] * 20 + [float("nan")]])
def test_bad_lists_are_refused(values):
    with pytest.raises(ParameterError):
        Fsrs6Parameters.from_list(values)


def test_recall_is_nine_tenths_when_stability_days_have_passed():
    stability = np.array([0.01, 1.0, 250.0])
    curve = forgetting_curve(Fsrs6Parameters(), stability, stability)
    assert curve == pytest.approx([0.9, 0.9, 0.9])


def test_states_stay_in_range(log):
    states = fsrs6_states(log, Fsrs6Parameters())
    assert np.all((states.stability_days >= 0.001) & (states.stability_days <= 36500))
    assert np.all((states.difficulty >= 1) & (states.difficulty <= 10))


def test_a_fit_beats_the_defaults_on_who_it_was_fitted_to(make_log):
    pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    log = make_log(cards=200)
    rows = np.flatnonzero(log.elapsed_days > 0)
    fitted = fit_fsrs6(log, rows)
    elapsed = np.maximum(log.elapsed_days, 0).astype(float)

    def loss(parameters):
        p = fsrs6_recall(log, parameters, rows, elapsed)
        return -np.mean(np.log(np.where(log.recalled[rows], p, 1 - p)))

    assert loss(fitted) < loss(Fsrs6Parameters()) - 0.01


def test_few_reviews_leave_the_defaults(log):
    pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    rows = np.flatnonzero(log.elapsed_days > 0)
    assert fit_fsrs6(log, rows[:0]) == Fsrs6Parameters()
    assert fit_fsrs6(log, rows[:7]) == Fsrs6Parameters()
    # No card's first review on a later day among them: initial stabilities cannot be fitted.
    late = rows[log.review_index[rows] > 6]
    assert late.size > 8
    assert fit_fsrs6(log, late) == Fsrs6Parameters()


def test_training_items_are_histories_up_to_a_review_on_a_later_day(log):
    pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    items = training_items(log)
    assert list(items) == np.flatnonzero(log.elapsed_days > 0).tolist()
    for row, item in list(items.items())[::17]:
        of_card = np.flatnonzero(log.card_id[: row + 1] == log.card_id[row])
        gaps = np.maximum(log.elapsed_days[of_card], 0)
        found = [(int(rating), int(gap)) for rating, gap in re.findall(SHOWN, repr(item))]
        assert found == list(zip(log.rating[of_card].tolist(), gaps.tolist(), strict=True))


def test_a_long_history_is_not_trained_on(make_log):
    pytest.importorskip("fsrs_rs_python", reason="fsrs-rs-python is not installed")
    log = make_log(seed=2, cards=20, reviews=100)
    rows = np.array(list(training_items(log)))
    assert log.review_index.max() > 64
    assert log.review_index[rows].max() == 64


def test_without_the_extra_the_fit_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsrs_rs_python", None)
    with pytest.raises(MissingExtraError, match=r"recollect\[fsrs\]"):
        Fsrs6()
    Fsrs6Default()
