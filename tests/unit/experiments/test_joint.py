"""Joint optimisation: the quick slopes are those of the loss, and starts are the published ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.experiments.models.joint import (
    THREE,
    TWO,
    Codes,
    Joint,
    Problem,
    loss,
    optimise,
    slopes,
)
from recollect.experiments.models.torch_random import TorchRandom


def test_quick_slopes_are_those_of_the_loss():
    problem = Problem.draw(Joint(targets=THREE, items=30), seed=5)
    codes = Codes(2 * problem.codes.keys - 1, problem.codes.values)
    value, slope = slopes(codes, jnp.asarray(problem.targets))
    wanted, by_rule = jax.value_and_grad(loss)(codes, jnp.asarray(problem.targets))
    assert value == pytest.approx(float(wanted), rel=1e-5)
    np.testing.assert_allclose(slope.keys, by_rule.keys, atol=1e-7)
    np.testing.assert_allclose(slope.values, by_rule.values, atol=1e-7)


@pytest.mark.parametrize("cleared", [True, False])
def test_one_code_stays_one(cleared):
    settings = Joint(items=20, steps=40, snapshots=2)
    course = optimise(settings, Problem.draw(settings, 0), cleared=cleared, shared=True)
    np.testing.assert_array_equal(course.codes.keys, course.codes.values)
    assert course.losses.shape == (40,)
    assert course.losses[-1] != course.losses[0]


def test_random_numbers_are_those_of_pytorch():
    # torch.manual_seed(42); torch.rand(3); likewise seed 0, Linear(784, 64, bias=False)
    np.testing.assert_allclose(TorchRandom(42).uniform((3,)), [0.88226926, 0.91500396, 0.38286376])
    np.testing.assert_allclose(
        TorchRandom(0).linear(784, 64)[:3, 0], [-0.00026739, 0.0191587, -0.02939447], atol=1e-7
    )


@pytest.mark.parametrize(
    ("settings", "key", "value", "classes"),
    [  # torch.manual_seed(42); randn(n, 2).uniform_(0, 1); rand(n, 2); randint(0, classes, [n])
        (Joint(TWO, 200), [0.36010116, 0.83768386], [0.39971018, 0.69859487], [0, 1, 1, 1, 0]),
        (Joint(THREE, 300), [0.56766605, 0.09815162], [0.8748215, 0.5054756], [1, 0, 2, 2, 2]),
    ],
)
def test_the_first_start_is_that_of_the_released_notebook(settings, key, value, classes):
    problem = Problem.draw(settings, seed=0)
    np.testing.assert_allclose(problem.codes.keys[0], key, rtol=1e-6)
    np.testing.assert_allclose(problem.codes.values[0], value, rtol=1e-6)
    np.testing.assert_array_equal(problem.classes[:5], classes)
