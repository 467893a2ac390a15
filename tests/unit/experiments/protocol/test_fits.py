import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from recollect.errors import DataFileError
from recollect.experiments.protocol import binomial_fit, least_squares_fit, r_squared

HITS = np.array([30, 45, 12])
TRIALS = np.array([60, 50, 40])
LAGS = np.array([1.0, 2.0, 4.0, 8.0])


def test_r_squared_is_one_for_the_data_and_nothing_for_their_mean():
    assert r_squared([1, 2, 4], [1, 2, 4]) == 1
    assert r_squared([1, 2, 4], np.full(3, 7 / 3)) == pytest.approx(0)
    assert r_squared([1, 2, 4], [4, 2, 1]) < 0


def test_one_probability_for_all_is_the_share_of_successes():
    fit, predicted = binomial_fit(
        "constant", lambda v: jnp.full(3, v["p"]), {"p": (0.0, 1.0)}, HITS, TRIALS
    )
    share = HITS.sum() / TRIALS.sum()
    assert fit.parameters["p"] == pytest.approx(share, abs=1e-6)
    assert predicted == pytest.approx(np.full(3, share), abs=1e-6)
    likelihood = stats.binom.logpmf(HITS, TRIALS, share).sum()
    assert fit.aic == pytest.approx(2 - 2 * likelihood)
    assert fit.bic == pytest.approx(np.log(TRIALS.sum()) - 2 * likelihood)
    assert (fit.free_parameters, fit.observations, fit.ours) == (1, 150, False)


def test_least_squares_is_the_line_that_numpy_finds():
    means = np.array([0.9, 0.7, 0.55, 0.1])
    bounds = {"slope": (-1.0, 1.0), "start": (0.0, 2.0)}
    fit, predicted = least_squares_fit(
        "line", lambda v: v["start"] + v["slope"] * LAGS, bounds, means, ours=True
    )
    slope, start = np.polyfit(LAGS, means, 1)
    assert fit.parameters == pytest.approx({"slope": slope, "start": start}, abs=1e-5)
    residual = means - predicted
    size = np.sqrt((residual**2).mean())
    likelihood = stats.norm.logpdf(residual, scale=size).sum()
    assert fit.aic == pytest.approx(2 * 3 - 2 * likelihood, abs=1e-4)
    assert fit.ours


def test_known_standard_errors_weigh_the_means():
    means, errors = np.array([0.0, 1.0]), np.array([0.1, 0.3])
    fit, _ = least_squares_fit(
        "constant", lambda v: jnp.full(2, v["m"]), {"m": (-1.0, 2.0)}, means, standard_errors=errors
    )
    weights = errors**-2.0
    middle = (weights * means).sum() / weights.sum()
    assert fit.parameters["m"] == pytest.approx(middle, abs=1e-6)
    assert fit.aic == pytest.approx(2 - 2 * stats.norm.logpdf(means, middle, errors).sum())


def test_given_parameters_are_not_fitted():
    fit, predicted = binomial_fit(
        "given", lambda v: jnp.full(3, v["p"]), {}, HITS, TRIALS, fixed={"p": 0.5}
    )
    assert fit.free_parameters == 0
    assert predicted.tolist() == [0.5] * 3
    assert fit.aic == pytest.approx(-2 * stats.binom.logpmf(HITS, TRIALS, 0.5).sum())


def test_the_best_of_several_valleys_is_found():
    def wavy(values):
        return 0.5 + 0.3 * jnp.sin(40 * values["x"]) * values["x"] * jnp.ones(1)

    fit, predicted = least_squares_fit("wavy", wavy, {"x": (0.0, 1.0)}, np.array([0.78]))
    assert predicted == pytest.approx([0.78], abs=0.02)
    assert fit.parameters["x"] > 0.8


@pytest.mark.parametrize(("hits", "trials"), [([1, 0], [2, 0]), ([3, 1], [2, 2])])
def test_conditions_without_possible_answers_are_refused(hits, trials):
    with pytest.raises(DataFileError, match="1 of 2 conditions"):
        binomial_fit("constant", lambda v: jnp.full(2, v["p"]), {"p": (0.0, 1.0)}, hits, trials)
