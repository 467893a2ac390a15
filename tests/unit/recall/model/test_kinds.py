"""Kinds of learner compete: against a plain loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.recall.model.kinds import KindsRule, log_mixture, mix_kinds

mix = jax.jit(mix_kinds)
N, KINDS = 60, 4
PRIOR = np.array([0.2, 0.2, 0.1, 0.5])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def case(seed):
    random = np.random.default_rng(seed)
    return {
        "logit": random.normal(0, 2, (N, KINDS)),
        "recalled": random.integers(0, 2, N),
        "same_day": random.integers(0, 2, N),
        "counts": random.random(N) < 0.8,
        "frozen_at": np.array([random.integers(-1, row) for row in range(1, N + 1)]) - 0,
    }


def run(case, rule=None):
    return mix(
        rule or KindsRule(),
        jnp.asarray(PRIOR, jnp.float32),
        jnp.asarray(case["logit"], jnp.float32),
        jnp.asarray(case["recalled"], jnp.float32),
        jnp.asarray(case["same_day"], jnp.int32),
        jnp.asarray(case["counts"]),
        jnp.asarray(case["frozen_at"], jnp.int32),
    )


def loop(case, rule):
    """Weights after every row by Bayes' rule in the plain, with probabilities multiplied."""
    after = [np.stack([PRIOR, PRIOR])]
    for row in range(N):
        belief = after[-1].copy()
        if case["counts"][row]:
            sort = case["same_day"][row]
            chance = sigmoid(case["logit"][row])
            likelihood = chance if case["recalled"][row] else 1 - chance
            belief[sort] = (
                belief[sort] ** rule.retained
                * PRIOR ** (1 - rule.retained)
                * likelihood**rule.trust
            )
            belief[sort] /= belief[sort].sum()
        after.append(belief)
    shared = [(1 - rule.shared) * belief + rule.shared * PRIOR for belief in after]
    chance = sigmoid(case["logit"])
    sort = case["same_day"]
    instant = [shared[i][sort[i]] @ chance[i] for i in range(N)]
    frozen = [shared[case["frozen_at"][i] + 1][sort[i]] @ chance[i] for i in range(N)]
    return np.array(instant), np.array(frozen), shared[-1]


@pytest.mark.parametrize("rule", [KindsRule(), KindsRule(retained=0.9, trust=1.0, shared=0.0)])
@pytest.mark.parametrize("seed", range(3))
def test_the_mixture_is_that_of_a_plain_loop(seed, rule):
    found = run(case(seed), rule)
    instant, frozen, weights = loop(case(seed), rule)
    np.testing.assert_allclose(sigmoid(np.asarray(found.instant)), instant, rtol=1e-4)
    np.testing.assert_allclose(sigmoid(np.asarray(found.frozen)), frozen, rtol=1e-4)
    np.testing.assert_allclose(found.weights, weights, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(np.sum(found.weights, axis=1), 1.0, rtol=1e-5)


def test_a_kind_that_predicts_well_gains_weight_in_its_own_sort_only():
    told = case(0)
    told["same_day"][:] = 0
    told["counts"][:] = True
    told["logit"][:] = 0.0
    told["logit"][:, 2] = np.where(told["recalled"], 2.0, -2.0)
    weights = np.asarray(run(told).weights)
    assert weights[0, 2] > 0.7 > PRIOR[2]
    np.testing.assert_allclose(weights[1], PRIOR, rtol=1e-5)


def test_every_kind_keeps_its_share_of_the_prior():
    told = case(0)
    told["logit"][:, 1] = np.where(told["recalled"], -40.0, 40.0)
    rule = KindsRule()
    assert np.all(np.asarray(run(told).weights)[:, 1] >= 0.999 * rule.shared * PRIOR[1])


def test_an_outcome_changes_no_opinion_of_its_own_row_or_before():
    told, row = case(1), 30
    changed = {**told, "recalled": told["recalled"].copy()}
    changed["recalled"][row:] = 1 - changed["recalled"][row:]
    before, after = run(told), run(changed)
    np.testing.assert_array_equal(before.instant[: row + 1], after.instant[: row + 1])
    assert not np.array_equal(before.instant, after.instant)
    early = told["frozen_at"] < row
    np.testing.assert_array_equal(np.asarray(before.frozen)[early], np.asarray(after.frozen)[early])


def test_the_log_odds_of_a_mixture_survive_certainty():
    weight = jnp.array([[0.5, 0.5]])
    for logit in (60.0, -60.0):
        assert log_mixture(weight, jnp.array([[logit, logit]])) == pytest.approx([logit], rel=1e-4)
