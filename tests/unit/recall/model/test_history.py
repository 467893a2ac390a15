"""What a log says before each review, against a walk through the log."""

from dataclasses import fields, replace

import numpy as np
import pytest

from recollect.recall.model.history import History, history_of
from recollect.reviews import ReviewLog

OWN = {"rating", "recalled", "answer_time"}
"""Columns that hold the row's own answer."""


def plain_numbers(values):
    known = {}
    return [known.setdefault(value, len(known)) for value in values]


def answer_score(log, row):
    if log.duration_ms[row] <= 0:
        return 0.0
    logs = [
        np.log(min(max(ms, 200), 120_000) / 1000) - np.log(7.0)
        for ms in log.duration_ms[: row + 1].tolist()
        if ms > 0
    ]
    *before, value = logs
    count = len(before) + 5
    mean = sum(before) / count
    variance = (sum(x * x for x in before) + 5 * 0.6) / count - mean**2
    return float(np.clip((value - mean) / np.sqrt(max(variance, 0.05)), -3, 3))


def walk(log):
    """Every column, one row at a time."""
    columns = {item.name: [] for item in fields(History)}
    score = [answer_score(log, row) for row in range(len(log))]
    days = log.time_days
    shown = [days[i] - max(int(log.duration_ms[i]), 0) / 86_400_000 for i in range(len(log))]

    def gap(row, before):
        return max(shown[row] - days[before], 1 / 86_400)

    def interval(card, row):
        if not card:
            return 0.0
        return np.log(gap(card[-1], card[-2]) + 0.01) if len(card) > 1 else -4.0

    def session(row):
        length, at = 0, row
        while at > 0 and shown[at] - days[at - 1] <= 0.5 / 24:
            length, at = length + 1, at - 1
        return length

    for row in range(len(log)):
        card = [i for i in range(row) if log.card_id[i] == log.card_id[row]]
        today = bool(card) and log.elapsed_days[row] == 0
        blocks = []  # the card's reviews by study day
        for i in card:
            if blocks and log.elapsed_days[i] == 0:
                blocks[-1].append(i)
            else:
                blocks.append([i])
        successes = [i for i in reversed(card) if log.rating[i] > 1]
        failed = [i for i in card if log.rating[i] == 1]
        new_today = [
            i
            for i in range(row)
            if log.day_offset[i] == log.day_offset[row] and log.elapsed_days[i] < 0
        ]
        found = {
            "rating": log.rating[row] - 1,
            "recalled": float(log.rating[row] > 1),
            "reviews": len(card),
            "elapsed_days": gap(row, card[-1]) if card else 0.0,
            "same_day": today,
            "answer_time": score[row],
            "last_answer_time": score[card[-1]] if card else 0.0,
            "lapses": len(failed),
            "streak": len([i for i in successes if not failed or i > failed[-1]]),
            "last_rating": log.rating[card[-1]] - 1 if card else -1,
            "first_rating": log.rating[card[0]] - 1 if card else -1,
            "previous_interval": interval(card, row),
            "days_studied": len(blocks) - today,
            "steps_last_day": len(blocks[-1]) if blocks else 0,
            "is_first_of_day": not today,
            "new_today": len(new_today),
            "session_reviews": session(row),
            "time_days": shown[row],
            "hour": (log.hour_of_day[row] - 24 * (days[row] - shown[row])) % 24,
        }
        for name, value in found.items():
            columns[name].append(value)
    columns["card"] = plain_numbers(log.card_id.tolist())
    columns["deck"] = plain_numbers(log.deck_id.tolist())
    known_note = log.note_id != -1
    columns["note"] = plain_numbers(
        [
            ("note", int(note)) if known else ("alone", int(card))
            for note, known, card in zip(log.note_id, known_note, log.card_id, strict=True)
        ]
    )
    return columns


@pytest.mark.parametrize("seed", range(4))
def test_every_column_agrees_with_a_walk_through_the_log(make_random_log, seed):
    log = make_random_log(seed, n=150)
    found, expected = history_of(log), walk(log)
    for item in fields(History):
        np.testing.assert_allclose(
            getattr(found, item.name), expected[item.name], rtol=1e-4, atol=1e-5, err_msg=item.name
        )


def test_the_sample_agrees_with_a_walk_through_it(sample_log):
    log = sample_log.select(np.arange(250))
    found, expected = history_of(log), walk(log)
    for item in fields(History):
        np.testing.assert_allclose(
            getattr(found, item.name), expected[item.name], rtol=1e-4, atol=1e-4, err_msg=item.name
        )


@pytest.mark.parametrize("row", [0, 40, 149])
def test_no_row_depends_on_its_own_outcome(make_random_log, row):
    log = make_random_log(9, n=150)
    rating = log.rating.copy()
    rating[row] = 1 if rating[row] > 1 else 3
    before, after = history_of(log), history_of(replace(log, rating=rating))
    for item in fields(History):
        if item.name not in OWN:
            np.testing.assert_array_equal(
                getattr(before, item.name)[: row + 1], getattr(after, item.name)[: row + 1]
            )
    assert before.recalled[row] != after.recalled[row]


@pytest.mark.parametrize("row", [0, 40, 149])
def test_no_row_depends_on_its_own_answer_time(make_random_log, row):
    """A slower answer comes later; the moment at which the card was shown stays."""
    log = make_random_log(9, n=150)
    duration, time = log.duration_ms.copy(), log.review_time_ms.copy()
    duration[row] = max(duration[row], 0) + 5_000
    slow = replace(log, duration_ms=duration)
    shown = time - np.clip(log.duration_ms, 0, None)
    assert row == 149 or time[row] + 5_000 <= shown[row + 1 :].max()
    time[row:] += 5_000
    slow = replace(slow, review_time_ms=time)
    before, after = history_of(log), history_of(slow)
    when = set() if row else {"time_days"}  # counted from the first answer
    for item in fields(History):
        if item.name not in OWN | when:
            np.testing.assert_allclose(
                getattr(before, item.name)[: row + 1],
                getattr(after, item.name)[: row + 1],
                atol=2e-5,
                err_msg=item.name,
            )


def test_later_rows_change_nothing_earlier(make_random_log):
    log = make_random_log(3, n=150)
    whole, part = history_of(log), history_of(log.select(np.arange(90)))
    for item in fields(History):
        np.testing.assert_array_equal(getattr(whole, item.name)[:90], getattr(part, item.name))


def test_cards_of_unknown_notes_are_no_siblings():
    log = ReviewLog.from_columns([1, 2, 1, 2], np.arange(4) * 10**8, [3, 3, 1, 3])
    assert history_of(log).note.tolist() == [0, 1, 0, 1]


def test_an_empty_log_has_empty_columns():
    history = history_of(ReviewLog.from_columns([], [], []))
    assert all(getattr(history, item.name).shape == (0,) for item in fields(History))
