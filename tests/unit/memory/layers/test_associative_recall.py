"""The recall task: what is asked can be answered, and is asked where the power law says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.errors import ParameterError
from recollect.memory.layers import AssociativeRecall

TASKS = st.integers(1, 6).flatmap(
    lambda pairs: st.builds(
        AssociativeRecall,
        tokens=st.integers(2 * pairs, 30).map(lambda half: 2 * half),
        pairs=st.just(pairs),
        vocabulary=st.integers(2 * pairs + 2, 200),
        power=st.floats(0.01, 1.0),
        filled=st.booleans(),
    )
)


@given(TASKS, st.integers(0, 1000))
def test_every_query_has_its_answer(task, seed):
    batch = task.draw(np.random.default_rng(seed), 5)
    begin, half = 2 * task.pairs, task.vocabulary // 2
    assert batch.tokens.shape == (5, task.tokens)
    assert batch.tokens.min() >= 0
    assert batch.tokens.max() < task.vocabulary
    for tokens, places, answers in zip(*batch, strict=True):
        keys, values = tokens[:begin:2], tokens[1:begin:2]
        assert len(set(keys)) == len(set(values)) == len(set(places)) == task.pairs
        assert 1 <= keys.min() <= keys.max() < half <= values.min() <= values.max()
        assert np.all((places >= begin) & (places < task.tokens) & (places % 2 == 0))
        known = dict(zip(keys, values, strict=True))
        assert [known[token] for token in tokens[places]] == list(answers)
        if not task.filled:
            rest = np.delete(tokens[begin:], places - begin)
            assert not rest.any()


def test_keys_are_asked_after_gaps_of_a_power_law():
    """With one pair its place is drawn straight from the weights."""
    task = AssociativeRecall(tokens=22, pairs=1, power=0.3)
    places = task.draw(np.random.default_rng(0), 40_000).places[:, 0]
    share = np.bincount((places - 2) // 2, minlength=10) / 40_000
    weight = np.arange(1, 11) ** (0.3 - 1)
    np.testing.assert_allclose(share, weight / weight.sum(), atol=0.01)


def test_places_are_drawn_one_after_the_other_without_putting_back():
    """Against the chances of every order of two places out of three."""
    task = AssociativeRecall(tokens=10, pairs=2, power=0.2)
    places = (task.draw(np.random.default_rng(1), 60_000).places - 4) // 2
    weight = np.arange(1, 4) ** (0.2 - 1)
    weight = weight / weight.sum()
    for first in range(3):
        for second in {0, 1, 2} - {first}:
            expected = weight[first] * weight[second] / (1 - weight[first])
            found = np.mean((places[:, 0] == first) & (places[:, 1] == second))
            assert found == pytest.approx(expected, abs=0.008)


@pytest.mark.parametrize("vocabulary", [12, 8192])
def test_keys_and_values_are_drawn_alike(vocabulary):
    task = AssociativeRecall(tokens=16, pairs=4, vocabulary=vocabulary)
    batch = task.draw(np.random.default_rng(2), 20_000)
    half = vocabulary // 2
    keys, values = batch.tokens[:, :8:2], batch.tokens[:, 1:8:2]
    assert keys.mean() == pytest.approx(half / 2, rel=0.02)
    assert values.mean() == pytest.approx((half + vocabulary - 1) / 2, rel=0.02)
    assert set(np.unique(keys)) <= set(range(1, half))
    if vocabulary == 12:
        assert len(np.unique(keys)) == 5
        assert len(np.unique(values)) == 6


def test_what_does_not_fit_is_refused():
    for more in ({"pairs": 0}, {"tokens": 63}, {"tokens": 14}, {"tokens": 64, "pairs": 17}):
        with pytest.raises(ParameterError, match="even number of tokens"):
            AssociativeRecall(**more)
    with pytest.raises(ParameterError, match="vocabulary of 10"):
        AssociativeRecall(vocabulary=9)
