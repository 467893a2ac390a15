"""Competitors against looking at every pair."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recollect.cues import closest_competitors, competition, pairs_of, unit_keys
from recollect.errors import ParameterError


def drawn(seed, count, repeats):
    draw = np.random.default_rng(seed)
    prompts = unit_keys(draw.normal(size=(count, 4)))
    if repeats:
        prompts = prompts[draw.integers(0, max(1, count // 4), size=count)]
    answers = unit_keys(draw.normal(size=(count, 3)))
    return prompts, answers, draw.integers(0, 40, count), draw.integers(0, 40, count)


def brute(prompts, answers, answer_ids, groups, most, least, ally):
    """Similarities of each card's competitors, closest first."""
    alike, told = prompts @ prompts.T, answers @ answers.T
    found = np.zeros((len(prompts), most), np.float32)
    for card in range(len(prompts)):
        own = [
            alike[card, other]
            for other in range(len(prompts))
            if other != card
            and alike[card, other] >= least
            and told[card, other] < ally
            and answer_ids[card] != answer_ids[other]
            and groups[card] != groups[other]
        ]
        own = sorted(own, reverse=True)[:most]
        found[card, : len(own)] = own
    return found


@settings(max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(0, 60),
    st.booleans(),
    st.sampled_from([5, 16, 100]),
    st.sampled_from([1, 10_000]),
    st.integers(1, 6),
)
def test_it_finds_what_looking_at_every_pair_finds(seed, count, repeats, tile, waiting, most):
    prompts, answers, answer_ids, groups = drawn(seed, count, repeats)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(competition, "_TILE", tile)
        patch.setattr(competition, "_PENDING", waiting)
        found = closest_competitors(
            prompts, answers, answer_ids=answer_ids, groups=groups, most=most, least=0.3
        )
    wanted = brute(prompts, answers, answer_ids, groups, most, 0.3, 0.8)
    np.testing.assert_allclose(found.similarity, wanted, atol=1e-5)
    assert ((found.places >= 0) == (wanted > 0)).all()
    for card, column in zip(*np.nonzero(found.places >= 0), strict=True):
        other = found.places[card, column]
        assert prompts[card] @ prompts[other] == pytest.approx(
            found.similarity[card, column], abs=1e-5
        )
        assert answers[card] @ answers[other] < 0.8
        assert answer_ids[card] != answer_ids[other]
        assert groups[card] != groups[other]
        assert len(set(found.places[card, : column + 1])) == column + 1


def test_pairs_are_those_of_the_lists_each_once():
    prompts, answers, *_ = drawn(1, 50, False)
    found = closest_competitors(prompts, answers, most=3, least=0.4)
    pairs = pairs_of(found)
    listed = {
        (min(card, int(other)), max(card, int(other)))
        for card, others in enumerate(found.places)
        for other in others
        if other >= 0
    }
    assert set(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)) == listed
    assert len(pairs.first) == len(listed) > 30
    assert (np.diff(pairs.similarity) <= 0).all()
    alike = np.einsum("pk,pk->p", prompts[pairs.first], prompts[pairs.second])
    np.testing.assert_allclose(pairs.similarity, alike, atol=1e-5)


def test_cards_that_ask_the_same_and_want_something_else():
    """A thousand times the same prompt: each card has its most, and it takes no time."""
    count = 5_000
    prompts = np.tile(unit_keys(np.ones((1, 8))), (count, 1))
    answers = unit_keys(np.random.default_rng(0).normal(size=(count, 32)))
    found = closest_competitors(prompts, answers, most=4)
    assert (found.places >= 0).all()
    assert found.similarity == pytest.approx(1, abs=1e-5)
    pairs = pairs_of(found)
    assert 2 * count <= len(pairs.first) <= 4 * count


def test_cards_that_ask_the_same_and_want_the_same_are_allies():
    count = 3_000
    keys = np.tile(unit_keys(np.ones((1, 8))), (count, 1))
    assert (closest_competitors(keys, keys).places == -1).all()
    other = unit_keys(np.eye(8, dtype=np.float32)[np.zeros(count, int)])
    numbers = np.zeros(count, np.int64)
    apart = closest_competitors(keys, other * 0, answer_ids=numbers)
    assert (apart.places == -1).all()


@pytest.mark.parametrize("count", [0, 1])
def test_one_card_has_no_competitor(count):
    keys = unit_keys(np.ones((count, 4)))
    found = closest_competitors(keys, keys)
    assert found.places.shape == (count, 10)
    assert len(pairs_of(found).first) == 0


def test_cards_with_nothing_to_read_do_not_compete():
    nothing = np.zeros((20, 4), np.float32)
    assert (closest_competitors(nothing, nothing).places == -1).all()


def test_progress_is_told_to_the_end(monkeypatch):
    monkeypatch.setattr(competition, "_TILE", 10)
    keys = unit_keys(np.ones((25, 4)))
    told = []
    closest_competitors(keys, keys, told=lambda *steps: told.append(steps))
    assert told == list(zip(range(1, 7), itertools.repeat(6)))


def test_what_cannot_be_asked():
    keys = unit_keys(np.ones((3, 4)))
    for wrong in (
        {"answers": keys[:2]},
        {"groups": np.zeros(2, np.int64)},
        {"most": 0},
        {"least": 0.0},
        {"least": float("nan")},
    ):
        with pytest.raises(ParameterError):
            closest_competitors(keys, **({"answers": keys} | wrong))
