"""Predictions of the interference experiments against brute force and the library."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from recollect.experiments import list_length, list_strength, proactive, retroactive
from recollect.experiments import retrieval_induced_forgetting as forgetting
from recollect.experiments.fan import _TESTS, summed_match
from recollect.experiments.models.episodes import EpisodicMemory
from recollect.memory import Exponential, retrieve


def test_four_outcomes_have_the_likelihood_of_three_binomials() -> None:
    counts = np.array([[24.0, 65.0, 30.0, 61.0], [5.0, 0.0, 7.0, 8.0]])
    shares = np.array([[0.1, 0.4, 0.2, 0.3], [0.3, 0.1, 0.2, 0.4]])
    hits, trials = proactive.sequential_counts(counts)
    both, only_b, only_c, neither = shares.T
    conditional = np.concatenate(
        [both + only_b, both / (both + only_b), only_c / (only_c + neither)]
    )
    whole = stats.multinomial.logpmf(counts, counts.sum(1), shares).sum()
    assert stats.binom.logpmf(hits, trials, conditional).sum() == pytest.approx(whole)


def test_a_control_item_has_no_rival_and_the_other_list_costs() -> None:
    values = {
        "written": 0.3, "written_second": 0.2, "choice": 2.0, "item_spread": 0.5, "other_list": 0.6,
    }  # fmt: skip
    first, second, control = proactive.both_recalled(values, 5)
    assert first.shape == second.shape == control.shape == (3, 5)
    assert bool(jnp.all(second < control))
    assert bool(jnp.all(jnp.diff(first, axis=0) > 0))
    assert bool(jnp.all(jnp.diff(second, axis=0) < 0))
    _, apart, alone = proactive.both_recalled({**values, "other_list": 0.0}, 5)
    np.testing.assert_allclose(apart, alone, rtol=1e-4)


def test_pair_clustering_shares_are_those_of_the_tree() -> None:
    stored, found, single = (jnp.asarray([x]) for x in (0.7, 0.6, 0.3))
    together, apart, one, word = np.asarray(retroactive.pair_shares(stored, found, single))
    rest = 1 - together
    assert together == pytest.approx(0.42)
    assert rest * apart == pytest.approx(0.3 * 0.09, rel=1e-5)
    assert rest * (1 - apart) * one == pytest.approx(2 * 0.3 * 0.3 * 0.7, rel=1e-5)
    # What is left is neither word: the cluster not found, or both words alone missed.
    assert rest * (1 - apart) * (1 - one) == pytest.approx(0.7 * 0.4 + 0.3 * 0.49, rel=1e-5)
    assert word == pytest.approx(0.3)


@pytest.mark.parametrize("name", ["match1and5", "match5and5", "swap5and5", "new5andN"])
def test_summed_match_of_pairs_is_read_from_the_library(name: str) -> None:
    sharpness, place = 3.0, [test[0] for test in _TESTS].index(name)
    _, first, second, pair = _TESTS[place]
    words = np.eye(14)
    probe = (words[0] + words[1]) / np.sqrt(2)
    traces = [words[0] + words[2 + other] for other in range(first - pair)]
    traces += [words[1] + words[8 + other] for other in range(second - pair)]
    traces += [words[0] + words[1]] * pair
    keys = jnp.asarray(np.array(traces) / np.sqrt(2))
    values = jnp.full((len(traces), 1), jnp.exp(-sharpness))
    read = retrieve(keys, values, jnp.asarray(probe), Exponential(sharpness))
    told = summed_match(np.exp(-sharpness / 2), 1.0)[place]
    assert float(told) == pytest.approx(float(read[0]), rel=1e-4)


def test_expected_recall_is_the_mean_of_draws() -> None:
    values = {"noise": 8.0, "study": 1.0, "attempts": 15}
    told = list_length.expected_recall(values, np.array([10.0]), np.array([2.0]))
    random = np.random.default_rng(0)
    # Ten words and a noise of 8 / 2 = 4 words' weight; 15 draws each.
    draws = random.integers(0, 14, (4000, 15))
    seen = np.mean([len(set(row[row < 10])) for row in draws])
    assert float(told[0]) == pytest.approx(seen, abs=0.1)


def test_category_recall_is_the_share_of_words_drawn() -> None:
    memory = EpisodicMemory(choice=1.0, noise=2.0)
    told = forgetting.category_recall(memory, jnp.asarray([1.0, 3.0]), 4)
    np.testing.assert_allclose(told, [1 - (5 / 6) ** 4, 1 - (1 / 2) ** 4], rtol=1e-5)


def test_fuller_keys_match_by_the_likelihood_ratio() -> None:
    correct = 0.8
    stored = np.array([1, -1, 0, 1, 1], np.float32)
    word = np.array([1, 1, -1, 1, -1], np.float32)
    keys, sharpness = list_strength.keys_with_fullness(stored, correct)
    query = jnp.asarray(np.append(word, 1.0), jnp.float32)
    match = retrieve(jnp.asarray(keys)[None], jnp.ones((1, 1)), query, Exponential(sharpness))
    agree, against = (1 + correct) / 2, (1 - correct) / 2
    # Two stored features agree and two do not; each would agree by chance half of the time.
    ratio = (agree / 0.5) ** 2 * (against / 0.5) ** 2
    assert float(match[0]) == pytest.approx(ratio, rel=1e-4)


def test_a_new_word_matches_any_key_by_one_on_average() -> None:
    random = np.random.default_rng(1)
    words = random.choice([-1.0, 1.0], (40_000, 6))
    for filled in (1, 6):
        stored = np.concatenate([np.ones(filled), np.zeros(6 - filled)]).astype(np.float32)
        keys, sharpness = list_strength.keys_with_fullness(stored, 0.8)
        match = np.exp(sharpness * (words @ keys[:-1] + keys[-1]))
        assert match.mean() == pytest.approx(1, abs=0.08)
