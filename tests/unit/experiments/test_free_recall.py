"""Scoring of recall sequences, their likelihood and their simulation."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np

from recollect.experiments.models.free_recall import (
    List,
    chances,
    expected_recall,
    odds,
    transitions,
)
from recollect.experiments.models.recall_fits import simulate_recalls
from recollect.experiments.models.recall_scores import (
    first_recall,
    lag_counts,
    lag_crp,
    read_recalls,
    serial_position,
)

VALUES = {
    "choice": 2.0,
    "decay": 0.3,
    "immediacy": 1.0,
    "context_sharpness": 1.5,
    "forward": 0.4,
    "primacy": 0.5,
    "primacy_words": 2.0,
    "giving_up": 1.0,
}
SHOWN = List(words=8, seconds_a_word=2.0)


def random_recalls(lists: int, words: int) -> np.ndarray:
    random = np.random.default_rng(3)
    places = np.full((lists, words), -1)
    for row in places:
        length = random.integers(0, words + 1)
        row[:length] = random.permutation(words)[:length]
    return places


def test_lags_are_counted_as_by_hand() -> None:
    places = random_recalls(40, 6)
    taken, possible = lag_counts(places, 3)
    lags = [-3, -2, -1, 1, 2, 3]
    for row, recall in enumerate(places):
        said = [place for place in recall.tolist() if place >= 0]
        for column, lag in enumerate(lags):
            steps = range(len(said) - 1)
            assert taken[row, column] == sum(said[n + 1] - said[n] == lag for n in steps)
            assert possible[row, column] == sum(
                0 <= said[n] + lag < 6 and said[n] + lag not in said[: n + 1] for n in steps
            )


def test_recalls_in_order_have_only_lag_one() -> None:
    places = np.array([[0, 1, 2, 3, 4]])
    np.testing.assert_allclose(lag_crp(places, 2), [0, 0, 1, 0])
    np.testing.assert_allclose(serial_position(places), 1)
    np.testing.assert_allclose(first_recall(places), [1, 0, 0, 0, 0])


def test_steps_of_recalls_are_those_that_were_taken() -> None:
    output, previous, choice, free = transitions(np.array([[2, 0, -1], [1, 2, 0]]), 3)
    steps = set(zip(output.tolist(), previous.tolist(), choice.tolist(), strict=True))
    assert steps == {(0, 3, 2), (1, 2, 0), (2, 0, 3), (0, 3, 1), (1, 1, 2), (2, 2, 0)}
    assert len(output) == 6
    assert free[(output == 2) & (choice == 3)].tolist() == [[0, 1, 0]]


def test_odds_follow_the_formula() -> None:
    from recollect.experiments.models.episodes import SECOND, EpisodicMemory

    memory = EpisodicMemory.of(VALUES)
    table = odds(SHOWN, VALUES)
    output, last, word = 3, 2, 5
    now = (8 - word) * 2.0 + 1.0 + output * 3.0
    recent, shared = memory.retained(jnp.asarray([now, 6.0]) * SECOND)
    share = (1 - 0.4) * shared + 0.4 * shared
    written = 2.0 * (1 + 0.5 * np.exp(-word / 2.0))
    strength = written * recent * jnp.exp(1.5 * share)
    np.testing.assert_allclose(table[output, last, word], strength**2, rtol=1e-4)
    back = memory.retained(jnp.asarray(4.0 * SECOND)) * (1 - 0.4)
    ratio = jnp.exp(2.0 * 1.5 * back)
    np.testing.assert_allclose(table[output, 7, 5] / table[output, 8, 5], ratio, rtol=1e-4)


def test_chances_sum_to_one_and_leave_recalled_words_out() -> None:
    table = odds(SHOWN, VALUES)
    free = jnp.ones((1, 8)).at[0, 4].set(0.0)
    found = chances(table, jnp.asarray([1]), jnp.asarray([4]), free)[0]
    np.testing.assert_allclose(found.sum(), 1, rtol=1e-6)
    assert float(found[4]) == 0


def test_simulated_people_choose_with_these_chances() -> None:
    drawn = simulate_recalls(SHOWN, VALUES, 40_000, 0)
    output, previous, choice, free = transitions(drawn, 8)
    table = odds(SHOWN, VALUES)
    told = chances(table, *map(jnp.asarray, (output, previous, free)))
    for rank in (0, 2):
        step = output == rank
        seen = np.bincount(choice[step], minlength=9) / step.sum()
        np.testing.assert_allclose(seen, np.asarray(told)[step].mean(0), atol=0.012)
    assert all(len(set(row[row >= 0])) == (row >= 0).sum() for row in drawn[:500])


def test_the_mean_field_is_near_simulated_recall() -> None:
    simulated_share = serial_position(simulate_recalls(SHOWN, VALUES, 20_000, 0))
    np.testing.assert_allclose(expected_recall(odds(SHOWN, VALUES)), simulated_share, atol=0.04)


def test_recalls_are_read_without_intrusions_and_repeats(tmp_path: Path) -> None:
    file = tmp_path / "recalls.csv"
    rows = ["subject,list,position,trial_type,item"]
    rows += [f"7,1,{n + 1},study,{item}" for n, item in enumerate("ABCD")]
    rows += [f"7,1,{n + 1},recall,{item}" for n, item in enumerate("DXBD")]
    rows += [f"9,1,{n + 1},study,{item}" for n, item in enumerate("EFGH")]
    file.write_text("\n".join(rows) + "\n")
    recalls = read_recalls(file)
    assert recalls.places.tolist() == [[3, 1, -1, -1], [-1, -1, -1, -1]]
    assert recalls.people.tolist() == [7, 9]
