"""Each card's recall now and on a date, with what stands behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recollect.errors import ParameterError
from recollect.recall.model.keys import CURVE, KEY_NAMES
from recollect.recall.outlook import Foretold, Outlook, after_last_reviews, foretell
from recollect.recall.personalise import Personalisation
from recollect.reviews import MS_PER_DAY

__all__ = ["CardForecast", "days_until", "forecast_cards"]

_SOONEST_DAYS, _LATEST_DAYS = 1.0 / 1440, 20 * 365.25
_BISECTIONS = 40


@dataclass(frozen=True, eq=False)
class CardForecast:
    """Columns ``[c]``, one entry per card in the order of their first review.

    Attributes:
        card_id: which.
        reviews: so far.
        lapses: failed ones among them.
        last_review_ms: when the last was.
        recall_now, recall_now_low, recall_now_high: probability and 95 % interval.
        recall_at, recall_at_low, recall_at_high: the same on the date asked for.
        days_to_90: days from the last review until recall falls to 0.9; 0 where it starts below,
            20 years where it stays above.
        reasons: what raises and what lowers the recall on the date, against the learner's other
            cards.
    """

    card_id: NDArray[np.int64]
    reviews: NDArray[np.int64]
    lapses: NDArray[np.int64]
    last_review_ms: NDArray[np.int64]
    recall_now: NDArray[np.float64]
    recall_now_low: NDArray[np.float64]
    recall_now_high: NDArray[np.float64]
    recall_at: NDArray[np.float64]
    recall_at_low: NDArray[np.float64]
    recall_at_high: NDArray[np.float64]
    days_to_90: NDArray[np.float64]
    reasons: tuple[str, ...]


def forecast_cards(seen: Personalisation, now_ms: int, at_ms: int) -> CardForecast:
    """Foretell every card.

    Args:
        seen: the learner.
        now_ms: the present, ms since the Unix epoch.
        at_ms: the date asked for.

    Raises:
        ParameterError: a moment lies before the last review of the log.
    """
    log = seen.log
    for name, moment in (("now", now_ms), ("the date", at_ms)):
        if len(log) and moment < int(log.review_time_ms[-1]):
            raise ParameterError(
                f"{name} lies before the last review of the log; "
                "give a moment after it (a forecast knows everything in the log)"
            )
    outlook = after_last_reviews(seen)
    now = foretell_at(seen, outlook, now_ms)
    at = foretell_at(seen, outlook, at_ms)
    now_low, now_high = now.interval()
    at_low, at_high = at.interval()
    return CardForecast(
        card_id=log.card_id[outlook.rows],
        reviews=outlook.history.reviews.astype(np.int64),
        lapses=outlook.history.lapses.astype(np.int64),
        last_review_ms=log.review_time_ms[outlook.rows],
        recall_now=now.recall,
        recall_now_low=now_low,
        recall_now_high=now_high,
        recall_at=at.recall,
        recall_at_low=at_low,
        recall_at_high=at_high,
        days_to_90=days_until(seen, outlook, 0.9),
        reasons=_reasons(at),
    )


def foretell_at(seen: Personalisation, outlook: Outlook, moment_ms: int) -> Foretold:
    """The curve of every standpoint at one moment."""
    last = seen.log.review_time_ms[outlook.rows]
    days = seen.log.day_boundary.day_number(np.append(last, moment_ms))
    return foretell(seen, outlook, (moment_ms - last) / MS_PER_DAY, days[:-1] == days[-1])


def days_until(seen: Personalisation, outlook: Outlook, recall: float) -> NDArray[np.float64]:
    """``[s]`` days after each standpoint until the later-day curve has fallen to a recall.

    0 where it is below at once, 20 years where it stays above.
    """
    low = np.full(outlook.rows.size, np.log(_SOONEST_DAYS))
    high = np.full(outlook.rows.size, np.log(_LATEST_DAYS))
    below_at_once = foretell(seen, outlook, np.exp(low)).recall < recall
    above_forever = foretell(seen, outlook, np.exp(high)).recall >= recall
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        above = foretell(seen, outlook, np.exp(middle)).recall >= recall
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    days = np.exp(0.5 * (low + high))
    return np.where(below_at_once, 0.0, np.where(above_forever, _LATEST_DAYS, days))


_WORDS = (
    (("traces",), "strong traces", "weak traces"),
    (
        ("elapsed", "elapsed_beyond_3_days", "elapsed_beyond_30_days"),
        "long since the last review",
        "not long since the last review",
    ),
    (("reviews", "reviews_beyond_4"), "more reviews than most", "fewer reviews than most"),
    (("lapse_share",), "failed more often than most", "failed less often than most"),
    (("second_review",), "seen only once", ""),
    (("last_again",), "last answer was Again", ""),
    (("last_hard",), "last answer was Hard", ""),
    (("last_easy",), "last answer was Easy", ""),
    (("last_answer_time",), "a slow last answer", "a quick last answer"),
    (("streak",), "more successes in a row than most", "fewer successes in a row than most"),
    (
        ("previous_interval",),
        "a long interval before the last review",
        "a short interval before the last review",
    ),
    (("first_again",), "first answer ever was Again", ""),
    (("first_hard",), "first answer ever was Hard", ""),
    (("first_easy",), "first answer ever was Easy", ""),
)
"""Components that tell of the same thing, and the words for a card that has more of it than the
learner's cards on the whole, and less of it; no words where the lack of it is no news."""
_LEAST_SAID = 0.05
"""Least difference in log odds that is worth a word."""


def _reasons(foretold: Foretold) -> tuple[str, ...]:
    """What sets each card apart from the learner's other cards, in words."""
    if not foretold.recall.size:
        return ()
    place = {KEY_NAMES[i]: at for at, i in enumerate(CURVE)}
    usual = foretold.keys.mean(axis=0)
    more = foretold.keys - usual
    moved = more * foretold.weights
    effects, words = [], []
    for names, above, below in _WORDS:
        columns = [place[name] for name in names]
        is_above = more[:, columns[0]] > 0
        said = np.where(is_above, above, below)
        effects.append(np.where(said == "", 0.0, moved[:, columns].sum(axis=1)))
        words.append(said)
    effect, said = np.stack(effects, axis=1), np.stack(words, axis=1)
    lines = []
    for of_card, in_words in zip(effect, said, strict=True):
        up, down = int(np.argmax(of_card)), int(np.argmin(of_card))
        parts = []
        if of_card[up] > _LEAST_SAID:
            parts.append(f"raised by {in_words[up]}")
        if of_card[down] < -_LEAST_SAID:
            parts.append(f"lowered by {in_words[down]}")
        lines.append(", ".join(parts) or "like most cards")
    return tuple(lines)
