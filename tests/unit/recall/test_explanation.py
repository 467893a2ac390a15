"""Why a number is what it is."""

import json

import numpy as np
import pytest

from recollect.errors import NotEnoughDataError, UnknownNameError
from recollect.recall.explanation import explain_card

DAY = 86_400_000


@pytest.fixture(scope="module")
def card(seen):
    cards, counts = np.unique(seen.log.card_id, return_counts=True)
    return int(cards[np.argmax(counts)])


@pytest.fixture(scope="module")
def end(seen):
    return int(seen.log.review_time_ms[-1])


@pytest.mark.parametrize("days", [0, 1, 40, 4000])
def test_the_terms_sum_to_the_log_odds(seen, card, end, days):
    found = explain_card(seen, card, end + days * DAY)
    assert sum(term.contribution for term in found.terms) == pytest.approx(found.logit, abs=1e-9)
    assert found.recall == pytest.approx(1 / (1 + np.exp(-found.logit)))
    assert found.low < found.recall < found.high
    for term in found.terms:
        assert term.contribution == pytest.approx(term.value * term.weight, abs=1e-9)
    assert sum(trace.share for trace in found.traces) == pytest.approx(1.0, rel=1e-6)
    assert json.loads(json.dumps(found.to_dict()))["card_id"] == card


def test_its_curve_never_rises_and_passes_the_recall_explained(seen, card, end):
    at = end + 9 * DAY
    found = explain_card(seen, card, at)
    curve = found.curve(np.r_[0.0, np.geomspace(1e-4, 5000, 80)])
    assert np.all(np.diff(curve) <= 1e-6)
    last = int(seen.log.review_time_ms[seen.log.card_id == card][-1])
    assert found.curve(np.array([(at - last) / DAY]))[0] == pytest.approx(found.recall, rel=1e-6)


def test_the_history_is_the_cards_reviews(seen, card, end):
    found = explain_card(seen, card, end)
    rows = np.flatnonzero(seen.log.card_id == card)
    assert [review.rating for review in found.history] == seen.log.rating[rows].tolist()
    assert found.history[0].recall_curve is None
    assert found.history[-1].recall_instant == seen.instant[rows[-1]]
    life = found.life()
    assert np.all(np.diff(life.time_days) >= 0)
    assert np.all((life.recall > 0) & (life.recall < 1))


def test_what_cannot_be_explained_is_said(seen, card, end):
    with pytest.raises(UnknownNameError):
        explain_card(seen, -77, end)
    with pytest.raises(NotEnoughDataError, match="after the moment"):
        explain_card(seen, card, 0)
