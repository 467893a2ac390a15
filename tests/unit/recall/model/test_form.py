"""The learner's form, against a loop that keeps one number for each memory."""

from collections import defaultdict

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from recollect.recall.model.form import FORM_NAMES, form_along, form_plan
from recollect.recall.model.history import history_of
from recollect.recall.model.padding import padded

along = jax.jit(form_along)
SIZE = 256


def expected_of(log):
    return np.random.default_rng(len(log)).normal(1.0, 1.0, len(log)).astype(np.float32)


def run(log, expected, size=SIZE):
    history = history_of(log)
    columns = (
        expected,
        history.recalled,
        history.same_day.astype(np.int32),
        (history.reviews > 0).astype(np.float32),
    )
    found = along(form_plan(history, size), *(jnp.asarray(padded(c, size)) for c in columns))
    return np.asarray(found)[: len(log)]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def loop(log, expected):
    """One dictionary of numbers, moved a share of the way at every review."""
    history = history_of(log)
    memory, in_deck = defaultdict(float), defaultdict(int)
    latest = {}  # note -> row of its latest counted review
    recall = {(sort, rate): 1.2 for sort in (0, 1) for rate in (0.3, 0.05)}
    rows = []

    def move(name, rate, value):
        memory[name] += rate * (value - memory[name])

    for row in range(len(log)):
        card, deck, note = (int(x[row]) for x in (history.card, history.deck, history.note))
        sort, counts = int(history.same_day[row]), bool(history.reviews[row] > 0)
        surprise = float(history.recalled[row]) - sigmoid(float(expected[row]))
        cohorts = [("even", card // 12), ("odd", (card + 6) // 12)]
        sibling = latest.get(note)
        siblings = 0.0
        if sibling is not None and history.card[sibling] != card:
            since = history.time_days[row] - history.time_days[sibling]
            siblings = (history.recalled[sibling] - sigmoid(float(expected[sibling]))) * np.exp(
                -since / 3.0
            )
        rows.append(
            [
                memory["quick"],
                memory["middle"],
                memory["slow"],
                memory["answer"],
                memory["deck", deck],
                siblings,
                memory["card", card],
                0.5 * sum(memory[cohort] for cohort in cohorts),
                recall[sort, 0.3],
                recall[sort, 0.05],
            ]
        )
        move("answer", 0.05, float(history.answer_time[row]))
        if not counts:
            continue
        for name, rate in (("quick", 0.3), ("middle", 0.1), ("slow", 0.03)):
            move(name, rate, surprise)
        move(("deck", deck), 1 / (min(in_deck[deck] + 1, 50) + 8), surprise)
        in_deck[deck] += 1
        if history.is_first_of_day[row]:
            move(("card", card), 0.5, surprise)
        for cohort in cohorts:
            move(cohort, 0.12, surprise)
        for rate in (0.3, 0.05):
            recall[sort, rate] += rate * (history.recalled[row] - sigmoid(recall[sort, rate]))
        latest[note] = row
    return np.array(rows)


@pytest.mark.parametrize("seed", range(4))
def test_the_form_is_that_of_a_plain_loop(make_random_log, seed):
    log = make_random_log(seed, cards=30)
    expected = expected_of(log)
    found, wanted = run(log, expected), loop(log, expected)
    assert found.shape == (len(log), len(FORM_NAMES))
    for i, name in enumerate(FORM_NAMES):
        np.testing.assert_allclose(found[:, i], wanted[:, i], atol=2e-5, err_msg=name)
        assert name == "surprise_siblings" or np.ptp(found[:, i]) > 0.01, name


def test_the_form_of_the_sample_is_that_of_a_plain_loop(sample_log):
    log = sample_log.select(np.arange(250))
    expected = expected_of(log)
    np.testing.assert_allclose(run(log, expected), loop(log, expected), atol=2e-5)


def test_outcomes_change_the_form_of_later_rows_only(make_random_log):
    log = make_random_log(1)
    row = 120
    rating = log.rating.copy()
    rating[row:] = np.where(rating[row:] > 1, 1, 3)
    changed = type(log).from_columns(
        log.card_id,
        log.review_time_ms,
        rating,
        duration_ms=log.duration_ms,
        note_id=log.note_id,
        deck_id=log.deck_id,
    )
    expected = expected_of(log)
    before, after = run(log, expected), run(changed, expected)
    np.testing.assert_array_equal(before[: row + 1], after[: row + 1])
    assert not np.array_equal(before[row + 1], after[row + 1])


def test_padding_changes_nothing(make_random_log):
    log = make_random_log(2)
    expected = expected_of(log)
    np.testing.assert_allclose(run(log, expected), run(log, expected, 512), atol=1e-6)
