from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recollect.reviews.rules import attempts, duplicate_rows, states_from_kinds

Entry = tuple[int, int, int, int]  # card, ease, kind, factor
_entries = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 4), st.integers(0, 5), st.sampled_from([0, 2500])),
    max_size=40,
)


def _fates(entries: list[Entry]) -> list[str]:
    columns = np.array(entries, dtype=np.int64).reshape(-1, 4).T
    rules = attempts(*columns)
    fates = []
    for row in range(len(entries)):
        held = [name for name, mask in vars(rules).items() if mask[row]]
        assert len(held) == 1, held
        fates.append(held[0])
    return fates


def _kept_by_walking_back(entries: list[Entry]) -> set[int]:
    """The rows that count, card by card, from the last entry to the first."""
    kept: set[int] = set()
    for card in {entry[0] for entry in entries}:
        rows = [row for row, entry in enumerate(entries) if entry[0] == card]
        counted: list[int] = []
        step_at = None
        for row in reversed(rows):
            _, ease, kind, factor = entries[row]
            if kind == 3 and factor == 0:
                continue
            if kind == 4 and factor == 0:
                break
            answered = ease > 0 and kind not in (4, 5)
            if answered and kind == 0:
                step_at = row
            elif step_at is not None:
                break
            if answered:
                counted.append(row)
        kept.update(counted)
    return kept


@given(_entries)
def test_what_counts_agrees_with_walking_back_from_the_last_entry(entries: list[Entry]) -> None:
    fates = _fates(entries)
    assert {row for row, fate in enumerate(fates) if fate == "keep"} == _kept_by_walking_back(
        entries
    )


def test_entries_without_an_answer_are_manual() -> None:
    assert _fates([(1, 3, 0, 2500), (1, 0, 4, 2500), (1, 0, 5, 2500), (1, 0, 1, 2500)]) == [
        "keep",
        "manual",
        "manual",
        "manual",
    ]


def test_only_the_life_after_the_last_reset_counts() -> None:
    entries = [(1, 3, 0, 0), (1, 0, 4, 0), (2, 3, 0, 0), (1, 3, 0, 0), (1, 0, 4, 0), (1, 1, 1, 900)]
    assert _fates(entries) == ["before_reset", "reset", "keep", "before_reset", "reset", "keep"]


def test_a_card_reset_and_never_answered_again_has_no_history() -> None:
    assert _fates([(1, 3, 0, 0), (1, 3, 1, 2500), (1, 0, 4, 0)]) == [
        "before_reset",
        "before_reset",
        "reset",
    ]


def test_cramming_does_not_count_but_early_reviews_in_filtered_decks_do() -> None:
    assert _fates([(1, 3, 0, 0), (1, 3, 3, 0), (1, 3, 3, 2500)]) == ["keep", "cramming", "keep"]


def test_a_learning_step_after_a_review_shows_a_reset_that_was_not_logged() -> None:
    entries = [(1, 3, 0, 0), (1, 3, 1, 2500), (1, 1, 0, 0), (1, 3, 3, 0), (1, 3, 0, 0)]
    assert _fates(entries) == [
        "before_relearning",
        "before_relearning",
        "keep",
        "cramming",
        "keep",
    ]


def test_a_card_without_learning_steps_keeps_the_history_it_has() -> None:
    assert _fates([(1, 3, 1, 2500), (1, 1, 1, 2500), (1, 3, 2, 2500)]) == ["keep"] * 3


def test_states_tell_the_first_learning_step_from_the_others() -> None:
    cards, kinds = np.array([1, 1, 2, 1, 2, 1]), np.array([0, 0, 1, 1, 2, 3])
    assert states_from_kinds(cards, kinds).tolist() == [0, 1, 2, 2, 3, 4]


@given(st.lists(st.tuples(*[st.integers(0, 2)] * 4), max_size=30))
def test_duplicates_and_conflicts_agree_with_sets(rows: list[tuple[int, int, int, int]]) -> None:
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    duplicate, conflict = duplicate_rows(*columns)
    for row, (learner, card, time, rating) in enumerate(rows):
        earlier = rows[:row]
        repeats = (learner, card, time, rating) in earlier
        assert duplicate[row] == repeats
        assert conflict[row] == (
            not repeats and any(other[:3] == (learner, card, time) for other in earlier)
        )
