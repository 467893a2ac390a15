"""The nearest keys against sorting all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recollect.cues import nearest, unit_keys
from recollect.errors import ParameterError

# Few different numbers, so that there are ties.
VECTORS = arrays(
    np.float32, st.tuples(st.integers(0, 12), st.just(3)), elements=st.sampled_from([-1, 0, 1])
)


@settings(max_examples=100)
@given(VECTORS, VECTORS, st.integers(1, 15), st.sampled_from([-2.0, 0.0, 0.5]), st.integers(1, 4))
def test_it_finds_what_sorting_finds(keys, queries, count, least, block):
    found = nearest(keys, queries, count, least=least, block=block)
    assert found.places.shape == found.similarity.shape == (len(queries), count)
    for query, places, alike in zip(queries, *found, strict=True):
        every = keys @ query
        wanted = [at for at in np.argsort(-every, kind="stable") if every[at] >= least][:count]
        np.testing.assert_allclose(alike[: len(wanted)], every[wanted], atol=1e-6)
        assert (places[len(wanted) :] == -1).all()
        assert np.isneginf(alike[len(wanted) :]).all()
        np.testing.assert_allclose(every[places[: len(wanted)]], every[wanted], atol=1e-6)


def test_of_equal_keys_the_first_is_found():
    keys = unit_keys(np.ones((5, 2)))
    np.testing.assert_array_equal(nearest(keys, keys[:1], 3).places, [[0, 1, 2]])


def test_what_cannot_be_asked():
    keys = np.ones((2, 3), np.float32)
    for wrong in ({"count": 0}, {"count": 1, "block": 0}):
        with pytest.raises(ParameterError):
            nearest(keys, keys, **wrong)
    with pytest.raises(ParameterError, match="same encoder"):
        nearest(keys, np.ones((1, 4), np.float32), 1)
