"""Fitting a learner and a population, and keeping what was found."""

import json
from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
import pytest

from recollect.errors import NotEnoughDataError, ParameterError
from recollect.recall.defaults import Defaults, ParameterSet, load_defaults
from recollect.recall.fitting import LearnerFit, fit_defaults, fit_learner, own_traces
from recollect.recall.model.fit_traces import vector_of
from recollect.reviews import ReviewLog, log_fingerprint
from recollect.sample import load_deck, simulate_log


def same(one, other, tolerance=1e-5):
    leaves = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return all(np.allclose(a, b, atol=tolerance) for a, b in leaves)


def flipped(log):
    rating = log.rating.copy()
    rating[::3] = np.where(rating[::3] > 1, 1, 3)
    return replace(log, rating=rating)


@pytest.fixture(scope="module")
def fit(sample_log, bank):
    return fit_learner(sample_log, bank, steps=8)


def test_a_learners_fit_predicts_their_log_better(fit, sample_log, bank):
    assert fit.loss_after < fit.loss_before
    later = (sample_log.review_index > 0) & (sample_log.elapsed_days > 0)
    assert fit.reviews == later.sum()
    assert fit.fingerprint == log_fingerprint(sample_log)
    assert same(fit.parameters.kinds, bank.kinds)


def test_the_loss_that_is_told_is_that_of_a_review(fit, sample_log, bank):
    told = []
    again = fit_learner(sample_log, bank, steps=8, on_step=lambda *step: told.append(step))
    assert [step for step, _, _ in told] == list(range(1, len(told) + 1))
    loss = told[-1][2]
    # The prior's pull is in it, a little.
    assert again.loss_after <= loss < again.loss_before


def test_standard_errors_are_positive_and_no_wider_than_the_prior(fit, bank):
    error, prior = vector_of(fit.standard_error), vector_of(bank.deviation)
    assert np.all(error[prior > 0] > 0)
    assert np.all(error <= prior * (1 + 1e-5))
    assert np.any(error < 0.9 * prior)


def test_every_number_has_a_name_a_unit_and_a_meaning(fit):
    named = fit.named()
    assert len(named) == vector_of(fit.standard_error).size
    assert all(value.unit and value.meaning for value in named.values())
    assert named["readout_slope"].value == float(fit.parameters.own.readout_slope)
    assert "first_gain.again" in named


def test_own_traces_use_earlier_reviews_only(sample_log, bank):
    rating = sample_log.rating.copy()
    rating[400:] = 1
    other = replace(sample_log, rating=rating)
    one, two = (own_traces(log, bank, before_row=400, steps=4) for log in (sample_log, other))
    assert same(one, two, 0)
    assert not same(one, bank.centre)
    assert own_traces(sample_log, bank, before_row=0) is bank.centre


def test_a_log_without_later_days_cannot_be_fitted(bank):
    log = ReviewLog.from_columns([1, 1, 2], [0, 60_000, 90_000], [3, 3, 1])
    with pytest.raises(NotEnoughDataError, match="later day"):
        fit_learner(log, bank)


def test_a_fit_comes_back_from_its_file(fit, bank, tmp_path):
    fit.save(tmp_path / "fit.json")
    back = LearnerFit.load(tmp_path / "fit.json", bank)
    assert same(back.parameters, fit.parameters)
    assert same(back.standard_error, fit.standard_error)
    assert (back.loss_after, back.reviews, back.fingerprint) == (
        fit.loss_after,
        fit.reviews,
        fit.fingerprint,
    )


def damage(document, change):
    for key, value in change.items():
        *path, last = key.split(".")
        inner = document
        for part in path:
            inner = inner[part]
        if value is None:
            del inner[last]
        else:
            inner[last] = value
    return document


FIT_DAMAGE = (
    {"own": None},
    {"own": []},
    {"own.gain": None},
    {"own.readout_bias": float("nan")},
    {"own.readout_bias": "much"},
    {"own.readout_bias": [1.0, 2.0, 3.0, 4.0]},
    {"own.first_gain": 1.0},
    {"own.scale_weight": [0.0]},
    {"own.readout_slope": 1e30},
    {"version": 99},
    {"format": "other"},
    {"reviews": "many"},
)


@pytest.mark.parametrize("change", FIT_DAMAGE, ids=str)
def test_a_damaged_fit_is_refused_in_one_line(fit, bank, tmp_path, change):
    path = tmp_path / "fit.json"
    fit.save(path)
    path.write_text(json.dumps(damage(json.loads(path.read_text()), change)))
    with pytest.raises(ParameterError) as caught:
        LearnerFit.load(path, bank)
    assert "\n" not in str(caught.value)
    assert "fit.json" in str(caught.value)


@pytest.fixture(scope="module")
def defaults(bank, sample_log):
    other = eqx.tree_at(lambda tree: tree.centre.readout_bias, bank, bank.centre.readout_bias + 1)
    held = ParameterSet(other, frozenset([log_fingerprint(sample_log)]))
    return Defaults(bank, (held,), {"learners": 3})


def test_defaults_come_back_from_their_file(defaults, sample_log, tmp_path):
    defaults.save(tmp_path / "defaults.json")
    back = load_defaults(tmp_path / "defaults.json")
    assert same(back.everyone, defaults.everyone)
    assert back.provenance == {"learners": 3}
    assert back.held_out_for(sample_log)
    assert not back.held_out_for(flipped(sample_log))
    assert same(back.parameters_for(sample_log), defaults.without[0].parameters)
    assert same(back.parameters_for(flipped(sample_log)), defaults.everyone)


DEFAULTS_DAMAGE = (
    {"everyone": None},
    {"everyone": []},
    {"everyone.kinds": []},
    {"everyone.rule": []},
    {"everyone.rule": {"speed": 1}},
    {"everyone.rule.retained": float("nan")},
    {"everyone.rule.shared": 7},
    {"everyone.prior.curve.later_day.constant": float("nan")},
    {"everyone.deviation.readout_bias": -0.1},
    {"time_scale_days": [1, 2, 3, 4, 5, 6, 7, 8]},
    {"time_scale_days": [1, 2]},
    {"everyone.centre.gain": [1.0, 2.0]},
    {"everyone.centre.readout_bias": [1.0, 2.0, 3.0, 4.0]},
    {"everyone.prior.curve.later_day.constant": None},
    {"without": 3},
    {"version": 0},
    {"format": "something"},
)


@pytest.mark.parametrize("change", DEFAULTS_DAMAGE, ids=str)
def test_damaged_defaults_are_refused_in_one_line(defaults, tmp_path, change):
    path = tmp_path / "defaults.json"
    defaults.save(path)
    path.write_text(json.dumps(damage(json.loads(path.read_text()), change)))
    with pytest.raises(ParameterError) as caught:
        load_defaults(path)
    assert "\n" not in str(caught.value)


def test_marks_of_who_was_left_out_are_a_list(defaults, tmp_path):
    path = tmp_path / "defaults.json"
    defaults.save(path)
    document = json.loads(path.read_text())
    document["without"][0]["held_out"] = "abc"
    path.write_text(json.dumps(document))
    with pytest.raises(ParameterError, match="held_out"):
        load_defaults(path)


def test_a_fit_knows_its_log_and_what_has_grown_from_it(fit, sample_log, bank, tmp_path):
    fit.save(tmp_path / "fit.json")
    back = LearnerFit.load(tmp_path / "fit.json", bank)
    assert back.is_of(sample_log)
    assert not back.is_of(flipped(sample_log))
    assert not back.is_of(sample_log.select(np.arange(len(sample_log) - 1)))
    begun = sample_log.select(np.arange(len(sample_log) // 2))
    younger = replace(back, fingerprint=log_fingerprint(begun), log_reviews=len(begun))
    assert younger.is_of(sample_log)


def test_nobody_is_given_twice(learners):
    twice = [*learners, replace(learners[0], learner_id="again")]
    with pytest.raises(ParameterError, match="and again have the very same reviews"):
        fit_defaults(twice)


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b"{", b"[" * 100_000])
def test_what_are_no_defaults_at_all_are_refused(tmp_path, content, bank):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(ParameterError):
        load_defaults(path)
    with pytest.raises(ParameterError):
        LearnerFit.load(path, bank)
    with pytest.raises(ParameterError):
        load_defaults(tmp_path / "missing.json")


@pytest.fixture(scope="module")
def learners():
    def short(seed):
        log = simulate_log(load_deck(), seed=seed, days=14)
        return log.select(np.flatnonzero(log.review_index < 8)[:300])

    return [short(seed) for seed in range(4)]


@pytest.fixture(scope="module")
def population(learners):
    return fit_defaults(learners, groups=4)


def test_defaults_are_fitted_with_and_without_each_learner(population, learners):
    assert population.provenance["learners"] == 4
    assert population.everyone.kind_count == 5
    for log in learners:
        assert population.held_out_for(log)
        without = population.parameters_for(log)
        assert without.kind_count == 4
        assert not same(without.centre, population.everyone.centre)


def test_what_is_held_out_has_no_part_in_its_set(population, learners):
    """Whatever the first learner answered, the parameters for them are the same."""
    other = [flipped(learners[0]), *learners[1:]]
    again = fit_defaults(other, groups=4)
    assert not same(again.everyone, population.everyone)
    assert same(again.parameters_for(other[0]), population.parameters_for(learners[0]))


def test_two_learners_are_too_few(learners):
    with pytest.raises(NotEnoughDataError, match="at least 3"):
        fit_defaults(learners[:2])
