"""Why this number: one card's traces, the learner's weights, and the reviews that made them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recollect.errors import NotEnoughDataError, UnknownNameError
from recollect.recall.forecast import foretell_at
from recollect.recall.model.form import FORM_NAMES
from recollect.recall.model.keys import CURVE, INSTANT, KEY_NAMES, KEYS
from recollect.recall.model.traces import TIME_SCALE_DAYS, CardState
from recollect.recall.outlook import Outlook, after_each_review, foretell, strengths
from recollect.recall.personalise import Personalisation
from recollect.recall.plots import CardLife
from recollect.reviews import MS_PER_DAY, Rating

__all__ = ["Explanation", "PastReview", "Term", "Trace", "explain_card"]

_LIFE_POINTS = 60
_TRACES_ALONE = "averaging with the recall that the traces alone give"


@dataclass(frozen=True)
class Term:
    """One part of the log odds.

    Attributes:
        name: of the key's component.
        meaning: in words.
        value: of the scaled component.
        weight: that the learner memory gives it.
        contribution: to the log odds.
    """

    name: str
    meaning: str
    value: float
    weight: float
    contribution: float


@dataclass(frozen=True)
class Trace:
    """Strength at one time scale.

    Attributes:
        time_scale_days: time constant of the context.
        strength: what it contributes now.
        share: of the whole strength.
    """

    time_scale_days: float
    strength: float
    share: float


@dataclass(frozen=True)
class PastReview:
    """One review of the card.

    Attributes:
        time_ms: when.
        rating: 1-4.
        elapsed_days: since the one before; -1 on the first.
        recall_instant: predicted at that moment; None on the first.
        recall_curve: foretold at the review before; None on the first.
        duration_ms: time to answer; -1 unknown.
        moved: what the outcome did, in words.
    """

    time_ms: int
    rating: int
    elapsed_days: float
    recall_instant: float | None
    recall_curve: float | None
    duration_ms: int
    moved: str


@dataclass(frozen=True, eq=False)
class Explanation:
    """Why a card's recall is what it is.

    Attributes:
        card_id: which card.
        at_ms: the moment.
        recall, low, high: probability and 95 % interval.
        logit: its log odds, the sum of the terms.
        terms: largest first.
        traces: by time scale, shortest first.
        learner: form of the learner before their latest review, with the weights that the
            instant prediction gives it. It has no part in ``recall``, which looks ahead.
        history: the card's reviews, oldest first.
        summary: one sentence.
    """

    card_id: int
    at_ms: int
    recall: float
    low: float
    high: float
    logit: float
    terms: tuple[Term, ...]
    traces: tuple[Trace, ...]
    learner: tuple[Term, ...]
    history: tuple[PastReview, ...]
    summary: str
    _seen: Personalisation
    _outlook: Outlook

    def curve(self, days: NDArray[np.float64]) -> NDArray[np.float64]:
        """Recall so many days after the card's last review; does not rise.

        Args:
            days: ``[d]``.
        """
        elapsed = np.asarray(days, dtype=np.float64)
        last = _only(self._outlook, np.full(elapsed.shape[0], self._outlook.rows.size - 1))
        last_ms = self._seen.log.review_time_ms[last.rows]
        boundary = self._seen.log.day_boundary
        moment_ms = last_ms + (elapsed * MS_PER_DAY).astype(np.int64)
        same_day = boundary.day_number(moment_ms) == boundary.day_number(last_ms)
        return foretell(self._seen, last, elapsed, same_day).recall

    def life(self) -> CardLife:
        """The card's whole life, for a picture.

        Raises:
            NotEnoughDataError: the card's only review is the moment asked for.
        """
        return _life(self)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers and words."""
        return {
            "card_id": self.card_id,
            "at_ms": self.at_ms,
            "recall": self.recall,
            "recall_low": self.low,
            "recall_high": self.high,
            "logit": self.logit,
            "summary": self.summary,
            "terms": [asdict(term) for term in self.terms],
            "traces": [asdict(trace) for trace in self.traces],
            "learner": [asdict(term) for term in self.learner],
            "history": [asdict(review) for review in self.history],
        }


def explain_card(seen: Personalisation, card_id: int, at_ms: int) -> Explanation:
    """Explain one card's recall at a moment.

    Args:
        seen: the learner.
        card_id: which card.
        at_ms: a moment not before the card's last review.

    Raises:
        UnknownNameError: there is no such card in the log.
        NotEnoughDataError: the moment lies before the card's last review.
    """
    log = seen.log
    outlook = after_each_review(seen, card_id)
    if not outlook.rows.size:
        raise UnknownNameError("card", card_id, np.unique(log.card_id).tolist())
    last_ms = int(log.review_time_ms[outlook.rows[-1]])
    if at_ms < last_ms:
        raise NotEnoughDataError(
            f"card {card_id} was reviewed after the moment asked for; give a later one"
        )
    last = _only(outlook, np.array([outlook.rows.size - 1]))
    foretold = foretell_at(seen, last, at_ms)
    low, high = foretold.interval()
    recall, logit = float(foretold.recall[0]), float(foretold.logit[0])
    terms = [
        Term(KEYS[i].name, KEYS[i].meaning, float(key), float(weight), float(key * weight))
        for i, key, weight in zip(CURVE, foretold.keys[0], foretold.weights, strict=True)
    ]
    rest = logit - sum(term.contribution for term in terms)
    terms.append(Term("traces_alone", _TRACES_ALONE, 1.0, rest, rest))
    elapsed = np.array([(at_ms - last_ms) / MS_PER_DAY])
    strength = strengths(seen, last, elapsed)[0]
    traces = tuple(
        Trace(float(scale), float(value), float(value / max(strength.sum(), 1e-12)))
        for scale, value in zip(TIME_SCALE_DAYS, strength, strict=True)
    )
    terms.sort(key=lambda term: -abs(term.contribution))
    return Explanation(
        card_id=card_id,
        at_ms=at_ms,
        recall=recall,
        low=float(low[0]),
        high=float(high[0]),
        logit=logit,
        terms=tuple(terms),
        traces=traces,
        learner=_learner(seen),
        history=_history(seen, outlook),
        summary=_summary(seen, outlook, recall, float(elapsed[0]), traces),
        _seen=seen,
        _outlook=outlook,
    )


def _only(outlook: Outlook, which: NDArray[np.int64]) -> Outlook:
    history = type(outlook.history)(
        **{name: values[which] for name, values in vars(outlook.history).items()}
    )
    states = CardState(*(leaf[..., which] for leaf in outlook.states))
    return Outlook(outlook.rows[which], history, states)


def _learner(seen: Personalisation) -> tuple[Term, ...]:
    weights = np.asarray(seen.sorts[0].instant.mean, dtype=np.float64).mean(axis=0)
    by_name = {KEY_NAMES[i]: float(w) for i, w in zip(INSTANT, weights, strict=True)}
    if not seen.form.size:
        return ()
    terms = []
    for name, value in zip(FORM_NAMES, seen.form[-1], strict=True):
        part = KEYS[KEY_NAMES.index(name)]
        scaled = float(value) / part.scale
        terms.append(Term(name, part.meaning, scaled, by_name[name], scaled * by_name[name]))
    return tuple(terms)


def _history(seen: Personalisation, outlook: Outlook) -> tuple[PastReview, ...]:
    log = seen.log
    reviews = []
    changes = ["", *_changes(seen, outlook)]
    for row, change in zip(outlook.rows.tolist(), changes, strict=True):
        expected = float(seen.instant[row])
        known = np.isfinite(expected)
        rating = int(log.rating[row])
        reviews.append(
            PastReview(
                time_ms=int(log.review_time_ms[row]),
                rating=rating,
                elapsed_days=float(log.elapsed_seconds[row]) / 86_400 if known else -1.0,
                recall_instant=expected if known else None,
                recall_curve=float(seen.curve[row]) if known else None,
                duration_ms=int(log.duration_ms[row]),
                moved=_moved(rating, expected if known else None, change),
            )
        )
    return tuple(reviews)


def _changes(seen: Personalisation, outlook: Outlook) -> list[str]:
    """What each review but the first did to the traces, in words."""
    count = outlook.rows.size
    if count < 2:
        return []
    elapsed = seen.history.elapsed_days[outlook.rows[1:]].astype(np.float64)
    before = strengths(seen, _only(outlook, np.arange(count - 1)), elapsed)
    after = strengths(seen, _only(outlook, np.arange(1, count)), np.zeros(count - 1))
    words = []
    for old, new in zip(before, after, strict=True):
        times = new.sum() / max(old.sum(), 1e-12)
        gained = new - old
        said = f"strength {times:.1f} times what it was"
        if gained.max() > 0:
            scale = TIME_SCALE_DAYS[int(np.argmax(gained))]
            said += f", most gained at the scale of {_days(float(scale))}"
        words.append(said)
    return words


def _moved(rating: int, expected: float | None, change: str) -> str:
    if expected is None:
        return "first seen: a trace is written"
    surprise = -np.log(expected if rating > 1 else 1.0 - expected)
    size = "little" if surprise < 0.15 else "much" if surprise > 1.0 else "some"
    outcome = "recalled" if rating > int(Rating.AGAIN) else "failed"
    return f"{outcome}, {size} surprise: {change}"


def _summary(
    seen: Personalisation,
    outlook: Outlook,
    recall: float,
    elapsed_days: float,
    traces: tuple[Trace, ...],
) -> str:
    strongest = max(traces, key=lambda trace: trace.strength)
    reviews = outlook.rows.size
    lapses = int((~seen.log.recalled[outlook.rows]).sum())
    return (
        f"{recall:.0%} recall {_days(elapsed_days)} after the last of {reviews} "
        f"review{'s' if reviews != 1 else ''} ({lapses} failed); most of what is left is carried "
        f"at the scale of {_days(strongest.time_scale_days)} ({strongest.share:.0%})."
    )


def _days(days: float) -> str:
    for size, name in ((365.25, "year"), (30.4, "month"), (1.0, "day"), (1 / 24, "hour")):
        if days >= 1.5 * size or (name == "hour" and days >= size):
            count = round(days / size, 1 if days / size < 10 else 0)
            return f"{count:g} {name}{'s' if count != 1 else ''}"
    if days >= 1.0:
        return "1 day"
    return f"{max(days * 1440, 0):.0f} minutes"


def _life(explained: Explanation) -> CardLife:
    seen, outlook = explained._seen, explained._outlook
    times = seen.log.review_time_ms[outlook.rows]
    ends = np.append(times[1:], max(explained.at_ms, int(times[-1]) + MS_PER_DAY))
    spans = (ends - times) / MS_PER_DAY
    share = np.geomspace(1e-4, 1.0, _LIFE_POINTS)
    which = np.repeat(np.arange(outlook.rows.size), _LIFE_POINTS)
    elapsed = (spans[:, None] * share).ravel()
    standpoints = _only(outlook, which)
    recall = foretell(seen, standpoints, elapsed).recall
    start = (times - times[0]) / MS_PER_DAY
    moments = start[which] + elapsed
    order = np.argsort(moments, kind="stable")
    if np.ptp(moments) <= 0:
        raise NotEnoughDataError(f"card {explained.card_id} has no time to draw yet")
    return CardLife(
        time_days=moments[order],
        recall=recall[order],
        trace=strengths(seen, standpoints, elapsed)[order],
        time_scale_days=TIME_SCALE_DAYS.astype(np.float64),
        review_time_days=start,
        rating=seen.log.rating[outlook.rows].astype(np.int64),
        predicted=seen.curve[outlook.rows],
    )
