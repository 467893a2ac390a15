"""Rows by group."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recollect.recall.model.grouping import order_by_group, previous_in_group

GROUPS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 2**31 - 1)), max_size=60)


@given(GROUPS)
def test_the_order_is_that_of_a_stable_sort(numbers):
    group = np.array(numbers, dtype=np.int32)
    assert order_by_group(group).tolist() == np.argsort(group, kind="stable").tolist()


@given(GROUPS)
def test_the_previous_row_is_the_latest_earlier_one_of_the_group(numbers):
    group = np.array(numbers, dtype=np.int32)
    expected = [
        max((j for j in range(i) if numbers[j] == number), default=-1)
        for i, number in enumerate(numbers)
    ]
    assert previous_in_group(group).tolist() == expected
