"""The search of free recall: what is drawn, what is said, and when people stop."""

from __future__ import annotations

import numpy as np
import pytest

from recollect.experiments.models.search import Search, contexts, matches

_PEOPLE = 4000


def test_one_failure_allowed_draws_once_by_the_choice_rule() -> None:
    search = Search(choice=2.0, noise=3.0, recovery=1e6, failures=1, strengthened=0.0)
    strengths = np.tile([1.0, 2.0], (_PEOPLE, 1))
    came = search.recall(np.random.default_rng(0), strengths)
    first = came.order.argmin(1)[came.recalled.any(1)]
    weights = np.array([1.0, 4.0, 9.0]) / 14
    assert came.recalled.any(1).mean() == pytest.approx(1 - weights[2], abs=0.03)
    assert (first == 1).mean() == pytest.approx(weights[1] / weights[:2].sum(), abs=0.03)


def test_recovery_follows_strength() -> None:
    search = Search(noise=0.0, recovery=0.7, failures=1)
    came = search.recall(np.random.default_rng(1), np.full((_PEOPLE, 1), 2.0))
    assert came.recalled.mean() == pytest.approx(1 - np.exp(-1.4), abs=0.03)


def test_given_words_are_never_recalled_and_draw_attempts() -> None:
    strengths = np.ones((_PEOPLE, 6))
    given = np.zeros(strengths.shape, bool)
    given[:, :3] = True
    search = Search(failures=5)
    free = search.recall(np.random.default_rng(2), strengths)
    cued = search.recall(np.random.default_rng(2), strengths + 2 * given, given)
    assert not cued.recalled[:, :3].any()
    assert cued.recalled[:, 3:].mean() < free.recalled[:, 3:].mean()


def test_recall_strengthens_what_came_and_leaves_its_input_alone() -> None:
    strengths = np.ones((50, 4))
    came = Search(strengthened=0.5).recall(np.random.default_rng(3), strengths)
    assert (strengths == 1).all()
    np.testing.assert_array_equal(came.strengths, 1 + 0.5 * came.recalled)
    assert (came.order[~came.recalled] == 34).all()


def test_without_competition_other_words_do_not_matter() -> None:
    alone = Search(competing=False, failures=10, strengthened=0.0)
    weak = np.ones((_PEOPLE, 5))
    crowded = weak.copy()
    crowded[:, 1:] = 20.0
    of_weak = alone.recall(np.random.default_rng(4), weak).recalled[:, 0].mean()
    of_crowded = alone.recall(np.random.default_rng(5), crowded).recalled[:, 0].mean()
    assert of_weak == pytest.approx(of_crowded, abs=0.08)
    fights = Search(failures=10, strengthened=0.0)
    assert fights.recall(np.random.default_rng(6), crowded).recalled[:, 0].mean() < of_weak / 2


def test_matches_are_exponentials_of_cosines() -> None:
    keys, context = contexts(np.random.default_rng(7), people=3, items=5, dim=16, shared=0.8)
    cosine = np.einsum("pid,pd->pi", keys, context)
    np.testing.assert_allclose(matches(keys, context, 4.0), np.exp(4 * (cosine - 1)), rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(keys, axis=-1), 1, rtol=1e-5)
