"""Rows by card in lanes of standard shapes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recollect.recall.model.padding import card_lanes, padded, padded_size


@given(st.lists(st.integers(0, 9), max_size=80), st.sampled_from([(4, 8), (16, 2), (64, 64)]))
def test_every_row_lies_in_one_place_and_each_card_whole_in_one_lane(cards, shape):
    card = np.array(cards, dtype=np.int32)
    places = []
    for rows in card_lanes(card, shape):
        assert rows.shape[1] == max(1, shape[1] // (rows.shape[0] // shape[0]))
        for lane in rows.T:
            here = lane[lane >= 0]
            assert np.all(lane[here.size :] == -1)
            starts = np.flatnonzero(np.r_[True, np.diff(card[here]) != 0][: here.size])
            for one in np.split(here, starts[1:]) if here.size else []:
                assert one.tolist() == np.flatnonzero(card == card[one[0]]).tolist()
            places += here.tolist()
    assert sorted(places) == list(range(card.size))


def test_one_card_of_hundreds_of_reviews_finds_room():
    (rows,) = card_lanes(np.zeros(300, dtype=np.int32), (64, 64))
    assert rows.shape == (1024, 4)
    assert rows[:300, 0].tolist() == list(range(300))
    assert np.all(rows[300:, 0] == -1)
    assert np.all(rows[:, 1:] == -1)


def test_lanes_are_well_filled():
    card = np.repeat(np.arange(900), np.random.default_rng(0).integers(2, 25, 900))
    blocks = list(card_lanes(card.astype(np.int32), (64, 64)))
    assert sum(np.mean(rows >= 0) for rows in blocks[:-1]) > 0.8 * (len(blocks) - 1)


@given(st.integers(0, 100_000))
def test_a_standard_size_is_large_enough_and_not_wasteful(n):
    size = padded_size(n)
    assert n <= size <= max(1024, 2 * n)


def test_padding_adds_zeros():
    out = padded(np.ones((2, 3)), 4)
    assert out.tolist() == [[1] * 3, [1] * 3, [0] * 3, [0] * 3]
    with pytest.raises(ValueError, match="broadcast"):
        padded(np.ones(3), 2)
