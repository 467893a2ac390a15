"""Rows by card in grids of standard shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.recall.model.padding import card_grids, padded, padded_size


@given(st.lists(st.integers(0, 9), max_size=80))
def test_every_row_lies_in_one_place_beside_its_own_card(cards):
    card = np.array(cards, dtype=np.int32)
    places = []
    for grid in card_grids(card):
        for line in grid:
            rows = line[line >= 0]
            assert line[: rows.size].tolist() == rows.tolist() == sorted(rows.tolist())
            assert len(set(card[rows].tolist())) <= 1
            assert rows.size in (0, int((card == card[rows[:1]]).sum()) if rows.size else 0)
            places += rows.tolist()
    assert sorted(places) == list(range(card.size))


def test_one_card_of_hundreds_of_reviews_finds_room():
    (grid,) = card_grids(np.zeros(300, dtype=np.int32))
    assert grid[0][grid[0] >= 0].tolist() == list(range(300))
    assert np.all(grid[1:] == -1)


@given(st.integers(0, 100_000))
def test_a_standard_size_is_large_enough_and_not_wasteful(n):
    size = padded_size(n)
    assert n <= size <= max(1024, 2 * n)


def test_padding_adds_zeros():
    out = padded(np.ones((2, 3)), 4)
    assert out.tolist() == [[1] * 3, [1] * 3, [0] * 3, [0] * 3]
    with pytest.raises(ValueError, match="broadcast"):
        padded(np.ones(3), 2)
